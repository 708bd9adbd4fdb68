# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion of teletap for bash. Commands, options and pages are asked of teletap.

_teletap() {
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local command=${COMP_WORDS[1]} words=
	COMPREPLY=()
	if [ "$COMP_CWORD" = 1 ]; then
		words=$(teletap --help | awk '/^  / { print $1 }')
	else
		case $previous in
		-p | --pid) words=$(ps -eo pid=) ;;
		-o | --output) words='text json' ;;
		--by) words='pid thread' ;;
		--color) words='auto always never' ;;
		-k | --kernel) words=$(cd /lib/modules 2>/dev/null && echo *) ;;
		-e | --exe | -d | --directory | --pack | --key | --cert | -w | --write | --replay | --pid-file | --crashes | --folded | --speedscope | --svg | --config)
			mapfile -t COMPREPLY < <(compgen -f -- "$current")
			return
			;;
		--collector) words='stap bpf memory ring proc' ;;
		--user) words=$(getent passwd | cut -d: -f1) ;;
		-i | --interval | -n | --count | -c | --command | --at | --from | --to | --size | --keep) return ;;
		--function | --file | --call | --hz) return ;;
		--listen | --port | --peer-rate | --rate | --idle | -t | --timeout) return ;;
		*)
			if [[ $current == -* ]]; then
				words=$(teletap "$command" --help | grep -oE -- '--[a-z][a-z-]+')
			elif [[ $command == probes ]]; then
				mapfile -t COMPREPLY < <(compgen -f -- "$current")
				return
			elif [[ $command == replay && $COMP_CWORD == 2 ]]; then
				mapfile -t COMPREPLY < <(compgen -f -- "$current")
				return
			elif [[ $command == page && $COMP_CWORD -gt 2 ]]; then
				words=$(getent hosts | awk '{ print $2 }')
			elif [[ $command == page ]]; then
				words=$(teletap list | awk '{ print $1; print $2 }')
			elif [[ " watch build record replay " == *" $command "* ]]; then
				words=$(teletap list | awk '$1 != 255 { print $1; print $2 }')
			fi
			;;
		esac
	fi
	# of PAGE,PAGE the last one
	if [[ $current == *,* && $current != -* ]]; then
		mapfile -t COMPREPLY < <(compgen -P "${current%,*}," -W "$words" -- "${current##*,}")
		return
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _teletap teletap
