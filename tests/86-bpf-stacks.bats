#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Page 223 by BPF programs: the shares of samples of a program that spends known shares of its
# time in known functions: as tests/live/15-stacks.bats.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2128,SC2154,SC2178,SC2317
bats_require_minimum_version 1.5.0
load helper
load bpf

setup_file() {
	need_bpf
}

# within SAMPLES OF SHARE: no further off than four standard deviations of a binomial
# distribution, and a sample
within() {
	awk -v k="$1" -v n="$2" -v p="$3" 'BEGIN { off = k - n * p; if (off < 0) off = -off
		print k, "of", n, "for a share of", p
		exit !(n > 100 && off <= 4 * sqrt(n * p * (1 - p)) + 1) }'
}

# of FUNCTION [WAITING]: its samples since attaching, on a processor or waiting
of() {
	q "[.rows[] | select(.kind == \"stack\" and .waiting == ${2-false}) |
		select(any(.stack[]?; .function == \"$1\")) | .samples_total] | add // 0"
}

# sample PYTHON ARGUMENT... -- PROGRAM
sample() {
	library "$1"
	teletap watch stacks --collector bpf -i 60 -o json "${@:3}" -e "$file" -c "$1 $2" >"$out" 2>"$err"
	last
}

@test "223: shares of samples, of each Python" {
	for python in "${PYTHONS[@]}"; do
		echo "$python"
		sample "$python" "$LIVE/spend.py 2 1" --hz 200
		[ "$(q .target.processes)" -eq 1 ]
		within "$(of quarter)" "$(of run)" 0.25
		within "$(of three_quarters)" "$(of run)" 0.75
		# a function's row adds up what its stacks have
		[ "$(q '.rows[] | select(.kind == "function" and .function == "quarter") | .samples_total')" = "$(of quarter)" ]
		# the thread that sleeps is on no processor
		[ "$(of sleeper)" -lt 10 ]
		# two seconds of processor time, by the thread's own clock
		awk -v n="$(of run)" 'BEGIN { print n; exit !(n > 330 && n < 470) }'
	done
}

@test "223 -e: the processes of that interpreter, and none of the others of this host" {
	sh -c 'while :; do :; done' 3>&- &
	python=${PYTHONS[-1]}
	library "$python"
	/usr/bin/python3.11 "$LIVE/spend.py" 60 1 3>&- &
	[ "$python" != /usr/bin/python3 ] || file=$(realpath /usr/bin/python3)
	watch stacks -e "$file" -i 0.5
	attached
	"$python" "$LIVE/spend.py" 60 1 3>&- &
	mine=$!
	enough() { page=$(tail -n 1 "$out") && [ "$(of run)" -gt 20 ]; }
	await enough
	finish
	[ "$(q '[.rows[].pid // empty] | contains(['"$mine"'])')" = true ]
	[ "$python" = /usr/bin/python3 ] || [ "$(q '[.rows[].pid // empty] | unique')" = "[$mine]" ]
}

@test "223 --waiting: as if they were sampled; and a wait since before attaching" {
	sample /usr/bin/python3 "$LIVE/spend.py 4 1" --hz 50 --waiting
	# 4 s of waiting, 4 s of running, 50 a second
	awk -v waiting="$(of sleeper true)" -v running="$(of run)" 'BEGIN {
		print waiting, running
		exit !(waiting >= 190 && waiting <= 205 && running > 130 && running <= 215) }'
	/usr/bin/python3 -c 'import time
def naps(): time.sleep(600)
naps()' 3>&- &
	pid=$!
	naps() { [ "$(cut -d' ' -f1 "/proc/$pid/syscall")" = 230 ]; }
	await naps
	watch stacks --waiting -p "$pid" -i 0.5
	attached
	lines=$(wc -l <"$out")
	more() { [ "$(wc -l <"$out")" -ge $((lines + 2)) ]; }
	await more
	finish
	[ "$(q '[.rows[] | select(.kind == "stack" and .waiting) | [.tid, .samples_total > 60]]')" = "[[$pid,true]]" ]
	[ "$(q .target.threads_still)" = 1 ]
}

@test "223: who has slept once, and then shares a processor, waits no longer" {
	cat >"$dir/nap.py" <<-'PY'
		import os, time
		def nap():
		    time.sleep(1)
		def run():
		    end = time.thread_time() + 1
		    while time.thread_time() < end:
		        pass
		os.sched_setaffinity(0, {0})
		nap()
		run()
	PY
	taskset -c 0 sh -c 'while :; do :; done' 3>&- &
	sample /usr/bin/python3 "$dir/nap.py" --hz 50 --waiting
	awk -v waiting="$(of nap true)" -v running="$(of run)" 'BEGIN {
		print waiting, running
		exit !(waiting >= 45 && waiting <= 60 && running > 25) }'
}

@test "223: SIGKILL leaves nothing; doctor tries it" {
	goes_with_teletap stacks 223
}
