#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# teletap watch from end to end, with a stand-in for staprun (tests/stub): whatever
# happens, the right status, one line at most, a last page where there can be one,
# and nothing left behind. The markers are really switched on and off.

# shellcheck disable=SC2030,SC2031,SC2154,SC2016 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper

setup_file() {
	stub_begin
	export SITES
	SITES=$(jq -r '.modules[0].sites' "$PACK/manifest.json")
	gcc -shared -fPIC -o "$BATS_FILE_TMPDIR/hurry.so" "$TOP/tests/stub/hurry.c"
}

teardown_file() {
	python_forget
}

setup() {
	need_stub
	export STUB_LOG=$BATS_TEST_TMPDIR/log
	unset STUB
	out=$BATS_TEST_TMPDIR/out err=$BATS_TEST_TMPDIR/err
	target='' tap=''
}

teardown() {
	for pid in $tap $target; do
		{ kill -9 "$pid" && wait "$pid"; } 2>/dev/null || true
	done
	nothing_left
}

# No process of this test, no link to a target.
nothing_left() {
	local left

	for _ in {1..40}; do
		left=$(grep -lsz "^STUB_LOG=$STUB_LOG$" /proc/[0-9]*/environ
			ls -d "/run/teletap/$SITES" 2>/dev/null) || true
		[ -n "$left" ] || return 0
		sleep 0.05
	done
	echo "left: $left"
	false
}

# In the foreground.
watch_exe() {
	timeout 20 teletap watch gc -e "$EXE" --pack "$PACK" -i 0.1 "$@"
}

# In the background, until a page (or, with JSON, an object) has been printed.
watch_bg() { # under nohup, too
	env --default-signal=HUP teletap watch gc --pack "$PACK" "$@" >"$out" 2>"$err" 3>&- &
	tap=$!
	until_true [ -s "$out" ]
}

until_true() {
	for _ in {1..200}; do
		if "$@"; then return; fi
		sleep 0.02
	done
	echo "never: $*"
	cat "$out" "$err"
	false
}

# expect_end STATUS: within some seconds, with no word.
expect_end() {
	ends_with "$1"
	[ ! -s "$err" ]
}

ends_with() {
	local status=0 begin=$SECONDS

	wait "$tap" || status=$?
	tap=''
	echo "status $status"
	cat "$err"
	[ "$status" -eq "$1" ]
	[ $((SECONDS - begin)) -lt 30 ]
}

# A Python that sleeps; its number in $target.
start_target() {
	"$EXE" -c 'import time; print(flush=True); time.sleep(60)' >"$BATS_TEST_TMPDIR/ready" 3>&- &
	target=$!
	until_true [ -s "$BATS_TEST_TMPDIR/ready" ]
}

semaphores() {
	"$TOP/tests/live/semaphores" "$target"
}

semaphores_are() {
	[ "$(semaphores)" -eq "$1" ]
}

# The pages in $out are whole, and only the last one is the last one.
pages_are_whole() {
	jq -es 'length > 0 and (map(.last) == [range(1; length) | false] + [true])' "$out"
}

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

ends_by_signal() {
	watch_bg -e "$EXE" -i 0.1 -o json
	kill "-$1" "$tap"
	expect_end "$2"
	pages_are_whole
}

@test "Ctrl-C" { ends_by_signal INT 130; }
@test "SIGTERM" { ends_by_signal TERM 143; }
@test "SIGHUP" { ends_by_signal HUP 129; }
@test "SIGQUIT" { ends_by_signal QUIT 131; }

@test "Ctrl-C typed at a terminal reaches teletap only" {
	setsid env --default-signal=INT teletap watch gc --pack "$PACK" -e "$EXE" -i 0.1 -o json \
		>"$out" 2>"$err" 3>&- &
	tap=$!
	until_true [ -s "$out" ]
	kill -INT -- "-$tap"
	expect_end 130
	pages_are_whole
}

@test "nohup is respected" {
	(
		trap '' HUP
		exec teletap watch gc --pack "$PACK" -e "$EXE" -i 0.1 -o json >"$out" 2>"$err" 3>&-
	) &
	tap=$!
	until_true [ -s "$out" ]
	kill -HUP "$tap"
	before=$(wc -l <"$out")
	more() { [ "$(wc -l <"$out")" -gt $((before + 1)) ]; }
	until_true more
	kill "$tap"
	expect_end 143
}

