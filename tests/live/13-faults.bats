#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Page 234 against getrusage, and /proc/PID/statm.

# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0
load helper

# khugepaged makes memory grow and shrink while the program rests
HUGE=/sys/kernel/mm/transparent_hugepage/enabled

setup_file() {
	sed 's/.*\[\(.*\)\].*/\1/' "$HUGE" > "$BATS_FILE_TMPDIR/huge"
	echo never > "$HUGE"
}

teardown_file() { cat "$BATS_FILE_TMPDIR/huge" > "$HUGE"; }

# Pages of address space and of memory. statm's own count of the latter is rough.
pages() {
	echo "$(cut -d' ' -f1 "/proc/$pid/statm") $(awk '/^Rss:/ { print $2 / 4 }' "/proc/$pid/smaps_rollup")"
}

exact() {
	local before after file=/var/tmp/faults.$RANDOM # on a disk
	# what is mapped of a file depends on what of it is in memory already
	cat "$(readlink -f "$(command -v "$1")")" > "$BATS_TEST_TMPDIR/python"
	begin faults.py "$1" "$file"
	before=$(pages)
	work faults
	after=$(pages)
	unwatch
	python3.14 "$HERE/faults.py" check "$tap_out" "$dir/done" "$before" "$after"
	expect_clean "$pid"
	exec 7>&-
	rm "$file"
}

# bats test_tags=full
@test "3.9: faults and growth by function" { exact python3.9; }
# bats test_tags=full
@test "3.11: faults and growth by function" { exact python3.11; }
# bats test_tags=full
@test "3.13: faults and growth by function" { exact python3.13; }
# bats test_tags=others
@test "3.14: faults and growth by function" { exact python3.14; }
# bats test_tags=full
@test "3.15: faults and growth by function" { exact python3.15; }
