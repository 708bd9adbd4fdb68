#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Page 232 by BPF programs, against strace's account of the same calls: as
# tests/live/13-gil.bats.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2128,SC2154,SC2178,SC2317
bats_require_minimum_version 1.5.0
load helper
load bpf

setup_file() {
	need_bpf
	type strace
}

begin() { begin_live gil.py "$1"; }

# work: until the program reads again; the last page is $page
work() {
	work_live gil
	lines=$(wc -l <"$out")
	more() { [ "$(wc -l <"$out")" -gt $((lines + 1)) ]; } # what is over is seen to be
	await more
	finish
}

end() {
	exec 7>&-
	wait "$pid"
}

@test "232: the waits the program knows of, and their reason, of each Python" {
	for python in "${PYTHONS[@]}"; do
		begin "$python"
		work
		/usr/bin/python3 "$LIVE/gil.py" waits "$out" "$dir/done"
		end
	done
}

@test "232: the calls that strace sees, thread by thread" {
	for python in /usr/bin/python3 "${PYTHONS[-1]}"; do
		begin "$python"
		strace -f -e trace=futex -o "$dir/strace" -p "$pid" 3>&- 7>&- 2>"$dir/strace.err" &
		tracer=$!
		await grep -q attached "$dir/strace.err"
		work
		kill -INT "$tracer"
		wait "$tracer" || true
		/usr/bin/python3 "$LIVE/gil.py" calls "$file" "$dir/strace" "$out" "$dir/done" "$(bias)"
		end
	done
}

# Where the file's address 0 lies in the process; a program that does not move lies at 0.
bias() {
	readelf -h "$file" | grep -q 'Type: *EXEC' && echo 0 && return
	awk -v file="$file" '$6 == file { split($1, at, "-"); print "0x" at[1]; exit }' "/proc/$pid/maps"
}

@test "232: SIGKILL leaves nothing; doctor tries it" {
	goes_with_teletap gil 232
}
