#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A Python program's pages about itself (python/), against what it was told to do.
bats_require_minimum_version 1.5.0
load helper

# exact PYTHON : 23 of everything, on every page at once
exact() {
	dir=$(mktemp -d "$BATS_TEST_TMPDIR/XXXXXX")
	PYTHONPATH=$HERE/../../build/python PYTHONDONTWRITEBYTECODE=1 "$1" "$HERE/told.py" "$dir" \
		3>&- > "$dir/out" 2>&1 &
	pid=$!
	wait_for "$dir/ready"
	watch counters,spans,errors,log,state -p "$pid" -o json -i 1
	first_page || { cat "$dir/out"; return 1; }
	go "$dir"
	kill -INT "$tap"
	expect_end 130
	cat "$dir/out"
	last() { jq -c "select(.page == $1 and .last) | $2" < "$tap_out"; }
	[ "$(jq -c 'select(.last) | [.loss[]] | add' < "$tap_out" | sort -u)" = 0 ]
	[ "$(last 241 '[.rows[] | [.kind, .name, .events_total, .change_total, .value]] | sort')" = \
		'[["counter","bytes",23,2300,null],["counter","requests",23,23,null],["gauge","queue",23,null,22],["tally","rows",23000,46000,null]]' ] || { last 241 .rows; return 1; }
	[ "$(last 242 '[.rows[] | [.operation, .ended_total, .failed_total, .open]] | sort')" = \
		'[["await",23,0,0],["fetch",23,5,0]]' ]
	[ "$(last 246 '[.rows[] | [.what, .errors_total, .unhandled_total]] | sort')" = \
		'[["OSError: thread",23,23],["ValueError: consumed",23,0]]' ]
	[ "$(last 246 '[.rows[].place | sub(".*/"; "") | sub(":.*"; "")] | unique')" = '["told.py"]' ]
	[ "$(last 245 '[.rows[] | select(.text | startswith("told: line "))] | length')" = 23 ]
	[ "$(last 240 '[.rows[] | [.part, .item, .value]]')" = '[["input","pulses","23"],["result","","11.5"]]' ]
	kill "$pid"
	expect_clean
}

# bats test_tags=full
@test "3.11: 23 events of each kind are 23" { exact python3.11; }
@test "3.14: 23 events of each kind are 23" { exact python3.14; }
