#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Page 233 against strace -c, and against what a program knows of its functions.

# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0
load helper

begin() {
	dir=$(mktemp -d "$BATS_TEST_TMPDIR/XXXXXX")
	mkfifo "$dir/fifo"
	"$1" "$HERE/syscalls.py" run "$dir/fifo" "$dir/done" 3>&- > "$dir/out" 2>&1 &
	pid=$!
	exec 7> "$dir/fifo"
	# it waits for the FIFO
	until [ "$(cut -d' ' -f1 "/proc/$pid/syscall" 2> /dev/null)" = 0 ]; do sleep 0.05; done
	sleep 0.2
}

# The program works while it is watched, and lives on.
work() {
	local tries=0
	watch syscalls -p "$pid" -o json -i 1 "$@" 7>&-
	until [ -s "$tap_out" ]; do
		[ $((tries++)) -lt 400 ] || { cat "$tap_err"; return 1; }
		sleep 0.05
	done
	echo -n x >&7
	wait_for "$dir/done" || { cat "$dir/out"; return 1; }
	until [ "$(cut -d' ' -f1 "/proc/$pid/syscall" 2> /dev/null)" = 0 ]; do sleep 0.05; done
	sleep 0.2
	kill -INT "$tap"
	expect_end 130
}

exact() {
	local tries=0
	begin "$1"
	strace -f -c -o "$dir/strace" -p "$pid" 3>&- 7>&- 2> "$dir/strace.err" &
	tracer=$!
	until grep -q attached "$dir/strace.err"; do
		[ $((tries++)) -lt 200 ] || { cat "$dir/strace.err"; false; }
		sleep 0.05
	done
	work
	kill -INT "$tracer"
	wait "$tracer" || true
	python3.14 "$HERE/syscalls.py" check "$tap_out" "$dir/done" "$dir/strace"
	expect_clean "$pid"
	exec 7>&-
}

@test "3.9: the calls that strace sees, by function" { exact python3.9; }
@test "3.11: the calls that strace sees, by function" { exact python3.11; }
@test "3.13: the calls that strace sees, by function" { exact python3.13; }
# bats test_tags=kernels
@test "3.14: the calls that strace sees, by function" { exact python3.14; }
@test "3.15: the calls that strace sees, by function" { exact python3.15; }

@test "--call: names and patterns" {
	begin python3.14
	work --call 'getppid,open*'
	python3.14 "$HERE/syscalls.py" chosen "$tap_out" 'getppid,open*'
	expect_clean "$pid"
	exec 7>&-
}

@test "calls that do not return, of the program and its children" {
	teletap watch syscalls -i 60 -o json -c "python3.14 -c 'import os
def runs():
    for _ in range(5):
        if not os.fork():
            os.execv(\"/bin/true\", [\"true\"])
        os.wait()
def fails():
    try: os.execv(\"/nowhere\", [\"x\"])
    except OSError: pass
runs()
fails()'" > "$BATS_TEST_TMPDIR/pages"
	expect_clean
	# the first program is started by no Python function
	run jq -sc '.[-1] | [([.rows[] | select(.call == "execve" and .function)] | sort_by(.function)[] |
		[.function, .calls_total, .errors_total, .error]),
		([.rows[] | select(.call == "exit_group") | .calls_total] | add),
		([.rows[] | select(.call == "wait4" and .function == "runs") | .calls_total] | add),
		([.rows[].open] | add), (.loss | add)]' "$BATS_TEST_TMPDIR/pages"
	echo "$output"
	[ "$output" = '[["fails",1,1,"ENOENT"],["runs",5,0,null],6,5,0,0]' ]
}
