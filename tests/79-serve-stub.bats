#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# teletap serve with a target and a stand-in for staprun (tests/stub): what becomes of
# a page when its module, its target or its process number ends, on this machine and
# with sanitizers. With real modules: tests/live/70-serve.bats.

# shellcheck disable=SC2030,SC2031,SC2154,SC2016,SC2034 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper
load serve

setup_file() {
	stub_begin
	export PORT=25331
	# this kernel may load no module at all, and page 255 would say so
	host_make "$BATS_FILE_TMPDIR/host"
	export TELETAP_HOST_ROOT=$BATS_FILE_TMPDIR/host
}

teardown_file() {
	python_forget
}

setup() {
	need_stub
	export STUB_LOG=$BATS_TEST_TMPDIR/log
	unset STUB
	server='' frontend='' target=''
}

teardown() {
	[ -z "$target" ] || kill -9 "$target" 2>/dev/null || true
	kill_server
	until_true nothing_left
}

nothing_left() { ! grep -qsz "^STUB_LOG=$STUB_LOG$" /proc/[0-9]*/environ; }

# A Python that sleeps; its number in $target.
start_target() {
	"$EXE" -c 'import time; print(flush=True); time.sleep(100)' >"$BATS_TEST_TMPDIR/ready.$1" 3>&- &
	target=$!
	until_true test -s "$BATS_TEST_TMPDIR/ready.$1"
}

shows() { page "${2-gc}" | grep -q -- "$1"; }
shows_not() { ! shows "$@"; }
number() { page gc | sed -n 's/^page \([0-9]*\).*/\1/p'; }
reaches() { [ "$(number)" -ge "$1" ]; }
loaded() { grep -c . "$STUB_LOG" 2>/dev/null || true; }
state() { page 255 -o json | jq -r '.rows[] | select(.name == "gc") | .state'; }
state_is() { [ "$(state)" = "$1" ]; }

@test "cold, warming up, live, idle, cold" {
	serve -e "$EXE" --pack "$PACK" -i 0.2 --idle 5
	state_is 'can work'
	[ ! -e "$STUB_LOG" ]
	run -0 page gc
	[ "${lines[0]}" = "210 gc  Garbage collection by generation" ]
	[ "${lines[1]}" = "The page is warming up: ask again in 3 s." ]
	until_true shows '^page 1'
	[ "$(loaded)" -eq 1 ]
	state_is live
	run -0 page gc -o json
	jq -e '.rows[2].runs_total > 0' <<<"$output"
	# a page of the same module needs no other one
	run -0 page gc-pauses
	[[ $output != *"warming up"* ]]
	[ "$(loaded)" -eq 1 ]
	until_true state_is 'can work'
	[ "$(pgrep -P "$server" | wc -l)" -eq 1 ]
	run -0 page gc -o json
	[ "$(jq -r .state <<<"$output")" = warming ]
	until_true shows '^page 1'
	[ "$(loaded)" -eq 2 ]
	stop_server
}

@test "one interval follows the other, with every event in one of them" {
	serve -e "$EXE" --pack "$PACK" -i 0.3
	page gc >/dev/null
	until_true shows '^page 1'
	until_true shows '^page 2'
	page gc -o json >"$BATS_TEST_TMPDIR/one"
	for _ in {1..60}; do
		page gc -o json >>"$BATS_TEST_TMPDIR/one"
		sleep 0.05
	done
	uniq "$BATS_TEST_TMPDIR/one" >"$BATS_TEST_TMPDIR/pages"
	# those that were seen one right after the other
	jq -s '[range(1; length) as $i | {a: .[$i - 1], b: .[$i]} | select(
		(.b.attached_s - .a.attached_s - .b.interval_s) | fabs < 1e-6)]' \
		"$BATS_TEST_TMPDIR/pages" >"$BATS_TEST_TMPDIR/pairs"
	jq -e 'length > 1' "$BATS_TEST_TMPDIR/pairs"
	jq -e '[.[] | .b.rows[2].runs_total == .a.rows[2].runs_total + .b.rows[2].runs] | all' \
		"$BATS_TEST_TMPDIR/pairs"
	stop_server
}

@test "the process ends: its pages are kept and marked" {
	start_target 1
	serve -p "$target" --pack "$PACK" -i 0.2 --idle 600
	page gc >/dev/null
	until_true shows '^page '
	kill -9 "$target"
	until_true shows "^ENDED: process $target has ended; this is its last page.$"
	shows ', the last one: '
	state_is ended
	run -0 page gc -o json
	[ "$(jq .last <<<"$output")" = true ]
	sleep 1.2
	shows '^ENDED'
	run -1 page 230
	[[ $output == *"process $target has ended"* ]]
	[ "$(loaded)" -eq 1 ]
	stop_server
}

