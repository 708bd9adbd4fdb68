#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Page 220 by the extension (python/), and its light switch.
# shellcheck disable=SC2030,SC2031 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper.bash

setup() {
	HERE=$BATS_TEST_DIRNAME
	WORK=$BATS_TEST_DIRNAME/../extension
	export PYTHONPATH=$BATS_TEST_DIRNAME/../../build/python PYTHONDONTWRITEBYTECODE=1
}

# run_live PYTHON MODE... : tests/extension/live.py in the background, until it is ready.
run_live() {
	dir=$(mktemp -d "$BATS_TEST_TMPDIR/XXXXXX")
	"$1" "$WORK/live.py" "$dir" "${@:2}" 3>&- > "$dir/out" 2>&1 &
	pid=$!
	wait_for "$dir/ready"
}

extension_of() { awk '/teletap\/_native/ { print $6; exit }' "/proc/$1/maps"; }

# Are the extension's markers switched on in the process?
extension_raised() {
	local extension
	extension=$(extension_of "$1")
	[ -n "$extension" ] && [ "$("$HERE/semaphores" "$1" "$extension")" != 0 ]
}

# watch_extension PID ARGUMENT... : watch, and wait until the program has noticed
watch_extension() {
	watch "${page:-calls}" -p "$1" "${@:2}"
	await extension_raised "$1"
	sleep 0.25
}

wait_for_no() { limit=6 await test ! -e "$1"; }

# Calls of work.py's functions on the last page in $1, as the profiler prints them.
counted() {
	tail -n 1 "$1" | jq -S '[.rows[] | select((.file | endswith("/work.py")) or .file == "<string>")
		| { key: "\(.function):\(.line)", value: .calls_total }] | from_entries'
}

# same PYTHON TIMES : the page shows what sys.setprofile has counted, so many times
same() {
	"$1" "$WORK/count.py" profile | jq -S "map_values(. * $2)" > "$BATS_TEST_TMPDIR/wanted"
	counted "$tap_out" > "$BATS_TEST_TMPDIR/got"
	diff "$BATS_TEST_TMPDIR/wanted" "$BATS_TEST_TMPDIR/got"
	tail -n 1 "$tap_out" | jq -e '.last and ([.loss[]] | add == 0)' >/dev/null
}

exact() {
	run_live "$1" import
	watch_extension "$pid" -o json -i 1
	go "$dir"
	kill "$pid"
	expect_end 0
	same "$1" 1
	expect_clean
}

# bats test_tags=full
@test "the page says where its figures come from, and of which Python" {
	run_live python3.14 import
	watch_extension "$pid" -n 2 -i 1 -o json
	expect_end 0
	run -0 jq -r '"\(.target.exe) \(.target.python) \(.notes[0])"' < <(tail -n 1 "$tap_out")
	[[ $output == '/usr/bin/python3.14 3.14.'*' counted in the program by its extension, '* ]]
}

# bats test_tags=full
@test "3.11: page 220 is exact" { exact python3.11; }
# bats test_tags=full
@test "3.13: page 220 is exact" { exact python3.13; }
@test "3.14: page 220 is exact" { exact python3.14; }
# bats test_tags=full
@test "3.15: page 220 is exact, by the extension although CPython has markers" { exact python3.15; }

# bats test_tags=full
@test "the last 0.1 s of a program that ends, of its threads and children are counted" {
	run_live python3.13 import leave fork
	watch_extension "$pid" -o json -i 30
	touch "$dir/go"
	expect_end 0
	same python3.13 2
}

# bats test_tags=full
@test "the last 0.1 s before a watch ends are counted" {
	run_live python3.14 import stop
	watch_extension "$pid" -o json -i 30
	echo "$tap" > "$dir/gone"
	mv "$dir/gone" "$dir/go"
	expect_end 130
	same python3.14 1
	kill "$pid"
}

@test "switched on and off without the program's help, also by SIGKILL to teletap" {
	run_live python3.14 import
	for signal in INT KILL; do
		[ ! -e "$dir/on" ]
		watch_extension "$pid" -i 1
		[ -e "$dir/on" ]
		kill -$signal "$tap"
		wait "$tap" || true
		wait_for_no "$dir/on"
		[ "$("$HERE/semaphores" "$pid" "$(extension_of "$pid")")" = 0 ]
	done
	kill -0 "$pid"
}

