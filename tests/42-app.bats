#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The application's own pages from recorded lines.

bats_require_minimum_version 1.5.0
load helper

# page NAME FILE: its golden pages, as text and as JSON.
page() {
	run --keep-empty-lines draw -g "$1" -p 4242 -e /usr/bin/service -y '' <"$TOP/tests/data/app/$2.lines"
	golden "app/$1.text"
	for line in "${lines[@]}"; do [ "${#line}" -le 80 ]; done
	lacks '[\x00-\x09\x0b-\x1f\x7f]' <<<"$output"
	run draw -g "$1" -p 4242 -e /usr/bin/service -y '' -o json <"$TOP/tests/data/app/$2.lines"
	golden "app/$1.json"
	jq -e .rows >/dev/null <<<"$output"
}

@test "241 counters" { page counters counters; }
@test "242 spans" { page spans spans; }
@test "246 errors" { page errors errors; }
@test "201 about" { page about ring; }
@test "202 config" { page config ring; }
@test "240 state" { page state ring; }
@test "245 log" { page log ring; }

@test "no ring yet: said" {
	for name in about config state log; do
		run draw -g $name -p 4242 -e /usr/bin/service < <(printf '%b\n' 'teletap\t1\tring' \
			'snap\t1\t1000000000\t1\t0' 'loss\t0\t0\t0' 'end\t1' 'snap\t2\t2000000000\t1\t1' 'loss\t0\t0\t0' 'end\t2')
		[[ $output == *'the program has no ring yet'* ]]
	done
}
