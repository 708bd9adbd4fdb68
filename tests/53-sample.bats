#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Page 223 from the memory of living Pythons: the system's own, and those of pyenv where there
# are some. The program's own clock is the truth.

# shellcheck disable=SC2030,SC2031,SC2154 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper
load memory

teardown() {
	stop
}

# sample OPTION...: the last page by memory is $page
sample() {
	run -0 --separate-stderr teletap watch stacks --collector memory -p "$pid" -o json "$@"
	page=${lines[-1]}
	jq -c '.sampling, .loss, .notes' <<<"$page"
	[ "$(jq -r .collector <<<"$page")" = memory ]
}

compare() {
	run -0 /usr/bin/python3 "$TOP/tests/sample-compare.py" "$@"
	echo "$output"
	[ -z "$output" ]
}

# The functions' shares are those of the program's own clock, their lines the executing ones.
same_shares() {
	begin "$1" "$TOP/tests/sample.py" burn
	echo >&5
	read -r -t 60 -u 6 before
	sample --rate 200 -i 1.5 -n 1
	echo >&5
	read -r -t 60 -u 6 after
	compare shares "$before" "$after" <<<"$page"
	[ "$(jq -c '[.sampling.rate, .target.processes]' <<<"$page")" = '[200,1]' ]
}

# Each stack is one that the program can have, although it runs on all the time.
possible_stacks() {
	local read=0
	begin "$1" "$TOP/tests/memory.py" speed 2
	# as often as a busy machine needs for it
	for _ in {1..30}; do
		sample --rate 1000 -i 0.5 -n 1
		compare stacks <<<"$page"
		read=$((read + $(jq '[.rows[] | select(.kind == "stack") | .samples_total] | add // 0' <<<"$page")))
		[ "$read" -lt 200 ] || break
	done
	[ "$read" -ge 200 ]
}

# each FUNCTION: for the system's Python, and pyenv's where there are some.
each() {
	for python in "${PYTHONS[@]}"; do
		echo "$python"
		"$1" "$python"
		stop
	done
}

shopt -s nullglob
PYTHONS=(/usr/bin/python3 "$HOME"/.pyenv/versions/3.{8,10,12,13}.*/bin/python3)
FREE=("$HOME"/.pyenv/versions/3.13.*t/bin/python3 ${FREE_PYTHON:+"$FREE_PYTHON"})
shopt -u nullglob

@test "stacks: shares are those of the program's clock" { each same_shares; }
@test "stacks, at full speed: none that cannot be" { each possible_stacks; }

