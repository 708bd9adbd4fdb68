# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034
# For the tests of teletap serve: one server at a time, each test file with a port of
# its own, so that they can run side by side.

# serve OPTION...: in the background, until it answers; sets $server and $frontend.
serve() {
	teletap serve --port "$PORT" "$@" >"$BATS_TEST_TMPDIR/serve.out" 2>"$BATS_TEST_TMPDIR/serve.err" 3>&- &
	server=$!
	until_true answers
	frontend=$(pgrep -P "$server" -x teletap-front)
}

answers() {
	teletap page 255 -t 0.5 "127.0.0.1:$PORT" >/dev/null 2>&1
}

# page [PAGE [OPTION...]]: asks the server of this test.
page() {
	teletap page "${1-255}" "127.0.0.1:$PORT" "${@:2}"
}

# nc_page TEXT: the same, as typed into nc.
nc_page() {
	printf '%s\n' "$1" | nc -u -w 1 127.0.0.1 "$PORT"
}

# until_true COMMAND...: within 10 s
until_true() {
	for _ in {1..200}; do
		if "$@"; then return; fi
		sleep 0.05
	done
	echo "never: $*"
	cat "$BATS_TEST_TMPDIR"/serve.* 2>/dev/null
	false
}

# says PATTERN COMMAND...: its output has it
says() {
	"${@:2}" | grep -q -- "$1"
}

# Ends the server; it must exit with this status ($1) and leave nothing.
stop_server() {
	local status=0

	kill "$server"
	wait "$server" || status=$?
	server=''
	[ "$status" -eq "${1-143}" ]
	[ -z "$frontend" ] || run ! kill -0 "$frontend"
}

kill_server() {
	# A test that fails may have stopped it. SIGCONT comes first: LeakSanitizer stops the process
	# at its end, and would wait for ever for a stop that has been taken back.
	[ -z "${server-}" ] || { kill -CONT "$server" && kill "$server" && wait "$server"; } 2>/dev/null || true
	server=''
}

make_key() {
	(umask 077 && head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$1" && echo >>"$1")
}
