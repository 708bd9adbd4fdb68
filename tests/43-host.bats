#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The pages of the host from recorded lines.

bats_require_minimum_version 1.5.0
load helper

# session PAGE ARGUMENT...
session() {
	draw -g "$1" "${@:2}" <"$TOP/tests/data/$1/session.lines"
}

narrow() {
	for line in "${lines[@]}"; do [ "${#line}" -le 80 ]; done
	lacks '[\x00-\x1f\x7f]' <<<"$output"
}

@test "exec, text: running, ended, killed, a row used again" {
	run --keep-empty-lines session exec
	golden exec/session.text
	narrow
}

@test "exec, json: the same" {
	run session exec -o json
	golden exec/session.json
}

@test "host, text: space, pressure, units that have failed, hostile names" {
	run --keep-empty-lines session host
	golden host/session.text
	narrow
}

@test "host, json: the same" {
	run session host -o json
	golden host/session.json
}

@test "host: up for less than a day" {
	run draw -g host < <(sed 's/864002000000000/5400000000000/' "$TOP/tests/data/host/session.lines")
	[[ $(tr '\n' ' ' <<<"$output") == *'tasks can run; up 1.5 hours.'* ]]
}

@test "host: a kernel without pressure, no systemd, a load that is not told" {
	run --keep-empty-lines draw -g host <"$TOP/tests/data/host/bare.lines"
	golden host/bare.text
	run draw -g host -o json <"$TOP/tests/data/host/bare.lines"
	[ "$(jq -c '[.rows[] | select(.kind == "pressure") | .stalled_ns]' <<<"$output")" = '[null,null,null,null,null]' ]
	[ "$(jq -c '[.rows[] | select(.kind == "units") | .failed]' <<<"$output")" = '[null]' ]
	[ "$(jq -c '[.rows[] | select(.kind == "load") | .load1, .uptime_ns]' <<<"$output")" = '[null,null]' ]
}

@test "disk-io, text: devices with requests, a histogram of each" {
	run --keep-empty-lines session disk-io
	golden disk-io/session.text
	narrow
}

@test "disk-io, json: the same" {
	run session disk-io -o json
	golden disk-io/session.json
}

@test "short-files, text: replaced, hostile and long names, a row used again" {
	run --keep-empty-lines session short-files
	golden short-files/session.text
	narrow
}

@test "short-files, json: the same" {
	run session short-files -o json
	golden short-files/session.json
}

@test "a page of the whole host is not limited to a process" {
	for page in host disk-io; do
		run session "$page" -p 17
		[ "${lines[1]}" = 'This host' ]
		run session "$page" -p 17 -o json
		[ "$(jq .target.pid <<<"${lines[0]}")" = null ]
	done
	run session short-files -p 17
	[ "${lines[1]}" = 'This host, process 17 and its descendants' ]
}

@test "a page of the host names no program, but the process it is limited to" {
	run session exec -e /usr/bin/python3.14 -p 17
	[ "${lines[1]}" = 'This host, process 17 and its descendants' ]
	run session exec -e /usr/bin/python3.14 -o json
	[ "$(jq -c .target <<<"${lines[0]}")" = '{"pid":null,"exe":null,"python":null,"processes":null}' ]
}
