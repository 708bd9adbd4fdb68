#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Page 247: processes that die in every way there is, and what is kept of them.

# shellcheck disable=SC2030,SC2031,SC2154
bats_require_minimum_version 1.5.0
load helper

SERVICE=/src/build/test/service

# doomed COMMAND...: the service under teletap watch crash, told these commands, the last
# of which is its end. Sets $pid, $page (the last page), $file (the newest crash file).
doomed() {
	begin
	for command; do echo "$command" >&7; done
	finished
}

begin() {
	dir=$(mktemp -d "$BATS_TEST_TMPDIR/XXXXXX")
	mkfifo "$dir/commands"
	"${RUN[@]}" "$SERVICE" < "$dir/commands" > "$dir/said" 3>&- &
	pid=$!
	exec 7> "$dir/commands"
	for _ in $(seq 200); do grep -q ready "$dir/said" && break; sleep 0.05; done
	watch crash -p "$pid" -o json -i 0.5 --crashes "$dir/crashes"
	for _ in $(seq 200); do [ ! -s "$tap_out" ] || break; sleep 0.1; done
	[ -s "$tap_out" ]
}

finished() {
	expect_end 0
	collect
}

collect() {
	page=$(tail -n 1 "$tap_out")
	echo "$page" | jq -c '.rows[] | [.what, .value]'
	cat "$tap_err"
	[ "$(jq -c .loss <<< "$page")" = '{"skipped":0,"dropped":0,"table_full":0,"lines":0}' ]
	file=$(find "$dir/crashes" -name 'crash-*' 2> /dev/null | sort | tail -n 1)
	[ -z "$file" ] || cat "$file"
	expect_clean
}

# is REGEX: the reason, on the page and at the top of the file.
is() {
	jq -er '.rows[0] | select(.what == "reason").value' <<< "$page" | grep -Ex "$1"
	head -n 1 "$file" | grep -Ex "reason   [0-9TZ:.-]+ $1"
	[ "$(stat -c %a "$file")" = 600 ]
}

# row WHAT REGEX: a row of that kind, on the page and in the file.
row() {
	jq -er ".rows[] | select(.what == \"$1\").value" <<< "$page" | grep -E "$2"
	grep -E "^$1 .*$2" "$file"
}

@test "SIGSEGV: signal, address, thread, backtrace, open span, last lines" {
	doomed 'begin fetch 77' 'all 2' 'log last words' segv
	is 'SIGSEGV at address 0xdead: nothing is mapped there'
	row process "^?$pid \(service\), child of"
	row thread "$pid \(service\)"
	row frame '#0 fall\+0x'
	row frame 'service\.c:'
	row frame '#[1-4] main'
	row span 'fetch, id 77, under way for '
	row log 'info +last words$'
	row log 'warning +request 2 of 2: slow'
	row state 'result +speed: 2.50 km/h'
	grep -x "program  $SERVICE" "$file"
}

@test "calls into nowhere, and what the processor does not tell" {
	doomed hook
	is 'SIGSEGV at address 0x0: nothing is mapped there'
	row frame '#0 0x0$'
	row frame '#1 call_hook\+'
	row frame '#[23] end\+'
	row frame 'main\+'
	doomed jump
	is 'SIGSEGV at address 0x123456789000: nothing is mapped there'
	row frame '#0 0x123456789000$'
	row frame '#1 call_hook\+'
	row frame 'main\+'
	# every other frame is in code
	[ "$(jq -r '.rows[] | select(.what == "frame").value' <<< "$page" | grep -cE '^#[1-9][0-9]* 0x')" = 0 ]
	doomed protect
	is 'SIGSEGV at an address not known: a non-canonical address, or a privileged instruction'
	row frame '#0 fall\+'
	doomed forbid
	is 'SIGSYS: a filter \(seccomp\) forbids the system call 110 \(getppid\)'
	row frame 'main\+'
}

# bats test_tags=full
@test "with 9000 mappings the frames have their names" {
	doomed maps
	is 'SIGSEGV at address 0xdead: nothing is mapped there'
	row frame '#0 fall\+'
	row frame '#[1-4] main'
}

# bats test_tags=full
@test "abort" {
	doomed 'log last words' abort
	is 'SIGABRT, sent by itself'
	row frame '(abort|raise|pthread_kill)'
	row log 'last words'
}

