#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pages 211, 212, 213 and 223 from recorded lines.

bats_require_minimum_version 1.5.0
load helper

# page NAME FOLDER [ARGUMENT...]
page() {
	draw -g "$1" "${@:3}" <"$TOP/tests/data/$2/session.lines"
}

narrow() {
	for line in "${lines[@]}"; do [ "${#line}" -le 80 ]; done
}

@test "gc-events, text: asked for, automatic, unknown; cut and unknown stacks; none; more than kept" {
	run --keep-empty-lines page gc-events gc-events
	narrow
	golden gc-events/session.text
}

@test "gc-events, json: the same" {
	run page gc-events gc-events -o json
	golden gc-events/session.json
}

@test "a CPython of the process that the page cannot show is named" {
	sed '1a beside\t1\t/opt/caf\\xe9/libpython3.9.so.1.0' "$TOP/tests/data/gc-events/session.lines" >"$BATS_TEST_TMPDIR/lines"
	run draw -g gc-events -o json <"$BATS_TEST_TMPDIR/lines"
	[ "$(tail -n 1 <<<"$output" | jq -r '.notes[]' | grep -c 'not on this page: another CPython in the process, /opt/caf.*/libpython3.9.so.1.0$')" = 1 ]
	run draw -g gc-events <"$BATS_TEST_TMPDIR/lines"
	[[ $output == *libpython3.9.so.1.0* ]]
}

@test "gc-pauses, text and json: the session of page 210" {
	run --keep-empty-lines page gc-pauses gc
	narrow
	golden gc/pauses.text
	run page gc-pauses gc -o json
	golden gc/pauses.json
	# each pause is in one row
	[ "$(jq -c '[.rows[].count_total] | add' <<<"${lines[-1]}")" = \
		"$(draw -o json <"$TOP/tests/data/gc/session.lines" | tail -n 1 | jq '[.rows[].runs_total] | add')" ]
}

@test "gc-cost, text and json: forked children, exits, and the row outside" {
	run --keep-empty-lines page gc-cost gc-cost
	narrow
	golden gc-cost/session.text
	run page gc-cost gc-cost -o json
	golden gc-cost/session.json
}

@test "gc-cost: where the process cannot be read, exits are unknown and not 0" {
	run -0 draw -g gc-cost -o json < <(sed 's/^outside.*/&\nstacks\t3\t0\t0\t0\t0/' "$TOP/tests/data/gc-cost/session.lines")
	[ "$(tail -n 1 <<<"$output" | jq -c '[.rows[:3][] | .exit_runs, .exit_pause_ns_total] | unique')" = '[null]' ]
	[ "$(tail -n 1 <<<"$output" | jq -c '[.rows[:3][] | .runs_total] | any(. > 0)')" = true ]
	[ "$(tail -n 1 <<<"$output" | jq -r '.notes[0]')" = 'collections at exit are not known: it is a free-threaded build' ]
}

@test "gc-cost, text and json: by the extension's markers, which tell nothing of exits" {
	sed 's/^outside.*/&\nuncopied\t1\nstacks\t5\t0\t0\t0\t0/' "$TOP/tests/data/gc-cost/session.lines" >"$BATS_TEST_TMPDIR/lines"
	run --keep-empty-lines draw -g gc-cost <"$BATS_TEST_TMPDIR/lines"
	narrow
	golden gc-cost/extension.text
	run draw -g gc-cost -o json <"$BATS_TEST_TMPDIR/lines"
	golden gc-cost/extension.json
}

@test "gc-cost: why exits are unknown is not known to this version, but that they are" {
	for state in 4 6; do
		run -0 draw -g gc-cost -o json < <(sed "s/^outside.*/&\nstacks\t$state\t0\t0\t0\t0/" "$TOP/tests/data/gc-cost/session.lines")
		[ "$(tail -n 1 <<<"$output" | jq -r '.notes[0]')" = 'collections at exit are not known: it is switched off' ]
	done
}

@test "gc-cost: where copied pages are not counted, they are unknown and not 0" {
	run -0 draw -g gc-cost -o json < <(sed 's/^outside.*/&\nuncopied\t1/' "$TOP/tests/data/gc-cost/session.lines")
	[ "$(tail -n 1 <<<"$output" | jq -c '[.rows[] | .copied, .copied_total, .forked_copied, .forked_copied_total] | unique')" = '[null]' ]
	[ "$(tail -n 1 <<<"$output" | jq -c '[.rows[:3][] | .faults_total] | any(. > 0)')" = true ]
}

@test "stacks, text and json: functions, then stacks; recursion counts once" {
	run --keep-empty-lines page stacks stacks
	narrow
	golden stacks/session.text
	run page stacks stacks -o json
	golden stacks/session.json
	# main is in 172 samples, make_cycles in as many, though twice in 22 of them
	[ "$(jq -c '[.rows[] | select(.kind == "function" and .pid == null) | select(.function == "main" or .function == "make_cycles") | .samples]' <<<"${lines[0]}")" = '[172,172]' ]
}

@test "stacks: folded and speedscope" {
	run page stacks stacks -o folded
	golden stacks/session.folded
	run page stacks stacks -o speedscope
	golden stacks/session.speedscope
	[ "$(jq '[.profiles[].weights[]] | add' <<<"${lines[-1]}")" = 254 ]
}

@test "stacks by memory: executing lines; what was missed, what it costs; hostile names" {
	run --keep-empty-lines draw -g stacks -p 4242 <"$TOP/tests/data/stacks/memory.lines"
	golden stacks/memory.text
	run draw -g stacks -p 4242 -o json <"$TOP/tests/data/stacks/memory.lines"
	golden stacks/memory.json
	run draw -g stacks -p 4242 -o folded <"$TOP/tests/data/stacks/memory.lines"
	golden stacks/memory.folded
}

@test "stacks: the flame graph is well-formed, with the frames of the folded lines, and asks nobody" {
	for lines in session memory; do
		for output in svg folded; do
			draw -g stacks -s 2 -o $output <"$TOP/tests/data/stacks/$lines.lines" >"$BATS_TEST_TMPDIR/$output"
		done
		sed -i '/^$/d' "$BATS_TEST_TMPDIR/folded"
		run -0 /usr/bin/python3 "$TOP/tests/sample-compare.py" svg "$BATS_TEST_TMPDIR/svg" "$BATS_TEST_TMPDIR/folded"
		echo "$output"
		[ -z "$output" ]
	done
	[ "$(grep -c '<script' "$BATS_TEST_TMPDIR/svg")" = 1 ]
	[ "$(grep -c ']]>' "$BATS_TEST_TMPDIR/svg")" = 1 ]
	lacks '\xe2\x80\xae|\x01' <"$BATS_TEST_TMPDIR/svg"
}

@test "stacks: a loop of nodes and unknown numbers do no harm" {
	for format in text json folded speedscope svg; do
		run -0 draw -g stacks -o "$format" < <(printf '%b\n' 'teletap\t1\tstacks' 'snap\t1\t1\t1\t0' 'end\t1' \
			'snap\t2\t2\t2\t1' 'node\t1\t2\t1' 'node\t2\t1\t9223372036854775807' 'hit\t1\t1\t1\t0\t5' \
			'hit\t1\t1\t9223372036854775807\t0\t5' 'name\t1\t;a\\x0ab\t\\xff\t-1' 'loss\t0\t0\t0' 'end\t2')
		[ -n "$output" ]
	done
}
