# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154
# For the tests of teletap watch with a stand-in for staprun (tests/stub): its targets, their
# markers, how it ends. No test may leave anything behind.

setup_file() {
	stub_begin
	export SITES
	SITES=$(jq -r '.modules[0].sites' "$PACK/manifest.json")
	gcc -shared -fPIC -o "$BATS_FILE_TMPDIR/hurry.so" "$TOP/tests/stub/hurry.c"
}

teardown_file() {
	python_forget
}

setup() {
	need_stub
	export STUB_LOG=$BATS_TEST_TMPDIR/log
	unset STUB
	out=$BATS_TEST_TMPDIR/out err=$BATS_TEST_TMPDIR/err
	target='' tap=''
}

teardown() {
	for pid in $tap $target; do
		{ kill -9 "$pid" && wait "$pid"; } 2>/dev/null || true
	done
	nothing_left
}

# No process of this test, no link to a target.
nothing_left() {
	local left

	for _ in {1..40}; do
		left=$(grep -lsz "^STUB_LOG=$STUB_LOG$" /proc/[0-9]*/environ
			ls -d "/run/teletap/$SITES" 2>/dev/null) || true
		[ -n "$left" ] || return 0
		sleep 0.05
	done
	echo "left: $left"
	false
}

# In the foreground.
watch_exe() {
	timeout 20 teletap watch gc -e "$EXE" --pack "$PACK" -i 0.1 "$@"
}

# In the background, until a page (or, with JSON, an object) has been printed.
watch_bg() { # under nohup, too
	env --default-signal=HUP teletap watch gc --pack "$PACK" "$@" >"$out" 2>"$err" 3>&- &
	tap=$!
	until_true [ -s "$out" ]
}

until_true() {
	for _ in {1..200}; do
		if "$@"; then return; fi
		sleep 0.02
	done
	echo "never: $*"
	cat "$out" "$err"
	false
}

# expect_end STATUS: within some seconds, with no word.
expect_end() {
	ends_with "$1"
	[ ! -s "$err" ]
}

ends_with() {
	local status=0 begin=$SECONDS

	wait "$tap" || status=$?
	tap=''
	echo "status $status"
	cat "$err"
	[ "$status" -eq "$1" ]
	[ $((SECONDS - begin)) -lt 30 ]
}

# A Python that sleeps; its number in $target.
start_target() {
	"$EXE" -c 'import time; print(flush=True); time.sleep(60)' >"$BATS_TEST_TMPDIR/ready" 3>&- &
	target=$!
	until_true [ -s "$BATS_TEST_TMPDIR/ready" ]
}

semaphores() {
	"$TOP/tests/live/semaphores" "$target"
}

semaphores_are() {
	[ "$(semaphores)" -eq "$1" ]
}

# The pages in $out are whole, and only the last one is the last one.
pages_are_whole() {
	jq -es 'length > 0 and (map(.last) == [range(1; length) | false] + [true])' "$out"
}
