#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Page 232 from recorded lines.

bats_require_minimum_version 1.5.0
load helper

session() {
	draw -g gil "$@" <"$TOP/tests/data/gil/session.lines"
}

@test "gil, text: threads, holders, one that is not known" {
	run --keep-empty-lines session -p 4242
	golden gil/session.text
	for line in "${lines[@]}"; do [ "${#line}" -le 80 ]; done
}

@test "gil, json: the same, and the histogram" {
	run session -p 4242 -o json
	golden gil/session.json
}

@test "gil: functions that could not be read are said" { says_unread gil; }
