# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion of teletap for bash. Commands, options and pages are asked of teletap (--table).

_teletap() {
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local command=${COMP_WORDS[1]} what name a b kind words='' pages='' arguments='' at i
	local -A kinds
	local options=() commands=()

	COMPREPLY=()
	while IFS=$'\t' read -r what name a b kind _; do
		case $what in
		command) commands+=("$name") && [ "$name" != "$command" ] || arguments=$a ;;
		page) pages+=" $name $a" ;;
		option)
			[ "$name" = "$command" ] || continue
			options+=("$a")
			kinds[$a]=$kind kinds[$b]=$kind
			;;
		esac
	done < <(teletap --table 2>/dev/null)

	kind=none
	if [ "$COMP_CWORD" = 1 ]; then
		kind="words ${commands[*]}"
	elif [ "$previous" != - ] && [ "${kinds[$previous]-none}" != none ]; then
		kind=${kinds[$previous]}
	elif [[ $current == -* ]]; then
		kind="words ${options[*]}"
	else
		# which of the arguments it is
		read -ra arguments <<<"$arguments"
		at=0
		for ((i = 2; i < COMP_CWORD; i++)); do
			if [[ ${COMP_WORDS[i]} != -* ]]; then
				at=$((at + 1 < ${#arguments[@]} ? at + 1 : at))
			elif [ "${kinds[${COMP_WORDS[i]}]-none}" != none ]; then
				i=$((i + 1))
			fi
		done
		kind=${arguments[at]}
	fi
	case $kind in
	words\ *) words=${kind#words } ;;
	file)
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	command)
		mapfile -t COMPREPLY < <(compgen -c -- "$current")
		return
		;;
	process) words=$(ps -eo pid=) ;;
	release) words=$(cd /lib/modules 2>/dev/null && echo *) ;;
	user) words=$(getent passwd | cut -d: -f1) ;;
	host) words=$(getent hosts | awk '{ print $2 }') ;;
	unit) words=$(systemctl list-units --plain --no-legend --full 2>/dev/null | awk '{ print $1 }') ;;
	cgroup) words=$(find "$(findmnt -fnt cgroup2 -o TARGET)" -mindepth 1 -type d -printf '/%P\n' 2>/dev/null) ;;
	container)
		words=$(find "$(findmnt -fnt cgroup2 -o TARGET)" -type d -printf '%f\n' 2>/dev/null |
			sed -nE 's/^([a-z-]+-)?([0-9a-f]{64})(\.scope)?$/\2/p')
		;;
	pages) words=$pages ;;
	page) words="$pages 255 contents" ;;
	esac
	# of TARGET/PAGE the page
	if [[ $kind == page && $current == */* ]]; then
		mapfile -t COMPREPLY < <(compgen -P "${current%/*}/" -W "$words" -- "${current##*/}")
		return
	fi
	# of PAGE,PAGE the last one
	if [[ $kind == pages && $current == *,* ]]; then
		mapfile -t COMPREPLY < <(compgen -P "${current%,*}," -W "$words" -- "${current##*,}")
		return
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _teletap teletap