@test "SIGKILL names who sent it" {
	begin
	echo 'log last words' >&7
	sleep 0.5
	python3.14 -c "import os, sys
open('/proc/self/comm', 'w').write('assassin')
print(os.getpid())
os.kill($pid, 9)" > "$dir/killer"
	finished
	is "SIGKILL, sent by process $(cat "$dir/killer") \\(assassin\\)"
	row log 'last words'
}

# bats test_tags=full
@test "out of memory in a small cgroup" {
	mountpoint -q /sys/fs/cgroup || mount -t cgroup2 none /sys/fs/cgroup
	echo +memory > /sys/fs/cgroup/cgroup.subtree_control
	mkdir -p /sys/fs/cgroup/small
	echo 50000000 > /sys/fs/cgroup/small/memory.max
	echo 0 > /sys/fs/cgroup/small/memory.swap.max || true
	begin
	echo "$pid" > /sys/fs/cgroup/small/cgroup.procs
	echo 'log last words' >&7
	echo 'eat 100' >&7
	finished
	is 'SIGKILL, sent by the kernel, which was out of memory \(OOM killer\)'
	row log 'last words'
}

# bats test_tags=full
@test "exit status 3; and status 0 is no crash" {
	doomed 'log last words' 'exit 3'
	is 'exit status 3'
	row log 'last words'
	row frame 'exit'
	doomed 'log last words' 'exit 0'
	[ "$(jq '.rows | length' <<< "$page")" = 0 ]
	[ -z "$file" ]
}

# bats test_tags=full
@test "in a thread, by its name" {
	doomed 'thread segv'
	is 'SIGSEGV at address 0xdead: nothing is mapped there'
	row thread '\(worker\)'
	row frame '#1 end\+|#[12] worker\+'
	row log 'error +the worker is about to segv'
}

# bats test_tags=full
@test "in a forked child, and then again: each has a file" {
	begin
	echo 'child segv' >&7
	echo 'child exit 7' >&7
	for _ in $(seq 300); do [ "$(find "$dir/crashes" -name 'crash-*' 2> /dev/null | wc -l)" = 2 ] && break; sleep 0.1; done
	kill -INT "$tap"
	expect_end 130
	collect
	is 'exit status 7'
	row process ", child of $pid"
	row log 'error +child [0-9]+ is about to exit 7'
	jq -e '.rows[-1] | select(.what == "earlier").value | test("SIGSEGV at address 0xdead")' <<< "$page"
	kill -0 "$pid"
}

@test "a Python process: its Python stack" {
	dir=$BATS_TEST_TMPDIR
	cat > "$dir/doomed.py" <<- 'PY'
		import ctypes, os, sys, time
		def inner():
		    ctypes.string_at(0)
		def outer():
		    inner()
		while not os.path.exists(sys.argv[1]):
		    time.sleep(0.05)
		outer()
	PY
	for version in 3.9 3.14; do
		python$version "$dir/doomed.py" "$dir/$version/go" 3>&- &
		pid=$!
		watch crash -p "$pid" -o json -i 0.5 --crashes "$dir/$version/crashes"
		mkdir -p "$dir/$version"
		await [ -s "$tap_out" ]
		touch "$dir/$version/go"
		dir=$dir/$version finished
		file=$(find "$dir/$version/crashes" -name 'crash-*')
		is 'SIGSEGV at address 0x0: nothing is mapped there'
		row python "inner  $dir/doomed.py:2"
		row python "outer  $dir/doomed.py:4"
	done
}

# bats test_tags=full
@test "the page shows the newest file of the program until it is deleted" {
	doomed 'log last words' abort
	before=$dir
	begin
	kill -INT "$tap"
	expect_end 130
	run -0 jq -e '.rows | length == 0' <<< "$(tail -n 1 "$tap_out")"
	watch crash -p "$pid" -o json -n 1 -i 0.5 --crashes "$before/crashes"
	expect_end 0
	jq -e --arg path "$before/crashes/" '.rows[0] | (.what == "file") and (.value | startswith($path))' "$tap_out"
	[ "$(jq -r '.rows[1] | [.what, .value] | @tsv' "$tap_out")" = $'reason\tSIGABRT, sent by itself' ]
	[ "$(jq -r '.notes[0]' "$tap_out")" = 'no crash since attaching: this is the file of an earlier one' ]
	jq -er '.rows[] | select(.what == "log").value' "$tap_out" | grep -E '^info +last words$'
	rm -r "$before/crashes"
	watch crash -p "$pid" -o json -n 1 -i 0.5 --crashes "$before/crashes"
	expect_end 0
	[ "$(jq '.rows | length' "$tap_out")" = 0 ]
}