@test "Ctrl-C before the module has answered" {
	STUB='exec sleep 60'
	export STUB
	teletap watch gc --pack "$PACK" -e "$EXE" >"$out" 2>"$err" 3>&- &
	tap=$!
	until_true [ -s "$STUB_LOG" ]
	kill -INT "$tap"
	expect_end 130
	[ ! -s "$out" ]
}

@test "teletap itself is killed" {
	start_target
	STUB='hello; snapshot; exec sleep 100' teletap watch gc --pack "$PACK" -p "$target" >"$out" 2>"$err" 3>&- &
	tap=$!
	until_true semaphores_are 2
	kill -9 "$tap"
	wait "$tap" || true
	until_true semaphores_are 0
}

@test "the reader of the pages goes away" {
	run -0 bash -c 'set -o pipefail; timeout 20 teletap watch gc -e "$EXE" --pack "$PACK" -i 0.1 2>"$1" |
		head -n 1' - "$err"
	[[ $output == "210 gc "* ]]
	[ ! -s "$err" ]
}

@test "the reader goes away long before the next page is due" {
	# shellcheck disable=SC2016
	run -0 timeout 20 bash -c 'set -o pipefail; teletap watch gc -e "$EXE" --pack "$PACK" -i 3600 2>"$1" |
		sleep 0.5' - "$err"
	[ ! -s "$err" ]
}

@test "the disk of the pages is full" {
	run -3 --separate-stderr bash -c 'timeout 20 teletap watch gc -e "$EXE" --pack "$PACK" -i 0.1 >/dev/full'
	one_line
	[[ $stderr == *"standard output: No space left on device"* ]]
}

@test "standard output is closed: no other file is written to in its place" {
	STUB='readlink "/proc/$PPID/fd/1" >"$STUB_LOG.one"; watch' run -3 --separate-stderr \
		bash -c 'timeout 20 teletap watch gc -e "$EXE" --pack "$PACK" -i 0.1 >&-'
	one_line
	[ "$(cat "$STUB_LOG.one")" = /dev/null ]
	[[ $stderr == *"standard output: Bad file descriptor"* ]]
}

@test "a file of pages may not grow: said, and no death by SIGXFSZ" {
	run -3 --separate-stderr bash -c 'ulimit -f 1; timeout 20 teletap watch gc -e "$EXE" --pack "$PACK" -i 0.1 >"$1"' - "$out"
	one_line
	[[ $stderr == *"standard output: File too large"* ]]
}

# A pipe for the pages that holds 4 KB, not 64, so that some pages of 1 KB fill it, which they
# have when $filling has ended.
narrow_pipe() {
	mkfifo "$BATS_TEST_TMPDIR/pages"
	python3 - "$BATS_TEST_TMPDIR/pages" >"$BATS_TEST_TMPDIR/narrow" 3>&- <<-'EOF' &
		import fcntl, os, select, sys, time
		pipe = os.open(sys.argv[1], os.O_RDWR)
		fcntl.fcntl(pipe, 1031, 4096)
		print(flush=True)
		end = time.monotonic() + 30
		while select.select([], [pipe], [], 0)[1] and time.monotonic() < end:
		    time.sleep(0.05)
		time.sleep(1)
	EOF
	filling=$!
	until_true [ -s "$BATS_TEST_TMPDIR/narrow" ]
}

@test "the reader of the pages is stopped: a signal ends it all the same" {
	narrow_pipe
	bash -c 'exec <"$1"; exec sleep 60' - "$BATS_TEST_TMPDIR/pages" 3>&- &
	target=$!
	teletap watch gc -e "$EXE" --pack "$PACK" -i 0.1 >"$BATS_TEST_TMPDIR/pages" 2>"$err" 3>&- &
	tap=$!
	wait "$filling"
	kill "$tap"
	begin=$SECONDS
	ends_with 143
	[ $((SECONDS - begin)) -lt 10 ]
	[ "$(cat "$err")" = "teletap: watch: standard output: nobody reads it: the pages are not complete" ]
}

