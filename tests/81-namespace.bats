#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# teletap in another PID namespace than the host's: process numbers mean others to a
# module, so what needs one is refused; the rest works.

# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper

setup() {
	need_root
	cd "$BATS_TEST_TMPDIR" || return
}

# apart SCRIPT: in a PID namespace of its own, with its /proc and a service, $pid.
apart() {
	unshare --mount --pid --fork --kill-child --mount-proc bash -euc '
		mkfifo in
		: >out
		"$1" <in >out &
		pid=$!
		exec 7>in
		echo "all 2" >&7
		until grep -q done out; do sleep 0.02; done
		eval "$2"' bash "$TOP/build/test/service" "$1" 3>&-
}

away() {
	refused "$@"
	[[ $stderr == *'another PID namespace'*'on the host itself'* ]]
}

@test "a page that needs a module is refused in one line, and nothing is compiled" {
	for command in 'watch counters -p $pid' 'watch crash -p $pid' 'watch exec' 'watch disk-io' \
		'watch counters -e /proc/$pid/exe' \
		"watch counters -c '$TOP/build/test/service'" 'record counters -p $pid -w rec'; do
		echo "$command"
		away apart "teletap $command -n 1"
		rm in
	done
	[ ! -e rec ]
	run -0 --separate-stderr apart 'teletap watch about,counters -p $pid -n 1 -o json'
	[ "$(jq -c .page <<<"$output")" = 201 ]
	[[ $stderr == "teletap: watch: 241 counters: "*'another PID namespace'* ]]
}

@test "pages without a module, markers and recordings work there" {
	run -0 --separate-stderr apart 'teletap watch about,config,state,log,status,host -p $pid -n 1 -o json'
	[ -z "$stderr" ]
	[ "$(jq -c .page <<<"$output" | tr '\n' ' ')" = '201 202 240 245 200 203 ' ]
	jq -c 'select(.page == 202).rows' <<<"$output" | grep '"port".*"8080"'
	rm in
	run -0 --separate-stderr apart 'teletap probes -p $pid -o json'
	[ -z "$stderr" ]
	[ "$(jq -r .provider <<<"$output" | sort -u | grep -v libc)" = service ]
	"$TOP/tests/recording" gc "$TOP/tests/data/gc/session.lines" rec
	run -0 --separate-stderr unshare --pid --fork teletap replay rec gc -o json
	[ "$(jq -r .page <<<"$output" | sort -u)" = 210 ]
}

@test "doctor says it beforehand: the pages without a module work" {
	run -0 --separate-stderr apart 'teletap doctor -p $pid -o json'
	[ -z "$stderr" ]
	jq -c '.checks[] | select(.id == "pid-namespace")' <<<"$output"
	[ "$(jq -r '.checks[] | select(.id == "pid-namespace").verdict' <<<"$output")" = FAIL ]
	[ "$(jq -c '[.pages[] | select(.works).page]' <<<"$output")" = '[200,201,202,203,204,205,240,245]' ]
}

@test "page 255 says so, too, and a page asked for says why" {
	PORT=25351 run -0 --separate-stderr apart '
		teletap serve --port "$PORT" -p $pid &
		until teletap page 255 "127.0.0.1:$PORT" >/dev/null 2>&1; do sleep 0.05; done
		teletap page 255 "127.0.0.1:$PORT" -o json
		teletap page counters "127.0.0.1:$PORT" || true
		for i in 1 2 3 4 5 6 7 8 9 10; do teletap page counters "127.0.0.1:$PORT" >last || true; sleep 0.1; done
		cat last'
	echo "$output"
	[ "$(head -n 1 <<<"$output" | jq -c '[.rows[] | select(.state == "can work").page]')" = '[200,201,202,203,204,205,240,245]' ]
	[[ $(head -n 1 <<<"$output" | jq -r '.rows[] | select(.page == 241).why') == *'another PID namespace'* ]]
	[[ $output == *'does not work: '*'another PID namespace'* ]]
}

@test "a /proc of another PID namespace: its numbers are not taken for ours" {
	for command in 'watch about' 'doctor'; do
		# shellcheck disable=SC2086
		run -3 --separate-stderr unshare --pid --fork teletap $command -p $$
		[[ $stderr == *'/proc shows another PID namespace'*'mount -t proc'* ]]
		[ "${#stderr_lines[@]}" = 1 ]
	done
}
