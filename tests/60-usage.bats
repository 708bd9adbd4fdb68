#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The command line: help, and what is wrong usage (2), always by one line that names the thing
# and says what to do next.

# shellcheck disable=SC2030,SC2031,SC2086,SC2154,SC2016 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper
load markers
load usage

@test "the program: help, version, nothing, no such command" {
	for word in --help -h help; do
		run -0 --separate-stderr teletap $word
		[[ $output == "Usage: teletap "* && -z $stderr ]]
	done
	run -0 --separate-stderr teletap --version
	[[ $output =~ ^teletap\ [^[:space:]]+$ && -z $stderr ]]
	run -2 --separate-stderr teletap
	[[ -z $output && $stderr == "Usage: teletap "* ]]
	for word in nope --nope '' wat; do
		misused teletap "$word" gc
		[[ ${stderr_lines[0]} == "teletap: $word: no such command"* ]]
	done
}

@test "every command: help and version" {
	commands=$(teletap --help | sed -n 's/^  \([a-z]*\) .*/\1/p')
	[[ $commands == *watch*list* ]]
	for command in $commands; do
		run -0 --separate-stderr teletap "$command" --help
		[[ $output == "Usage: teletap $command"* && -z $stderr ]]
		run -0 --separate-stderr teletap "$command" --version
		[[ $output =~ ^teletap\ [^[:space:]]+$ && -z $stderr ]]
		if [ "$command" = check ]; then # whose 2 is a verdict
			run -3 --separate-stderr teletap check --nope
		else
			misused teletap "$command" --nope
		fi
		[[ ${stderr_lines[0]} == "teletap: $command: --nope: no such option"* ]]
	done
}

@test "list: every page, as text and as JSON" {
	run -0 --separate-stderr teletap list
	[ -z "$stderr" ]
	[[ $output == *"210  gc            Garbage collection by generation"* ]]
	[[ $output == *$'\n255  contents  '* ]]
	text=$output
	run -0 --separate-stderr teletap list -o json
	[ -z "$stderr" ]
	[ "$(jq -r '"\(.page)  \(.name + " " * (12 - (.name | length)))  \(.title)"' <<<"$output")" = "$text" ]
	[ "$(jq .page <<<"$output" | sort -u | wc -l)" -eq "${#lines[@]}" ]
	# a page's head has room for its title
	[ "$(jq '"\(.page) \(.name)  \(.title)" | length' <<<"$output" | sort -n | tail -n 1)" -le 56 ]
}

# terminal COLUMNS COMMAND: what it prints on a terminal of this width.
terminal() {
	run -0 script -qec "stty cols $1; $2" /dev/null
	output=$(tr -d '\r' <<<"$output")
}

# The input in one line, without what changes from moment to moment.
words() { tr -s ' \n' ' ' | sed 's/[0-9]* MB free//'; }

@test "on a narrow terminal lines end between words; in a pipe and on a wide one they are whole" {
	need_python
	export TELETAP_HOST_ROOT=$D/none
	for command in --help 'watch --help' 'build --help' list "probes $python" doctor; do
		whole=$(teletap $command) || true
		[ "$(wc -L <<<"$whole")" -gt 44 ]
		for width in 20 44 80; do
			terminal $width "teletap $command --color never || true"
			[ "$(words <<<"$output")" = "$(words <<<"$whole")" ]
			# longer is only what has no blank
			awk -v most=$width 'length > most && /[^ ] /' <<<"$output" | lacks .
		done
		terminal 2000 "teletap $command --color never || true"
		[ "$(wc -l <<<"$output")" = "$(wc -l <<<"$whole")" ]
	done
	terminal 20 'teletap list -o json'
	[ "$output" = "$(teletap list -o json)" ]
}

