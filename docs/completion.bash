# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion of teletap for bash. Commands, options and pages are asked of teletap (--table).

# _teletap_words KIND: what may stand for it on this host.
_teletap_words() {
	case $1 in
	words\ *) echo "${1#words }" ;;
	process) ps -eo pid= ;;
	release) (cd /lib/modules 2>/dev/null && echo *) ;;
	user) getent passwd | cut -d: -f1 ;;
	host) getent hosts | awk '{ print $2 }' ;;
	unit) systemctl list-units --plain --no-legend --full 2>/dev/null | awk '{ print $1 }' ;;
	cgroup) find "$(findmnt -fnt cgroup2 -o TARGET)" -mindepth 1 -type d -printf '/%P\n' 2>/dev/null ;;
	container)
		find "$(findmnt -fnt cgroup2 -o TARGET)" -type d -printf '%f\n' 2>/dev/null |
			sed -nE 's/^([a-z-]+-)?([0-9a-f]{64})(\.scope)?$/\2/p'
		;;
	esac
}

# Sets kind, a variable of the caller: that of the argument that is typed.
_teletap_argument() {
	local at=0 i all

	read -ra all <<<"$arguments"
	for ((i = 2; i < COMP_CWORD; i++)); do
		if [[ ${COMP_WORDS[i]} != -* ]]; then
			at=$((at + 1 < ${#all[@]} ? at + 1 : at))
		elif [ "${kinds[${COMP_WORDS[i]}]-none}" != none ]; then
			i=$((i + 1))
		fi
	done
	kind=${all[at]}
}

_teletap() {
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local command=${COMP_WORDS[1]} what name a b kind words='' pages='' arguments=''
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
		_teletap_argument
	fi
	case $kind in
	file)
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	command)
		mapfile -t COMPREPLY < <(compgen -c -- "$current")
		return
		;;
	pages) words=$pages ;;
	page) words="$pages 255 contents" ;;
	*) words=$(_teletap_words "$kind") ;;
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
