#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The lab itself: as root, with the lab built: bats tests/lab/check.bats (2 min)

# shellcheck disable=SC2016,SC2154,SC1003
bats_require_minimum_version 1.5.0

setup_file() {
	export LAB=${TELETAP_LAB:-$BATS_TEST_DIRNAME/../../build/lab}
	export run=$BATS_TEST_DIRNAME/run native=$BATS_TEST_DIRNAME/native
}

# Killed processes may take a moment to leave the table of processes.
gone() {
	for _ in $(seq 30); do
		grep -qsF "$1" "$LAB"-run/*/lab/command /proc/[0-9]*/cmdline || return 0
		sleep 0.1
	done
	return 1
}

# What a lab says: without a machine that had to be started anew.
said() { grep -v '^lab: .*: trying once more$' <<<"$stderr"; }

@test "every kernel boots, has its name and the right time" {
	while read -r name release; do
		begin=$(date +%s)
		run --separate-stderr "$run" --kernel "$name" -- sh -c 'uname -r; date +%s'
		[ "$status" -eq 0 ]
		[ "${lines[0]}" = "$release" ]
		[ "${lines[1]}" -ge $((begin - 1)) ]
		[ "${lines[1]}" -le $(($(date +%s) + 1)) ]
	done <"$LAB/kernels"
}

@test "a module compiled outside counts exactly, on every kernel" {
	cat >"$BATS_TEST_TMPDIR/x.stp" <<-'STP'
		global n
		probe process("/usr/bin/python3.14").mark("gc__done") { if (pid() == target()) n++ }
		probe end { printf("%d\n", n) }
	STP
	printf 'import gc, os\nfor i in range(%d): gc.collect()\nos._exit(0)\n' 23 >"$BATS_TEST_TMPDIR/23.py"
	printf 'import gc, os\nfor i in range(%d): gc.collect()\nos._exit(0)\n' 123 >"$BATS_TEST_TMPDIR/123.py"
	while read -r name release; do
		"$native" -- sh -c 'cat >/tmp/x.stp && cd /tmp && stap -p4 -r "$0" -m x x.stp >&2 && cat x.ko' "$release" \
			<"$BATS_TEST_TMPDIR/x.stp" >"$BATS_TEST_TMPDIR/x.ko" 2>"$BATS_TEST_TMPDIR/stap"
		run --separate-stderr "$run" --kernel "$name" --put "$BATS_TEST_TMPDIR/x.ko" \
			--put "$BATS_TEST_TMPDIR/23.py" --put "$BATS_TEST_TMPDIR/123.py" -- \
			sh -c 'for n in 23 123; do staprun /in/x.ko -c "python3.14 /in/$n.py"; done'
		[ "$status" -eq 0 ]
		[ $((lines[1] - lines[0])) -eq 100 ]
	done <"$LAB/kernels"
}

@test "each Python runs, and its program is an ELF file" {
	run --separate-stderr "$run" -- bash -c 'for v in 3.9 3.11 3.13 3.14 3.15; do
		python$v -c "import gc, sys, json, threading; print(sys.version_info[:2])" || exit
		readelf -h "$(readlink -f "$(command -v python$v)")" >/dev/null || exit; done'
	[ "$status" -eq 0 ]
	[ "${lines[*]}" = '(3, 9) (3, 11) (3, 13) (3, 14) (3, 15)' ]
}

@test "the tools are there" {
	run --separate-stderr "$run" -- sh -ec 'python3 -c "import django"; gunicorn --version; bats --version
		printf "int main(void){return 0;}" >/tmp/x.c; gcc -o /tmp/x /tmp/x.c; /tmp/x
		/usr/lib/postgresql/18/bin/postgres --version; execsnoop-bpfcc --help
		bpftrace -e "BEGIN { printf(\"traced\\n\"); exit() }"'
	[ "$status" -eq 0 ]
	[[ $output = *traced* ]]
}

@test "status, arguments, stdin and streams come through unchanged" {
	run --separate-stderr "$run" -- sh -c 'cat; printf "<%s>" "$@"; echo E >&2; echo e >/dev/stderr; exit 7' sh \
		'a  b' $'new\nline' '"q" $x `y` \' "'" '' '*'
	[ "$status" -eq 7 ]
	[ "$output" = "<a  b><new"$'\n'"line><\"q\" \$x \`y\` \\><'><><*>" ]
	[ "$(said)" = E$'\ne' ]
}

