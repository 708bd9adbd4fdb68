#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Page 234 against getrusage, and /proc/PID/statm.

# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0
load helper

# The program waits for the FIFO.
rests() {
	until [ "$(cut -d' ' -f1 "/proc/$pid/syscall" 2> /dev/null)" = 0 ]; do sleep 0.05; done
	sleep 0.2
}

# Pages of address space and of memory. statm's own count of the latter is rough.
pages() {
	echo "$(cut -d' ' -f1 "/proc/$pid/statm") $(awk '/^Rss:/ { print $2 / 4 }' "/proc/$pid/smaps_rollup")"
}

exact() {
	local tries=0 before after
	dir=$(mktemp -d "$BATS_TEST_TMPDIR/XXXXXX")
	mkfifo "$dir/fifo"
	file=/var/tmp/faults.$RANDOM # on a disk
	"$1" "$HERE/faults.py" run "$dir/fifo" "$dir/done" "$file" 3>&- > "$dir/out" 2>&1 &
	pid=$!
	exec 7> "$dir/fifo"
	rests
	before=$(pages)
	watch faults -p "$pid" -o json -i 1 7>&-
	until [ -s "$tap_out" ]; do
		[ $((tries++)) -lt 400 ] || { cat "$tap_err"; return 1; }
		sleep 0.05
	done
	echo -n x >&7
	wait_for "$dir/done" || { cat "$dir/out"; return 1; }
	rests
	after=$(pages)
	kill -INT "$tap"
	expect_end 130
	python3.14 "$HERE/faults.py" check "$tap_out" "$dir/done" "$before" "$after"
	expect_clean "$pid"
	exec 7>&-
	rm "$file"
}

@test "3.9: faults and growth by function" { exact python3.9; }
@test "3.11: faults and growth by function" { exact python3.11; }
@test "3.13: faults and growth by function" { exact python3.13; }
# bats test_tags=kernels
@test "3.14: faults and growth by function" { exact python3.14; }
@test "3.15: faults and growth by function" { exact python3.15; }
