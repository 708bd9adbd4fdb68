#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Page 232 against strace's account of the same calls.

# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0
load helper

waits() {
	begin gil.py "$1"
	work gil
	unwatch
	python3.14 "$HERE/gil.py" waits "$tap_out" "$dir/done"
	expect_clean "$pid"
	exec 7>&-
}

exact() {
	waits "$1"
	begin gil.py "$1"
	trace -e trace=futex
	work gil
	unwatch
	untrace
	python3.14 "$HERE/gil.py" calls "$(readlink -f "/proc/$pid/exe")" "$dir/strace" "$tap_out" "$dir/done"
	expect_clean "$pid"
	exec 7>&-
}

# bats test_tags=full
@test "3.9: the waits the program knows of, their reason, the calls strace sees" { exact python3.9; }
# bats test_tags=full
@test "3.11: the waits the program knows of, their reason, the calls strace sees" { exact python3.11; }
# bats test_tags=full
@test "3.13: the waits the program knows of, their reason, the calls strace sees" { exact python3.13; }
@test "3.14: the waits the program knows of, their reason, the calls strace sees" { exact python3.14; }
# bats test_tags=full
@test "a Python without markers: this page needs none" {
	objcopy --remove-section .note.stapsdt "$(command -v python3.14)" "$BATS_TEST_TMPDIR/bare"
	run -3 --separate-stderr teletap watch gc -e "$BATS_TEST_TMPDIR/bare"
	[[ "$stderr" = *'no markers of python'*'pages 210, 223, 224 and 232 to 236 need none'* ]]
	PYTHONHOME=/usr waits "$BATS_TEST_TMPDIR/bare"
}

# bats test_tags=full
@test "3.15: the waits the program knows of, their reason, the calls strace sees" { exact python3.15; }
