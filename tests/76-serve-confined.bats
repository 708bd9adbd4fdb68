#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the process of teletap serve that talks to the network may not do, and what is no
# request. As root, privileges are really given up.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper
load serve

setup_file() {
	export PORT=25306 R=$BATS_FILE_TMPDIR/recording
	"$TOP/tests/recording" gc "$TOP/tests/data/gc/session.lines" "$R"
}

setup() {
	server='' frontend=''
}

teardown() {
	kill_server
}

@test "what is no request changes nothing" {
	serve --replay "$R"
	python3 - "$PORT" <<-'EOF'
		import os, random, socket, struct, sys
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.connect(("127.0.0.1", int(sys.argv[1])))
		random.seed(2)
		for i in range(20000):
		    n = random.choice([0, 1, 4, 63, 64, 65, 71, 72, 127, 128, 129, 500, 1472])
		    data = bytearray(os.urandom(n))
		    if i % 2 and n >= 4:
		        data[:5] = b"TTP1\1"
		    if i % 4 == 3 and n >= 72:
		        data[72:] = b"210".ljust(n - 72, b"\0")
		    try:
		        s.send(data)
		    except ConnectionRefusedError:
		        sys.exit("the server is gone")
	EOF
	[[ $(page gc) == "210 gc "* ]]
	# and is not answered: two servers would answer each other for ever
	for text in '%%%' 'not a request: a page' "$(printf 'x%.0s' {1..60})"; do
		[ -z "$(nc_page "$text")" ]
	done
	stop_server
}

@test "one end goes, and so does the other" {
	serve --replay "$R"
	kill -9 "$frontend"
	wait "$server" || status=$?
	[ "$status" -eq 3 ]
	[ "$(cat "$BATS_TEST_TMPDIR/serve.err")" = "teletap: serve: listens on 127.0.0.1, port $PORT
teletap: serve: the process that talks to the network has ended" ]
	serve --replay "$R"
	kill -9 "$server"
	wait "$server" || true
	gone() { ! kill -0 "$frontend" 2>/dev/null; }
	until_true gone
	server=''
}

@test "the process that talks to the network holds nothing" {
	need_root
	exec 1500</etc/passwd
	serve --replay "$R"
	exec 1500>&-
	cat "/proc/$frontend/status" >"$BATS_TEST_TMPDIR/status"
	[ "$(awk '/^Cap/ { print $2 }' "$BATS_TEST_TMPDIR/status" | sort -u)" = 0000000000000000 ]
	[ "$(awk '/^NoNewPrivs/ { print $2 }' "$BATS_TEST_TMPDIR/status")" = 1 ]
	[ "$(awk '/^Seccomp:/ { print $2 }' "$BATS_TEST_TMPDIR/status")" = 2 ]
	[ "$(awk '/^[UG]id/ { print $2, $3, $4, $5 }' "$BATS_TEST_TMPDIR/status" | sort -u)" = \
		"$(id -u nobody) $(id -u nobody) $(id -u nobody) $(id -u nobody)" ]
	[ "$(awk '/^Groups/ { print NF }' "$BATS_TEST_TMPDIR/status")" = 1 ]
	[ "$(readlink "/proc/$frontend/root")" = /run/teletap/empty ]
	[ -z "$(ls -A /run/teletap/empty)" ]
	# a socket for this host, that of the engine, and the three that everybody has
	[ "$(find "/proc/$frontend/fd" -lname 'socket:*' | wc -l)" -eq 2 ]
	[ "$(find "/proc/$frontend/fd" -type l | wc -l)" -eq 5 ]
	# the one that reads the recording may read files and end the other: DAC_READ_SEARCH, KILL
	[ "$(awk '/^Cap(Prm|Eff|Bnd)/ { print $2 }' "/proc/$server/status" | sort -u)" = 0000000000000024 ]
	stop_server
	serve --replay "$R" --user daemon
	[ "$(awk '/^Uid/ { print $2 }' "/proc/$frontend/status")" = "$(id -u daemon)" ]
}

@test "from inside: no file, no module, no program, no socket, no way back" {
	need_root
	run -0 "$BUILD/test/inside"
	echo "$output"
	[ "${#lines[@]}" -eq 23 ]
	[ "$(awk '{ print $2 }' <<<"$output" | sort | uniq -c | xargs)" = "1 given 22 refused" ]
	[ "$(awk '$2 == "given" { print $1 }' <<<"$output")" = memory ]
	for what in shadow module module-fd exec socket fork; do grep -q "^$what .*refused" <<<"$output"; done
}

@test "without root a recording is served as well, and confined" {
	plain_recording=$(mktemp /tmp/teletap-serve.XXXXXX)
	cp "$R" "$plain_recording"
	chmod 644 "$plain_recording"
	program=$(mktemp -d /tmp/teletap-bin.XXXXXX)
	chmod 755 "$program"
	cp "$BUILD/bin/teletap" "$program"
	plain=(env)
	[ "$(id -u)" -ne 0 ] || plain=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	"${plain[@]}" "$program/teletap" serve --port "$PORT" --replay "$plain_recording" 3>&- &
	server=$!
	until_true answers
	frontend=$(pgrep -P "$server" -x teletap-front)
	[ "$(awk '/^Seccomp:/ { print $2 }' "/proc/$frontend/status")" = 2 ]
	[[ $(page gc) == "210 gc "* ]]
	rm -rf "$plain_recording" "$program"
}
