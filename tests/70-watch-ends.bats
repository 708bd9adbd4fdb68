#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# How teletap watch ends: by signals, because its output goes away, is full or stands still.
# The right status, one line at most, a last page where there can be one, and nothing left behind.

# shellcheck disable=SC2030,SC2031,SC2154,SC2016 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper
load watch-stub

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
