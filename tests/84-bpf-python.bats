#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pages of CPython by BPF programs, against what the interpreter says itself: 230 as
# tests/live/11-imports.bats, 211 as 13-gc-events.bats.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load helper
load bpf

setup_file() { need_python_copy; }

@test "230: the imports that -X importtime tells, nested alike, as long" {
	local status=9 folders=() folder

	while [ "$status" -eq 9 ] && [ "${#folders[@]}" -lt 3 ]; do
		folder=$(mktemp -d "$dir/XXXXXX")
		folders+=("$folder")
		teletap watch imports --collector bpf -o json -c "$EXE -X importtime $LIVE/imports.py run $folder" \
			>"$folder/page" 2>"$folder/told"
		status=0
		/usr/bin/python3 "$LIVE/imports.py" check "${folders[@]}" || status=$?
	done
	cp "$folder/page" "$out"
	last
	# times differ when the machine is busy between the two clocks; the imports do not,
	# and times are the sums of their parts
	[ "$status" -eq 0 ] || [ "$status" -eq 9 ]
	[ "$(q '.rows as $r | [$r[] | . as $m | .cumulative_ns_total ==
		.self_ns_total + ([$r[] | select(.parent == $m.node).cumulative_ns_total] | add // 0)] | all')" = true ]
	[ "$(q '[.rows[] | select(.module == "two").self_ns_total >= 50e6] | all')" = true ]
}

@test "230 -p: what was imported before is not invented, nor the import attached in" {
	"$EXE" "$LIVE/imports.py" run "$dir" attach >"$dir/said" 2>&1 3>&- &
	pid=$!
	await [ -e "$dir/ready" ]
	watch imports -p "$pid" -i 0.3
	attached
	touch "$dir/go"
	await [ -e "$dir/done" ]
	finish
	[ "$(q '[.rows[] | select(.module == "waiting_below") | [.parent, .depth, .imports_total]]')" = '[[null,0,1]]' ]
	[ "$(q '[.rows[].module] | contains(["threading"]), contains(["three"])')" = $'false\ntrue' ]
	[ "$(q '[.rows[] | select(.module == "waiting")]')" = '[]' ]
	[ "$(q '.notes | any(test("begun before they were watched.*: 1$"))')" = true ]
	await lowered "$pid"
}

# CPython encodes the names for its markers, and forgets that this can fail.
@test "230: names that have no UTF-8 are watched, and cannot be imported as ever" {
	mkdir "$dir/watched" "$dir/beside"
	for who in watched beside; do
		"$EXE" "$LIVE/surrogates.py" "$dir/$who" >"$dir/$who/said" 3>&- &
		eval "$who=$!"
	done
	await [ -e "$dir/watched/ready" ]
	await [ -e "$dir/beside/ready" ]
	watch imports -p "$watched" -i 0.3
	attached
	lowered "$watched" # the marker's semaphore stays as it is
	touch "$dir/watched/go" "$dir/beside/go"
	wait "$watched" "$beside"
	wait "$tap" || true
	wanted="['ModuleNotFoundError', 'ModuleNotFoundError', 'ModuleNotFoundError', 'ModuleNotFoundError', 'imported']"
	[ "$(cat "$dir/watched/said" "$dir/beside/said")" = "$wanted"$'\n'"$wanted" ]
	last
	[ "$(q '[.rows[] | select(.module | test("absent|plug|^.$")) | [.module, .imports_total, .failed_total]] | sort')" = \
		'[["absent_a",1,1],["absent_b",1,1],["plug�",1,1],["�",1,1]]' ]
}

@test "230: a table that is too small: what finds no room is counted" {
	TELETAP_BPF_ROOM=3 teletap watch imports --collector bpf -o json -c "$EXE -c 'import json'" >"$out"
	page=$(tail -n 1 "$out")
	[ "$(q '.rows | length')" -eq 3 ]
	[ "$(q '.loss.table_full > 10')" = true ]
}

# events PYTHON: page 211 of the program whose collections are known
events() {
	teletap watch gc-events --collector bpf -i 60 -o json -c "$1 $LIVE/events.py $dir/truth" >"$out"
	/usr/bin/python3 "$LIVE/compare-events" "$out" "$dir/truth"
	last
	[ "$(q .target.processes)" -eq 1 ]
}

@test "211: every collection, its stack and its cause" {
	local lab=${TELETAP_LAB_TREE:-$TOP/build/lab/tree} version

	events "$EXE"
	# pyenv's Pythons carry no markers; those of the lab's tree do, where it has been made
	cp "$LIVE/events.py" "$dir/"
	cat >"$dir/enter" <<-'EOF2'
		#!/bin/bash
		mount --bind "$1" "$2" && mount --bind "$(dirname "$0")" "$2/tmp" &&
			exec chroot "$2" "$3" /tmp/events.py /tmp/truth
	EOF2
	chmod +x "$dir/enter"
	for version in 3.13 3.14 3.15; do
		[ -x "$lab/usr/bin/python$version" ] || continue
		echo "$version"
		mkdir "$dir/root$version"
		teletap watch gc-events --collector bpf -i 60 -o json -e "$lab/usr/bin/python$version" \
			-c "unshare --mount $dir/enter $lab $dir/root$version python$version" >"$out"
		/usr/bin/python3 "$LIVE/compare-events" "$out" "$dir/truth"
		last
	done
}

@test "211: a collection in a forked child says so" {
	cat >"$dir/fork.py" <<-'EOF2'
		import gc, os
		gc.disable()
		gc.collect(0)
		if not os.fork():
		    gc.collect(1)
		    os._exit(0)
		os.wait()
		gc.collect(0)
		os._exit(0)
	EOF2
	teletap watch gc-events --collector bpf -i 60 -o json -c "$EXE $dir/fork.py" >"$out"
	[ "$(jq -sc 'map(.rows[]) | sort_by(.event) | .[-3:] | map([.generation, .forked])' "$out")" = \
		'[[0,false],[1,true],[0,false]]' ]
	[ "$(tail -n 1 "$out" | jq .target.processes)" -eq 2 ]
}

@test "211: more collections than are kept: the last ones, and how many there were" {
	echo 'import gc, os
gc.disable()
for i in range(1000): gc.collect(0)
os._exit(0)' >"$dir/many.py"
	teletap watch gc-events --collector bpf -i 60 -o json -c "$EXE $dir/many.py" >"$out"
	last
	[ "$(q '.rows | length')" -eq 256 ]
	[[ "$(q .notes)" == *'10'[0-9][0-9]' collections in this interval: only the last 256 are kept'* ]]
}

@test "each page of a program that hangs says so" {
	/usr/bin/python3 -c 'import time; time.sleep(600)' 3>&- &
	pid=$!
	sleeps() { [[ $(cat "/proc/$pid/wchan") == *nanosleep* ]]; }
	await sleeps
	for which in 210 211 212 213 220 221 222 223 230 231 232 233 234 235; do
		run -0 --separate-stderr teletap watch "$which" --collector bpf -p "$pid" -i 0.1 -n 1 -o json
		page=${lines[-1]}
		echo "$which: $page"
		[ "$(q '[.target.threads, .target.threads_still, (.notes | any(test("1 threads have not run since attaching")))]')" = '[1,1,true]' ]
	done
}

@test "a collector that gets no processor for a while, at the end: the last page comes all the same" {
	/usr/bin/python3 -c 'import time; time.sleep(600)' 3>&- &
	pid=$!
	watch gc -p "$pid" -i 0.3
	attached
	collector=$(pgrep -P "$tap" -x teletap-bpf)
	kill -STOP "$collector"
	kill "$pid"
	sleep 4
	kill -CONT "$collector"
	wait "$tap"
	last
}

@test "a collector that is stopped: that no page comes is said, and at the end that the last one did not" {
	/usr/bin/python3 -c 'import time; time.sleep(600)' 3>&- &
	pid=$!
	watch gc -p "$pid" -i 0.3
	attached
	kill -STOP "$(pgrep -P "$tap" -x teletap-bpf)"
	silent() { grep -q "^teletap: watch: page 210: its collector has not answered for [0-9]* s: is the machine busy?$" "$err"; }
	await silent
	kill "$pid"
	wait "$tap" && false || [ $? = 3 ]
	[ "$(tail -n 1 "$err")" = 'teletap: watch: the last page did not come in time: is the machine busy?' ]
}

@test "210: a process that runs another program is not watched any more, and that is said" {
	mkfifo "$dir/go"
	/usr/bin/python3 -c '
import os, sys
open(sys.argv[1]).read()
os.execv("/bin/sleep", ["sleep", "600"])' "$dir/go" 3>&- &
	pid=$!
	watch gc -p "$pid" -i 0.3
	attached
	: >"$dir/go"
	said() { page=$(tail -n 1 "$out") && [[ "$(q .notes)" == *'the process runs '*'/sleep now, which is not watched: attach again'* ]]; }
	await said
	finish
}

@test "210: a process that becomes one of the watched ones' counts from then on" {
	unshare --pid --fork --mount-proc --kill-child /usr/bin/python3 -c 'import time; time.sleep(600)' 3>&- &
	started=$!
	inside() { first=$(pgrep -P "$started" -x python3) && [ "$(readlink "/proc/$first/exe")" = /usr/bin/python3.11 ]; }
	await inside
	# its parent is of another namespace; when that has ended, it is a child of the first process
	nsenter --target "$first" --pid /usr/bin/python3 -c 'import gc, os, time
if os.fork():
    time.sleep(600)
while True:
    gc.collect()
    time.sleep(0.01)' 3>&- &
	parent=$!
	teletap watch gc --collector bpf -p "$first" -i 0.5 -o json >"$out" 3>&- &
	watch=$!
	pages() { [ "$(wc -l <"$out")" -ge "$1" ]; }
	await pages 2
	page=$(tail -n 1 "$out")
	[ "$(q '.rows[2].runs_total')" = 0 ]
	pkill -KILL -P "$parent"
	await pages $(($(wc -l <"$out") + 5))
	page=$(tail -n 1 "$out")
	[ "$(q '.rows[2].runs_total > 0')" = true ]
	kill -KILL "$watch" "$started"
}
