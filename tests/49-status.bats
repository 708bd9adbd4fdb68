#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Page 200 from recorded lines of several modules, and its limits.

# shellcheck disable=SC2030,SC2031,SC2154
bats_require_minimum_version 1.5.0
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	DATA=$TOP/tests/data
}

# status ARGUMENT... : page 200, with the host's lines on standard input.
status() {
	run --keep-empty-lines draw -g status -p 4242 -e /usr/bin/service -y '' "$@"
	[ "$status" -eq 0 ]
}

# verdict SUBSYSTEM: what the JSON page says.
verdict() { jq -r --arg which "$1" '.rows[] | select(.subsystem == $which).verdict' <<<"$output"; }

@test "everything watched, much of it not well" {
	cat "$DATA"/app/{errors,spans,ring,crash}.lines "$DATA"/gc/session.lines "$DATA"/gil/session.lines >others
	status -m others <"$DATA/host/session.lines"
	golden app/status.text
	for line in "${lines[@]}"; do [ "${#line}" -le 80 ]; done
	lacks '[\x00-\x09\x0b-\x1f\x7f]' <<<"$output"
	status -m others -o json <"$DATA/host/session.lines"
	golden app/status.json
}

@test "what is not watched is not claimed to be well" {
	: >others
	status -m others -o json <"$DATA/host/bare.lines"
	for which in crash errors log spans gc gil memory pressure units; do [ "$(verdict $which)" = null ]; done
	[ "$(verdict disk)" = OK ]
	[ "$(jq -r '.notes[0]' <<<"$output")" = 'all that is watched is well, 2 of 12 subsystems' ]
}

@test "what its page says is not known is not well either" {
	: >others
	for unknown in 'unmarked\t1\t1000000000' 'extension\t1\t0'; do
		{
			printf 'teletap\t1\tgc\tbpf\n'
			for n in 1 2; do
				printf 'snap\t%d\t%d000000000\t%d\t0\n' $n $n $n
				printf 'gc\t%d\t0\t0\t0\t0\t0\n' 0 1 2
				printf "$unknown"'\nloss\t0\t0\t0\nend\t%d\n' $n
			done
		} >others
		status -m others -o json <"$DATA/host/bare.lines"
		[ "$(verdict gc)" = null ]
	done
}

# host DISK_AVAILABLE MEMORY_AVAILABLE PRESSURE UNITS: lines of a host with 10000 of each.
host() {
	printf 'teletap\t1\thost\nsnap\t1\t1000000000\t1\t0\nloss\t0\t0\t0\nend\t1\nsnap\t2\t2000000000\t1\t1\n'
	printf 'memory\t10000\t0\t%s\t0\t0\npressure\t1\t1\t%s\t0\t0\t0\n' "$2" "$3"
	printf 'space\t/\tx\text4\t0\t10000\t%s\t%s\t100\t%s\nspace\t/ro\tx\tiso\t1\t10000\t0\t0\t0\t0\n' "$1" "$1" "${5-90}"
	printf 'units\t0\t%s\nloss\t0\t0\t0\nend\t2\n' "$4"
}

@test "the limits are where the manual says" {
	: >others
	check() {
		status -m others -o json < <(host "${@:3}")
		[ "$(verdict "$1")" = "$2" ]
	}
	check disk OK 1001 5000 0 0
	check disk WARN 1000 5000 0 0
	check disk FAIL 200 5000 0 0
	check disk WARN 5000 5000 0 0 10
	check disk FAIL 5000 5000 0 0 2
	check memory OK 5000 1001 0 0
	check memory WARN 5000 1000 0 0
	check memory FAIL 5000 300 0 0
	check pressure OK 5000 5000 999 0
	check pressure WARN 5000 5000 1000 0
	check pressure FAIL 5000 5000 4000 0
	check units OK 5000 5000 0 0
	check units WARN 5000 5000 0 9
}

@test "losses of any module are a warning" {
	printf 'teletap\t1\tgc\nsnap\t1\t1000000000\t1\t0\nloss\t0\t0\t0\nend\t1\nsnap\t2\t2000000000\t1\t1\nloss\t0\t0\t5\nend\t2\n' >others
	status -m others -o json < <(host 5000 5000 0 0)
	[ "$(verdict pages)" = WARN ]
	[ "$(verdict gc)" = OK ]
}

@test "limits out of the configuration file" {
	mkfifo in
	TELETAP_RING=ring "$TOP/build/test/service" <in >out 3>&- &
	exec 7>in
	echo 'log x' >&7
	exec 7>&-
	wait $! || true
	for bad in '{"status": 1}' '{"status": {"x": [1, 2]}}' '{"status": {"gc_share": 1}}' \
		'{"status": {"gc_share": [1]}}' '{"status": {"gc_share": [2, 1]}}' '{"status": {"gc_share": [-1, 1]}}' \
		'{"status": {"gc_share": ["1", 2]}}' '{"status": {"gc_share": [null, 1]}}' '{"status": {}, "more": 1}'; do
		echo "$bad" >c
		for command in 'replay ring log' 'watch status'; do
			# shellcheck disable=SC2086
			misused teletap $command --config c
			[[ $stderr == *'--config c: '* ]]
		done
	done
	for good in '{}' '[]' '{"status": {}}' '{"actions": [], "status": {"gc_share": [0, null], "errors": [1, 1]}}'; do
		echo "$good" >c
		run -0 teletap replay ring log --config c
	done
	echo '{"status": {"disk_used": [0, null], "memory_used": [0, 0]}}' >c
	run -0 teletap watch status -n 1 -i 0.2 -o json --config c
	[ "$(verdict disk)" = WARN ]
	[ "$(verdict memory)" = FAIL ]
	jq -e '.notes[0] == "FAIL: read page 203 next"' <<<"$output"
}
