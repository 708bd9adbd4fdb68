#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pages 220 to 222 from recorded lines.

# shellcheck disable=SC2030,SC2031
bats_require_minimum_version 1.5.0
load helper

# page NAME LINES OPTION...
page() {
	draw -g "$1" "${@:3}" <"$TOP/tests/data/calls/$2.lines"
}

@test "calls, text: sorted by exclusive time, long and odd names, one whose name never came" {
	run --keep-empty-lines page calls calls
	golden calls/calls.text
}

@test "calls, json: the same, and what is only open" {
	run page calls calls -o json
	golden calls/calls.json
}

@test "calls: not timed, JIT: null, sorted by calls, and both said" {
	run --keep-empty-lines page calls untimed
	golden calls/untimed.text
	run page calls untimed -o json
	[ "$(jq -c '[.rows[] | [.function, .calls, .inclusive_ns, .exclusive_ns_total]]' <<<"$output")" = \
		'[["b",2000,null,null],["a",1000,null,null]]' ]
	[ "$(jq '.notes | length' <<<"$output")" = 2 ]
}

# untimed ASKED STATE PAGE : the note of a module that says so
untimed() {
	run draw -g "$3" -o json < <(sed "s/^timed.*/timed	0	0	$1	$2/" "$TOP/tests/data/calls/untimed.lines")
	[ "$(jq '[.rows[] | .inclusive_ns, .exclusive_ns_total] | unique == [null]' <<<"$output")" = true ] || [ "$3" != calls ]
	[ "$(jq '.notes | length' <<<"$output")" = 1 ]
	output=$(jq -r '.notes[0]' <<<"$output")
}

@test "calls, call-times, flow: why calls are not timed" {
	untimed 0 0 calls
	[ "$output" = 'calls are counted when they are over, and not timed: this CPython says only when functions return' ]
	untimed 1 0 calls
	[ "$output" = 'calls are counted when they are over, and not timed: so it was asked for (--counts)' ]
	for page in calls call-times; do
		untimed 0 1 $page
		[ "$output" = 'calls are counted when they begin, under the line that the marker gives, and not timed: this version of CPython is not known' ]
	done
	untimed 1 3 calls
	[ "$output" = 'calls are counted when they are over, under the line that the marker gives, and not timed: it is a free-threaded build' ]
	untimed 0 2 flow
	[[ "$output" = 'calls are shown when they begin, '*': the process describes itself otherwise than its version of CPython should' ]]
}

@test "call-times, text: distribution, and a function without a place" {
	run --keep-empty-lines page call-times call-times
	golden calls/call-times.text
}

@test "call-times, json: percentiles are those of the histogram" {
	run page call-times call-times -o json
	golden calls/call-times.json
	[ "$(jq -c '.rows[0].histogram | [.[]]' <<<"$output")" = '[0,0,90,0,9,0,1]' ]
	[ "$(jq -c '.rows[1] | [.calls_total, .duration_ns.p50, .histogram.under_10us]' <<<"$output")" = \
		'[5,null,null]' ]
}

@test "flow, text: indented, deltas by thread, what is left out" {
	run --keep-empty-lines page flow flow
	golden calls/flow.text
}

@test "flow, json: the same" {
	run page flow flow -o json
	golden calls/flow.json
	[ "$(jq -c '[.rows[] | .delta_ns]' <<<"$output")" = '[null,100000,null,200000,600000,800000]' ]
}

@test "calls, call-times, flow: no line of a text page is wider than 80 columns" {
	for name in calls call-times flow; do
		run page $name $name
		for line in "${lines[@]}"; do [ "${#line}" -le 80 ] || { echo "$line"; return 1; }; done
	done
}
