#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# teletap serve and teletap page with a recording: every way to ask for a page, long
# pages, several hosts, exit statuses, and what the process that talks to the network
# may not do. No kernel module is needed; as root, privileges are really given up.

# shellcheck disable=SC2030,SC2031,SC2154 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper
load serve

setup_file() {
	export PORT=25301 R=$BATS_FILE_TMPDIR/recording LONG=$BATS_FILE_TMPDIR/long
	"$TOP/tests/recording" gc "$TOP/tests/data/gc/session.lines" "$R"
	# a page of some hundred datagrams
	{
		printf 'teletap\t1\timports\n'
		for n in 1 2; do
			printf 'snap\t%d\t%d000000000\t176732304%d000000000\t0\n' $n $n $n
			[ $n = 1 ] || for i in {1..1500}; do
				printf 'name\t%d\tmodule_%d\t\t0\n' "$i" "$i"
				printf 'import\t%d\t0\t%d\t1\t1\t0\t%d\t%d\n' "$i" "$i" "$i" "$i"
			done
			printf 'loss\t0\t0\t0\nend\t%d\n' $n
		done
	} >"$LONG.lines"
	"$TOP/tests/recording" imports "$LONG.lines" "$LONG"
}

setup() {
	server='' frontend='' lossy='' other=''
}

teardown() {
	kill_server
	[ -z "$other" ] || kill "$other" 2>/dev/null || true
	[ -z "$lossy" ] || kill "$lossy" 2>/dev/null || true
}

@test "a page by number and by name, from teletap page and from nc" {
	serve --replay "$R" -i 3600
	run -0 --separate-stderr page 210
	[ -z "$stderr" ]
	[ "$output" = "$(teletap replay "$R" gc -n 1)" ]
	[ "$(page gc)" = "$output" ]
	[ "$(nc_page 210)" = "$output" ]
	[ "$(nc_page gc)" = "$output" ]
	[ "$(printf 'gc\r\n' | nc -u -w 1 127.0.0.1 "$PORT")" = "$output" ]
	[ "$(page gc -o json)" = "$(teletap replay "$R" gc -n 1 -o json)" ]
	[ "$(nc_page 'gc json')" = "$(page gc -o json)" ]
}

@test "the contents: the page nobody has to know" {
	serve --replay "$R" -i 3600
	run -0 page 255
	[[ ${lines[0]} == "255 contents "* ]]
	[[ $output == *$'\n210  gc   '*" live"$'\n'* ]]
	[[ $output == *$'\n230  imports '*" cannot"$'\n    it was not recorded'* ]]
	for line in "${lines[@]}"; do [ "${#line}" -le 80 ]; done
	mine=$(tail -n +2 <<<"$output")
	[ "$(page contents | tail -n +2)" = "$mine" ]
	[ "$(teletap page -t 3 '' "127.0.0.1:$PORT" | tail -n +2)" = "$mine" ]
	[ "$(nc_page '' | tail -n +2)" = "$mine" ]
	[ "$(nc_page 255 | tail -n +2)" = "$mine" ]
	run -0 page 255 -o json
	[ "$(jq -r '.rows[] | select(.name == "gc") | .state' <<<"$output")" = live ]
	[ "$(jq -r '.rows[] | select(.name == "imports") | .state' <<<"$output")" = cannot ]
	[ "$(jq '.rows | length' <<<"$output")" -eq "$(teletap list | grep -vc ^255)" ]
}

@test "the default page and host" {
	# the documented port, unless somebody has it
	PORT=25255 serve --replay "$R"
	run -0 teletap page
	[[ ${lines[0]} == "255 contents "* ]]
	run -0 teletap page gc
	[[ ${lines[0]} == "210 gc "* ]]
}

@test "long pages are put together, whatever is lost on the way" {
	serve --replay "$LONG" -i 0.1
	until_true says ended page 255
	run -0 page imports -o json
	[ "$output" = "$(teletap replay "$LONG" -o json | tail -n 1)" ]
	[ "${#output}" -gt 100000 ]
	# through something that loses a third of all datagrams and mixes up the rest
	python3 - 25302 "$PORT" <<-'EOF' 3>&- &
		import random, select, socket, sys
		front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		front.bind(("127.0.0.1", int(sys.argv[1])))
		back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		back.connect(("127.0.0.1", int(sys.argv[2])))
		random.seed(1)
		client, held = None, []
		while True:
		    ready = select.select([front, back], [], [], 0.05)[0]
		    if front in ready:
		        data, client = front.recvfrom(2048)
		        if random.random() > 0.33:
		            back.send(data)
		    if back in ready:
		        data = back.recv(2048)
		        if random.random() > 0.33:
		            held.append(data)
		    if not ready or len(held) > 5:
		        random.shuffle(held)
		        for data in held:
		            front.sendto(data, client)
		        held = []
	EOF
	lossy=$!
	until_true teletap page 255 127.0.0.1:25302
	run -0 --separate-stderr teletap page imports 127.0.0.1:25302 -o json -t 10
	kill "$lossy"
	lossy=''
	[ "$output" = "$(teletap replay "$LONG" -o json | tail -n 1)" ]
}