@test "help: no line is longer than 80 columns, but for the usage in a pipe" {
	for command in '' $(teletap --help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
		teletap $command --help | awk '!/^Usage:/ && length > 80' | lacks .
	done
}

@test "help: a list of names for probes, a key for build" {
	run -0 teletap probes --help
	[[ ${lines[0]} == 'Usage: teletap probes {-p PID | [-e] FILE...}' ]]
	[[ ${lines[1]} == *'-: names from standard input'* ]]
	run -0 teletap build --help
	[[ $output == *'--key KEY.pem --cert CERT'* ]]
	[[ $output == *'--cert CERT '* ]]
	run -0 teletap doctor --help
	[[ $output == *'--pack DIR'* ]]
}

@test "build: no such page, in a list too" {
	for page in nope gc,nope 'gc,' ''; do
		misused teletap build gc "$page" -e /bin/sh
		[[ ${stderr_lines[0]} == "teletap: build: "*": no such page: 'teletap list' shows them" ]]
	done
}

@test "watch: no such page, no page, too many words" {
	for page in nope 999 0 -0210x 210x '' ' gc' 'gc,' ',gc' gc,,gc gc,nope GC 18446744073709551826; do
		misused teletap watch -p 1 -- "$page"
		[[ ${stderr_lines[0]} == "teletap: watch: "*": no such page: 'teletap list' shows them" ]]
	done
	for page in 255 contents; do
		misused teletap watch -p 1 "$page"
		[[ ${stderr_lines[0]} == "teletap: watch: $page: the contents: 'teletap page'"* ]]
	done
	misused teletap watch "gc$(printf ',gc%.0s' {1..32})" -p 1
	misused teletap watch -p 1
	misused teletap watch gc gc -p 1
	misused teletap watch gc -p 1 -p 2 --unit a
}

@test "a page or a command that is misspelt: those that are near" {
	for words in 'gcc gc' 'GC gc' 'gc_events gc-events' 'improts imports' '2420 220, 240, 242' '2400 200, 240'; do
		misused teletap watch "${words%% *}" -p 1
		[[ ${stderr_lines[0]} == "teletap: watch: ${words%% *} (did you mean ${words#* }?): no such page: "* ]]
	done
	misused teletap build lgo -e /bin/sh
	[[ ${stderr_lines[0]} == 'teletap: build: lgo (did you mean log?): no such page: '* ]]
	misused teletap wacth
	[ "${stderr_lines[0]}" = 'teletap: wacth: no such command: did you mean watch?' ]
}

@test "list takes no argument; build names the targets that it takes" {
	misused teletap list extra
	[[ ${stderr_lines[0]} == 'teletap: list: extra: no argument is needed'* ]]
	misused teletap build gc
	[ "${stderr_lines[0]}" = 'teletap: build: no target: give -p PID or -e FILE' ]
}

@test "watch, record: an interval and a count behind the page, as vmstat has them" {
	start sleep 60
	run -0 --separate-stderr teletap watch process -p "$PID" 0.1 2 -o json
	[ "$(jq -s -c '[map(.page), .[1].last]' <<<"$output")" = '[[204,204],true]' ]
	run -0 --separate-stderr teletap watch process 0.1 1 -p "$PID" -o json
	[ "${#lines[@]}" = 1 ]
	run -0 --separate-stderr teletap record process -p "$PID" -w "$BATS_TEST_TMPDIR/r" 0.1 3
	run -0 teletap replay "$BATS_TEST_TMPDIR/r" --info -o json
	[ "$(jq .moments <<<"$output")" = 3 ]
	misused teletap watch process -p "$PID" 0.01
	[ "${stderr_lines[0]}" = 'teletap: watch: -i 0.01: not a number of seconds from 0.1 to 86400' ]
	misused teletap watch process -p "$PID" 1 0
	[ "${stderr_lines[0]}" = 'teletap: watch: -n 0: not a number of pages' ]
	misused teletap watch process -p "$PID" 1 -i 2
	[ "${stderr_lines[0]}" = 'teletap: watch: 1: -i is given twice' ]
	misused teletap watch process -p "$PID" 1 2 -n 2
	[ "${stderr_lines[0]}" = 'teletap: watch: 1: -n is given twice' ]
	misused teletap watch process -p "$PID" 1 2 3
	misused teletap watch process gc -p "$PID"
}

@test "watch -c: the command's end is ours" {
	# STATUS WORD...
	while read -r status command; do
		run "-$status" --separate-stderr teletap watch process -i 60 -c "$command"
		[[ $output == *'the last one'* && -z $stderr ]]
	done <<-'EOF2'
		0 sh -c 'exit 0'
		7 sh -c 'exit 7'
		134 sh -c 'kill -ABRT $$'
		0 sleep 0
	EOF2
	# the pages end before it does
	run -0 --separate-stderr teletap watch process -i 0.1 -n 1 -c 'sleep 5'
}

@test "watch: of several pages, those that cannot work are said and the others shown" {
	start sleep 60
	run -0 --separate-stderr teletap watch gc,203,counters -p "$PID" -n 1 -i 0.1 -o json
	[ "$(jq -s -c 'map(.page)' <<<"$output")" = '[203]' ]
	[ "${#stderr_lines[@]}" = 2 ]
	[[ ${stderr_lines[0]} == "teletap: watch: 210 gc: process $PID ("*') has no markers of python'* ]]
	[[ ${stderr_lines[1]} == "teletap: watch: 241 counters: process $PID ("*') has no marker teletap__counter '* ]]
	run -3 --separate-stderr teletap watch gc,counters -p "$PID" -n 1 -i 0.1
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" = 2 ]
	[[ ${stderr_lines[0]} == "teletap: watch: 210 gc: process $PID ("* ]]
	[[ ${stderr_lines[1]} == "teletap: watch: process $PID ("*'page 241'* ]]
}

@test "watch: values that are none" {
	for value in 0 abc nan -nan -1 inf 1e400 1e-400 '' ' ' 0.09 86401 3s 0,5 '1 2'; do
		misused teletap watch gc -p 1 -i "$value"
		[[ ${stderr_lines[0]} == "teletap: watch: -i $value: not a number of seconds from 0.1 to 86400" ]]
	done
	for value in 0 x -1 '' 1.5 1x 99999999999999999999; do
		misused teletap watch gc -p 1 -n "$value"
		[[ ${stderr_lines[0]} == "teletap: watch: -n $value: not a number of pages"* ]]
		misused teletap watch gc -p "$value"
		[[ ${stderr_lines[0]} == "teletap: watch: -p $value: not a process number"* ]]
	done
	misused teletap watch gc -p 4294967297
	misused teletap watch gc -p 1 -o xml
	[[ ${stderr_lines[0]} == "teletap: watch: -o xml: "* ]]
	misused teletap watch gc -p 1 --color blue
	[[ ${stderr_lines[0]} == "teletap: watch: --color blue: "* ]]
}

@test "watch: options that are none, or lack a value, or take none" {
	misused teletap watch gc -p 1 -Z
	[[ ${stderr_lines[0]} == "teletap: watch: -Z: no such option" ]]
	misused teletap watch gc -p 1 -vZv
	[[ ${stderr_lines[0]} == "teletap: watch: -Z: no such option" ]]
	misused teletap watch gc -Zv
	[[ ${stderr_lines[0]} == "teletap: watch: -Z: no such option" ]]
	misused teletap watch gc -k 6.1
	[[ ${stderr_lines[0]} == "teletap: watch: -k: no such option" ]]
	misused teletap watch gc --kernel 6.1
	[[ ${stderr_lines[0]} == "teletap: watch: --kernel: no such option" ]]
	misused teletap watch gc --verbose=3
	[[ ${stderr_lines[0]} == "teletap: watch: --verbose=3: takes no value" ]]
	for option in -p -e -c -i -n -o --pack --color; do
		misused teletap watch gc $option
		[[ ${stderr_lines[0]} == "teletap: watch: $option: its value is missing" ]]
	done
}

@test "watch: no target, and targets that exclude each other" {
	misused teletap watch gc
	for option in -p -e -c --unit --cgroup --container; do
		[[ ${stderr_lines[0]} == *"no target: give "*"$option"* ]]
	done
	misused teletap watch gc -p 1 -e "$EXE"
	misused teletap watch gc -e "$EXE" -p 1
	misused teletap watch gc -p 1 -c true
	misused teletap watch gc -p 1 -e "$EXE" -c true
	misused teletap watch gc -e "$EXE" -e "$EXE"
}

@test "watch -c: no command, and what only a shell could run" {
	for command in '' ' ' $'\t'; do
		misused teletap watch gc -c "$command"
		[[ ${stderr_lines[0]} == "teletap: watch: -c: the command is empty" ]]
	done
	for command in 'a | b' 'a; b' 'a & b' 'a && b' 'a > b' 'a < b' 'a $(b)' 'a `b`' '(a)' '{ a; }' $'a\nb' \
		"a 'b" 'a "b' 'a $((1/0))'; do
		printf '%q\n' "$command"
		misused teletap watch gc -c "$command"
		[[ ${stderr_lines[0]} == "teletap: watch: -c "*": not a simple command: "* ]]
	done
}

@test "watch -c: no such command, no program, no interpreter" {
	says teletap watch gc -c 'no-such-command x' -- "no-such-command: no such program in PATH, or not executable: check the name"
	says teletap watch gc -c /nowhere/x -- "/nowhere/x: no such program*"
	says teletap watch gc -c /usr -- "/usr: no such program*"
	says teletap watch gc -c "$TOP/Makefile" -- "$TOP/Makefile: no such program*"
	printf '#!/nowhere/python3\n' >"$BATS_TEST_TMPDIR/script"
	chmod +x "$BATS_TEST_TMPDIR/script"
	says teletap watch gc -c "$BATS_TEST_TMPDIR/script" -- "$BATS_TEST_TMPDIR/script: its interpreter /nowhere/python3 was not found: *"
	says teletap watch gc -c 'sleep 1' -- "/usr/bin/sleep has no markers of python, which page 210 needs: *"
}

@test "watch -c: the program behind others that run it" {
	for command in 'env -u A X=1 Y=2 ls' 'nice -n 3 ls' 'nice -3 ls' 'nohup ls' 'timeout -s KILL 9 ls' \
		'timeout --signal KILL -k9 9 ls' 'timeout --signal=KILL 9 ls' 'stdbuf -oL -e 0 ls' 'setsid -w ls' \
		'ionice -c 2 -n 7 ls' 'taskset -c 0,1 ls' 'chrt -o 0 ls' 'setarch x86_64 -R ls' \
		'setarch -R ls' '/usr/bin/env -i -- nice nohup env A=B ls -l'; do
		says teletap watch gc -c "$command" -- "/usr/bin/ls has no markers of python, which page 210 needs: *; where they are in a program that this starts, or in a library that is loaded later, -e FILE beside -c names it"
	done
	loader=$(ldd /usr/bin/ls | grep -o '/[^ ]*/ld-linux[^ ]*')
	says teletap watch gc -c "$loader /usr/bin/ls" -- "*/ld-linux* has no markers of python, *; where they are in a program that this starts, or in a library that is loaded later, -e FILE beside -c names it"
	for command in env 'env A=1' 'env -C / ls' 'env -S "ls -l"' 'env PATH=/x ls' 'timeout 9' 'nice -n'; do
		says teletap watch gc -c "$command" -- "-c: which program * runs is not known: name it with -e FILE beside -c"
	done
}

@test "the ring's file is the target's, not ours" {
	TELETAP_RING=$BATS_TEST_TMPDIR/ring run -0 teletap list
	[ ! -e "$BATS_TEST_TMPDIR/ring" ]
	TELETAP_OWN_RING=$BATS_TEST_TMPDIR/ring run -0 teletap list
	run -0 teletap replay "$BATS_TEST_TMPDIR/ring" config
	[[ $output == *list* ]]
}

@test "own pages: what another user put there under a number that comes again is not believed" {
	[ "$(id -u)" -eq 0 ] || return 0
	run -1 python3 "$TOP/tests/squat.py" teletap watch 301 -p '{}' -n 1
	[[ $output != *nobody* ]]
	[[ $output == *"has registered no pages"* ]]
}
