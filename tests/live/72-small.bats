#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs that use one macro of teletap.h, compiled here, and their modules too.

bats_require_minimum_version 1.5.0
load helper

# program FLAGS...: standard input is what main does; sets $exe
program() {
	exe=$BATS_TEST_TMPDIR/program
	{
		echo '#define TELETAP_PROVIDER small
		      #include "teletap.h"
		      int main(void) {'
		cat
		echo 'return 0; }'
	} > "$exe.c"
	gcc -I/src/include "$@" -o "$exe" "$exe.c"
}

# rows PAGE: of the last page of its whole run
rows() {
	run -0 --separate-stderr teletap watch "$1" -c "$exe" -i 60 -o json --collector stap
	tail -n 1 <<< "$output" | jq -c '[.loss | add], .rows'
}

# bats test_tags=full
@test "a counter only" {
	program -O0 <<< 'for (int i = 0; i < 23; i++) TELETAP_COUNTER("requests", 2);'
	run -0 rows counters
	echo "$output"
	[ "${lines[0]}" = '[0]' ]
	[ "$(jq -c '[.[] | [.name, .change_total]]' <<< "${lines[1]}")" = '[["requests",46]]' ]
}

# bats test_tags=full
@test "a gauge only" {
	program -O2 <<< 'for (int i = 0; i < 23; i++) TELETAP_GAUGE("depth", i);'
	run -0 rows counters
	echo "$output"
	[ "$(jq -c '[.[] | [.name, .value]]' <<< "${lines[1]}")" = '[["depth",22]]' ]
}

# bats test_tags=full
@test "a span that never ends" {
	program -O2 <<< 'TELETAP_SPAN_BEGIN("load", 1);'
	run -0 rows spans
	echo "$output"
	[ "$(jq -c '[.[] | [.operation, .ended_total, .open]]' <<< "${lines[1]}")" = '[["load",0,1]]' ]
}

# bats test_tags=full
@test "an error only, in a program at fixed addresses" {
	program -O2 -no-pie <<< 'for (int i = 0; i < 23; i++) TELETAP_ERROR("here", "broken", 1);'
	run -0 rows errors
	echo "$output"
	[ "$(jq -c '[.[] | [.place, .what, .errors_total]]' <<< "${lines[1]}")" = '[["here","broken",23]]' ]
}
