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
