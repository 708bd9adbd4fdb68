#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Page 231 from recorded lines.

bats_require_minimum_version 1.5.0
load helper

session() {
	draw -g audit "$@" <"$TOP/tests/data/audit/session.lines"
}

@test "audit, text: names and arguments, known or not, long or hostile" {
	run --keep-empty-lines session
	golden audit/session.text
}

@test "audit, json: the same" {
	run session -o json
	golden audit/session.json
}

@test "audit: no line of a text page is wider than 80 columns, none has control bytes" {
	run session
	for line in "${lines[@]}"; do [ "${#line}" -le 80 ]; done
	lacks '[\x00-\x1f\x7f]' <<<"$output"
}

@test "audit: the extension's hook is refused: a note, and no event" {
	printf '%s\n' $'teletap\t1\taudit' $'snap\t1\t1000000000\t1700000000000000000\t0' $'procs\t1' \
		$'audit\t1\t2' $'name\t1\tteletap.refused\t\t0' $'stacks\t0\t0\t0\t0\t0' \
		$'loss\t0\t0\t0' $'end\t1' >"$BATS_TEST_TMPDIR/lines"
	sed 's/^snap.*/snap\t2\t2000000000\t1700000001000000000\t0/; s/^end.*/end\t2/; /^teletap/d' \
		"$BATS_TEST_TMPDIR/lines" >"$BATS_TEST_TMPDIR/second"
	cat "$BATS_TEST_TMPDIR/second" >>"$BATS_TEST_TMPDIR/lines"
	run -0 draw -g audit -o json <"$BATS_TEST_TMPDIR/lines"
	[ -n "$output" ]
	jq -e '.rows == [] and (.notes[0] | startswith("a hook of the program refuses"))' <<<"$output"
}

@test "audit: functions that could not be read are said" { says_unread audit; }
