#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Page 235 against a program that knows where it waits, and measures how long.

# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0
load helper

exact() {
	teletap watch off-cpu -i 60 -o json -c "$1 $HERE/offcpu.py run $BATS_TEST_TMPDIR/done" \
		> "$BATS_TEST_TMPDIR/pages"
	expect_clean
	python3.14 "$HERE/offcpu.py" check "$BATS_TEST_TMPDIR/pages" "$BATS_TEST_TMPDIR/done"
}

# bats test_tags=full
@test "3.9: waits by stack and reason" { exact python3.9; }
# bats test_tags=full
@test "3.11: waits by stack and reason" { exact python3.11; }
# bats test_tags=full
@test "3.13: waits by stack and reason" { exact python3.13; }
# bats test_tags=others
@test "3.14: waits by stack and reason" { exact python3.14; }
# bats test_tags=full
@test "3.15: waits by stack and reason" { exact python3.15; }

# bats test_tags=full
@test "a program that embeds libpython: stacks, too" {
	echo '#include <Python.h>
	      int main(int argc, char **argv) { return Py_BytesMain(argc, argv); }' > "$BATS_TEST_TMPDIR/embed.c"
	# shellcheck disable=SC2046
	gcc -o "$BATS_TEST_TMPDIR/embed" $(python3.14-config --includes) "$BATS_TEST_TMPDIR/embed.c" \
		$(python3.14-config --embed --ldflags)
	teletap watch off-cpu -i 60 -o json -e "$(ldd "$BATS_TEST_TMPDIR/embed" | awk '/libpython/ { print $3 }')" \
		-c "$BATS_TEST_TMPDIR/embed $HERE/offcpu.py run $BATS_TEST_TMPDIR/done" > "$BATS_TEST_TMPDIR/pages"
	expect_clean
	jq -c '.rows[] | select(.reason) | [.kind, .reason, .function, .waits_total]' "$BATS_TEST_TMPDIR/pages"
	run jq -sc '.[-1] | [([.rows[] | select(.kind == "wait" and (.function | IN("locks", "polls", "reads", "sleeps"))) |
		[.reason, .waits_total, [.stack[:3][].function]]] | sort[]),
		(.rows[] | select(.function == "sleeps" and .kind == "wait") | .time_ns_total.total >= 500000000),
		(.loss | add)]' "$BATS_TEST_TMPDIR/pages"
	echo "$output"
	[ "$output" = '[["futex",10,["locks","timed","run"]],["poll",10,["polls","timed","run"]],["read",10,["reads","timed","run"]],["sleep",10,["sleeps","timed","run"]],true,0]' ]
}

# Waits of the last page for a reason, since before attaching or not: nanoseconds.
waited() { rows ".reason == \"$1\" and .before == $2" ".time_ns_total.total" | jq -s add; }

# bats test_tags=others
@test "a wait since before attaching took at least so long; frozen and stopped are no faults" {
	begun=$(date +%s%N)
	python3.14 -c 'import threading; a = threading.Lock(); a.acquire(); a.acquire()' 3>&- &
	pid=$!
	sleep 3
	watch off-cpu -p $pid -i 1 -o json
	first_page
	at_most=$(($(date +%s%N) - begun))
	jq -c '.rows, .notes, .target' "$tap_out"
	run jq -c --argjson most "$at_most" '[.target.processes, .target.threads, .target.threads_still, (.notes | any(test("1 of the target.s 1 threads have not run"))),
		(.rows[] | [.reason, .before, .stack, .waits_total, .open, .time_ns.max > 1500000000, .time_ns.max <= $most])]' <(head -n 1 "$tap_out")
	[ "$output" = '[1,1,1,true,["futex",true,null,1,1,true,true]]' ]
	group=/sys/fs/cgroup/teletap
	mkdir -p $group
	echo $pid > $group/cgroup.procs
	echo 1 > $group/cgroup.freeze
	sleep 2
	echo 0 > $group/cgroup.freeze
	kill -STOP $pid
	sleep 2
	kill -CONT $pid
	sleep 0.5
	last_page
	jq -c '.rows[] | [.reason, .before, .waits_total, .time_ns_total.total]' "$BATS_TEST_TMPDIR/page"
	[ "$(waited frozen false)" -gt 1000000000 ]
	[ "$(waited stopped false)" -gt 1000000000 ]
	[ -z "$(rows '.reason == "fault" and .time_ns_total.total > 500000000' .)" ]
	jq -e '.target.threads_still == 0' "$BATS_TEST_TMPDIR/page"
}
