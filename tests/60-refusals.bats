#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the environment refuses (3): files, processes, rights, programs that are missing; always
# by one line that names the thing and says what to do next.

# shellcheck disable=SC2030,SC2031,SC2154,SC2016 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper
load markers
load usage

@test "watch -e: no such file, no file, no program, no markers" {
	says teletap watch gc -e /nowhere/python -- "/nowhere/python: no such file: check the name"
	says teletap watch gc -e "$EXE/x" -- "$EXE/x: no such file: check the name"
	says teletap watch gc -e '' -- ": no such file: check the name"
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	for what in /usr /dev/null "$BATS_TEST_TMPDIR/fifo"; do
		says timeout 10 teletap watch gc -e "$what" -- "$what: no * file: name a program or a library"
	done
	says teletap watch gc -e "$TOP/Makefile" -- "$TOP/Makefile: no ELF file: name a program or a library"
	head -c 40 "$EXE" >"$BATS_TEST_TMPDIR/cut"
	says teletap watch gc -e "$BATS_TEST_TMPDIR/cut" -- "$BATS_TEST_TMPDIR/cut: broken ELF file: *"
	says teletap watch gc -e /usr/bin/true -- "/usr/bin/true has no markers of python, which page 210 needs: 'teletap probes' *--with-dtrace*"
	says teletap watch gc -e "$D/bare" -- "$D/bare has no markers of python, *--with-dtrace*"
	ln -s loop "$BATS_TEST_TMPDIR/loop"
	says teletap watch gc -e "$BATS_TEST_TMPDIR/loop" -- "$BATS_TEST_TMPDIR/loop: Too many levels of symbolic links: *"
}

@test "watch -e: a name out to do harm" {
	cp /usr/bin/true "$BATS_TEST_TMPDIR/"$'\e[2J\nteletap: fine'
	says teletap watch gc -e "$BATS_TEST_TMPDIR/"$'\e[2J\nteletap: fine' -- '*\\x1b\[2J\\x0ateletap: fine has no markers*'
	says teletap watch gc -e $'/\e[2J' -- '/\\x1b\[2J: no such file: check the name'
}

@test "watch -p: no such process" {
	says teletap watch gc -p 2147483647 -- "no process 2147483647: *"
	sleep 0 3>&- &
	wait $!
	says teletap watch gc -p $! -- "no process $!: *"
}

@test "watch -p: a process without markers" {
	start sleep 60
	says teletap watch gc -p "$PID" -- "process $PID (*/sleep) has no markers of python, which page 210 needs: *; where the program loads them later, -e FILE names the file that has them"
	stop
	PYTHONHOME=/usr start "$D/bare" -c 'import time; time.sleep(60)'
	says teletap watch gc -p "$PID" --collector stap -- "process $PID ($D/bare) has no markers of python, *--with-dtrace*"
	says teletap watch gc -p $$ -- "process $$ (*bash) has no markers of python, *"
}

@test "watch -p: a thread is no process" {
	start "$EXE" -c '
import threading, time
threading.Thread(target=time.sleep, args=(60,)).start()
time.sleep(60)'
	for _ in {1..100}; do
		thread=$(find "/proc/$PID/task" -mindepth 1 -maxdepth 1 -not -name "$PID" -printf '%f\n')
		[ -z "$thread" ] || break
		sleep 0.05
	done
	says teletap watch gc -p "$thread" -- "$thread is a thread, no process: *"
}

@test "watch -p: a thread of the kernel, and a process that has just ended" {
	if [ -d /proc/2 ] && [ ! -s /proc/2/maps ]; then
		need_root
		says teletap watch gc -p 2 -- "process 2 runs no program: *"
	fi
	# ended, but nobody has waited for it
	start bash -c 'sleep 0.1 & exec sleep 60'
	for _ in {1..100}; do
		zombie=$(cat "/proc/$PID/task/$PID/children" 2>/dev/null || pgrep -P "$PID") zombie=${zombie%% *}
		[[ $(cut -d' ' -f3 "/proc/$zombie/stat") == Z ]] && break
		sleep 0.05
	done
	for page in gc 301; do
		says teletap watch $page -p "$zombie" -- "process $zombie runs no program: it has ended, *"
	done
	refused teletap probes -p "$zombie"
	[[ $stderr == *": process $zombie runs no program: it has ended, "* ]]
}

@test "watch: not root" {
	start "${PLAIN[@]}" "$EXE" -c 'import time; time.sleep(60)'
	for target in "-e $EXE" "-p $PID"; do
		# shellcheck disable=SC2086
		says "${PLAIN[@]}" "$D/bin/teletap" watch gc --collector stap $target -- "not root: *; try 'sudo teletap watch ...'"
	done
	says "${PLAIN[@]}" "$D/bin/teletap" watch gc-events -c "$EXE -c 0" -- "not root: *"
	says "${PLAIN[@]}" "$D/bin/teletap" watch gc -p 1 -- "process 1: Permission denied: run as root*"
}

@test "watch: no staprun" {
	need_root
	need_uprobes
	pack_make "$BATS_TEST_TMPDIR/pack" "$EXE"
	says env PATH="$D/none" "$TELETAP" watch gc --collector stap -e "$EXE" --pack "$BATS_TEST_TMPDIR/pack" -- "there is no staprun here: install systemtap-runtime"
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\necho "staprun: error while loading shared libraries: libelf.so.1" >&2\nexit 127\n' >"$BATS_TEST_TMPDIR/bin/staprun"
	says env PATH="$BATS_TEST_TMPDIR/bin" "$TELETAP" watch gc --collector stap -e "$EXE" --pack "$BATS_TEST_TMPDIR/pack" -- "staprun could not be started: Permission denied"
	chmod 755 "$BATS_TEST_TMPDIR/bin/staprun"
	says env PATH="$BATS_TEST_TMPDIR/bin" "$TELETAP" watch gc --collector stap -e "$EXE" --pack "$BATS_TEST_TMPDIR/pack" -- "staprun could not be started: staprun: error while loading shared libraries: libelf.so.1"
}

@test "watch: no stap, and no module" {
	need_root
	says env PATH="$D/none" "$TELETAP" watch gc --collector stap -e "$EXE" -- "no module gc for $EXE and kernel $(uname -r), and no stap here to compile it: *--pack*"
	[ ! -e "$STUB_LOG" ]
}

@test "watch: notes of the file that are broken do not stand for other faults" {
	need_root
	# the first note of python's: its provider has no end
	/usr/bin/python3 - "$EXE" "$BATS_TEST_TMPDIR/broken" <<-'EOF2'
		import sys
		data = open(sys.argv[1], "rb").read()
		assert b"python\0audit\0" in data
		open(sys.argv[2], "wb").write(data.replace(b"python\0audit\0", b"\0" * 13, 1))
	EOF2
	run -0 --separate-stderr teletap probes -e "$BATS_TEST_TMPDIR/broken"
	[[ $stderr == *malformed* ]]
	says env PATH="$D/none" "$TELETAP" watch gc --collector stap -e "$BATS_TEST_TMPDIR/broken" -- "no module gc for *"
}
