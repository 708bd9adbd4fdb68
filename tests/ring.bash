# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154
# For the tests of the flight recorder: tests/service.c, which writes one.

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	SERVICE=$TOP/build/test/service
	PID=''
}

teardown() {
	[ -z "$PID" ] || kill -KILL "$PID" 2>/dev/null || true
	wait || true
}

# start [COMMAND...]: the service, ready; sets $PID.
start() {
	mkfifo in
	if [ $# -gt 0 ]; then "$@" <in >out 3>&- & else "$SERVICE" <in >out 3>&- & fi
	PID=$!
	exec 7>in
	rm in
	answer ready
}

# answer WORD [SECONDS]: the service's next line.
answer() {
	local tries=0
	until [ "$(tail -n 1 out)" = "$1" ]; do
		[ $((tries++)) -lt 500 ] || return 1
		sleep 0.02
	done
	: >out
}

tell() {
	echo "$1" >&7
	answer 'done'
}

ring() { "$BUILD/test/ring" "$@"; }

# q FILTER: of the running service's ring.
q() { ring "$PID" | jq -c "$1"; }