@test "5 MB of any bytes, and /out" {
	"$run" -- sh -c 'head -c 5000000 /dev/urandom | tee /out/bytes' >"$BATS_TEST_TMPDIR/bytes"
	[ "$(wc -c <"$BATS_TEST_TMPDIR/bytes")" -eq 5000000 ]
	cmp "$BATS_TEST_TMPDIR/bytes" "$LAB/out/bytes"
}

@test "a slow reader loses nothing" {
	[ "$("$run" -- head -c 3000000 /dev/zero | (sleep 10 && wc -c))" -eq 3000000 ]
}

@test "the time limit: 124, and /out still comes" {
	run --separate-stderr "$run" --time 2 -- sh -c 'echo left >/out/left-$0; trap "" TERM; sleep 90' "$$"
	[ "$status" -eq 124 ]
	[ "$(said)" = 'lab: time is up (2 s)' ]
	[ "$(cat "$LAB/out/left-$$")" = left ]
}

@test "a broken kernel: 125, and its console log" {
	run --separate-stderr "$run" -- sh -c 'echo before; sleep 1; echo c >/proc/sysrq-trigger; sleep 60'
	[ "$status" -eq 125 ]
	[ "$output" = before ]
	grep 'sysrq triggered crash' "${stderr##*see }"
	[[ "$stderr" = *'Kernel panic'*'sysrq triggered crash'*'the machine crashed'* ]]
	rm "${stderr##*see }"
}

@test "what a command leaves running cannot hold the machine" {
	SECONDS=0
	run --separate-stderr "$run" -- sh -c 'setsid sh -c "while :; do sleep 1; echo on; done" & echo done'
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "done" ]
	[ $SECONDS -lt 60 ]
}

@test "two at once" {
	"$run" -- sh -c 'sleep 2; echo one; exit 3' >"$BATS_TEST_TMPDIR/one" &
	run --separate-stderr "$run" -- sh -c 'sleep 2; echo two; exit 4'
	[ "$status" -eq 4 ]
	[ "$output" = two ]
	status=0
	wait $! || status=$?
	[ "$status" -eq 3 ]
	[ "$(cat "$BATS_TEST_TMPDIR/one")" = one ]
}

@test "a signal ends the machine and leaves nothing" {
	for signal in INT TERM HUP; do
		run timeout --preserve-status -s $signal 6 "$run" -- sleep "4242.$BASHPID"
		[ "$status" -eq $((128 + $(kill -l $signal))) ]
		gone "4242.$BASHPID"
	done
}

@test "nobody reads: the machine ends" {
	SECONDS=0
	"$run" -- yes | head -1
	[ $SECONDS -lt 60 ]
}

@test "wrong usage is 2, no lab is 125" {
	run "$run"
	[ "$status" -eq 2 ]
	run "$run" --kernel 1.0 -- true
	[ "$status" -eq 2 ]
	run "$run" --put /nowhere -- true
	[ "$status" -eq 2 ]
	TELETAP_LAB=/nowhere run "$run" -- true
	[ "$status" -eq 125 ]
	[ "$output" = 'lab: not built: run make lab' ]
}

@test "native: the tree is read-only, mounts stay inside" {
	mounts=$(wc -l </proc/mounts)
	run "$native" -- sh -c 'pwd; touch /usr/x || echo read-only; test -w /src && echo writable'
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = /src ]
	[[ $output = *read-only*writable ]]
	[ "$(wc -l </proc/mounts)" -eq "$mounts" ]
	run "$native" -- sh -c 'exit 9'
	[ "$status" -eq 9 ]
}

@test "stap in the machine compiles at the host's speed, and says what is wrong" {
	cat >"$BATS_TEST_TMPDIR/job" <<-'JOB'
		cd /tmp && mkdir tapset
		echo 'function f() { return 42 }' >tapset/f.stp
		echo 'probe begin { printf("%d\n", f()) exit() }' >x.stp
		timeout 90 stap -p4 -r "$(uname -r)" -m x -I /tmp/tapset /tmp/x.stp
		staprun x.ko
		echo 'probe nothing {}' >y.stp
		timeout 30 stap -p4 -m y y.stp 2>&1 | grep -m 1 -o 'semantic error'
	JOB
	run --separate-stderr "$run" --put "$BATS_TEST_TMPDIR/job" -- bash /in/job
	[ "$status" -eq 0 ]
	[ "${lines[*]}" = 'x.ko 42 semantic error' ]
}