@test "a long page that is drawn anew all the time is collected over a slow link" {
	# a program that draws a page itself, each time with another number in all lines
	python3 - <<-'EOF' 3>&- &
		import os, socket
		listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		listener.bind("\0teletap/%s/%d" % (os.readlink("/proc/self/ns/pid"), os.getpid()))
		listener.listen(8)
		drawn = 0
		while True:
		    asks = listener.accept()[0]
		    if asks.recv(16) == b"list":
		        asks.send(b"l301\tlong\tA long page\n")
		    else:
		        drawn += 1
		        asks.send(b"tlong\tA long page\n" + b"drawing %06d\n" % drawn * 4000)
		    asks.close()
	EOF
	other=$!
	serve -p "$other"
	until_true says drawing page 301
	# answers pass one by one, and what finds no room before is lost
	python3 - 25303 "$PORT" <<-'EOF' 3>&- &
		import select, socket, sys, time
		front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		front.bind(("127.0.0.1", int(sys.argv[1])))
		back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		back.connect(("127.0.0.1", int(sys.argv[2])))
		client, held, due = None, [], 0
		while True:
		    ready = select.select([front, back], [], [], 0.03)[0]
		    if front in ready:
		        data, client = front.recvfrom(2048)
		        back.send(data)
		    if back in ready:
		        held.append(back.recv(2048))
		        del held[16:]
		    if held and time.monotonic() >= due:
		        front.sendto(held.pop(0), client)
		        due = time.monotonic() + 0.03
	EOF
	lossy=$!
	until_true teletap page 255 127.0.0.1:25303
	# and somebody else wants to see it, too
	(while page 301 >/dev/null; do sleep 0.2; done) 3>&- &
	looks=$!
	run -0 --separate-stderr timeout 60 teletap page 301 127.0.0.1:25303 -t 10
	kill "$looks" "$lossy"
	lossy=''
	[ "$(grep -c '^drawing' <<<"$output")" -eq 4000 ]
	[ "$(grep '^drawing' <<<"$output" | sort -u | wc -l)" -eq 1 ]
	# it has been drawn meanwhile
	[ "$(page 301 | tail -n 1 | tr -dc 0-9 | sed 's/^0*//')" -gt $(($(tail -n 1 <<<"$output" | tr -dc 0-9 | sed 's/^0*//') + 1)) ]
}

@test "plain text longer than a datagram comes in order, cut at lines" {
	serve --replay "$R" -i 3600
	sizes=$(python3 - "$PORT" <<-'EOF'
		import socket, sys
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.connect(("127.0.0.1", int(sys.argv[1])))
		s.settimeout(1)
		s.send(b"255\n")
		text = b""
		try:
		    while True:
		        part = s.recv(65536)
		        assert len(part) <= 1472 and part.endswith(b"\n"), part
		        text += part
		except socket.timeout:
		    pass
		sys.stdout.buffer.write(text)
	EOF
	)
	[ "$(tail -n +2 <<<"$sizes")" = "$(page | tail -n +2)" ]
}

@test "exit statuses: 1 no such page, 2 wrong usage, 3 no answer" {
	serve --replay "$R"
	for wrong in 299999999 199 400 nosuch; do
		run -1 --separate-stderr page "$wrong"
		one_line
		[[ $stderr == "teletap: page: $wrong: no such page"* ]]
	done
	run -1 page 230
	[[ $output == *"not recorded"* ]]
	run -1 page 230 -o json
	jq -e '.state == "cannot"' <<<"$output"
	for wrong in 'gc;id' 'GC' 'a b c' "$(printf 'x%.0s' {1..60})"; do misused page "$wrong"; done
	misused page gc -t 0
	refused teletap page gc 127.0.0.1:1
	[[ $stderr == *"nobody answers there"* ]]
	refused teletap page gc nohost.invalid
	stop_server
	# somebody is there, and says nothing
	nc -u -l 127.0.0.1 "$PORT" >/dev/null </dev/null 3>&- &
	nc=$!
	until_true grep -q ":$(printf %04X "$PORT") " /proc/net/udp
	refused page gc -t 0.3
	[[ $stderr == *"no answer within 0.3 s" ]]
	kill $nc
	wait $nc || true
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

@test "--follow asks again; the pages of a recording follow each other" {
	serve --replay "$R" -i 0.5
	run -0 page gc -f -i 0.5 -n 5
	[ "$(grep -c '^210 gc' <<<"$output")" -eq 5 ]
	[ "$(grep -c '^page ' <<<"$output")" -eq 5 ]
	until_true says 'the last one' page gc
	until_true says '^210 .* ended' page 255
}

@test "serve: wrong usage, and what the environment refuses" {
	misused teletap serve
	misused teletap serve --replay "$R" -e /bin/true
	misused teletap serve --replay "$R" gc
	misused teletap serve --replay "$R" --port 0
	misused teletap serve --replay "$R" --idle 0
	for listen in nowhere 1.2.3.4.5 0.0.0.0 '[::]' 10.1.1.1:70000; do
		misused teletap serve --port "$PORT" --replay "$R" --listen "$listen"
	done
	refused teletap serve --port "$PORT" --replay /nowhere
	refused teletap serve --port "$PORT" --replay "$R" --user nosuchuser
	refused teletap serve --port "$PORT" --replay "$R" --user root
	serve --replay "$R"
	refused teletap serve --port "$PORT" --replay "$R"
	[[ $stderr == *"Address already in use"* ]]
	refused teletap serve --replay "$R" --port 25302 --listen "127.0.0.1:$PORT"
	[[ $stderr == *": 127.0.0.1, port $PORT: Address already in use" ]]
	stop_server
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
