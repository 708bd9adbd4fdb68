#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pages 224 and 210 from the memory of living Pythons: the system's own, and those of pyenv
# where there are some. What a program says of itself (faulthandler, gc.get_stats()) is the truth.

# shellcheck disable=SC2030,SC2031,SC2154 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper

teardown() {
	stop
}

stop() {
	[ -z "${watch-}" ] || kill "$watch" 2>/dev/null || true
	[ -z "${pid-}" ] || pkill -KILL -P "$pid" || true # its children
	[ -z "${pid-}" ] || kill -9 "$pid"
	[ -z "${pid-}" ] || wait "$pid" 2>/dev/null || true
	pid=
	exec 5>&- 6>&- 7>&-
	rm -f "$BATS_TEST_TMPDIR"/{in,out,pages}
}

# begin PYTHON WHAT [ARGUMENT...]: a program that is ready. Sets $pid; in is its standard input.
begin() {
	mkfifo "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/out"
	"$1" "$TOP/tests/memory.py" "${@:2}" <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out" 3>&- &
	pid=$!
	exec 5>"$BATS_TEST_TMPDIR/in" 6<"$BATS_TEST_TMPDIR/out"
	read -r -t 60 -u 6 word
	[ "$word" = ready ]
}

# same_threads PYTHON [TIMES]: the functions and lines are those of faulthandler, the waits those
# that the program chose.
same_threads() {
	: >"$BATS_TEST_TMPDIR/dump"
	begin "$1" threads "$BATS_TEST_TMPDIR/dump"
	run /usr/bin/python3 "$TOP/tests/memory-compare.py" threads "$BATS_TEST_TMPDIR/dump" "$pid" "${2-2}"
	echo "$output"
	[ "$status" = 0 ]
	[ -z "$output" ]
}

# Runs and objects are those of gc.get_stats().
same_collections() {
	begin "$1" gc
	echo >&5
	read -r -t 60 -u 6 before
	mkfifo "$BATS_TEST_TMPDIR/pages"
	teletap watch gc --collector memory -p "$pid" -i 0.2 -o json >"$BATS_TEST_TMPDIR/pages" 3>&- &
	watch=$!
	exec 7<"$BATS_TEST_TMPDIR/pages"
	read -r -t 60 -u 7 page # attached
	echo >&5
	read -r -t 60 -u 6 after
	# the page after the next one was asked for later than the answer came
	for _ in 1 2 3; do read -r -t 60 -u 7 page; done
	kill "$watch"
	truth=$(jq -cn "[$before, $after] | transpose | map([.[1][0] - .[0][0], .[1][1] - .[0][1]])")
	echo "$truth: $page"
	[ "$(jq -c '[.rows[] | [.runs_total, .collected_total]]' <<<"$page")" = "$truth" ]
	[ "$(jq -c '[.collector, (.rows[] | .pause_ns.max, .empty_runs)]' <<<"$page")" = '["memory",null,null,null,null,null,null]' ]
	[ "$(jq '.notes | length' <<<"$page")" = 1 ]
	[ "$(jq -r .target.python <<<"$page")" = "$("$1" -c 'import platform; print(platform.python_version())')" ]
}

# Each stack is one that the program can have, although it runs on all the time.
possible_stacks() {
	begin "$1" speed 2
	"$BUILD/test/memory" "$pid" "$2" >"$BATS_TEST_TMPDIR/lines"
	run -0 /usr/bin/python3 "$TOP/tests/memory-compare.py" speed <"$BATS_TEST_TMPDIR/lines"
	echo "$output"
	[ "${#lines[@]}" = 1 ]
	[[ $output == *" read, "* ]]
	[ "${output%% *}" -ge "$2" ] # of twice as many; the others are counted
}

# each FUNCTION [ARGUMENT...]: for the system's Python, and pyenv's where there are some.
each() {
	for python in "${PYTHONS[@]}"; do
		echo "$python"
		"$1" "$python" "${@:2}"
		stop
	done
}

