#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pages 204 and 205 from recorded lines.

bats_require_minimum_version 1.5.0
load helper

# session PAGE NAME ARGUMENT...
session() {
	draw -g "$1" -e /usr/bin/python3.11 -p 4242 "${@:3}" <"$TOP/tests/data/$1/$2.lines"
}

narrow() {
	for line in "${lines[@]}"; do [ "${#line}" -le 80 ]; done
	lacks '[\x00-\x1f\x7f]' <<<"$output"
}

@test "process, text: limits, groups, hostile names, what is not known; a target that ends" {
	run --keep-empty-lines session process session
	golden process/session.text
	narrow
}

@test "process, json: the same" {
	run session process session -o json
	golden process/session.json
	[ "$(jq -s '[.[1].rows[] | select(.kind == "process") | .share, .user_ns] | all(. == null)' <<<"$output")" = true ]
}

@test "process: one, without limits" {
	run --keep-empty-lines session process one
	golden process/one.text
	run session process one -o json
	[ "$(jq -c '.rows[] | select(.kind == "cgroup") | [.limit, .used, .quota, .throttled_share]' <<<"$output")" = '[null,null,null,null]' ]
	[ "$(jq -c .notes <<<"$output")" = '[]' ]
}

@test "sockets, text: full queues, drops, peers, hostile names, what is missing" {
	run --keep-empty-lines session sockets session
	golden sockets/session.text
	narrow
}

@test "sockets, json: the same" {
	run session sockets session -o json
	golden sockets/session.json
}

@test "sockets: none" {
	run --keep-empty-lines session sockets none
	golden sockets/none.text
}