@test "--pid-file: a zombie costs no descriptors" {
	file=$BATS_TEST_TMPDIR/pid
	python3 -c 'import os, time
pid = os.fork()
pid or os._exit(0)
print(pid, flush=True)
time.sleep(1000)' >"$file" 3>&- &
	parent=$!
	until_true [ -s "$file" ]
	serve --pid-file "$file" --pack "$PACK" -i 0.2
	page gc >/dev/null || true
	before=(/proc/"$server"/fd/*)
	sleep 3.5
	after=(/proc/"$server"/fd/*)
	kill "$parent"
	echo "${#before[@]} ${#after[@]}"
	[ "${#after[@]}" -le "${#before[@]}" ]
}

@test "--pid-file: no process yet, one, another one, none" {
	file=$BATS_TEST_TMPDIR/pid
	serve --pid-file "$file" --pack "$PACK" -i 0.2
	run -1 page gc
	echo "no number" >"$file"
	run -1 page gc
	echo 999999999 >"$file"
	run -1 page gc
	start_target 1
	one=$target
	echo "$one" >"$file"
	until_true state_is 'can work'
	page gc >/dev/null
	until_true shows "process $one"
	# the new one is there before the old one goes
	start_target 2
	echo "$target" >"$file"
	until_true shows "^ENDED: process $target is in the place of $one"
	kill -9 "$one"
	until_true shows_not '^ENDED'
	until_true shows "process $target"
	rm "$file"
	kill -9 "$target"
	until_true shows '^ENDED'
	[ "$(loaded)" -eq 2 ]
	stop_server
}

@test "-e: no process, some, none, and another file" {
	cp -p "$EXE" "$BATS_TEST_TMPDIR/exe"
	pack_make "$BATS_TEST_TMPDIR/pack" "$BATS_TEST_TMPDIR/exe"
	serve -e "$BATS_TEST_TMPDIR/exe" --pack "$BATS_TEST_TMPDIR/pack" -i 0.2
	page gc >/dev/null
	until_true shows '^page '
	shows_not ENDED
	EXE=$BATS_TEST_TMPDIR/exe start_target 1
	until_true reaches $(($(number) + 15))
	kill -9 "$target"
	until_true shows "^ENDED: no process runs $BATS_TEST_TMPDIR/exe any more"
	EXE=$BATS_TEST_TMPDIR/exe start_target 2
	until_true shows_not '^ENDED'
	# an upgrade
	python_copy "$BATS_TEST_TMPDIR/new"
	pack_make "$BATS_TEST_TMPDIR/pack" "$BATS_TEST_TMPDIR/new"
	mv "$BATS_TEST_TMPDIR/new" "$BATS_TEST_TMPDIR/exe"
	until_true shows '^ENDED: .* is another file now'
	until_true shows_not '^ENDED'
	[ "$(loaded)" -eq 2 ]
	grep -q "/$(jq -r ".modules[0].sites" "$BATS_TEST_TMPDIR/pack/manifest.json")/" "$STUB_LOG"
	stop_server
	python_forget
}

@test "staprun cannot, or goes: the page says why, and works again later" {
	STUB='echo "ERROR: Couldn'\''t insert module x.ko: Invalid module format" >&2; exit 1' \
		serve -e "$EXE" --pack "$PACK" -i 0.2
	page gc >/dev/null
	until_true shows 'It does not work: the kernel refuses the module'
	run -1 page gc
	run -0 page 255
	[[ $output == *" cannot"$'\n    the kernel refuses the module'* ]]
	stop_server
	: >"$STUB_LOG"
	STUB='hello; snapshot; i=0; while [ $i -lt 40 ]; do snapshot; sleep 0.05; i=$((i + 1)); done; exit 1' \
		serve -e "$EXE" --pack "$PACK" -i 0.2
	page gc >/dev/null
	until_true shows '^page '
	until_true shows '^ENDED: staprun ended without a reason: .*; this is its last page.$'
	state_is ended
	# tried again after ten seconds
	until_true shows_not '^ENDED' || until_true shows_not '^ENDED'
	stop_server
}

@test "no module, and none can be compiled: said on the page" {
	mkdir "$BATS_TEST_TMPDIR/bin" "$BATS_TEST_TMPDIR/empty"
	ln -s "$TOP/tests/stub/staprun" "$BATS_TEST_TMPDIR/bin"
	echo '{"format":1,"modules":[]}' >"$BATS_TEST_TMPDIR/empty/manifest.json"
	PATH=$BATS_TEST_TMPDIR/bin:$BUILD/bin:/usr/bin:/bin serve -e "$EXE" --pack "$BATS_TEST_TMPDIR/empty"
	page gc >/dev/null || true
	until_true shows 'It does not work: '
	run -1 page gc -o json
	[ "$(jq -r .state <<<"$output")" = cannot ]
	stop_server
}
