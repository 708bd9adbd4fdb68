#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Page 200 of a program that is well, that is not, and that has crashed.

# shellcheck disable=SC2030,SC2031,SC2154
bats_require_minimum_version 1.5.0
load helper

SERVICE=/src/build/test/service

serve_it() {
	dir=$(mktemp -d "$BATS_TEST_TMPDIR/XXXXXX")
	mkfifo "$dir/commands"
	"$SERVICE" < "$dir/commands" > "$dir/said" 3>&- &
	pid=$!
	exec 7> "$dir/commands"
	for _ in $(seq 200); do grep -q ready "$dir/said" && break; sleep 0.05; done
}

# verdicts: of the page on standard input, the subsystems that are watched. (Whether its
# threads run depends on when it is looked at.)
verdicts() { jq -c '[.rows[] | select(.verdict and .page != 203 and .subsystem != "threads") | [.subsystem, .verdict]]'; }

@test "a service: well, then not, then crashed" {
	serve_it
	watch status -p "$pid" -o json -i 4 --crashes "$dir/crashes"
	for _ in $(seq 300); do [ -s "$tap_out" ] && break; sleep 0.1; done
	head -n 1 "$tap_out"
	cat "$tap_err"
	[ "$(head -n 1 "$tap_out" | verdicts)" = '[["crash","OK"],["errors","OK"],["log","OK"],["spans","OK"],["pages","OK"]]' ]
	[ "$(head -n 1 "$tap_out" | jq '[.rows[] | select(.page == 203 and .verdict)] | length')" -ge 2 ]
	echo 'all 23' >&7
	echo 'thread nothing' >&7 # a line of level error
	echo 'begin fetch 99' >&7
	echo segv >&7
	expect_end 0
	page=$(tail -n 1 "$tap_out")
	echo "$page"
	[ "$(verdicts <<< "$page")" = '[["crash","FAIL"],["errors","FAIL"],["log","WARN"],["spans","FAIL"],["pages","OK"]]' ]
	jq -e '.rows[] | select(.subsystem == "errors").text == "23 not handled, 23 handled"' <<< "$page"
	jq -e '.rows[] | select(.subsystem == "spans").text | startswith("23 ended, 21.7 % failed")' <<< "$page"
	jq -e --arg pid "$pid" '.rows[] | select(.subsystem == "crash").text | startswith("process \($pid): SIGSEGV at address 0xdead")' <<< "$page"
	jq -e '.notes | index("FAIL: read page 247 next")' <<< "$page"
	expect_clean
}

# bats test_tags=full
@test "a Python program: gc; no claim about what it does not have" {
	start python3.14 1000
	watch status -p "$pid" -o json -i 1 --crashes "$dir/crashes"
	for _ in $(seq 300); do [ -s "$tap_out" ] && break; sleep 0.1; done
	kill -INT "$tap"
	expect_end 130
	[ "$(tail -n 1 "$tap_out" | verdicts)" = '[["crash","OK"],["gc","OK"],["pages","OK"]]' ]
	expect_clean "$pid"
}

# bats test_tags=full
@test "by the service, too: 200 loads what it needs, and unloads it" {
	serve_it
	teletap serve -p "$pid" -i 0.5 --idle 3 --crashes "$dir/crashes" 3>&- > /dev/null 2> "$dir/err" &
	server=$!
	for _ in $(seq 300); do teletap page 200 -o json > "$dir/page" 2> /dev/null && [ "$(verdicts < "$dir/page")" = '[["crash","OK"],["errors","OK"],["log","OK"],["spans","OK"],["pages","OK"]]' ] && break; sleep 0.2; done
	cat "$dir/page" "$dir/err"
	[ "$(verdicts < "$dir/page")" = '[["crash","OK"],["errors","OK"],["log","OK"],["spans","OK"],["pages","OK"]]' ]
	sleep 8
	[ -z "$(modules)" ]
	kill -TERM "$server"
	wait "$server" || true
	expect_clean "$pid"
}
