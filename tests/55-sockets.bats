#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Page 205 of living processes: ss(8) of the same moment, and what the program did, are the truth.

# shellcheck disable=SC2030,SC2031,SC2154 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper

teardown() {
	stop
}

stop() {
	[ -z "${pid-}" ] || kill -9 "$pid" 2>/dev/null || true
	[ -z "${pid-}" ] || wait "$pid" 2>/dev/null || true
	pid=
}

# python SCRIPT: a program that prints a line when it is ready, which becomes $word. Sets $pid.
python() {
	rm -f "$BATS_TEST_TMPDIR/out"
	mkfifo "$BATS_TEST_TMPDIR/out"
	"${AS[@]}" /usr/bin/python3 -c "import os, socket, sys, time
$1
time.sleep(1000)" >"$BATS_TEST_TMPDIR/out" 3>&- &
	pid=$!
	read -r -t 60 word <"$BATS_TEST_TMPDIR/out"
	[ -n "$word" ]
}

# A page as JSON, in $page.
take() {
	run -0 --separate-stderr timeout 20 teletap watch sockets -p "$pid" -i 0.2 -n 1 -o json
	[ -z "$stderr" ]
	page=$output
	echo "$page"
}

rows() { jq -c ".rows[] | select($1) | $2" <<<"$page"; }

@test "a full queue, its drops: as ss has them" {
	python 'server = socket.create_server(("127.0.0.1", 0), backlog=2)
address = server.getsockname()
clients = []
for i in range(6):
    c = socket.socket()
    c.setblocking(False)
    c.connect_ex(address)
    clients.append(c)
print(address[1], flush=True)'
	while [ "$(ss -Hlnt "sport = :$word" | awk '{ print $2 }')" != 3 ]; do sleep 0.1; done
	take
	read -r _ queue backlog _ < <(ss -Hlnt "sport = :$word")
	ever=$(ss -Hlntm "sport = :$word" | grep -o ',d[0-9]*)' | tr -dc 0-9)
	[ "$(rows '.kind == "listening"' '[.protocol, .address, .queue, .backlog, .full, .pid, .processes]')" = "[\"tcp\",\"127.0.0.1:$word\",$queue,$backlog,true,$pid,1]" ]
	[ "$(rows '.kind == "listening"' ".drops_ever > 0 and .drops_ever <= $ever")" = true ]
	[[ $(jq -r '.notes[0]' <<<"$page") == "the queue of tcp 127.0.0.1:$word is full"* ]]
	# Its own clients: three are connected, the others try on.
	[ "$(rows '.kind == "connections"' '[.direction, .port, .peer, .state, .connections]' | sort | xargs -d '\n')" = \
		"[\"out\",$word,\"127.0.0.1\",\"ESTAB\",3] [\"out\",$word,\"127.0.0.1\",\"SYN-SENT\",3]" ]
}