# Variables are what repr() says of them.
same_locals() {
	mkfifo "$BATS_TEST_TMPDIR/out"
	"$1" "$TOP/tests/memory.py" locals >"$BATS_TEST_TMPDIR/out" 3>&- &
	pid=$!
	exec 6<"$BATS_TEST_TMPDIR/out"
	read -r -t 60 -u 6 truth
	run /usr/bin/python3 "$TOP/tests/memory-compare.py" locals "$truth" "$pid"
	echo "$output"
	[ "$status" = 0 ]
	[ -z "$output" ]
}

# A program with Python linked into it, which exports nothing and is stripped, where there is what
# it is linked with.
same_hidden() {
	mapfile -t with < <("$1" -c 'import sys, sysconfig
v = sysconfig.get_config_var
print(sys.prefix, v("INCLUDEPY"), v("LIBPL") + "/" + v("LIBRARY"), v("LIBS") + " " + v("SYSLIBS"), sep="\n")')
	[ -f "${with[2]}" ] && [ -f "${with[1]}/Python.h" ] || return 0
	# shellcheck disable=SC2086 # libraries
	gcc -w -no-pie -I"${with[1]}" -o "$BATS_TEST_TMPDIR/hidden" "$TOP/tests/live/embed.c" "${with[2]}" ${with[3]} -lz -lexpat
	strip -s "$BATS_TEST_TMPDIR/hidden"
	run readelf -W --dyn-syms "$BATS_TEST_TMPDIR/hidden"
	[[ $output != *_PyRuntime* ]]
	# it cannot load extensions
	printf '%s\n' 'import time' 'def here():' ' print("ready", flush=True)' ' time.sleep(3600)' 'here()' >"$BATS_TEST_TMPDIR/here.py"
	mkfifo "$BATS_TEST_TMPDIR/out"
	PYTHONHOME=${with[0]} "$BATS_TEST_TMPDIR/hidden" "$BATS_TEST_TMPDIR/here.py" >"$BATS_TEST_TMPDIR/out" 3>&- &
	pid=$!
	exec 6<"$BATS_TEST_TMPDIR/out"
	read -r -t 60 -u 6 word
	run -0 --separate-stderr teletap watch threads -p "$pid" -o json
	[ "$(jq -c '[.rows[].stack[] | .function, .line]' <<<"$output")" = '["here",4,"<module>",5]' ]
}

# A thread is in the interpreter that it runs; doctor counts them.
same_interpreters() {
	begin "$1" interpreters
	run -0 --separate-stderr teletap watch threads -p "$pid" -o json
	echo "$output"
	[ "$(jq -c '[.rows[].stack[:2] | [.[0].function, .[0].line, .[1].function]] | sort' <<<"$output" | grep -c '\["inside",3,"<module>"\]')" = 1 ]
	[ "$(jq '.rows | length' <<<"$output")" = 2 ]
	[ "$(teletap doctor -p "$pid" -o json | jq .target.interpreters)" = 2 ]
}

# Tasks are what the program and, from 3.14 on, CPython's own reader of them say. same_tasks PYTHON
# [CLASSES]: see tests/tasks.py.
same_tasks() {
	TASKS=${2-} run /usr/bin/python3 "$TOP/tests/tasks-compare.py" "$1"
	echo "$output"
	[ "$status" = 0 ]
	[ -z "$output" ]
}

shopt -s nullglob
PYTHONS=(/usr/bin/python3 "$HOME"/.pyenv/versions/3.{8,9,10,11,12,13,14,15}.*[0-9]/bin/python3)
FREE=("$HOME"/.pyenv/versions/3.13.*t/bin/python3 ${FREE_PYTHON:+"$FREE_PYTHON"})
shopt -u nullglob

@test "threads: functions, lines and waits are what the program knows" { each same_threads; }
@test "gc: runs and objects are those of gc.get_stats()" { each same_collections; }
@test "threads --locals: names and values are what the program knows" { each same_locals; }
# What it knew at its end it prints, and does nothing more until two pages have been printed since.
totals_of_the_end() {
	local out=$BATS_TEST_TMPDIR/pages

	teletap watch gc --collector memory -i 0.3 -o json -c "$1 -c '
import gc, json, os, time
def pages():
    with open(\"$out\") as f:
        return f.read().count(\"\\n\")
gc.disable()
while pages() < 1: time.sleep(0.1)
[gc.collect(g) for g in (0, 1, 1, 2, 2)]
print(json.dumps([s[\"collections\"] for s in gc.get_stats()]), flush=True)
known = pages()
while pages() < known + 2: time.sleep(0.1)
os._exit(0)'" >"$out"
	tail -n 1 "$out"
	[ "$(jq -c '.rows[].runs' <<<"$(tail -n 1 "$out")" | sort -u)" = null ]
	jq -e '.last and (.notes[0] | startswith("no CPython can be read any more: the totals are"))' <<<"$(tail -n 1 "$out")"
	[ "$(tail -n 1 "$out" | jq -c '[.rows[].runs_total]')" = "$(grep -v schema "$out" | jq -c .)" ]
}
@test "gc: children that come and go between two looks are said" {
	mkfifo "$BATS_TEST_TMPDIR/go" "$BATS_TEST_TMPDIR/pages"
	/usr/bin/python3 -c '
import gc, os, sys, time
open(sys.argv[1]).read()
child = os.fork()
if not child:
    gc.collect()
    os._exit(0)
os.wait()
time.sleep(600)' "$BATS_TEST_TMPDIR/go" 3>&- &
	pid=$!
	teletap watch gc --collector memory -p "$pid" -i 0.3 -o json >"$BATS_TEST_TMPDIR/pages" 3>&- &
	tap=$!
	exec 7<"$BATS_TEST_TMPDIR/pages"
	said() { jq -e '.notes | any(test("processes that have ended count as they were last seen"))' <<<"$page"; }
	read -r -t 60 -u 7 page
	! said || false
	: >"$BATS_TEST_TMPDIR/go"
	for _ in {1..50}; do
		read -r -t 60 -u 7 page
		! said || break
	done
	kill "$tap" "$pid"
	exec 7<&-
	said
}
@test "gc: the totals of a program that has ended are those it had" { each totals_of_the_end; }
@test "threads of a stripped program that has Python in it and exports nothing" { each same_hidden; }
@test "threads in sub-interpreters" { each same_interpreters; }
@test "tasks: who awaits whom" {
	PYTHONS=(/usr/bin/python3 "$HOME"/.pyenv/versions/3.{8,12}.*[0-9]/bin/python3)
	each same_tasks
}

@test "tasks of classes in Python, and without _asyncio" {
	PYTHONS=(/usr/bin/python3)
	each same_tasks python
	each same_tasks alone
}

# bats test_tags=full
@test "tasks: who awaits whom, of every version" {
	each same_tasks
	each same_tasks python
	each same_tasks alone
}
# Debian's uvloop, for its Python.
if /usr/bin/python3 -c 'import uvloop' 2>/dev/null; then
	@test "tasks of uvloop" {
		PYTHONS=(/usr/bin/python3)
		each same_tasks uvloop
	}
fi
# No Python of 3.14 or later is installed here; the lab's tree has them, where it has been made.
if [ -x "$TOP/build/lab/tree/usr/bin/python3.15" ]; then
	@test "tasks: 3.13 to 3.15 of the lab's tree" {
		need_root
		mkdir "$BATS_TEST_TMPDIR/root"
		cat >"$BATS_TEST_TMPDIR/enter" <<-'EOF'
			#!/bin/bash
			tests=$1 root=$2
			shift 2
			exec chroot "$root" "${@/#$tests//mnt}"
		EOF
		cat >"$BATS_TEST_TMPDIR/compare" <<-'EOF'
			#!/bin/bash
			tree=$1 tests=$2 root=$3 python=$4
			mount --bind "$tree" "$root" && mount --bind "$tests" "$root/mnt" && mount --bind /proc "$root/proc" &&
				exec /usr/bin/python3 "$tests/tasks-compare.py" "${0%compare}enter" "$tests" "$root" "$python"
		EOF
		chmod +x "$BATS_TEST_TMPDIR"/{enter,compare}
		for version in 3.13 3.14 3.15; do
			for classes in '' alone; do
				TASKS=$classes run unshare --mount "$BATS_TEST_TMPDIR/compare" "$TOP/build/lab/tree" \
					"$TOP/tests" "$BATS_TEST_TMPDIR/root" "python$version"
				echo "$version, $classes: $output"
				[ "$status" = 0 ]
				[ -z "$output" ]
			done
		done
	}
fi

@test "threads, at full speed: no stack that cannot be" { each possible_stacks 60; }
# bats test_tags=full
@test "threads: 100 times of 100 what faulthandler says" { same_threads /usr/bin/python3 100; }
# bats test_tags=full
@test "threads, at full speed: 10,000 readings of the system's Python" { possible_stacks /usr/bin/python3 5000; }
if ((${#FREE[@]})); then
	# Of a free-threaded build: the same, and what cannot be read of it is refused.
	free_threads() {
		same_threads "$1"
		run -0 --separate-stderr teletap watch threads -p "$pid" -o json
		jq -e '[.rows[].holds_gil] | any | not' <<<"$output"
		[[ $(jq -r '.notes[]' <<<"$output") == "process $pid: a free-threaded build of CPython (3.13."*"): its threads need no GIL, and none holds it" ]]
		run -0 --separate-stderr teletap watch threads --locals -p "$pid" -o json
		[[ $(jq -r '.notes[]' <<<"$output") == *'variables'* ]]
		for page in gc tasks; do
			refused teletap watch "$page" --collector memory -p "$pid"
			[[ $stderr == *"process $pid: of a free-threaded build of CPython only threads can be read: take page 224 or 223" ]]
		done
		stop
		possible_stacks "$1" 60
	}
	@test "threads of a free-threaded build: nobody holds a GIL" {
		for python in "${FREE[@]}"; do
			free_threads "$python"
			stop
		done
	}
fi

@test "threads of the children, a fork of them, and a program that is no Python" {
	begin /usr/bin/python3 children
	run -0 --separate-stderr teletap watch threads -p "$pid" -o json
	echo "$output"
	[ "$(jq -c '[.rows[] | [.pid == '"$pid"', .stack[0].function, .waits_for != null]] | sort' <<<"$output")" = \
		'[[false,null,true],[false,"forked",true],[true,"children",true]]' ]
	[ "$(jq .target.processes <<<"$output")" = 3 ]
}

@test "threads, text: equal ones are one row; it comes once, and more when asked for" {
	begin /usr/bin/python3 equal 30
	run -0 --separate-stderr teletap watch threads -p "$pid"
	echo "$output"
	[ "$(grep -c 'a lock (futex)' <<<"$output")" = 1 ]
	[[ $output == *$'\n31 threads:\n'*' 30 S '* ]]
	run -0 --separate-stderr teletap watch threads -p "$pid" -i 0.1 -n 3 -o json
	[ "${#lines[@]}" = 3 ]
	[ "$(jq -c '[.rows | length]' <<<"${lines[2]}")" = '[31]' ]
}

@test "-e: every process of the file; -c: the command" {
	cp "$(readlink -f /usr/bin/python3)" "$BATS_TEST_TMPDIR/ours"
	begin "$BATS_TEST_TMPDIR/ours" equal 2
	run -0 --separate-stderr teletap watch threads -e "$BATS_TEST_TMPDIR/ours" -o json
	[ "${#lines[@]}" = 1 ]
	[ "$(jq -c '[.rows[] | .pid == '"$pid"']' <<<"$output")" = '[true,true,true]' ]
	for page in gc "stacks --waiting"; do
		# shellcheck disable=SC2086 # a page and its option
		run -0 --separate-stderr teletap watch $page --collector memory -e "$BATS_TEST_TMPDIR/ours" -i 0.2 -n 1 -o json
		[ "$(jq -c '[.collector, .target.processes]' <<<"$output")" = '["memory",1]' ]
	done
	command="$BATS_TEST_TMPDIR/ours -c 'import gc, time; gc.collect(); gc.collect(); time.sleep(2)'"
	run -0 --separate-stderr teletap watch threads -i 0.1 -o json -c "$command"
	jq -se 'any(.[]; [.rows[].stack[]?.function] == ["<module>"])' <<<"$output"
	run -0 --separate-stderr teletap watch gc --collector memory -i 0.1 -o json -c "$command"
	jq -se 'any(.[]; .rows[2].runs_total >= 2)' <<<"$output"
}

@test "refused with one line: no Python, PyPy, a process that is not there" {
	sleep 1000 3>&- &
	pid=$!
	refused teletap watch threads -p "$pid"
	[[ $stderr == *"process $pid has no CPython in it" ]]
	kill "$pid"
	cp /bin/sleep "$BATS_TEST_TMPDIR/pypy3.9"
	"$BATS_TEST_TMPDIR/pypy3.9" 1000 3>&- &
	pid=$!
	while [ "$(readlink "/proc/$pid/exe")" != "$BATS_TEST_TMPDIR/pypy3.9" ]; do :; done
	refused teletap watch threads -p "$pid"
	[[ $stderr == *"process $pid runs PyPy, which is not CPython" ]]
	if command -v pypy3 >/dev/null; then # a real one, where there is one
		kill "$pid"
		mkfifo "$BATS_TEST_TMPDIR/out"
		pypy3 -c 'import time; print("ready", flush=True); time.sleep(1000)' >"$BATS_TEST_TMPDIR/out" 3>&- &
		pid=$!
		read -r -t 60 word <"$BATS_TEST_TMPDIR/out"
		[ "$word" = ready ]
		refused teletap watch threads -p "$pid"
		[[ $stderr == *"process $pid runs PyPy, which is not CPython" ]]
	fi
	refused teletap watch threads -e /bin/sleep
	[[ $stderr == *"/sleep has no CPython in it: start that, or name its process (-p)" ]]
}

@test "an ordinary user reads what is theirs, and is refused the rest" {
	need_root
	begin /usr/bin/python3 gc
	refused setpriv --reuid=nobody --regid=nogroup --clear-groups "$BUILD/bin/teletap" watch threads -p "$pid"
	[[ $stderr == *"run as root"* ]]
	kill -9 "$pid"
	setpriv --reuid=nobody --regid=nogroup --clear-groups /usr/bin/python3 -c 'import time; time.sleep(1000)' 3>&- &
	pid=$!
	while [ "$(cut -d' ' -f1 "/proc/$pid/syscall")" != 230 ]; do sleep 0.1; done
	run -0 --separate-stderr setpriv --reuid=nobody --regid=nogroup --clear-groups "$BUILD/bin/teletap" watch threads -p "$pid" -o json
	[ "$(jq -c '[.rows[] | .stack[0].function, .waits_for]' <<<"$output")" = '["<module>","time (clock_nanosleep)"]' ]
	# Root is told what root lacks.
	refused setpriv --bounding-set=-all "$BUILD/bin/teletap" watch threads -p "$pid"
	[[ $stderr == *"this root lacks capabilities: run it on the host itself" ]]
}

@test "2,000 threads: all are shown, or a note says how many are not" {
	begin /usr/bin/python3 equal 2000
	run -0 --separate-stderr teletap watch threads -p "$pid" -o json
	jq -e '(.rows | length) + ([.notes[] | capture("too many: (?<n>[0-9]+) more").n | tonumber] | add // 0) == 2001' <<<"$output"
}

@test "its program renamed and deleted, its stack too deep to show" {
	cp "$(readlink -f /usr/bin/python3)" "$BATS_TEST_TMPDIR/renamed"
	begin "$BATS_TEST_TMPDIR/renamed" deep 3000
	rm "$BATS_TEST_TMPDIR/renamed"
	run -0 --separate-stderr teletap watch threads -p "$pid" -o json
	[ "$(jq -c '[.rows[0].stack | length, .[0].function, .[1000].function]' <<<"$output")" = '[1024,"calls","calls"]' ]
	[ "$(jq -r '.notes[]' <<<"$output")" = 'stacks with more than 1024 frames, of which the innermost ones are shown: 1' ]
}
