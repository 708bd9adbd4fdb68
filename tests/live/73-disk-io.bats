#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Page 251 against /proc/diskstats. A loop device has no requests but ours.

# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0
load helper

setup() {
	disk=; modprobe loop
	truncate -s 64M "$BATS_TEST_TMPDIR/disk"
	disk=$(losetup --show -f "$BATS_TEST_TMPDIR/disk" 3>&-)
	name=${disk##*/}
}

teardown() {
	[ -z "$disk" ] || losetup -d "$disk"
	jobs -p | xargs -r kill -9 2>/dev/null || true
}

# The kernel's sums of a device: reads, bytes, writes, bytes, discards, bytes, flushes, and
# the milliseconds of all.
stats() {
	awk -v name="$1" '$3 == name {
		printf "%.0f %.0f %.0f %.0f %.0f %.0f %.0f %.0f\n",
			$4, $6 * 512, $8, $10 * 512, $15, $17 * 512, $19, $7 + $11 + $18 + $20
	}' /proc/diskstats
}

# The same of the page.
told() {
	jq -r --arg name "$1" '.rows[] | select(.kind == "device" and .device == $name) |
		[.reads_total, .read_bytes_total, .writes_total, .written_bytes_total, .discards_total,
		 .discarded_bytes_total, .flushes_total] | join(" ")' "$BATS_TEST_TMPDIR/page"
}

# compare DEVICE BEFORE: what it did since BEFORE is what the page says; how long it took,
# too, but the kernel takes its time when our probe has run, which on an emulated machine
# takes its time.
compare() {
	python3.14 - "$2" "$(stats "$1")" "$(told "$1")" "$1" "$BATS_TEST_TMPDIR/page" <<-'EOF'
		import json, sys
		before, after, told = (list(map(int, a.split())) for a in sys.argv[1:4])
		delta = [b - a for a, b in zip(before, after)]
		print("kernel", delta, "page", told)
		assert delta[:7] == told, (delta, told)
		rows = [r for r in json.load(open(sys.argv[5]))["rows"] if r["device"] == sys.argv[4]]
		device, steps = rows[0], [r for r in rows if r["kind"] == "histogram"]
		count = told[0] + told[2] + told[4] + told[6]
		assert sum(r["count_total"] for r in steps) == count, (steps, count)
		took = device["latency_ns_total"]
		assert 0.4 * delta[7] <= took / 1e6 <= 1.02 * delta[7] + 4, (took, delta)
		assert 0 <= device["queue_ns_total"] + device["device_ns_total"] <= took
		assert device["device_ns_total"] > 0
		for step in steps:
		    assert step["to_ns"] == 2 * step["from_ns"]
	EOF
}

@test "dd with O_DIRECT: requests, bytes, flushes and times are those of /proc/diskstats" {
	watch_host disk-io
	before=$(stats "$name")
	dd if=/dev/zero of="$disk" bs=64k count=100 oflag=direct conv=fsync
	dd if="$disk" of=/dev/null bs=4k count=200 iflag=direct
	blkdiscard -o 1M -l 8M "$disk"
	last_page
	compare "$name" "$before"
	read -r reads _ writes _ discards _ flushes <<< "$(told "$name")"
	[ "$reads" -ge 200 ]
	[ "$writes" -ge 100 ]
	[ "$discards" -ge 1 ]
	[ "$flushes" -ge 1 ]
}

# bats test_tags=full
@test "writes that are flushes, too: each counts once" {
	watch_host disk-io
	before=$(stats "$name")
	dd if=/dev/zero of="$disk" bs=8k count=40 oflag=direct,dsync
	dd if=/dev/zero of="$disk" bs=8k count=40 oflag=dsync
	last_page
	compare "$name" "$before"
	read -r _ _ writes _ _ _ flushes <<< "$(told "$name")"
	[ "$writes" -ge 80 ]
	[ "$flushes" -ge 40 ]
}

# bats test_tags=full
@test "the disk that this machine runs from; text" {
	watch_host disk-io -p $$
	before=$(stats vda)
	dd if=/dev/zero of=/root/direct bs=256k count=40 oflag=direct,sync
	last_page
	told vda
	[ "$(jq -c '.target.pid' "$BATS_TEST_TMPDIR/page")" = null ]
	read -r _ _ _ written _ <<< "$(told vda)"
	[ "$written" -ge $((40 * 262144)) ]
	(while sleep 0.1; do dd if="$disk" of=/dev/null bs=4k count=1 iflag=direct status=none; done) 3>&- &
	run -0 --separate-stderr teletap watch disk-io -i 1 -n 2
	[[ $output == *$'\n'" $name "* ]]
	for line in "${lines[@]}"; do [ "${#line}" -le 80 ]; done
}

# Requests of null_blk complete in a timer's interrupt, on the processor that has begun them: also
# while another one's probe runs there.
# bats test_tags=full
@test "requests that complete in an interrupt: each counts, whatever it interrupts" {
	modprobe null_blk irqmode=2 completion_nsec=20000 submit_queues=2
	watch_host disk-io --collector stap
	before=$(stats nullb0)
	readers=()
	for _ in 1 2 3 4; do
		dd if=/dev/nullb0 of=/dev/null bs=512 count=4000 iflag=direct status=none 3>&- &
		readers+=($!)
	done
	wait "${readers[@]}"
	last_page
	read -r reads bytes _ <<< "$(stats nullb0)"
	read -r reads_before bytes_before _ <<< "$before"
	read -r told_reads told_bytes _ <<< "$(told nullb0)"
	echo "$((reads - reads_before)) of $((bytes - bytes_before)) bytes, on the page $told_reads of $told_bytes"
	[ "$told_reads $told_bytes" = "$((reads - reads_before)) $((bytes - bytes_before))" ]
	[ "$told_reads" -ge 16000 ]
	modprobe -r null_blk
}