if ((${#FREE[@]})); then
	@test "a free-threaded build: by memory, whatever this host can do; no other way is taken" {
		PYTHONS=("${FREE[@]}")
		each same_shares
		each possible_stacks
		begin "${FREE[0]}" "$TOP/tests/sample.py" burn
		run -0 --separate-stderr teletap watch stacks -p "$pid" -i 0.5 -n 1 -o json
		[ "$(jq -r .collector <<<"$output")" = memory ]
		[ "$(jq '[.rows[] | select(.kind == "stack" and .stack == [])] | length' <<<"$output")" = 0 ]
		for options in "--collector bpf -p $pid" "-e ${FREE[0]}"; do
			# shellcheck disable=SC2086
			refused teletap watch stacks $options -i 0.5 -n 1
			[[ $stderr == *'are read from memory alone: name a process'* ]]
		done
		refused teletap watch gil -p "$pid" -i 0.5 -n 1
		[[ $stderr == *'need no GIL'* ]]
	}
fi

# Without leaving the functions of one stack, the thread goes on in those of another.
@test "greenlets: the stack that runs, never one of two" {
	begin /usr/bin/python3.11 -c "$(cat <<-'PY'
		import sys
		from greenlet import greenlet, getcurrent
		def shallow():
		    while True: leaf()
		def leaf():
		    for _ in range(50): pass
		    hub.switch()
		def deep(n):
		    while n == 0:
		        for _ in range(50): pass
		        hub.switch()
		    deep(n - 1)
		def main():
		    tasks = greenlet(shallow), greenlet(deep)
		    tasks[1].switch(5)
		    print("ready", flush=True)
		    while True:
		        for task in tasks: task.switch()
		hub = getcurrent()
		main()
	PY
	)"
	sample --rate 1000 -i 3 -n 1
	stacks=$(jq -c '[.rows[] | select(.kind == "stack") | [.stack[].function] | join(" ")] | unique' <<<"$page")
	echo "$stacks"
	jq -e '([range(6) | "deep"] | join(" ")) as $deep | (. - ["main <module>", "shallow"]) == [$deep, "leaf shallow"]' <<<"$stacks"
	[ "$(jq '[.rows[] | select(.kind == "stack") | .samples_total] | add > 200' <<<"$page")" = true ]
}

@test "--waiting: who sleeps has a sample for each turn, and its stack, though it never ran" {
	begin /usr/bin/python3 "$TOP/tests/sample.py" sleep
	sample --waiting -i 1 -n 1
	turns=$(jq .sampling.turns <<<"$page")
	run jq -c '[.rows[] | select(.kind == "stack" and .waiting and any(.stack[]; .function == "sleeper")) | .samples_total] | add' <<<"$page"
	echo "$output of $turns"
	[ "$output" -ge $((turns * 3 / 4 - 3)) ]
	[ "$output" -le $((turns * 5 / 4 + 3)) ]
	# who burns waits for nothing but the lock; who sleeps does not run
	[ "$(jq '[.rows[] | select(.kind == "stack" and (.waiting | not) and any(.stack[]; .function == "sleeper"))] | length' <<<"$page")" = 0 ]
	[ "$(jq '[.rows[] | select(.kind == "stack" and (.waiting | not) and any(.stack[]; .function == "endless")) | .samples_total] | add > 0' <<<"$page")" = true ]
}

@test "who does not run is counted and has no samples; the page points to 224, and says what it costs" {
	begin /usr/bin/python3 "$TOP/tests/sample.py" threads 2
	sample --by thread -i 0.5 -n 2
	[ "$(jq -c '[.target.threads, .target.threads_still]' <<<"$page")" = '[4,2]' ]
	jq -e '.notes | any(test("2 of the target.s 4 threads have not run since attaching.*: page 224 says where they stand"))' <<<"$page"
	jq -e '.notes | any(test("sampled from outside, 100 times a second, for [0-9.]+ % of one processor"))' <<<"$page"
	jq -e '.sampling | .rate == 100 and .cost_share > 0 and .cost_share < 0.5 and .turns > 0' <<<"$page"
	[ "$(jq -c '[.rows[] | select(.kind == "stack") | .tid] | unique | length' <<<"$page")" = 2 ]
	[ "$(jq -c '[.rows[] | select(.kind == "function" and .function == "endless") | .tid] | unique | length' <<<"$page")" = 2 ]
}

@test "processes: those that ran, of a program whose others sleep" {
	begin /usr/bin/python3 -c "$(cat <<-'PY'
		import os, time
		def burn():
		    while True: pass
		def sleep():
		    while True: time.sleep(60)
		running = []
		for work in burn, sleep, burn, burn:
		    child = os.fork()
		    if not child: work()
		    running += [child] if work is burn else []
		print("ready", flush=True)
		input()
		print(*running, flush=True)
		sleep()
	PY
	)"
	sample --by pid -i 2 -n 1
	echo >&5
	read -r -t 60 -u 6 running
	[ "$(jq .target.processes <<<"$page")" = 3 ]
	[ "$(jq -r '[.rows[] | select(.kind == "stack") | .pid] | unique | join(" ")' <<<"$page")" = "$running" ]
	pkill -9 -P "$pid"
}

@test "--svg is XML, and its boxes are the frames of --folded; a recording has the same samples" {
	begin /usr/bin/python3 "$TOP/tests/sample.py" threads 2
	cd "$BATS_TEST_TMPDIR"
	sample -i 0.5 -n 2 --waiting --svg svg --folded folded --speedscope speedscope
	compare svg svg folded
	total=$(awk '{ n += $NF } END { print n }' folded)
	[ "$total" -gt 10 ]
	[ "$(jq '[.rows[] | select(.kind == "stack") | .samples_total] | add' <<<"$page")" = "$total" ]
	[ "$(jq '[.profiles[].weights[]] | add' speedscope)" = "$total" ]
	teletap record stacks --collector memory -p "$pid" -w recording -i 0.3 -n 3
	teletap replay recording stacks -o json | tail -n 1 >page
	jq -e '.collector == "memory" and (.rows | any(.function == "a")) and (.rows | all(.function != "?"))' page
}

@test "an ordinary user samples what is theirs, and is refused the rest; no module: by itself" {
	need_root
	local nobody=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
	begin /usr/bin/python3 "$TOP/tests/sample.py" burn
	refused "${nobody[@]}" "$BUILD/bin/teletap" watch stacks -p "$pid"
	[[ $stderr == *"run as root"* ]]
	stop
	begin "${nobody[@]}" /usr/bin/python3 -c 'print("ready", flush=True)
def busy():
    while True: pass
busy()'
	run -0 --separate-stderr "${nobody[@]}" "$BUILD/bin/teletap" watch stacks -p "$pid" -i 0.5 -n 1 -o json
	jq -e '.collector == "memory" and (.rows[0] | .function == "busy" and .self_total > 0)' <<<"$output"
}

@test "--rate: up to 1000 by memory, 990 by a module" {
	misused teletap watch stacks -p 1 --rate 1001
	misused teletap watch stacks -p 1 --hz 0
	misused teletap watch gc -p 1 --svg file
	[[ ${stderr_lines[0]} == *'--svg keeps the stacks of page 223: name this page too' ]]
}
