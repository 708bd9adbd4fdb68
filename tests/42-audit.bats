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
