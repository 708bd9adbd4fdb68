#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Page 235 against a program that knows where it waits, and measures how long.

# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0
load helper

exact() {
	teletap watch off-cpu -i 60 -o json -c "$1 $HERE/offcpu.py run $BATS_TEST_TMPDIR/done" \
		> "$BATS_TEST_TMPDIR/pages"
	expect_clean
	python3.14 "$HERE/offcpu.py" check "$BATS_TEST_TMPDIR/pages" "$BATS_TEST_TMPDIR/done"
}

@test "3.9: waits by stack and reason" { exact python3.9; }
@test "3.11: waits by stack and reason" { exact python3.11; }
@test "3.13: waits by stack and reason" { exact python3.13; }
@test "3.14: waits by stack and reason" { exact python3.14; }
@test "3.15: waits by stack and reason" { exact python3.15; }
