#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The numbers behind a page, against the same numbers computed from the single events.

bats_require_minimum_version 1.5.0
load helper

# against KIND SEED: a session of that kind, its pages against its events.
against() {
	local dir=$BATS_TEST_TMPDIR/$1

	mkdir "$dir"
	/usr/bin/python3 "$TOP/tests/data/gc/model" make "$1" "$2" "$dir"
	draw -o json <"$dir/lines" >"$dir/pages"
	run /usr/bin/python3 "$TOP/tests/data/gc/model" check "$dir"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "durations as they occur" { against usual 1; }
@test "durations of every size, from 0 up to 2^52 ns" { against wide 2; }
@test "durations at the borders of buckets" { against borders 3; }
@test "one event in an interval, of up to 2^60 ns" { against single 4; }
@test "intervals without events" { against rare 5; }
@test "very many events" { against many 6; }

@test "what was counted before the first snapshot is in no figure" {
	against early 7
}

@test "snapshots that are not shown are in the next page, with their longest pause" {
	gc() { printf '%s\n' "snap	$1	${1}000000000	1	0" "gc	2	$2	$3	0	$4	$5" "end	$1"; }
	run -0 draw -o json -s 2 < <(printf 'teletap\t1\tgc\n'
		gc 1 10 100 1000 900; gc 2 11 110 1500 500; gc 3 12 115 1600 100
		gc 4 13 115 1700 100; gc 5 15 125 2300 300; gc 6 16 999 9999 999)
	[ "$(jq -c '[.interval_s, (.rows[2] | .runs, .runs_total, .collected, .pause_ns.total, .pause_ns.max)]' \
		<<<"$output")" = $'[2,2,2,15,600,500]\n[2,3,5,10,700,300]' ]
}

@test "several processes: said, and their pauses added up" {
	printf '%s\n' $'teletap\t1\tgc' $'snap\t1\t1000000000\t1\t0' $'end\t1' \
		$'snap\t2\t2000000000\t1\t0' $'procs\t3' $'gc\t2\t3\t0\t3\t2500000000\t900000000' \
		$'loss\t0\t0\t0' $'end\t2' >"$BATS_TEST_TMPDIR/lines"
	run draw -o json <"$BATS_TEST_TMPDIR/lines"
	[ "$(jq -c '[.target.processes, .rows[2].share, .rows[2].pause_ns.total]' <<<"$output")" = \
		'[3,2.5,2500000000]' ]
	run draw <"$BATS_TEST_TMPDIR/lines"
	[[ ${lines[1]} == *", every process, 3 seen" ]]
	[[ $output == *$'\n\nNote: several processes: their pauses are added up, so shares can pass 100 %.\n\n'* ]]
	[[ $output == *" 250.00%"* ]]
}

@test "one process: no such note" {
	run draw -p 1 <"$TOP/tests/data/gc/session.lines"
	[[ $output != *Note* && $output != *seen* ]]
}

@test "losses are those of the last snapshot, as counted by the module" {
	run draw -o json < <(printf '%s\n' $'teletap\t1\tgc' $'snap\t1\t1\t1\t0' $'loss\t9\t9\t9' $'end\t1' \
		$'snap\t2\t2\t1\t0' $'loss\t10\t20\t30' $'end\t2' $'snap\t3\t3\t1\t0' $'loss\t11\t20\t30' $'end\t3')
	[ "$(jq -c .loss <<<"$output")" = '{"skipped":10,"dropped":20,"table_full":30,"lines":0}
{"skipped":11,"dropped":20,"table_full":30,"lines":0}' ]
}

@test "a snapshot without its end, and one that lost a piece, are counted and said" {
	gc() { printf '%s\n' "snap	$1	${1}000000000	1	0" "gc	2	$2	0	0	$2	1"; }
	end() { printf '%s\n' "loss	0	$2	0" "end	$1"; }
	run draw -o json < <(printf 'teletap\t1\tgc\n'; gc 1 10; end 1 0; gc 2 11; end 2 0; gc 3 12
		gc 4 13; end 4 0; printf 'snap\t5\t5000000000\t1\t0\n'; end 5 7; gc 6 15; end 6 7)
	[ "$(jq -c '[.interval_s, .rows[2].runs, .loss.dropped, .loss.lines, (.notes | length)]' \
		<<<"$output")" = $'[1,1,0,0,0]\n[2,2,1,0,1]\n[2,2,9,0,1]' ]
	[[ $output == *"2 answers of the module found no room on the way out"* ]]
}
