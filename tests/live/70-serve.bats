#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# teletap serve with real modules: cold pages, live pages, idle ones, several clients,
# and targets that end and come back.

# shellcheck disable=SC2030,SC2031 # tests are subshells
bats_require_minimum_version 1.5.0
load helper

setup() {
	server=''
	err=$BATS_TEST_TMPDIR/serve.err
}

# serve OPTION...: in the background, until it answers; sets $server.
serve() {
	teletap serve "$@" 2>"$err" 3>&- &
	server=$!
	until_true teletap page -t 0.5
}

until_true() {
	for _ in {1..300}; do
		if "$@" >/dev/null 2>&1; then return; fi
		sleep 0.1
	done
	echo "never: $*"
	cat "$err"
	teletap page
	false
}

says() {
	teletap page "$1" | grep -q -- "$2"
}

stop_serve() {
	local status=0

	kill "$server"
	wait "$server" || status=$?
	server=''
	[ "$status" -eq 143 ]
	expect_clean "$@"
}

no_module() { [ -z "$(modules)" ]; }

@test "pages by number and name, cold and live, from teletap page and from nc" {
	start python3.15
	serve -p "$pid" -i 1 --idle 600
	run -0 teletap page 255
	[[ $output == *"process $pid"* ]]
	[[ $output =~ 210\ +gc\ .*\ can\ work ]]
	no_module
	run -0 teletap page 210
	[[ ${lines[0]} == "210 gc  "* ]]
	[[ ${lines[1]} == "The page is warming up: ask again in "*" s." ]]
	until_true says gc '^page 1'
	[ "$(modules | wc -l)" -eq 1 ]
	says 255 '^210 .* live$'
	go "$dir"
	sleep 2.2
	page=$(teletap page gc -o json)
	[ "$(jq -c '[.rows[] | [.runs_total, .collected_total]]' <<<"$page")" = "$(jq -c . "$dir/done")" ]
	[ "$(jq '.loss | add' <<<"$page")" = 0 ]
	for word in 210 gc; do
		run bash -c "printf '%s\n' $word | nc -u -w 1 127.0.0.1 25255"
		[[ ${lines[0]} == "210 gc  "* ]]
		[[ $output == *"process $pid"* ]]
	done
	# others of their own modules, on top
	for page in 220:calls 230:imports; do
		run -0 teletap page "${page#*:}"
		[[ ${lines[0]} == "${page/:/ }  "* ]]
		[[ $output == *"warming up"* ]]
		until_true says "${page%:*}" '^page '
		for word in "${page%:*}" "${page#*:}"; do
			run bash -c "printf '%s\n' $word | nc -u -w 1 127.0.0.1 25255"
			[[ ${lines[0]} == "${page/:/ }  "* ]]
			[[ $output == *"process $pid"* ]]
		done
	done
	[ "$(modules | wc -l)" -eq 3 ]
	stop_serve "$pid"
}

# bats test_tags=full
@test "three clients at once; unloaded when nobody asks any more" {
	start python3.14
	serve -p "$pid" -i 1 --idle 3
	for i in 1 2 3; do
		teletap page gc -f -i 0.5 -n 16 >"$BATS_TEST_TMPDIR/$i" 3>&- &
		clients[i]=$!
	done
	wait "${clients[@]}"
	for i in 1 2 3; do
		[ "$(grep -c '^page ' "$BATS_TEST_TMPDIR/$i")" -gt 3 ]
		[ "$(grep -c '^210 gc' "$BATS_TEST_TMPDIR/$i")" -eq 16 ]
	done
	[ "$(modules | wc -l)" -eq 1 ]
	until_true no_module
	[ "$("$HERE/semaphores" "$pid")" = 0 ]
	says 255 '^210 .* can work$'
	run -0 teletap page gc
	[[ $output == *"warming up"* ]]
	until_true says gc '^page 1'
	stop_serve "$pid"
}

