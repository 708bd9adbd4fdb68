# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# What pages 220 to 222 in $out say of the programs in $HERE (tests/live), against the truth that
# these have left in the test's folder.

# rows FILE : of the last page, "calls function line" of that file's functions, sorted
rows() {
	tail -n 1 "$out" | jq -r --arg file "$1" \
		'.rows[] | select(.file == $file) | "\(.calls_total) \(.function) \(.line)"' | sort
}

# took FUNCTION CALLS INCLUSIVE EXCLUSIVE : the last two by the sleeps of each thread that they
# are the sum of, as jq writes a list's parts; within 5 % and 40 ms: what the
# functions do beside sleeping takes some ms on a busy machine, and one sleep of the three threads
# in the wrong place would be 600 ms
took() {
	local slept
	slept=$(jq -cs --argjson inclusive "[$3]" --argjson exclusive "[$4]" '
		def sum(which): [.[] as $thread | which[] | $thread[.]] | add // 0;
		[sum($inclusive), sum($exclusive)]' "$BATS_TEST_TMPDIR/slept")
	tail -n 1 "$out" | jq -e --arg f "$1" --arg file "$HERE/sleeps.py" \
		--argjson calls "$2" --argjson slept "$slept" '
		def near(ns): . - ns | (if . < 0 then -. else . end) <= ns * 0.05 + 40e6;
		.rows[] | select(.function == $f and .file == $file)
		| .calls_total == $calls and (.inclusive_ns_total | near($slept[0]))
		  and (.exclusive_ns_total | near($slept[1]))' > /dev/null ||
		{ echo "$slept"; tail -n 1 "$out" | jq -c --arg f "$1" '.rows[] | select(.function == $f)'; return 1; }
}

timed_as_slept() {
	[ "$(jq -cs 'map(length)' "$BATS_TEST_TMPDIR/slept")" = '[17,17,17]' ]
	took leaf 9 0,2,16 0,2,16
	took branch 3 0,1,2 1
	took recursive 12 3,4,5,6 3,4,5,6
	took ping 9 7,8 7,8
	took pong 6 8 ''
	took numbers 12 9,11,13 9,11,13
	took consumer 3 9,10,11,12,13,14 10,12,14
	took raises 3 15 15
	took catcher 3 15 ''
	took thrower 3 16 ''
	took main 3 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16 ''
}

# those of spread.py, on page 221
times_as_slept() {
	jq -c . "$BATS_TEST_TMPDIR/slept"
	tail -n 1 "$out" | jq -e --slurpfile slept "$BATS_TEST_TMPDIR/slept" '
		def between(from; to): map(select(. >= from and . < to)) | length;
		.rows | length == 1 and (.[0]
		| .function == "wait" and .line == 11 and .calls_total == 36
		  and (.histogram | [.under_10us, .under_100us, .under_1ms, .under_10ms,
		                     .under_100ms, .under_1s, .from_1s])
		      == ($slept[0] | [0, 0, 0, 0, between(1e7; 1e8), between(1e8; 1e9), between(1e9; 1e11)])
		  and .duration_ns_total - ($slept[0] | add) > 0
		  and .duration_ns_total - ($slept[0] | add) < 36 * 8e6)' ||
		{ tail -n 1 "$out"; return 1; }
	# over all pages: the longest was the longest
	jq -es --slurpfile slept "$BATS_TEST_TMPDIR/slept" \
		'[.[].rows[].duration_ns.max] | max - ($slept[0] | max) | . > 0 and . < 8e6' "$out"
}

# Each event of order.py as "event depth function line", depth from the module's.
flow_in_order() {
	local expected module
	# the first line of a module's code is that of its first statement in 3.9
	module=$(jq -r 'first(.rows[] | select(.function == "<module>").line)' "$out" | head -n 1)
	[[ $module = [12] ]]
	jq -r '.rows[] | "\(.event) \(.depth) \(.function) \(.line)"' "$out" > "$BATS_TEST_TMPDIR/events"
	expected='entry 0 <module> MODULE|entry 1 Body 18|return 1 Body 18
		|entry 1 method 19|entry 2 first 5
		|entry 3 second 10|entry 4 third 14|return 4 third 14|return 3 second 10
		|entry 3 second 10|entry 4 third 14|return 4 third 14|return 3 second 10
		|return 2 first 5|return 1 method 19
		|entry 1 outcome 23|entry 2 fails 30|return 2 fails 30
		|entry 2 third 14|return 2 third 14|return 1 outcome 23|return 0 <module> MODULE'
	diff <(tr '|' '\n' <<< "${expected//MODULE/$module}" | sed 's/^[[:space:]]*//; /^$/d') \
		<(awk 'NR == 1 { base = $2 } { $2 -= base; print }' "$BATS_TEST_TMPDIR/events")
	jq -es '[.[].rows[] | .time] | . == sort' "$out" > /dev/null
}
