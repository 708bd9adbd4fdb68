#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# teletap page and several hosts: those that do not answer, those that lie, and a port that
# another user's program has.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper
load serve

setup_file() {
	export PORT=25305 R=$BATS_FILE_TMPDIR/recording
	"$TOP/tests/recording" gc "$TOP/tests/data/gc/session.lines" "$R"
}

setup() {
	server='' frontend='' other=''
}

teardown() {
	kill_server
	[ -z "$other" ] || kill "$other" 2>/dev/null || true
}

@test "several hosts, one after the other" {
	serve --replay "$R" --listen 127.0.0.2
	run -0 teletap page gc "127.0.0.1:$PORT" "127.0.0.2:$PORT"
	[ "$(grep -c '^210 gc' <<<"$output")" -eq 2 ]
	[ "$(grep '^== ' <<<"$output" | xargs)" = "== 127.0.0.1:$PORT == 127.0.0.2:$PORT" ]
	run -3 --separate-stderr teletap page gc "127.0.0.1:$PORT" 127.0.0.1:1 -o json
	[ "$(jq -r .host <<<"$output")" = "127.0.0.1:$PORT" ]
	[ "$(jq .answer.page <<<"$output")" = 210 ]
	[ "${#stderr_lines[@]}" -eq 1 ]
}

# squat ADDRESS: a process of another user has the port there, in every way it can.
squat() {
	# shellcheck disable=SC2016
	setpriv --reuid=65534 --regid=65534 --clear-groups /usr/bin/python3 -c '
import socket, sys, time
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
s = socket.socket(family, socket.SOCK_DGRAM)
for option in socket.SO_REUSEADDR, socket.SO_REUSEPORT:
    s.setsockopt(socket.SOL_SOCKET, option, 1)
try:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
except PermissionError:
    pass
s.bind((sys.argv[1], int(sys.argv[2])))
print("bound", flush=True)
time.sleep(60)' "$1" "$PORT" >"$BATS_TEST_TMPDIR/squat" 2>&1 3>&- &
	other=$!
	until_true grep -qE 'bound|rror' "$BATS_TEST_TMPDIR/squat"
}

@test "a port that another user's program has is not shared with it" {
	need_root
	make_key "$BATS_TEST_TMPDIR/key"
	while read -r theirs ours; do
		squat "$theirs"
		grep bound "$BATS_TEST_TMPDIR/squat"
		# shellcheck disable=SC2086
		refused teletap serve --port "$PORT" --replay "$R" --key "$BATS_TEST_TMPDIR/key" $ours
		[[ $stderr == *"Address already in use"* ]]
		kill "$other"
		wait "$other" || true
	done <<-'EOF'
		127.0.0.1
		0.0.0.0
		::
		127.0.0.3 --listen 0.0.0.0
		::1 --listen [::]
	EOF
	# nor does one come later
	serve --replay "$R" --listen 0.0.0.0 --listen '[::]' --key "$BATS_TEST_TMPDIR/key"
	for theirs in 127.0.0.1 127.0.0.3 0.0.0.0 ::1; do
		squat "$theirs"
		grep 'Address already in use' "$BATS_TEST_TMPDIR/squat"
	done
	other=''
}

# rogue TEXT: a server that answers every request with it, for Python to unescape.
rogue() {
	python3 - 25302 "$1" <<-'EOF' 3>&- &
		import socket, struct, sys
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.bind(("127.0.0.1", int(sys.argv[1])))
		text = sys.argv[2].encode().decode("unicode_escape").encode("latin-1")
		while True:
		    data, who = s.recvfrom(2048)
		    head = b"TTP1" + struct.pack("<BBHHHIQ", 2, 0, 0, 1, 210, 1, 0) + data[24:40] + bytes(32)
		    s.sendto(head + text, who)
	EOF
	other=$!
	until_true grep -q ":$(printf %04X 25302) " /proc/net/udp
}

no_rogue() {
	kill "$other"
	wait "$other" || true
}

@test "nothing that comes from a server moves a terminal" {
	local hostile='\x1b[2J\x07\x9b\xc2\x9b\xe2\x80\xae\x7f\r'

	rogue "210 gc $hostile\\n  C:\\\\x1b kept\\n"
	for way in '' '-f -n 2 -i 0.1'; do
		# shellcheck disable=SC2086
		run -0 teletap page gc 127.0.0.1:25302 $way
		lacks '[\x00-\x1f\x7f\x9b]|\xe2\x80\xae' <<<"$output"
		[[ ${lines[0]} == '210 gc \x1b[2J\x07\x9b\xc2\x9b\xe2\x80\xae\x7f\x0d' ]]
		[ "${lines[1]}" = '  C:\x1b kept' ]
	done
	no_rogue
	# JSON that means what it did
	rogue '{"a":\t"\xc2\x9b\xe2\x80\xae\x7fz","b":0.1,"c":123456789012345678901}\n\x1b[2J'
	run -0 teletap page gc 127.0.0.1:25302 -o json
	[ "$output" = '{"a": "\u009b\u202e\u007fz","b":0.1,"c":123456789012345678901}' ]
	no_rogue
	for text in '{"a":"\x1b[2J"}' '{"a":"\x9b"}' '{"a":1} \x07' '{\x1b[2J}' '{'; do
		rogue "$text"
		refused teletap page gc 127.0.0.1:25302 -o json
		[[ $stderr == *"127.0.0.1:25302: its answer is not JSON"* ]]
		no_rogue
	done
	rogue '[\x1b[2J]'
	run -1 --separate-stderr teletap page gc 127.0.0.1:25302 -o json
	one_line
	no_rogue
	other=''
}

