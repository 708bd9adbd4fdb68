# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# Programs whose memory is read. A test's file has teardown() { stop; }.

# Ends what begin and the test have begun: $pid, $watch.
stop() {
	[ -z "${watch-}" ] || kill "$watch" 2>/dev/null || true
	[ -z "${pid-}" ] || kill -9 "$pid" 2>/dev/null || true
	[ -z "${pid-}" ] || wait "$pid" 2>/dev/null || true
	pid='' watch=''
	exec 5>&- 6>&- 7>&-
	rm -f "$BATS_TEST_TMPDIR"/{in,out,pages}
}

# begin COMMAND...: a program that is ready. Sets $pid; in is its standard input.
begin() {
	mkfifo "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/out"
	"$@" <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out" 3>&- &
	pid=$!
	exec 5>"$BATS_TEST_TMPDIR/in" 6<"$BATS_TEST_TMPDIR/out"
	read -r -t 60 -u 6 word
	[ "$word" = ready ]
}
