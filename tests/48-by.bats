#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pages that are split by process or by thread (--by), from recorded lines.

bats_require_minimum_version 1.5.0
load helper

# split PAGE NAME: both drawings of tests/data/by/NAME.lines
split() {
	run --keep-empty-lines draw -g "$1" <"$TOP/tests/data/by/$2.lines"
	for line in "${lines[@]}"; do [ "${#line}" -le 80 ]; done
	golden "by/$3.text"
	run draw -g "$1" -o json <"$TOP/tests/data/by/$2.lines"
	golden "by/$3.json"
}

@test "gc by process: one that has ended, a number used again, and those without a place" {
	split gc gc gc
	[ "$(jq -c '[.rows[] | select(.generation == 2) | [.pid, .runs, .runs_total]]' <<<"${lines[1]}")" = \
		'[[4201,3,3],[null,0,0],[4201,0,1],[4202,0,0],[4203,0,0]]' ]
	[ "$(jq -s '[.[1].rows[] | has("tid")] | any' <<<"$output")" = false ]
	# nothing is counted twice, nothing is missing
	[ "$(jq '[.rows[].runs_total] | add' <<<"${lines[1]}")" = 30 ]
}

@test "gc-pauses by process" { split gc-pauses gc gc-pauses; }

@test "gc-cost by thread: JSON has both numbers, a text page the thread's" {
	split gc-cost gc-cost gc-cost
	[ "$(jq -c '[.rows[] | select(.runs > 0) | [.pid, .tid, .copied]]' <<<"$output")" = '[[4201,4277,130],[4201,4201,2]]' ]
	[ "$(jq -c '[.rows[] | select(.generation == null) | [.pid, .tid, .copied]]' <<<"$output")" = '[[null,null,50]]' ]
}

@test "calls by thread: the same function in two of them, and one without a place" {
	split calls calls calls
	[ "$(jq -c '[.rows[] | [.pid, .tid, .function, .calls, .exclusive_ns]]' <<<"$output")" = \
		'[[4201,4201,"handle",40,2000000],[4201,4277,"render",7,800000],[4201,4277,"handle",10,500000],[null,null,"render",3,100000]]' ]
}

@test "audit by process" { split audit audit audit; }

@test "imports by process: a tree for each" { split imports imports imports; }

@test "syscalls by process: the errors are those of each" {
	split syscalls syscalls syscalls
	[ "$(jq -c '[.rows[] | [.pid, .function, .call, .calls, .errors, .error]]' <<<"$output")" = \
		'[[4201,"read_all","read",100,3,"EINTR"],[4202,"read_all","read",40,2,"EAGAIN"],[4202,"opens","openat",7,7,"ENOENT"],[null,"read_all","read",5,1,"EBADF"]]' ]
}

@test "faults by thread" {
	split faults faults faults
	[ "$(jq -c '[.rows[] | [.pid, .tid, .function, .minor, .unmapped_bytes]]' <<<"$output")" = \
		'[[4201,4201,"touch",1000,0],[4201,4277,"touch",30,0],[null,null,null,12,0],[4201,4277,"release",0,4198400]]' ]
}

@test "off-cpu by thread: the histograms are of all" {
	split off-cpu offcpu offcpu
	[ "$(jq -c '[.rows[] | select(.reason) | [.kind, .pid, .tid, .waits, .open]]' <<<"$output")" = \
		'[["wait",4201,4201,10,0],["wait",4201,4277,4,1],["wait",null,null,1,0],["ready",4201,4277,50,0]]' ]
	[ "$(jq -c '[.rows[] | select(.from_ns) | [.pid, .tid]] | unique' <<<"$output")" = '[[null,null]]' ]
}

@test "stacks by process and by thread: rows of functions" {
	split stacks stacks-pid stacks-pid
	[ "$(jq -c '[.rows[] | select(.kind == "function" and .function == "work") | [.pid, .tid, .samples]]' <<<"$output")" = \
		'[[4201,null,90],[4202,null,20]]' ]
	split stacks stacks-thread stacks-thread
	[ "$(jq -c '[.rows[] | select(.kind == "function" and .function == "work") | [.pid, .tid, .samples]]' <<<"$output")" = \
		'[[4201,4201,60],[4201,4277,30],[4202,4202,20]]' ]
}

@test "whose figures they are has not been said: unknown, not left out" {
	run draw -g gc -o json < <(printf '%b\n' 'teletap\t1\tgc' 'snap\t1\t1\t1\t0' 'end\t1' \
		'snap\t2\t2\t2\t1' 'by\t7' 'gc\t0\t4\t0\t0\t0\t0\t9' 'gc\t0\t5\t0\t0\t0\t0' 'loss\t0\t0\t0' 'end\t2')
	[ "$(jq -c '[.rows[] | has("pid") or has("tid")] | any' <<<"$output")" = false ]
	[ "$(jq '.rows[0].runs_total' <<<"$output")" = 5 ]
	run draw -g audit -o json < <(printf '%b\n' 'teletap\t1\taudit' 'snap\t1\t1\t1\t0' 'end\t1' \
		'snap\t2\t2\t2\t1' 'by\t2' 'audit\t3\t4\t9' 'loss\t0\t0\t0' 'end\t2')
	[ "$(jq -c '[.rows[] | [.pid, .tid, .events_total]]' <<<"$output")" = '[[null,null,4]]' ]
}
