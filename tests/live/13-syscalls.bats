#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Page 233 against strace -c, and against what a program knows of its functions.

# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0
load helper

exact() {
	begin syscalls.py "$1"
	trace -c
	work syscalls
	unwatch
	untrace
	python3.14 "$HERE/syscalls.py" check "$tap_out" "$dir/done" "$dir/strace"
	expect_clean "$pid"
	exec 7>&-
}

# bats test_tags=full
@test "3.9: the calls that strace sees, by function" { exact python3.9; }
# bats test_tags=full
@test "3.11: the calls that strace sees, by function" { exact python3.11; }
# bats test_tags=full
@test "3.13: the calls that strace sees, by function" { exact python3.13; }
# bats test_tags=others
@test "3.14: the calls that strace sees, by function" { exact python3.14; }
# bats test_tags=full
@test "3.15: the calls that strace sees, by function" { exact python3.15; }

# bats test_tags=full
@test "calls whose function cannot be read, as the kernel is moving it, are said" {
	begin moved.py python3.14
	work syscalls
	unwatch
	python3.14 "$HERE/moved.py" check "$tap_out" "$dir/done" # 77: once more, by BATS_TEST_RETRIES
	expect_clean "$pid"
	exec 7>&-
}

# bats test_tags=full
@test "--call: names and patterns" {
	begin syscalls.py python3.14
	work syscalls --call 'getppid,open*'
	unwatch
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
