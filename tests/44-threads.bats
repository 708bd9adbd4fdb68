#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pages 224 and 236, and page 210 by memory, from recorded lines; the three forms of tables of lines.

bats_require_minimum_version 1.5.0
load helper

session() {
	draw -g threads "$@" <"$TOP/tests/data/threads/session.lines"
}

@test "threads, text: equal ones in a row, waits in words, what could not be read" {
	run --keep-empty-lines session -p 4242
	golden threads/session.text
}

@test "threads, text: one of them is not several" {
	run -0 draw -g threads -p 4242 < <(awk '/^snap/ { n = 0 } $1 != "thread" || !n++' "$TOP/tests/data/threads/session.lines")
	[[ $output == *$'\n1 thread:\n'* ]]
}

@test "threads, json: the same, a row for each" {
	run session -p 4242 -o json
	golden threads/session.json
}

@test "gc by memory: pauses and empty runs are not known, and it says so" {
	run --keep-empty-lines draw -g gc -p 4242 <"$TOP/tests/data/gc/memory.lines"
	golden gc/memory.text
	run draw -g gc -p 4242 -o json <"$TOP/tests/data/gc/memory.lines"
	golden gc/memory.json
}

@test "tasks: a tree of who awaits whom, circles, what could not be read" {
	run --keep-empty-lines draw -g tasks -p 4242 <"$TOP/tests/data/tasks/session.lines"
	golden tasks/session.text
	run draw -g tasks -p 4242 -o json <"$TOP/tests/data/tasks/session.lines"
	golden tasks/session.json
}

@test "threads --locals: variables below their frames, no row stands for others" {
	run --keep-empty-lines draw -g threads -p 4242 <"$TOP/tests/data/threads/locals.lines"
	golden threads/locals.text
	run draw -g threads -p 4242 -o json <"$TOP/tests/data/threads/locals.lines"
	golden threads/locals.json
}
