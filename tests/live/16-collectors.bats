#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# One program, watched by every collector of page 210 at once: each has the program's own figures.

bats_require_minimum_version 1.5.0
load helper

# all_agree PYTHON
all_agree() {
	local collector out taps=()
	start "$1"
	for collector in stap bpf memory; do
		watch gc -p "$pid" --collector "$collector" -o json -i 1
		first_page
		taps+=("$tap")
		mv "$tap_out" "$BATS_TEST_TMPDIR/$collector"
	done
	go "$dir"
	# a page that was asked for after the work
	for collector in stap bpf memory; do
		lines=$(wc -l < "$BATS_TEST_TMPDIR/$collector")
		more() { [ "$(wc -l < "$BATS_TEST_TMPDIR/$collector")" -ge $((lines + 2)) ]; }
		await more
	done
	kill -INT "${taps[@]}"
	for tap in "${taps[@]}"; do wait "$tap" || [ $? = 130 ]; done
	for collector in stap bpf memory; do
		out=$BATS_TEST_TMPDIR/$collector
		echo "$collector: $(tail -n 1 "$out" | jq -c '[.collector, .loss, .rows[] | [.runs_total, .collected_total]]')"
		[ "$(head -n 1 "$out" | jq -r .collector)" = "$collector" ]
		[ "$(totals "$out")" = "$(jq -c . "$dir/done")" ]
	done
	kill -0 "$pid"
	expect_clean "$pid"
}

# bats test_tags=full
@test "3.9: module, BPF program and memory count what gc.get_stats() counts" { all_agree python3.9; }
# bats test_tags=full
@test "3.11: module, BPF program and memory count what gc.get_stats() counts" { all_agree python3.11; }
# bats test_tags=full
@test "3.13: module, BPF program and memory count what gc.get_stats() counts" { all_agree python3.13; }
# bats test_tags=others
@test "3.14: module, BPF program and memory count what gc.get_stats() counts" { all_agree python3.14; }
# bats test_tags=full
@test "3.15: module, BPF program and memory count what gc.get_stats() counts" { all_agree python3.15; }
