#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# teletap looks at itself: what it counts is what it was asked.

# shellcheck disable=SC2030,SC2031,SC2154
bats_require_minimum_version 1.5.0
load helper

@test "a service that has answered 23 requests says 23, and how long they took" {
	sleep 1000 3>&- &
	teletap serve -p $! 3>&- > /dev/null 2> "$BATS_TEST_TMPDIR/err" &
	pid=$!
	for _ in $(seq 300); do teletap page 255 > /dev/null 2>&1 && break; sleep 0.1; done
	watch spans,counters,about,config -p "$pid" -o json -i 1
	for _ in $(seq 300); do [ -s "$tap_out" ] && break; sleep 0.1; done
	cat "$tap_err"
	for _ in $(seq 22); do teletap page 255 > /dev/null; done
	run -1 teletap page nosuch
	run -3 teletap page 298 # an action needs a key
	kill -INT "$tap"
	expect_end 130
	last() { jq -c "select(.page == $1 and .last) | $2" < "$tap_out"; }
	last 242 .
	[ "$(last 241 '[.rows[] | select(.name == "requests").events_total]')" = '[24]' ]
	[ "$(last 242 '[.rows[] | select(.operation == "request") | .ended_total, .failed_total, .open]')" = '[24,2,0]' ]
	[ "$(last 242 '.rows[0].time_ns_total.total > 0')" = true ]
	[ "$(last 242 .loss)" = '{"skipped":0,"dropped":0,"table_full":0,"lines":0}' ]
	[ "$(last 202 '[.rows[] | [.key, .value]]')" = '[["command","serve"],["port","25255"]]' ]
	last 201 '.rows[] | select(.what == "version").value' | grep -F "$(teletap --version | cut -d' ' -f2)"
	kill -TERM "$pid"
	wait "$pid" || true
	expect_clean
}
