#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pages 233, 234 and 235 from recorded lines; the names of system calls.

# shellcheck disable=SC2154 # $lines comes from run
bats_require_minimum_version 1.5.0
load helper

# both PAGE FOLDER: the page as text and JSON, each against its golden file.
both() {
	run --keep-empty-lines draw -g "$1" -p 4242 <"$TOP/tests/data/$2/session.lines"
	golden "$2/session.text"
	for line in "${lines[@]}"; do [ "${#line}" -le 80 ]; done
	run draw -g "$1" -p 4242 -o json <"$TOP/tests/data/$2/session.lines"
	golden "$2/session.json"
}

@test "syscalls: functions, errors, calls under way, numbers without a name" { both syscalls syscalls; }

@test "faults: functions that fault, map and give back" { both faults faults; }

@test "off-cpu: reasons, stacks, ready threads, histograms" { both off-cpu offcpu; }

@test "calls have the names of the kernel's headers" {
	headers=$(printf '#include <asm/unistd_64.h>\n' | gcc -E -dM - |
		sed -n 's/^#define __NR_\([a-z_0-9]*\) \([0-9]*\)$/\2 \1/p' | sort -n)
	[ "$(wc -l <<<"$headers")" -gt 300 ]
	{
		printf 'teletap\t1\tsyscalls\nsnap\t1\t1\t1\t0\nend\t1\nsnap\t2\t2\t2\t1\n'
		awk '{ printf "syscall\t1\t%d\t1\t1\t0\t%d\t1\n", $1, 1000 - $1 }' <<<"$headers"
		printf 'end\t2\n'
	} | draw -g syscalls -o json | jq -r '.rows[].call' | diff - <(cut -d' ' -f2 <<<"$headers")
}

@test "--call: each pattern must match a call" {
	for bad in '' ',' nothing 'read,' ',read' 'read,,write' 'read,nothing' 'op?n,[' \
		"$(printf %070d 0)"; do
		misused teletap watch syscalls -p 1 --call "$bad"
		[ "${stderr_lines[0]}" = "teletap: watch: --call $bad: not names or patterns of system calls, separated by commas" ]
	done
	# one that does is none of another page
	misused teletap watch gc -p 1 --call 'read,open*,#511'
	[[ ${stderr_lines[0]} == *"--call: not an option of gc"* ]]
}
