# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# For the tests that load kernel modules: run in the lab by tests/check.

# Measured times are part of some tests, and an emulated machine stands still for
# a moment now and then: what fails is tried twice more.
# shellcheck disable=SC2034
BATS_TEST_RETRIES=2

HERE=$(dirname "$BATS_TEST_FILENAME")

# Modules of ours that are loaded.
modules() { awk '/^teletap_/ { print $1 }' /proc/modules; }

# It is asked many times while a module is on its way out: it starts as few processes as it can.
nothing_left() {
	local loaded
	read -rd '' loaded < /proc/modules || true
	[[ $'\n'$loaded != *$'\n'teletap_* ]] && ! pgrep 'stapio|staprun' > /dev/null
}

# No module, no staprun, and the semaphores of the given processes at 0.
# shellcheck disable=SC2120
expect_clean() {
	# unloading takes 1 to 2 s once it has been asked for, and more on a busy machine
	limit=30 await nothing_left || { modules; pgrep -l 'stapio|staprun'; return 1; }
	for pid in "$@"; do
		[ "$("$HERE/semaphores" "$pid")" = 0 ] ||
			{ echo "semaphores of $pid: $("$HERE/semaphores" "$pid")"; return 1; }
	done
}

# start PYTHON ARGUMENT... : tests/live/collect.py in the background, until it is
# ready; sets $pid and $dir (its files).
start() {
	dir=$(mktemp -d "$BATS_TEST_TMPDIR/XXXXXX")
	"$1" "$HERE/collect.py" "$dir" "${@:2}" 3>&- > "$dir/out" 2>&1 &
	pid=$!
	wait_for "$dir/ready"
}

# Lets the program go on, and waits until it has done its work.
go() {
	touch "$1/go"
	wait_for "$1/done"
}

# await COMMAND...: waits until COMMAND succeeds, $limit seconds at most (60).
await() {
	local end=$((SECONDS + ${limit:-60}))
	# A pipe that nobody writes to: to wait at it starts no process, as sleep does.
	[ -n "${idle-}" ] || exec {idle}<> <(:)
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || { echo "in vain: $*"; return 1; }
		read -rt 0.05 -u "$idle" _ || true
	done
}

wait_for() { await test -e "$1"; }

# Are the markers of the process on?
raised() { [ "$("$HERE/semaphores" "$1")" -gt 0 ]; }

# watch ARGUMENT... : teletap watch in the background; sets $tap; its pages go to
# $tap_out, its messages to $tap_err. Returns when the markers are on in $pid.
watch() {
	tap_out=$BATS_TEST_TMPDIR/out.$RANDOM tap_err=$BATS_TEST_TMPDIR/err.$RANDOM
	teletap watch "$@" 3>&- > "$tap_out" 2> "$tap_err" &
	tap=$!
}

# watch gc, and wait until the markers are on in the process
watch_pid() { watch_page gc "$@"; }

# watch_page PAGE PID ARGUMENT...: the same with any page
watch_page() {
	watch "$1" -p "$2" "${@:3}"
	await raised "$2"
}

# watch_host PAGE ARGUMENT...: teletap watch in the background, without a target; returns
# when its first page has come.
watch_host() {
	watch "$@" -i 1 -o json
	first_page
}

has_page() { [ -s "$tap_out" ] || ! kill -0 "$tap"; }

# Waits for the first page.
first_page() {
	await has_page
	[ -s "$tap_out" ]
}

# Ends teletap; its last page, of which nothing was lost, goes to $BATS_TEST_TMPDIR/page.
last_page() {
	unwatch
	# shellcheck disable=SC2119
	expect_clean
	tail -n 1 "$tap_out" > "$BATS_TEST_TMPDIR/page"
	jq -c '.loss, .notes' "$BATS_TEST_TMPDIR/page"
	[ "$(jq '.loss | add' "$BATS_TEST_TMPDIR/page")" = 0 ]
}

# rows WHICH WHAT: of the rows of that page for which WHICH is true, WHAT
rows() { jq -c ".rows[] | select($1) | $2" "$BATS_TEST_TMPDIR/page"; }

# begin PROGRAM PYTHON ARGUMENT...: tests/live/PROGRAM run FIFO DONE ARGUMENT... in the
# background; it does nothing until it has read from the FIFO, descriptor 7 here. Sets $pid
# and $dir, where DONE is.
begin() {
	dir=$(mktemp -d "$BATS_TEST_TMPDIR/XXXXXX")
	mkfifo "$dir/fifo"
	"$2" "$HERE/$1" run "$dir/fifo" "$dir/done" "${@:3}" 3>&- > "$dir/out" 2>&1 &
	pid=$!
	exec 7> "$dir/fifo"
	rests
}

reads() { [ "$(cut -d' ' -f1 "/proc/$pid/syscall" 2> /dev/null)" = 0 ]; }

# Waits until the program reads from the FIFO.
rests() {
	await reads
	sleep 0.2
}

# work PAGE ARGUMENT...: the program works while the page is watched, and lives on; unwatch
# ends teletap.
work() {
	watch "$1" -p "$pid" -o json -i 1 "${@:2}" 7>&-
	first_page
	echo -n x >&7
	wait_for "$dir/done" || { cat "$dir/out"; return 1; }
	rests
}

unwatch() {
	kill -INT "$tap"
	expect_end 130
}

# trace OPTION...: strace of the program and its threads, to $dir/strace; untrace ends it.
trace() {
	strace -f "$@" -o "$dir/strace" -p "$pid" 3>&- 7>&- 2> "$dir/strace.err" &
	tracer=$!
	await grep -q attached "$dir/strace.err" || { cat "$dir/strace.err"; return 1; }
}

untrace() {
	kill -INT "$tracer"
	wait "$tracer" || true
}

# Waits for teletap; its status must be $1.
expect_end() {
	local status=0
	wait "$tap" || status=$?
	[ "$status" = "$1" ] || { echo "status $status, not $1"; cat "$tap_out" "$tap_err"; return 1; }
}

# The totals of the last page in $1, as "runs collected" per generation.
totals() { tail -n 1 "$1" | jq -c '[.rows[] | [.runs_total, .collected_total]]'; }

# What a test that failed has seen is shown.
teardown() {
	[ -n "$BATS_TEST_COMPLETED" ] || [ -z "${tap_out-}" ] || {
		echo "pages: $(wc -l < "$tap_out") lines, the last: $(tail -n 1 "$tap_out" | head -c 600)"
		echo "said: $(head -c 2000 "$tap_err")"
	}
	jobs -p | xargs -r kill -9 2>/dev/null || true
	wait 2>/dev/null || true
}
