#compdef teletap
# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of teletap for zsh. Commands, options and pages are asked of teletap (--table).

_teletap_pages() {
	local -a pages
	local row

	for row in ${(M)table:#page$'\t'*}; do
		row=("${(@ps:\t:)row}")
		pages+=("$row[3]:$row[4]" "$row[2]:$row[4]")
	done
	# of TARGET/PAGE the page, of PAGE,PAGE the last one
	if [[ $argv[-1] == one ]]; then compset -P '*/'; else compset -P '*,'; fi
	_describe -V page pages
}

# Names that a command prints, as they are.
_teletap_units() {
	compadd -- ${${(f)"$(systemctl list-units --plain --no-legend --full 2>/dev/null)"}%% *}
}

_teletap_cgroups() {
	compadd -- ${(f)"$(find "$(findmnt -fnt cgroup2 -o TARGET)" -mindepth 1 -type d -printf '/%P\n' 2>/dev/null)"}
}

_teletap_containers() {
	compadd -- ${(f)"$(find "$(findmnt -fnt cgroup2 -o TARGET)" -type d -printf '%f\n' 2>/dev/null |
		sed -nE 's/^([a-z-]+-)?([0-9a-f]{64})(\.scope)?$/\2/p')"}
}

_teletap() {
	local -a table commands specs row
	local line action help
	local -A actions=(file _files process _pids command _command_names user _users host _hosts
		pages _teletap_pages page '_teletap_pages one' text ' ' unit _teletap_units
		cgroup _teletap_cgroups container _teletap_containers release '_files -/ -W /lib/modules')

	table=("${(@f)$(teletap --table 2>/dev/null)}")
	for line in $table; do
		row=("${(@ps:\t:)line}")
		case $row[1] in
		command)
			commands+=("$row[2]:$row[4]")
			[[ $row[2] == $words[2] && $row[3] != - ]] || continue
			row=(${=row[3]})
			for action in $row[1,-2]; do specs+=(":$action:$actions[$action]"); done
			specs+=("*:$row[-1]:$actions[$row[-1]]")
			;;
		option)
			[[ $row[2] == $words[2] ]] || continue
			help=${${${row[6]//\[/(}//\]/)}//:/\\:}
			action=$actions[$row[5]]
			[[ $row[5] != words\ * ]] || action="(${row[5]#words })"
			[[ $row[5] == none ]] || action=":value:$action"
			[[ $row[5] != none ]] || action=
			specs+=("$row[3][$help]$action")
			[[ $row[4] == - ]] || specs+=("$row[4][$help]$action")
			;;
		esac
	done
	if ((CURRENT == 2)); then
		_describe -V command commands
	else
		shift words
		((CURRENT--))
		_arguments -S $specs
	fi
}

_teletap "$@"
