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

# Those that setup_suite.bash has put aside, too; for CPython's markers of both kinds.
# bats test_tags=kernels
@test "the kernel takes every BPF program" {
	local python tree=$BATS_TEST_TMPDIR/tree working
	mkdir -p "$tree/bin"
	cp "$(command -v teletap)" "$tree/bin"
	cp -r /src/build/share "$tree/share"
	cp "$tree"/share/teletap/bpf.others/* "$tree/share/teletap/bpf"
	for python in python3.11 python3.15; do
		"$tree/bin/teletap" doctor -e "$(realpath "$(command -v $python)")" -o json | jq -r '.pages[] |
			.page as $page | .collectors[] | select(.name == "bpf") | [$page, .works, .why] | @tsv'
	done > "$BATS_TEST_TMPDIR/pages"
	cat "$BATS_TEST_TMPDIR/pages"
	run -1 grep 'does not take' "$BATS_TEST_TMPDIR/pages"
	working=$(awk -F '\t' '$2 == "true" { printf " %s", $1 }' "$BATS_TEST_TMPDIR/pages")
	for python in 3.11 3.15; do
		echo -n " 210 211 212 213 220 221 222 223 230 231 232 233 234 235 250 251 252"
	done > "$BATS_TEST_TMPDIR/wanted"
	[ "$working" = "$(cat "$BATS_TEST_TMPDIR/wanted")" ]
}
