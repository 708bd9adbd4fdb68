#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the unit of systemd relies on: the word that serve is ready. 'tests/release' starts the unit
# itself, in a machine with systemd.

# shellcheck disable=SC2030,SC2031,SC2154
bats_require_minimum_version 1.5.0
load helper
load serve

setup() {
	export PORT=25423 R=$BATS_TEST_TMPDIR/recording
	"$TOP/tests/recording" gc "$TOP/tests/data/gc/session.lines" "$R"
}

# manager ADDRESS COMMAND...: what a service manager gets as its first word, then, at once and
# once, a page's first line.
manager() {
	/usr/bin/python3 - "$PORT" "$@" <<-'EOF'
		import os, socket, subprocess, sys
		port, address, *command = sys.argv[1:]
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.settimeout(60)
		s.bind("\0" + address[1:] if address[0] == "@" else address)
		serve = subprocess.Popen(command, env={**os.environ, "NOTIFY_SOCKET": address})
		try:
		    print(s.recv(100).decode())
		    ask = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		    ask.settimeout(60)
		    ask.sendto(b"255", ("127.0.0.1", int(port)))
		    print(ask.recv(65536).decode().split("\n")[0])
		    s.settimeout(0.1)
		    try:
		        print("more:", s.recv(100))
		    except TimeoutError:
		        pass
		    with open(f"/proc/{serve.pid}/task/{serve.pid}/children") as f:
		        print("children:", len(f.read().split()))
		finally:
		    serve.terminate()
		    serve.wait()
	EOF
}

@test "serve says that it is ready when it answers, to a path and to a name without a file" {
	for address in "$BATS_TEST_TMPDIR/notify" "@teletap-test-$$"; do
		run -0 --separate-stderr manager "$address" teletap serve --port "$PORT" --replay "$R"
		[ "${lines[0]}" = READY=1 ]
		[[ ${lines[1]} == '255 contents'* ]]
		[ "${#lines[@]}" = 3 ]
	done
}

@test "an address that is not one is said, and serve goes on" {
	for address in relative @ "/$(printf 'x%.0s' {1..120})" "$BATS_TEST_TMPDIR/nobody"; do
		NOTIFY_SOCKET=$address serve --replay "$R"
		grep -q '^teletap: serve: NOTIFY_SOCKET: .*; the service manager is not told' "$BATS_TEST_TMPDIR/serve.err"
		stop_server 143
	done
}

teardown() {
	kill_server
}
