#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# teletap watch from end to end, with a stand-in for staprun (tests/stub): targets, children,
# commands. The markers are really switched on and off.

# shellcheck disable=SC2030,SC2031,SC2154,SC2016 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper
load watch-stub

@test "the count is reached" {
	run -0 --separate-stderr watch_exe -n 2
	[ -z "$stderr" ]
	[ "$(grep -c '^210 gc ' <<<"$output")" -eq 2 ]
	[ "$(grep '^page ' <<<"$output" | cut -d: -f1)" = $'page 1\npage 2, the last one' ]
	[[ $output == *"Nothing was lost." ]]
}

@test "json: whole objects, and no event between two pages" {
	watch_exe -n 4 -o json >"$out"
	pages_are_whole
	[ "$(wc -l <"$out")" -eq 4 ]
	jq -es '(map(.rows[2].runs) | add) == .[-1].rows[2].runs_total' "$out"
	jq -es '((map(.interval_s) | add) - .[-1].attached_s) | fabs < 1e-6' "$out"
	jq -es '.[-1].rows[2].runs_total >= 4' "$out"
}

@test "staprun gets the module, the target, and nothing that it should not have" {
	STUB='ls -l /proc/self/fd >"$STUB_LOG.fds"; cat /proc/self/status >"$STUB_LOG.status"
		stat -Lc "%n %i" "/run/teletap/$SITES/0" >"$STUB_LOG.alias"
		watch' run -0 --separate-stderr watch_exe -n 1
	[ "$(cut -d' ' -f2- "$STUB_LOG")" = "-R -b 1 /run/teletap/$SITES/teletap_gc_0000000.ko teletap_pid=0" ]
	[ "$(grep -c -e 'socket:' -e 'anon_inode:' -e "$EXE" "$STUB_LOG.fds")" -eq 0 ]
	grep -q '^SigBlk:.*0000000000000000' "$STUB_LOG.status"
	# the link led to the file, and only as long as it was needed
	[ "$(cat "$STUB_LOG.alias")" = "/run/teletap/$SITES/0 $(stat -c %i "$EXE")" ]
	start_target
	watch_bg -p "$target" -i 0.1
	[ ! -e "/run/teletap/$SITES" ]
	[ "$(tail -n 1 "$STUB_LOG" | cut -d= -f2)" = "$target" ]
	kill "$tap"
	expect_end 143
}

@test "the markers are on while it runs, in those processes only" {
	start_target
	semaphores_are 0
	watch_bg -p "$target" -i 0.1
	semaphores_are 2
	kill -INT "$tap"
	expect_end 130
	semaphores_are 0
}

@test "the target ends" {
	start_target
	watch_bg -p "$target" -i 0.2 -o json
	kill "$target"
	wait "$target" || true
	expect_end 0
	pages_are_whole
	[ "$(jq -s 'map(.target.pid) | unique == ['"$target"']' "$out")" = true ]
}

@test "the target ends before the first page" {
	start_target
	teletap watch gc --pack "$PACK" -p "$target" -i 60 -o json >"$out" 2>"$err" 3>&- &
	tap=$!
	until_true semaphores_are 2
	kill -9 "$target"
	expect_end 0
	pages_are_whole
	[ "$(wc -l <"$out")" -eq 1 ]
}

has_children() { [ "$(pgrep -cP "$target")" = "$1" ]; }

@test "a child runs a copy of the interpreter: it is not counted, and that is said" {
	cp "$EXE" "$BATS_TEST_TMPDIR/copy"
	env -u STUB_LOG "$EXE" -c '
import subprocess, sys, time
for exe in sys.argv[1:]: subprocess.Popen([exe, "-c", "import time; time.sleep(60)"])
subprocess.Popen(["sleep", "60"])
time.sleep(60)' "$BATS_TEST_TMPDIR/copy" "$BATS_TEST_TMPDIR/copy" "$EXE" 3>&- &
	target=$!
	until_true has_children 4
	watch_bg -p "$target" -i 0.1 -n 3 -o json
	ends_with 0
	note="2 processes below run $BATS_TEST_TMPDIR/copy, another file with these markers, and are not counted"
	jq -es --arg note "$note" '.[-1].notes == [$note]' "$out"
	run -0 --separate-stderr teletap record gc --pack "$PACK" -p "$target" -i 0.1 -n 2 -w "$BATS_TEST_TMPDIR/r"
	teletap replay "$BATS_TEST_TMPDIR/r" -o json | jq -es --arg note "$note" 'map(.notes == [$note]) | all'
	pkill -P "$target"
}

# 1100 children and one that came before them, of 1024 that are looked at.
@test "more children than are looked at: that is said" {
	env -u STUB_LOG "$EXE" -c '
import os, signal
for i in range(1100):
    if not os.fork(): signal.pause()
print("ready", flush=True)
signal.pause()' >"$BATS_TEST_TMPDIR/ready" 3>&- &
	target=$!
	until_true grep -q ready "$BATS_TEST_TMPDIR/ready"
	watch_bg -p "$target" -i 0.1 -n 2 -o json
	ends_with 0
	pkill -KILL -P "$target"
	jq -es '.[-1].notes == ["there are too many processes: 77 or more were not looked at, and those of them that " +
		"run another file with these markers are not counted"]' "$out"
}

