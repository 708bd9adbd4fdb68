# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of teletap for fish. Commands, options and pages are asked of teletap (--table).

function __teletap_pages
	teletap --table | string match -r '^page\t.*' | while read -d \t -l what number name title
		printf '%s\t%s\n%s\t%s\n' $name $title $number $title
	end
end

# What completes a value or an argument of this kind.
function __teletap_words
	switch $argv[1]
		case 'words *'
			string split ' ' (string replace 'words ' '' $argv[1])
		case file
			__fish_complete_path (commandline -ct)
		case process
			__fish_complete_pids
		case command
			__fish_complete_command
		case release
			ls /lib/modules 2>/dev/null
		case user
			__fish_complete_users
		case unit
			systemctl list-units --plain --no-legend --full 2>/dev/null | string match -r '^\S+'
		case cgroup
			find "$(findmnt -fnt cgroup2 -o TARGET)" -mindepth 1 -type d -printf '/%P\n' 2>/dev/null
		case container
			find "$(findmnt -fnt cgroup2 -o TARGET)" -type d -printf '%f\n' 2>/dev/null |
				string replace -rf '^(?:[a-z-]+-)?([0-9a-f]{64})(?:\.scope)?$' '$1'
		case host
			__fish_print_hostnames
		case page
			# of TARGET/PAGE the page
			set -l target (string match -r '^.*/' -- (commandline -ct))
			printf '%s\n' "$target"(__teletap_pages)
		case pages
			__fish_complete_list , __teletap_pages
	end
end

# The command's arguments before the cursor; each word that is not an option counts.
function __teletap_argument
	set -l kinds (string split ' ' $argv[1])
	set -l given (commandline -opc | string match -v -- '-*')
	set -l at (math "min($(count $given) - 1, $(count $kinds))")
	__teletap_words $kinds[$at]
end

complete -c teletap -f
teletap --table 2>/dev/null | while read -d \t -l what name a b kind help
	switch $what
		case command
			complete -c teletap -n __fish_use_subcommand -a $name -d "$b"
			test $a = -
			or complete -c teletap -n "__fish_seen_subcommand_from $name" -a "(__teletap_argument '$a')"
		case option
			set -l values
			test $kind = none
			or set values -x -a "(__teletap_words '$kind')"
			set -l letter
			test $b = -
			or set letter -s (string sub -s 2 -- $b)
			complete -c teletap -n "__fish_seen_subcommand_from $name" -l (string sub -s 3 -- $a) $letter $values -d "$help"
	end
end