# bats test_tags=full
@test "a target that ends: its last page is kept, exact, and marked" {
	start python3.14
	serve -p "$pid" -i 600
	teletap page gc
	until_true says gc '^page 1'
	go "$dir"
	kill -9 "$pid"
	until_true says gc '^ENDED: process .* has ended; this is its last page.$'
	until_true no_module
	run -0 teletap page gc -o json
	[ "$(jq .last <<<"$output")" = true ]
	[ "$(jq -c '[.rows[] | [.runs_total, .collected_total]]' <<<"$output")" = "$(jq -c . "$dir/done")" ]
	says 255 '^210 .* ended$'
	# a page that was not asked for before
	run -1 teletap page 230
	[[ $output == *"nothing to watch: process $pid has ended"* ]]
	stop_serve
}

# bats test_tags=full
@test "--pid-file: its successor is picked up" {
	file=$BATS_TEST_TMPDIR/pid
	serve --pid-file "$file" -i 1
	[[ $(teletap page) == *"no target yet: --pid-file $file: No such file"* ]]
	start python3.14; one=$pid
	echo "$one" >"$file"
	until_true says 255 "process $one"
	teletap page gc
	until_true says gc "process $one"
	kill -9 "$one"
	until_true says gc '^ENDED'
	start python3.13; two=$pid two_dir=$dir
	echo "$two" >"$file"
	until_true says 255 "process $two"
	until_true says gc "^page 1: "
	until_true says gc "process $two"
	run -0 teletap page gc -o json
	[[ $(jq -r .target.python <<<"$output") == 3.13.* ]]
	go "$two_dir"
	sleep 2.2
	[ "$(teletap page gc -o json | jq -c '[.rows[] | [.runs_total, .collected_total]]')" = \
		"$(jq -c . "$two_dir/done")" ]
	stop_serve "$two"
}

# bats test_tags=full
@test "-e: processes come and go" {
	exe=$(realpath "$(command -v python3.14)")
	serve -e "$exe" -i 1
	teletap page gc
	until_true says gc '^page '
	start python3.14; one=$pid
	until_true says 255 '^210 .* live'
	sleep 3
	kill -9 "$one"
	until_true says gc "^ENDED: no process runs $exe any more"
	says 255 '^210 .* ended$'
	start python3.14
	until_true says 255 '^210 .* live$'
	go "$dir"
	sleep 2.2
	[ "$(teletap page gc -o json | jq '.rows[2].runs_total')" -ge "$(jq '.[2][0]' "$dir/done")" ]
	stop_serve "$pid"
}

@test "the server is killed: nothing stays" {
	start python3.14
	serve -p "$pid" -i 1
	teletap page gc
	until_true says gc '^page '
	kill -9 "$server"
	wait "$server" || true
	expect_clean "$pid"
	run ! pgrep -x teletap-front
}

@test "the process that talks to the network can load nothing" {
	start python3.14
	serve -p "$pid" -i 1
	frontend=$(pgrep -x teletap-front)
	[ "$(awk '/^Cap/ { print $2 }' "/proc/$frontend/status" | sort -u)" = 0000000000000000 ]
	[ "$(awk '/^Seccomp:/ { print $2 }' "/proc/$frontend/status")" = 2 ]
	run -0 /src/build/test/inside
	[ "$(awk '$2 != "refused"' <<<"$output" | xargs)" = 'memory given' ]
	stop_serve "$pid"
}

# bats test_tags=full
@test "record and replay: the same pages as live" {
	start python3.14
	teletap record gc,imports -p "$pid" -i 1 -w "$BATS_TEST_TMPDIR/r" 3>&- &
	tap=$!
	until_true test -s "$BATS_TEST_TMPDIR/r"
	switched_on() { [ "$("$HERE/semaphores" "$pid")" != 0 ]; }
	until_true switched_on
	sleep 3
	go "$dir"
	kill -INT "$tap"
	wait "$tap" || status=$?
	[ "$status" -eq 130 ]
	run -0 teletap replay "$BATS_TEST_TMPDIR/r" gc -o json
	[ "$(tail -n 1 <<<"$output" | jq -c '[.rows[] | [.runs_total, .collected_total]]')" = "$(jq -c . "$dir/done")" ]
	[ "$(tail -n 1 <<<"$output" | jq .last)" = true ]
	[ "$(jq -s 'map(.rows[2].runs) | add' <<<"$output")" = "$(jq '.[2][0]' "$dir/done")" ]
	run -0 teletap replay "$BATS_TEST_TMPDIR/r"
	[[ $output == *"230 imports "* ]]
	expect_clean "$pid"
}
