#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Threads that do not run pass no probe: pages from recorded lines of programs that hang.

# shellcheck disable=SC2030,SC2031,SC2154
bats_require_minimum_version 1.5.0
load helper

# hang MODULE [LINE...]: two snapshots; the second has the lines.
hang() {
	printf '%b\n' "teletap\t1\t$1" 'snap\t1\t1000000000\t1\t0' 'loss\t0\t0\t0' 'end\t1' \
		'snap\t2\t3000000000\t2\t1' "${@:2}" 'loss\t0\t0\t0' 'end\t2'
}

page() { run -0 --keep-empty-lines draw -g "$@" -p 4242; }

# What a text page says, without its line breaks.
words() { tr '\n' ' ' <<<"$output"; }

@test "stacks: no samples, but how many threads do not run" {
	page stacks < <(hang stacks 'threads\t3\t2\t0\t61500000000')
	[[ $(words) == *'no samples'*'Note: 2 of the target'\''s 3 threads have not run since attaching, one of them for at least 61.5 s: page 235 says what they wait for.'* ]]
	page stacks -o json < <(hang stacks 'threads\t3\t2\t0\t61500000000')
	jq -e '.target.threads == 3 and .target.threads_still == 2 and .target.processes == null and (.notes | length) == 1' <<<"$output"
}

@test "stacks: threads that wait since before attaching have no stack that is known" {
	sent=('hit\t10\t11\t0\t2\t198' 'hit\t10\t12\t0\t1\t5' 'procs\t1')
	page stacks -o json < <(hang stacks "${sent[@]}")
	jq -e '.target.processes == 1' <<<"$output"
	run jq -c '.rows[] | [.kind, .tid, .waiting, .samples, .function, .stack]' <<<"$output"
	diff - <(echo "$output") <<-'END'
		["function",null,null,198,"(has not run since attaching)",null]
		["function",null,null,5,"(no Python stack)",null]
		["stack",11,true,198,"(has not run since attaching)",null]
		["stack",12,true,5,"(no Python stack)",[]]
	END
	page stacks -o folded < <(hang stacks "${sent[@]}")
	grep -qx 'process 10, thread 11, waiting;(has not run since attaching) 198' <<<"$output"
}

@test "off-cpu: waits since before attaching, at least so long; frozen" {
	sent=('off\t0\t16\t203\t3\t0\t6000000000\t0\t61500000000' 'off\t0\t5\t0\t1\t0\t2000000000\t0\t2000000000'
		'off\t0\t21\t0\t1\t1\t1000000000\t0\t9000000000' 'threads\t4\t4\t0\t61500000000' 'procs\t1')
	page off-cpu < <(hang offcpu "${sent[@]}")
	[[ $(words) == *'Note: 4 waits began before attaching: their stacks are not known, the longest took at least that long, and their other times are those since attaching.'* ]]
	[[ $(words) == *'Note: 4 of the target'\''s 4 threads have not run since attaching, one of them for at least 61.5 s. '* ]]
	page off-cpu -o json < <(hang offcpu "${sent[@]}")
	run jq -c '.rows[] | [.reason, .call, .before, .function, .stack, .waits_total, .open, .time_ns.max]' <<<"$output"
	diff - <(echo "$output") <<-'END'
		["futex","futex",true,null,null,3,3,61500000000]
		["frozen",null,false,null,[],1,1,2000000000]
		["frozen",null,true,null,null,1,0,9000000000]
	END
}

@test "every other page says it, too; threads beyond the bound" {
	for which in gc gil syscalls; do
		page "$which" < <(hang "$which" 'threads\t70000\t3\t4464\t1000000000')
		[[ $(words) == *'3 of the target'\''s 70000 threads have not run since attaching'*'page 235'* ]]
		[[ $(words) == *'4464 of the target'\''s threads are too many to look at'* ]]
	done
	page gil < <(hang gil 'threads\t1\t1\t0\t1000000000')
	[[ $(words) != *'half took less'* ]]
	page gc < <(hang gc 'threads\t3\t0\t0\t0')
	[[ $(words) != *'have not run'* ]]
}

# status THREADS STILL: the row of page 200, and its note
status() {
	page status -e /usr/bin/service -o json < <(hang host "threads\t$1\t$2\t0\t2000000000")
	jq -c '[(.rows[] | select(.subsystem == "threads") | .verdict, .page, .text), .notes[0]]' <<<"$output"
}

@test "status: a program of which no thread runs is not well" {
	[ "$(status 3 3)" = '["WARN",235,"idle, or it hangs: 3 of 3 have not run since attaching, or for 5 s, one of them for 2.0 s or more","WARN: read page 235 next"]' ]
	[ "$(status 3 2)" = '["OK",235,"2 of 3 have not run since attaching, or for 5 s, one of them for 2.0 s or more","all that is watched is well, 2 of 12 subsystems"]' ]
	page status -e /usr/bin/service -o json < <(hang host)
	jq -e '.rows[] | select(.subsystem == "threads").verdict == null' <<<"$output"
}

@test "status of a real program that hangs, by /proc" {
	cat > "$BATS_TEST_TMPDIR/dead.py" <<-'PY'
		import threading, time
		a, b = threading.Lock(), threading.Lock()
		def both(first, second):
		    with first:
		        time.sleep(.2)
		        with second:
		            pass
		threads = [threading.Thread(target=both, args=pair) for pair in ((a, b), (b, a))]
		[thread.start() for thread in threads]
	PY
	/usr/bin/python3 "$BATS_TEST_TMPDIR/dead.py" 3>&- &
	pid=$!
	sleep 1
	run -0 teletap watch status -p $pid -i 0.5 -n 2 -o json
	kill -9 $pid
	run -0 jq -c '(.rows[] | select(.subsystem == "threads").verdict), .target.threads, .target.threads_still' <<<"${lines[-1]}"
	[ "$output" = $'"WARN"\n3\n3' ]
	sh -c 'while :; do :; done' 3>&- &
	pid=$!
	run -0 teletap watch status -p $pid -i 0.5 -n 1 -o json
	kill -9 $pid
	run -0 jq -c '(.rows[] | select(.subsystem == "threads").verdict), .target.threads_still' <<<"${lines[-1]}"
	[ "$output" = $'"OK"\n0' ]
	/usr/bin/python3 -c 'import time; time.sleep(2); time.sleep(100)' 3>&- & # hangs later
	pid=$!
	run -0 teletap watch status -p $pid -i 1 -n 9 -o json
	kill -9 $pid
	run -0 jq -c '(.rows[] | select(.subsystem == "threads").verdict), .target.threads_still' <<<"${lines[-1]}"
	[ "$output" = $'"WARN"\n1' ]
}