# stalled COMMAND...: on a terminal whose reader has stopped, of which nothing has room any more, it is
# told to end, and has 10 s.
stalled() {
	python3 - "$@" <<-'EOF'
		import fcntl, os, pty, struct, subprocess, sys, termios, time
		master, slave = pty.openpty()
		def size(columns):
		    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", 50, columns, 0, 0))
		size(80)
		program = subprocess.Popen(sys.argv[1:], stdin=slave, stdout=slave, start_new_session=True,
		    preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
		def waiting():
		    return struct.unpack("i", fcntl.ioctl(master, termios.FIONREAD, b"1234"))[0]
		before, still, n = 0, 0, 0
		while still < 15 or before < 4000:
		    n += 1
		    size(80 + n % 2)
		    time.sleep(0.1)
		    now = waiting()
		    still = still + 1 if now == before else 0
		    before = now
		    assert program.poll() is None and n < 600, (now, n)
		program.terminate()
		print(program.wait(10))
	EOF
}

@test "the terminal has stalled: a signal ends it all the same" {
	pages=gc$(printf ',gc%.0s' {1..30})
	run stalled teletap watch "$pages" -e "$EXE" --pack "$PACK" -i 0.1 -n 100000
	[ "${lines[-1]}" = 143 ]
	TERM=xterm run stalled teletap watch host -i 0.2
	[ "${lines[-1]}" = 143 ]
}

@test "the reader of the pages is stopped, and the target ends: the module goes, no page is lost" {
	start_target
	narrow_pipe
	# reads nothing until there is "go"
	bash -c 'exec <"$1/pages"; until [ -e "$1/go" ]; do sleep 0.1; done; exec cat >"$1/out"' - \
		"$BATS_TEST_TMPDIR" 3>&- &
	reader=$!
	teletap watch gc -p "$target" --pack "$PACK" -i 0.1 -o json >"$BATS_TEST_TMPDIR/pages" 2>"$err" 3>&- &
	tap=$!
	wait "$filling"
	kill "$target"
	timeout 20 tail -s 0.1 -f /dev/null --pid="$(cut -d' ' -f1 "$STUB_LOG")"
	touch "$BATS_TEST_TMPDIR/go"
	expect_end 0
	wait "$reader"
	pages_are_whole
	jq -es '(map(.rows[2].runs) | add) == .[-1].rows[2].runs_total' "$out"
}

@test "few open files: said, and what to do" {
	run -3 --separate-stderr bash -c 'ulimit -n 12; timeout 20 teletap watch gc -e "$EXE" --pack "$PACK" -n 1'
	one_line
	[[ $stderr == *": allow more, 'ulimit -n 256'" ]]
}

@test "staprun is killed" {
	watch_bg -e "$EXE" -i 0.1 -o json
	kill -9 "$(cut -d' ' -f1 "$STUB_LOG")"
	ends_with 3
	[ "$(wc -l <"$err")" -eq 1 ]
	grep -q '^teletap: watch: staprun was killed by signal 9: .*: start again$' "$err" ||
		grep -q '^teletap: watch: staprun was killed by signal 9: .*; start again$' "$err"
	[ "$(jq -s 'map(.last) | any' "$out")" = false ]
}

@test "staprun is ended by somebody else: its last page is whole" {
	STUB='watch 0.5' watch_bg -e "$EXE" -i 0.1 -o json
	kill "$(cut -d' ' -f1 "$STUB_LOG")"
	ends_with 3
	[ "$(cat "$err")" = "teletap: watch: somebody ended staprun: the last page is complete; start again" ]
	pages_are_whole
	jq -es '(map(.rows[2].runs) | add) == .[-1].rows[2].runs_total' "$out"
}

# In a world in which timeouts are short.
hurried() {
	LD_PRELOAD=$BATS_FILE_TMPDIR/hurry.so ASAN_OPTIONS=verify_asan_link_order=0 "$@"
}

# refused_by STUB -- TEXT: status 3, one line, no page.
refused_by() {
	STUB=$1 refused watch_exe -n 1
	# shellcheck disable=SC2053
	[[ $stderr == "teletap: watch: "$3 ]]
	: >"$STUB_LOG"
}

@test "staprun says why it cannot" {
	refused_by "echo 'ERROR: Couldn'\''t insert module x.ko: Invalid module format' >&2; exit 1" -- \
		"the kernel refuses the module (*Invalid module format): build it for this kernel: 'teletap build gc'"
	refused_by "echo 'ERROR: Couldn'\''t insert module x.ko: Operation not permitted' >&2; exit 1" -- \
		"the kernel refuses unsigned modules (*): Secure Boot, lockdown or module.sig_enforce is on: sign it *"
	refused_by "printf 'WARNING: a\nERROR: \033[2Jno \302\233 luck\nmore\n' >&2; exit 1" -- \
		"staprun ended: *: start again, or see 'dmesg'"
	refused_by 'exit 1' -- "staprun ended without a reason: start again, or see 'dmesg'"
	refused_by 'exit 0' -- "staprun ended without a reason: *"
	refused_by 'kill -9 $$' -- "staprun was killed by signal 9: *"
}

@test "staprun prints another version of the protocol" {
	refused_by 'hello 2; snapshot; exec sleep 60' -- \
		"the module gc speaks another version of the protocol: build it again with this teletap"
	refused_by 'snapshot; exec sleep 60' -- "the module gc speaks another version*"
}

@test "the kernel refuses a probe of the module" {
	refused_by 'hello; printf "refused\t22\n"; snapshot; exec sleep 60' -- \
		"*: another tracer (bpftrace, perf, bcc) has taken a marker of page 210: stop it first"
	refused_by 'hello; printf "refused\t524\n"; snapshot; exec sleep 60' -- \
		"*: the kernel refuses a probe of page 210 (Unknown error 524): *; reinstall it, or watch another page"
}

@test "staprun prints half a snapshot, then nothing" {
	refused_by 'hello; snapshot | head -n 3' -- "staprun ended without a reason: *"
	STUB='trap "exit 0" TERM; hello; snapshot; snapshot | head -n 4; while :; do sleep 0.1; done' \
		refused hurried watch_exe -n 1
	[[ $stderr == "teletap: watch: staprun ended without its last snapshot: "* ]]
}

@test "staprun prints garbage among its lines: counted on the page" {
	STUB='hello; snapshot; printf "%s\n" junk "gc	1" "a\tb" ""; head -c 20000 /dev/zero; echo
		printf "snap\0\n"; watch' run -0 --separate-stderr watch_exe -n 1 -o json
	[ -z "$stderr" ]
	[ "$(jq .loss.lines <<<"$output")" = 6 ]
	[ "$(jq .rows[2].runs <<<"$output")" -gt 0 ]
}

@test "staprun prints nothing but garbage" {
	refused_by 'head -c 300000 /dev/urandom' -- "staprun ended without a reason: *"
}

@test "staprun prints garbage without end: Ctrl-C is heard" {
	for flood in 'exec yes' 'exec cat /dev/zero' 'hello; snapshot; exec yes' 'yes >&2; true' \
		'hello; snapshot; yes >&2; true'; do
		echo "$flood"
		STUB=$flood teletap watch gc --pack "$PACK" -e "$EXE" -i 0.1 >"$out" 2>"$err" 3>&- &
		tap=$!
		until_true [ -s "$STUB_LOG" ]
		sleep 0.2
		kill -INT "$tap"
		ends_with 130
		: >"$STUB_LOG"
	done
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

@test "staprun prints nothing at all" {
	STUB='exec sleep 600' refused hurried watch_exe -n 1
	[ "$stderr" = "teletap: watch: the module did not answer within 60 s: 'dmesg' may say why" ]
}

@test "staprun does not hear that it should end, and is killed" {
	# the second snapshot has to be there within 0.1 s
	STUB='trap "" TERM; x=$(hello; snapshot; snapshot); printf "%s\n" "$x"; while :; do sleep 0.1; done' \
		refused hurried watch_exe -n 1
	[[ $stderr == "teletap: watch: staprun was killed by signal 9: "* ]]
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