@test "a summary: a line for each host, those of which nothing is known last" {
	echo '{ "status": { "memory_used": [0, 0.0001] } }' >"$BATS_TEST_TMPDIR/limits"
	serve -p $$ -i 0.2 --config "$BATS_TEST_TMPDIR/limits"
	until_true says '"rows"' page status -o json
	run -3 --separate-stderr teletap page --summary status 127.0.0.1:1 "127.0.0.1:$PORT"
	[ "${#lines[@]}" = 2 ]
	[[ ${lines[0]} == "127.0.0.1:$PORT "*" FAIL  memory: "*" % used, page 203"* ]]
	[[ ${lines[1]} == "127.0.0.1:1 "*" -  "*"nobody answers"* ]]
	run -1 teletap page --summary status "127.0.0.1:$PORT" -o json
	jq -e --arg host "127.0.0.1:$PORT" '.host == $host and .verdict == "FAIL" and
		.subsystem == "memory" and .page == 203' <<<"$output"
	run -2 teletap page --summary gc "127.0.0.1:$PORT"
	stop_server
}

@test "hosts that do not answer are waited for together" {
	python3 -c '
import socket, time
held = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(5)]
for i, s in enumerate(held):
    s.bind(("127.9.9.%d" % (i + 1), 25302))
time.sleep(60)' 3>&- &
	other=$!
	serve --replay "$R"
	until_true grep -q ' 0509097F:62D6 ' /proc/net/udp
	begin=$SECONDS
	run -3 --separate-stderr teletap page gc -t 3 127.9.9.{1..5}:25302 "127.0.0.1:$PORT"
	[ $((SECONDS - begin)) -lt 9 ]
	[ "${#stderr_lines[@]}" -eq 5 ]
	[[ ${stderr_lines[4]} == *"127.9.9.5:25302: no answer within 3 s" ]]
	[[ ${lines[0]} == "== 127.0.0.1:$PORT" ]]
	# every address of a name is asked
	need_root
	cat >"$BATS_TEST_TMPDIR/hosts" <<-EOF
		127.9.9.1 many
		127.9.9.2 many
		127.0.0.1 many
	EOF
	cd "$TOP"
	sed "s/25302/$PORT/" >"$BATS_TEST_TMPDIR/silent.py" <<-'EOF'
		import socket, time
		held = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
		for i, s in enumerate(held):
		    s.bind(("127.9.9.%d" % (i + 1), 25302))
		print("bound", flush=True)
		time.sleep(60)
	EOF
	kill "$other"
	wait "$other" || true
	python3 "$BATS_TEST_TMPDIR/silent.py" >"$BATS_TEST_TMPDIR/silent" 3>&- &
	other=$!
	until_true grep -q bound "$BATS_TEST_TMPDIR/silent"
	many() {
		# shellcheck disable=SC2016
		unshare -m sh -c 'mount --bind "$1" /etc/hosts && exec teletap page gc "many:$2" -t 4' \
			sh "$BATS_TEST_TMPDIR/hosts" "$PORT"
	}
	run -0 many
	[[ $output == "210 gc "* ]]
	# and those where no server is do not take any time
	kill "$other"
	wait "$other" || true
	other=''
	run -0 many
	[[ $output == "210 gc "* ]]
}

@test "what is no answer does not make a wait longer" {
	python3 - 25304 <<-'EOF' 3>&- &
		import select, socket, sys
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.bind(("127.0.0.1", int(sys.argv[1])))
		client = None
		while True:
		    if select.select([s], [], [], 0.005)[0]:
		        data, client = s.recvfrom(2048)
		    if client: # one with a number that was never asked for, and one that is too short
		        s.sendto(data[:4] + bytes(100), client)
		        s.sendto(b"x", client)
	EOF
	other=$!
	bound() { grep -q "0100007F:$(printf %X 25304) " /proc/net/udp; }
	until_true bound
	run -3 --separate-stderr timeout 60 teletap page gc 127.0.0.1:25304 -t 1
	[[ $stderr == *"no answer within 1 s"* ]]
}