@test "the file is replaced while it is watched: said, with the processes that are not counted" {
	cp "$EXE" "$BATS_TEST_TMPDIR/exe"
	cp "$EXE" "$BATS_TEST_TMPDIR/new"
	watch_bg -e "$BATS_TEST_TMPDIR/exe" -i 0.1 -o json
	jq -es 'map(.notes) | add == []' "$out"
	mv "$BATS_TEST_TMPDIR/new" "$BATS_TEST_TMPDIR/exe"
	env -u STUB_LOG "$BATS_TEST_TMPDIR/exe" -c 'import time; time.sleep(60)' 3>&- &
	target=$!
	until_true grep -q 'was replaced' "$out"
	kill -INT "$tap"
	ends_with 130
	jq -es --arg exe "$BATS_TEST_TMPDIR/exe" '.[-1].notes == ["\($exe) was replaced while watched: " +
		"1 process started since runs the new file and is not counted"]' "$out"
}

@test "a command: started clean, watched to its end" {
	cat >"$BATS_TEST_TMPDIR/command.py" <<-'EOF2'
		import os, signal, sys
		fds = sorted(int(fd) for fd in os.listdir("/proc/self/fd"))[:-1]
		print(sys.argv[1:], fds, signal.pthread_sigmask(signal.SIG_BLOCK, []),
		      signal.getsignal(signal.SIGHUP) == signal.SIG_DFL, flush=True)
	EOF2
	run -0 env --default-signal=HUP "$EXE" "$BATS_TEST_TMPDIR/command.py" 'a b' 'c d'
	plain=$output
	[[ $plain == "['a b', 'c d'] [0, 1, 2"*"] set() True" ]]
	run -0 --separate-stderr env --default-signal=HUP timeout 20 \
		teletap watch gc --pack "$PACK" -i 60 -c "$EXE $BATS_TEST_TMPDIR/command.py 'a b' \"c d\""
	echo "$output"
	[ -z "$stderr" ]
	[ "${lines[0]}" = "$plain" ]
	[[ $output == *"page 1, the last one: "* ]]
}

@test "a command is not started when nothing can be watched" {
	STUB='exit 1' run -3 --separate-stderr timeout 20 teletap watch gc --pack "$PACK" \
		-c "$EXE -c 'print(1)'"
	one_line
}

@test "colours: on a terminal, unless NO_COLOR or --color says otherwise" {
	# tty FILE [OPTION...]: a page on a terminal.
	tty() {
		script -qec "timeout 20 teletap watch gc -e $EXE --pack $PACK -i 0.1 -n 1 ${*:2}" /dev/null \
			</dev/null >"$out.$1" 3>&- &
	}
	tty default
	NO_COLOR='' tty empty
	NO_COLOR=1 tty plain
	tty never --color never
	tty json -o json
	NO_COLOR=1 watch_exe -n 1 --color always >"$out.always"
	watch_exe -n 1 >"$out.pipe"
	wait
	for name in default empty plain never always pipe; do grep -q '210 gc' "$out.$name"; done
	for name in default empty always; do grep -q $'\e\\[1m' "$out.$name"; done
	for name in plain never json pipe; do lacks '\x1b' <"$out.$name"; done
	[ "$(jq .page "$out.json")" = 210 ]
}

@test "two at once watch the same file" {
	watch_bg -e "$EXE" -i 0.1 -o json
	run -0 --separate-stderr watch_exe -n 1
	[ -z "$stderr" ]
	kill "$tap"
	expect_end 143
}

@test "ended while it compiles, even killed: no folder and no compiler is left" {
	mkdir "$BATS_TEST_TMPDIR/bin" "$BATS_TEST_TMPDIR/tmp"
	printf '#!/bin/sh\necho $$ >"$STUB_LOG"; exec sleep 60\n' >"$BATS_TEST_TMPDIR/bin/stap"
	chmod 755 "$BATS_TEST_TMPDIR/bin/stap"
	for signal in TERM KILL; do
		PATH=$BATS_TEST_TMPDIR/bin:$PATH TMPDIR=$BATS_TEST_TMPDIR/tmp teletap build gc -e "$EXE" \
			-d "$BATS_TEST_TMPDIR/pack" >"$out" 2>"$err" 3>&- &
		tap=$!
		until_true [ -s "$STUB_LOG" ]
		[ -n "$(ls "$BATS_TEST_TMPDIR/tmp")" ]
		kill -"$signal" "$tap"
		wait "$tap" || true
		until_true [ ! -e "/proc/$(cat "$STUB_LOG")" ]
		until_true rmdir "$BATS_TEST_TMPDIR/tmp"
		mkdir "$BATS_TEST_TMPDIR/tmp"
		: >"$STUB_LOG"
	done
}
