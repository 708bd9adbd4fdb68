#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Page 232 against strace's account of the same calls.

# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0
load helper

begin() {
	dir=$(mktemp -d "$BATS_TEST_TMPDIR/XXXXXX")
	mkfifo "$dir/fifo"
	"$1" "$HERE/gil.py" run "$dir/fifo" "$dir/done" 3>&- > "$dir/out" 2>&1 &
	pid=$!
	exec 7> "$dir/fifo"
}

# The program works while it is watched, and lives on.
work() {
	local tries=0
	watch gil -p "$pid" -o json -i 1 7>&-
	until [ -s "$tap_out" ]; do
		[ $((tries++)) -lt 400 ] || { cat "$tap_err"; return 1; }
		sleep 0.05
	done
	echo -n x >&7
	wait_for "$dir/done" || { cat "$dir/out"; return 1; }
	kill -INT "$tap"
	expect_end 130
}

waits() {
	begin "$1"
	work
	python3.14 "$HERE/gil.py" waits "$tap_out" "$dir/done"
	expect_clean "$pid"
	exec 7>&-
}

exact() {
	local tries=0
	waits "$1"
	begin "$1"
	strace -f -e trace=futex -o "$dir/strace" -p "$pid" 3>&- 7>&- 2> "$dir/strace.err" &
	tracer=$!
	until grep -q attached "$dir/strace.err"; do
		[ $((tries++)) -lt 200 ] || { cat "$dir/strace.err"; false; }
		sleep 0.05
	done
	work
	kill -INT "$tracer"
	wait "$tracer" || true
	python3.14 "$HERE/gil.py" calls "$(readlink -f "/proc/$pid/exe")" "$dir/strace" "$tap_out" "$dir/done"
	expect_clean "$pid"
	exec 7>&-
}

@test "3.9: the waits the program knows of, their reason, the calls strace sees" { exact python3.9; }
@test "3.11: the waits the program knows of, their reason, the calls strace sees" { exact python3.11; }
@test "3.13: the waits the program knows of, their reason, the calls strace sees" { exact python3.13; }
@test "3.14: the waits the program knows of, their reason, the calls strace sees" { exact python3.14; }
@test "a Python without markers: this page needs none" {
	objcopy --remove-section .note.stapsdt "$(command -v python3.14)" "$BATS_TEST_TMPDIR/bare"
	run -3 --separate-stderr teletap watch gc -e "$BATS_TEST_TMPDIR/bare"
	[[ "$stderr" = *'no markers of python'*'pages 223 and 232 to 235 need none'* ]]
	PYTHONHOME=/usr waits "$BATS_TEST_TMPDIR/bare"
}

@test "3.15: the waits the program knows of, their reason, the calls strace sees" { exact python3.15; }