@test "connections by peer: bytes in queues, round-trip times, as ss has them; IPv6" {
	python 'server = socket.create_server(("::1", 0), family=socket.AF_INET6, backlog=20)
port = server.getsockname()[1]
if not os.fork():
    clients = [socket.create_connection(("::1", port)) for i in range(5)]
    clients[0].sendall(b"x" * 1000)
    clients[1].close()
    time.sleep(1000)
peers = [server.accept()[0] for i in range(5)]
deadline = time.time() + 60
while time.time() < deadline:
    if " 08 " in open("/proc/net/tcp6").read(): break
print(port, flush=True)'
	child=$(pgrep -P "$pid")
	while [ "$(ss -Hnt "sport = :$word" | awk '{ n += $2 } END { print n + 0 }')" -lt 1000 ]; do sleep 0.1; done
	take
	[ "$(rows '.direction == "in"' '[.port, .peer, .state, .connections, .sent_bytes]' | sort | xargs -d '\n')" = \
		"[$word,\"::1\",\"CLOSE-WAIT\",1,0] [$word,\"::1\",\"ESTAB\",4,0]" ]
	[ "$(rows '.direction == "in" and .state == "ESTAB"' .received_bytes)" = 1000 ]
	[ "$(rows '.direction == "out"' '[.port, .peer, .state, .connections, .retransmits_ever, .retransmitting]')" = "[$word,\"::1\",\"ESTAB\",4,0,0]" ]
	rtts=$(ss -Hnti state established "dport = :$word" | grep -o ' rtt:[0-9.]*' | cut -d: -f2 | jq -s '(add / length * 1000000 | floor), (max * 1000000 | floor)' | xargs)
	echo "ss: $rtts"
	# ss rounds to microseconds
	[ "$(rows '.direction == "out"' "[.rtt_ns.mean, .rtt_ns.max] | [(.[0] - ${rtts% *} | fabs) < 2000, (.[1] - ${rtts#* } | fabs) < 2000]")" = '[true,true]' ]
	[ "$(rows '.kind == "connections"' '.silent_ns >= 0' | sort -u)" = true ]
	kill "$child"
}

@test "udp with drops, unix sockets with hostile names, as ss has them" {
	cd "$BATS_TEST_TMPDIR"
	python 'udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
udp.bind(("127.0.0.1", 0))
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.connect(udp.getsockname())
for i in range(100): sender.send(b"x" * 1000)
u = socket.socket(socket.AF_UNIX)
u.bind("a\n\x1b[31mb\t.sock")
u.listen(3)
c = socket.socket(socket.AF_UNIX); c.connect("a\n\x1b[31mb\t.sock")
a = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
a.bind("\0hidden\0name" + str(os.getpid()))
a.listen(1)
print(udp.getsockname()[1], flush=True)'
	take
	ever=$(ss -Hlnum "sport = :$word" | grep -o ',d[0-9]*)' | tr -dc 0-9)
	received=$(ss -Hlnu "sport = :$word" | awk '{ print $2 }')
	room=$(ss -Hlnum "sport = :$word" | grep -o ',rb[0-9]*' | tr -dc 0-9)
	[ "$ever" -gt 50 ]
	[ "$(rows ".address == \"127.0.0.1:$word\"" '[.kind, .protocol, .peer, .unread_bytes, .unread_limit, .drops, .drops_ever]')" = "[\"udp\",\"udp\",null,$received,$room,0,$ever]" ]
	[ "$(rows ".peer == \"127.0.0.1:$word\"" '[.kind, .drops_ever]')" = '["udp",0]' ]
	[ "$(rows '.protocol == "unix"' '[.kind, .address, .queue, .backlog, .full, .drops]' | sort | xargs -d '\n')" = \
		"[\"listening\",\"@hidden@name$pid\",0,1,false,null] [\"listening\",\"a\\n\\u001b[31mb\\t.sock\",1,3,false,null]" ]
	run -0 --separate-stderr timeout 20 teletap watch sockets -p "$pid" -i 0.1 -n 1
	lacks '[\x00-\x1f\x7f]' <<<"$output"
}

@test "another network namespace: its own sockets, not ours; refused without root, with one line" {
	need_root
	python 'server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)'
	ours=$pid ours_port=$word
	AS=(unshare -n)
	python 'os.system("ip link set lo up")
server = socket.create_server(("127.0.0.1", 4711))
client = socket.create_connection(("127.0.0.1", 4711))
print(4711, flush=True)'
	take
	[ "$(rows '.kind == "listening"' .address)" = '"127.0.0.1:4711"' ]
	[ "$(rows '.kind == "listening"' .netns)" = "$(readlink "/proc/$pid/ns/net" | tr -dc 0-9)" ]
	[ "$(rows '.kind == "connections"' '[.direction, .port, .connections]')" = '["out",4711,1]' ]
	theirs=$pid pid=$ours
	take
	[ "$(rows '.kind == "listening"' .address)" = "\"127.0.0.1:$ours_port\"" ]
	kill "$theirs"
	stop
	# One that is the user's own, and in a namespace that the user may not enter.
	AS=(unshare -n setpriv --reuid=65534 --regid=65534 --clear-groups)
	python 'print("ready", flush=True)'
	refused setpriv --reuid=65534 --regid=65534 --clear-groups "$BUILD/bin/teletap" watch sockets -p "$pid" -i 0.1 -n 1
	[[ $stderr == *"process $pid is in another network namespace, which may not be entered: run as root" ]]
}

@test "an ordinary user: a process of their own" {
	need_root
	AS=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	python 'server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)'
	run -0 --separate-stderr "${AS[@]}" "$BUILD/bin/teletap" watch sockets -p "$pid" -i 0.1 -n 1 -o json
	page=$output
	[ "$(rows '.kind == "listening"' '[.address, .pid]')" = "[\"127.0.0.1:$word\",$pid]" ]
	AS=()
	stop
	python 'print("ready", flush=True)'
	refused setpriv --reuid=65534 --regid=65534 --clear-groups "$BUILD/bin/teletap" watch sockets -p "$pid" -i 0.1 -n 1
}

@test "shared by processes; sockets of other kinds are counted; a target that ends" {
	python 'server = socket.create_server(("127.0.0.1", 0))
pair = socket.socketpair()
if not os.fork():
    time.sleep(1000)
print(server.getsockname()[1], flush=True)
time.sleep(2)
os._exit(0)'
	child=$(pgrep -P "$pid")
	kill_later() { sleep 1; kill -9 "$child"; }
	kill_later 3>&- &
	run -0 --separate-stderr timeout 30 teletap watch sockets -p "$pid" -i 0.3 -o json
	echo "$output"
	[ "$(jq -s -c '.[0].rows[] | [.address, .processes]' <<<"$output")" = "[\"127.0.0.1:$word\",2]" ]
	[[ $(jq -r '.notes[0]' <<<"$(head -n 1 <<<"$output")") == *"are not on this page: 2" ]]
	[ "$(jq -s -c '.[-1] | [.last, .rows[0].address]' <<<"$output")" = "[true,\"127.0.0.1:$word\"]" ]
	[[ $(jq -rs '.[-1].notes[0]' <<<"$output") == "the target has ended: this is as it was "* ]]
}