# refuses WHY COMMAND... : --inject into that program is refused, and has not touched it
refuses() {
	local why=$1 dir
	dir=$(mktemp -d /tmp/XXXXXX)
	chmod 777 "$dir" # for the other user
	"${@:2}" "$WORK/live.py" "$dir" 3>&- > "$dir/out" 2>&1 &
	pid=$!
	wait_for "$dir/ready"
	run -3 teletap watch calls -p "$pid" --inject
	[[ ${#lines[@]} = 1 && $output == "teletap: watch: --inject: "$why ]] || { echo "$output"; return 1; }
	[ -z "$(extension_of "$pid")" ]
	kill "$pid"
}

# bats test_tags=full
@test "--inject: refused where it is switched off, not known, or somebody else's" {
	unset PYTHONPATH
	refuses "process * forbids it (PYTHON_DISABLE_REMOTE_DEBUG, *" env PYTHON_DISABLE_REMOTE_DEBUG=1 python3.14
	refuses "process * forbids it (PYTHON_DISABLE_REMOTE_DEBUG, *" python3.15 -X disable-remote-debug
	refuses "it is not known how to, for CPython 3.13.*" python3.13
	refuses "process * runs no CPython of 3.14 or later: *" python3.11
	refuses "process * belongs to another user (65534): *" setpriv --reuid 65534 python3.14
	refuses "process * sees other files than we *" unshare -m python3.14
}

@test "--inject: a program that never imported the extension, and one that is blocked" {
	unset PYTHONPATH
	local python
	for python in python3.15 python3.14; do
		run_live $python
		watch calls -p "$pid" --inject -o json -i 1
		await extension_raised "$pid"
		sleep 0.3
		go "$dir"
		kill "$pid"
		expect_end 0
		same $python 1
	done
	# of the user who called sudo
	dir=$(mktemp -d /tmp/XXXXXX)
	chmod 777 "$dir"
	(umask 022 && SUDO_UID=65534 exec setpriv --reuid 65534 --regid 65534 --clear-groups \
		python3.14 "$WORK/live.py" "$dir" 3>&- >"$dir/out" 2>&1) &
	pid=$!
	wait_for "$dir/ready"
	export SUDO_UID=65534
	(umask 077 && exec timeout 30 teletap watch calls -p "$pid" --inject -n 1 -i 0.1)
	[ -n "$(extension_of "$pid")" ]
	[ ! -s "$dir/out" ]
	[ -z "$(find /run -maxdepth 1 -name 'teletap-inject*')" ]
	kill "$pid"
	python3.14 -c 'import time; time.sleep(1000)' 3>&- &
	pid=$!
	sleep 1
	run -3 teletap watch calls -p "$pid" --inject
	[[ $output == *"--inject: the main thread of process $pid ran no Python code for 5 s"* ]]
	kill -0 "$pid"
}

@test "pages 221 and 222 by the extension's markers" {
	local page
	for page in call-times flow; do
		run_live python3.14 import
		watch_extension "$pid" -o json -i 1 --function 'fib'
		go "$dir"
		kill "$pid"
		expect_end 0
		cp "$tap_out" "$BATS_TEST_TMPDIR/$page"
	done
	wanted=$(python3.14 "$WORK/count.py" profile | jq 'to_entries[] | select(.key | startswith("fib:")) | .value')
	[ "$wanted" -gt 500 ]
	run -0 jq -c '[.rows[] | .calls_total, .function]' < <(tail -n 1 "$BATS_TEST_TMPDIR/call-times")
	[ "$output" = "[$wanted,\"fib\"]" ]
	# work() has the depth 1, fib(12) 2, fib(11) 3, ...
	run -0 jq -c '.rows[] | [.event, .depth, .function]' "$BATS_TEST_TMPDIR/flow"
	[ "${lines[0]}" = '["entry",2,"fib"]' ]
	[ "${lines[11]}" = '["entry",13,"fib"]' ]
	[ "${lines[12]}" = '["return",13,"fib"]' ]
	for page in call-times flow; do
		tail -n 1 "$BATS_TEST_TMPDIR/$page" |
			jq -e '.notes | index("by the markers of the program\u0027s extension")' > /dev/null
	done
}
