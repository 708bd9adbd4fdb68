#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# teletap serve seen from elsewhere: a second network namespace. Without the key nothing
# but a refusal that is no longer than the request; and actions, which need keys of
# their own.

# shellcheck disable=SC2030,SC2031,SC2154 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper
load serve

setup_file() {
	need_root
	export PORT=25311 R=$BATS_FILE_TMPDIR/recording KEY=$BATS_FILE_TMPDIR/key
	export NS=teletap-$$ HERE=10.213.7.1 THERE=10.213.7.2
	"$TOP/tests/recording" gc "$TOP/tests/data/gc/session.lines" "$R"
	make_key "$KEY"
	ip netns add "$NS" 2>/dev/null || skip "needs network namespaces"
	ip link add "tap$$" type veth peer name inner netns "$NS"
	ip addr add "$HERE/24" dev "tap$$"
	ip link set "tap$$" up
	ip -n "$NS" addr add "$THERE/24" dev inner
	# a second address on either side, and IPv6
	ip addr add "${HERE%.1}.3/24" dev "tap$$"
	ip -n "$NS" addr add "${HERE%.1}.4/24" dev inner
	ip addr add fd13:7::1/64 dev "tap$$" nodad
	ip addr add fd13:7::3/64 dev "tap$$" nodad
	ip -n "$NS" addr add fd13:7::2/64 dev inner nodad
	ip -n "$NS" link set inner up
}

teardown_file() {
	ip netns del "$NS" 2>/dev/null || true
}

setup() {
	need_root
	server='' frontend=''
}

teardown() {
	kill_server
}

there() {
	ip netns exec "$NS" "$@"
}

# Asks from the other namespace.
page_there() {
	there teletap page "${1-255}" "$HERE:$PORT" "${@:2}"
}

# raw PYTHON: runs it there, with a socket s and helpers; what it prints is the answer.
raw() {
	there python3 - "$HERE" "$PORT" "$KEY" "$1" <<-'EOF'
		import hashlib, hmac, os, socket, struct, sys, textwrap, time
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.connect((sys.argv[1], int(sys.argv[2])))
		s.settimeout(10)
		key = bytes.fromhex(open(sys.argv[3]).read())
		# Written from the description in wrapper/net/datagram.h alone.
		def request(wish=b"210", when=None, nonce=None, key=key):
		    when = time.time() if when is None else when
		    head = b"TTP1" + struct.pack("<BBHHHIQ", 1, 0, 0, 16, 0, 0, int(when * 1000))
		    head += nonce or os.urandom(16)
		    wish = wish.ljust(56, b"\0")
		    full = hmac.new(key, head + wish, hashlib.sha512).digest()[:32] if key else b"\0" * 32
		    return head + full + wish
		# A socket's letters are taken in order, and a page that is there is answered at once:
		# what comes before the refusal of the request behind it belongs to this one.
		def ask(data, due=True):
		    fence, got, parts = os.urandom(16), 0, set()
		    def send_fence():
		        s.send(request(nonce=fence, key=b"0" * 32))
		    s.send(data)
		    if not due:
		        send_fence()
		    while True:
		        try:
		            part = s.recv(65536)
		        except socket.timeout:
		            print(len(data), got, "silence")
		            break
		        kind = part[4] if part[:4] == b"TTP1" else 0
		        if kind and part[24:40] == fence:
		            if not got:
		                print(len(data), 0, "silence")
		            break
		        got += len(part)
		        print(len(data), got, {0: "plain", 2: "answer", 3: "refusal"}[kind],
		              part[72:].rstrip(b"\0\n").split(b"\n")[0].decode() if kind else part)
		        if kind == 2 and part[24:40] == data[24:40]:
		            parts.add(part[6:8])
		        if due and (kind != 2 or len(parts) == struct.unpack("<H", part[8:10])[0]):
		            due = False
		            send_fence()
		    time.sleep(0.02) # a hundred refusals a second
		def nothing_more():
		    s.settimeout(0.5)
		    try:
		        print("more", s.recv(65536))
		    except socket.timeout:
		        pass
		exec(textwrap.dedent(sys.argv[4]))
	EOF
}

@test "with the key: pages, checked on both sides" {
	serve --replay "$R" -i 3600 --listen "$HERE" --key "$KEY"
	run -0 --separate-stderr page_there gc --key "$KEY"
	[ -z "$stderr" ]
	[ "$output" = "$(teletap replay "$R" gc -n 1)" ]
	run -0 page_there 255 --key "$KEY" -o json
	jq -e '.rows | length > 1' <<<"$output"
	# this host itself needs none
	[[ $(page gc) == "210 gc"* ]]
	[[ $(page gc --key "$KEY") == "210 gc"* ]]
	# the description alone is enough for another client
	run raw 'ask(request())'
	[[ $output == "128 "*" answer 210 gc  Garbage collection"* ]]
}

@test "without it: a refusal no longer than the request, or silence" {
	serve --replay "$R" --listen "$HERE" --key "$KEY"
	page gc >/dev/null # it is there, for whoever is let in
	run -3 --separate-stderr page_there gc
	one_line
	[[ $stderr == *"refused: not this key" ]]
	make_key "$BATS_TEST_TMPDIR/wrong"
	run -3 --separate-stderr page_there gc --key "$BATS_TEST_TMPDIR/wrong"
	one_line
	run raw '
		for data in (b"210\n", b"2", b"255\n", b"gc json\n", b"\n", b"291\n", request(key=None),
		             request(key=b"0" * 32), request(b"291"), request(b"291", key=None)):
		    ask(data)
		for data in b"x" * 65, b"x" * 1472, request()[:127], request() + b"x":
		    ask(data, due=False)
		nothing_more()'
	[ "$status" -eq 0 ]
	echo "$output"
	[ "${#lines[@]}" -eq 14 ]
	while read -r sent got kind _; do
		[ "$got" -le "$sent" ]
		[[ $kind == refusal || $kind == plain || $kind == silence ]]
	done <<<"$output"
	lacks 'gc  Garbage|python|contents' <<<"$output"
	[ "$(grep -c silence <<<"$output")" -eq 4 ]
}

@test "repeated, old and future requests are refused" {
	START=$EPOCHSECONDS
	serve --replay "$R" --listen "$HERE" --key "$KEY"
	sleep 0.1
	run raw "
		data = request()
		ask(data)
		ask(data)
		ask(request(when=time.time() - 31))
		ask(request(when=time.time() + 31))
		ask(request(when=0))
		ask(request(when=2 ** 40))
		ask(request(when=$((START - 1))))
		ask(request())"
	echo "$output"
	[ "$(awk '{ print $3 }' <<<"$output" | xargs)" = \
		"answer refusal refusal refusal refusal refusal refusal answer" ]
	[ "$(cut -d' ' -f4- <<<"${lines[1]}")" = "refused: seen before" ]
	[ "$(cut -d' ' -f4- <<<"${lines[2]}")" = "refused: the clocks differ" ]
	[ "$(cut -d' ' -f4- <<<"${lines[6]}")" = "refused: from before the server's start" ]
}

@test "many requests, and a clock that is set" {
	run -0 "$BUILD/test/peers"
	[ "$output" = ok ]
}

@test "every bit of a request is signed" {
	serve --replay "$R" --listen "$HERE" --key "$KEY"
	page gc >/dev/null
	sleep 0.1
	run raw '
		for at in range(4, 128, 3):
		    data = bytearray(request())
		    data[at] ^= 1
		    ask(bytes(data), due=at != 4)
		nothing_more()'
	[ "${#lines[@]}" -eq 42 ]
	run grep -c ' answer ' <<<"$output"
	[ "$output" -eq 0 ]
}

@test "so many requests a second and no more; others are not kept from theirs" {
	serve --replay "$R" --listen "$HERE" --key "$KEY" --peer-rate 20
	run raw '
		got = sent = 0
		s.settimeout(0.2)
		begin = time.monotonic()
		def elapsed():
		    return time.monotonic() - begin
		while elapsed() < 1 or (got < 20 or sent == got) and elapsed() < 10:
		    s.send(request())
		    sent += 1
		    try:
		        got += s.recv(2048)[4] == 2
		    except socket.timeout:
		        pass
		    time.sleep(0.005)
		print(got, int(elapsed() * 1000), sent)'
	echo "$output"
	read -r got ms sent <<<"$output"
	[ "$got" -ge 20 ]
	[ "$got" -le $((20 + 20 * ms / 1000 + 1)) ]
	[ "$sent" -gt "$got" ]
	[[ $(page gc) == "210 gc"* ]]
}

@test "the key is looked at again: changed, unsafe, gone, back" {
	key=$BATS_TEST_TMPDIR/key
	make_key "$key"
	serve --replay "$R" --listen "$HERE" --key "$key"
	page_there gc --key "$key" >/dev/null
	cp -p "$key" "$key.old"
	make_key "$key"
	until_true page_there gc --key "$key"
	run -3 page_there gc --key "$key.old"
	cp -p "$key" "$key.mine"
	chmod 640 "$key"
	refused_there() { ! page_there gc --key "$key.mine" >/dev/null 2>&1; }
	until_true refused_there
	grep -q 'is not safe' "$BATS_TEST_TMPDIR/serve.err"
	chmod 600 "$key"
	until_true page_there gc --key "$key.mine"
	rm "$key"
	until_true refused_there
	[[ $(page gc) == "210 gc"* ]]
}

@test "keys that are none are refused, by both" {
	cd "$BATS_TEST_TMPDIR"
	for bad in open group short long letters empty; do cp -p "$KEY" $bad; done
	chmod 604 open
	chmod 620 group
	head -c 63 "$KEY" >short
	echo 00 >>long
	tr '0-9' 'x' <"$KEY" >letters
	: >empty
	mkfifo -m 600 pipe
	install -m 600 -o nobody "$KEY" others
	for bad in open group short long letters empty pipe others none /; do
		refused teletap serve --replay "$R" --port "$PORT" --key "$bad"
		[[ $stderr == *"the key $bad"* ]]
		refused teletap page gc --key "$bad"
	done
}

@test "ten thousand random datagrams a second: nothing served, the others are answered" {
	serve --replay "$R" --listen "$HERE" --key "$KEY"
	before=$(awk '/^VmRSS/ { print $2 }' "/proc/$frontend/status")
	there python3 - "$HERE" "$PORT" "${FLOOD_SECONDS:-5}" >"$BATS_TEST_TMPDIR/flood" <<-'EOF' 3>&- &
		import os, random, select, socket, sys, time
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.connect((sys.argv[1], int(sys.argv[2])))
		s.setblocking(False)
		seconds, rate = float(sys.argv[3]), 10000
		pool = os.urandom(1 << 20)
		sent = sent_bytes = got = got_bytes = 0
		begin = time.time()
		while time.time() - begin < seconds:
		    for _ in range(100):
		        n = random.choice((1, 4, 60, 128, 128, 128, 1472))
		        at = random.randrange(len(pool) - n)
		        data = pool[at:at + n]
		        if n == 128 and random.random() < 0.7:
		            data = b"TTP1\1" + data[5:72] + b"210".ljust(56, b"\0")
		        try:
		            s.send(data)
		            sent, sent_bytes = sent + 1, sent_bytes + n
		        except (BlockingIOError, ConnectionRefusedError):
		            pass
		    try:
		        while True:
		            part = s.recv(65536)
		            got, got_bytes = got + 1, got_bytes + len(part)
		            assert b"Garbage" not in part and len(part) <= 128
		    except (BlockingIOError, ConnectionRefusedError):
		        pass
		    time.sleep(max(0, begin + sent / rate - time.time()))
		print(sent, sent_bytes, got, got_bytes)
	EOF
	flood=$!
	while kill -0 $flood 2>/dev/null; do
		[[ $(page gc) == "210 gc"* ]]
		sleep 0.2
	done
	wait $flood
	read -r sent sent_bytes got got_bytes <"$BATS_TEST_TMPDIR/flood"
	echo "$sent datagrams of $sent_bytes bytes; $got answers of $got_bytes bytes"
	[ "$sent" -gt $((1000 * ${FLOOD_SECONDS:-5})) ]
	[ "$got" -gt 0 ]
	[ "$got" -le $((101 * (${FLOOD_SECONDS:-5} + 2))) ]
	[ "$got_bytes" -le "$sent_bytes" ]
	after=$(awk '/^VmRSS/ { print $2 }' "/proc/$frontend/status")
	[ $((after - before)) -lt 2048 ]
	[[ $(page_there gc --key "$KEY") == "210 gc"* ]]
	stop_server
}

@test "every address at once" {
	serve --replay "$R" --listen 0.0.0.0 --key "$KEY"
	[[ $(page gc) == "210 gc"* ]]
	[[ $(page_there gc --key "$KEY") == "210 gc"* ]]
	run -3 page_there gc
	# from here, by the address that others use: they have to prove themselves as well
	run -3 teletap page gc "$HERE:$PORT"
	[[ $(teletap page gc "$HERE:$PORT" --key "$KEY") == "210 gc"* ]]
	# whichever was asked answers
	[[ $(there teletap page gc "${HERE%.1}.3:$PORT" --key "$KEY") == "210 gc"* ]]
	[[ $(teletap page gc "127.0.0.7:$PORT" --key "$KEY") == "210 gc"* ]]
	stop_server
	serve --replay "$R" --listen '[::]' --key "$KEY"
	for address in fd13:7::1 fd13:7::3; do
		[[ $(there teletap page gc "[$address]:$PORT" --key "$KEY") == "210 gc"* ]]
	done
}

# ---- actions ------------------------------------------------------------------

# config: three actions, with a key of their own.
config() {
	make_key "$BATS_TEST_TMPDIR/action.key"
	cat >"$BATS_TEST_TMPDIR/config" <<-EOF
		[ { "page": 291, "name": "touch-it", "title": "Touch a file", "user": "root",
		    "command": ["/usr/bin/touch", "$BATS_TEST_TMPDIR/done", "$BATS_TEST_TMPDIR/a b;c"],
		    "key": "$BATS_TEST_TMPDIR/action.key" },
		  { "page": 292, "name": "who", "key": "$BATS_TEST_TMPDIR/action.key",
		    "command": ["/bin/sh", "-c", "id -un >/tmp/teletap-who.$$; env >>/tmp/teletap-who.$$; exit 7"] },
		  { "page": 290, "name": "stuck", "key": "$BATS_TEST_TMPDIR/action.key",
		    "command": ["/bin/sleep", "60"] } ]
	EOF
	chmod 600 "$BATS_TEST_TMPDIR/config"
	serve --replay "$R" --listen "$HERE" --key "$KEY" --config "$BATS_TEST_TMPDIR/config"
	sleep 0.1
}

# act PAGE [CODE]: from the other namespace, with the actions' key
act() {
	page_there "$*" --key "$BATS_TEST_TMPDIR/action.key"
}

code() {
	sed -n "s/.*teletap page '29[0-9] \([0-9]*\)'/\1/p" <<<"$output"
}

ended_with() {
	act "$1" | grep -q "The last use ended .* with status $2"
}

@test "an action: asked for, confirmed, done, told" {
	config
	[[ $(page 255) == *$'\n291  touch-it      Touch a file '*" action"* ]]
	run -0 act 291
	[[ ${lines[0]} == "291 touch-it  Touch a file" ]]
	[[ $(code) =~ ^[0-9]{6}$ ]]
	[ ! -e "$BATS_TEST_TMPDIR/done" ]
	run -0 act 291 "$(code)"
	[[ $output == *"It starts in a second."* ]]
	until_true test -e "$BATS_TEST_TMPDIR/a b;c" # no shell
	[ -e "$BATS_TEST_TMPDIR/done" ]
	until_true ended_with 291 0
	[ "$(grep -o 'action 291 touch-it: [a-z ]*' "$BATS_TEST_TMPDIR/serve.err" | head -n 4 |
		cut -d: -f2 | xargs)" = "asked for confirmed started ended with status" ]
}

# As the client does that has not had the answer.
@test "asked for twice it has one code; confirmed twice, it starts once" {
	config
	run -0 act 290
	code=$(code)
	run -0 act 290
	[ "$(code)" = "$code" ]
	run raw "
		key = bytes.fromhex(open('$BATS_TEST_TMPDIR/action.key').read())
		for i in range(2):
		    s.send(request(b'290 $code', key=key))
		for i in range(2):
		    print(s.recv(65536)[72:])"
	echo "$output"
	[ "$(grep -c 'It starts in a second' <<<"$output")" -eq 2 ]
	until_true grep -q 'action 290 stuck: started' "$BATS_TEST_TMPDIR/serve.err"
	sleep 1.5
	[ "$(grep -c 'action 290 stuck: started' "$BATS_TEST_TMPDIR/serve.err")" -eq 1 ]
	run -0 act 290
	[[ $output == *"It is under way."* ]]
	pkill -P "$server" -x sleep
}

@test "an action runs as its user, with nothing of ours" {
	rm -f "/tmp/teletap-who.$$"
	config
	run -0 act 292
	run -0 act 292 "$(code)"
	until_true ended_with 292 7
	[ "$(head -n 1 "/tmp/teletap-who.$$")" = nobody ]
	[ "$(sed 1d "/tmp/teletap-who.$$" | grep -vE '^(PWD|_|SHLVL|OLDPWD)=')" = \
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin" ]
	rm -f "/tmp/teletap-who.$$"
}

@test "an action under way is not started again" {
	config
	run -0 act 290
	run -0 act 290 "$(code)"
	one_sleeps() { [ "$(pgrep -c -P "$server" -x sleep)" -eq 1 ]; }
	until_true one_sleeps
	run -0 act 290
	[[ $output == *"It is under way."* ]]
	[ -z "$(code)" ]
	one_sleeps
	pkill -P "$server" -x sleep
}

@test "a page asked for while an action waits: each gets the answer that is his" {
	config
	kill -STOP "$server"
	(
		sleep 1
		kill -CONT "$server"
	) 3>&- &
	run raw "
		other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		other.connect((sys.argv[1], int(sys.argv[2])))
		other.settimeout(10)
		s.send(request(b'291', key=bytes.fromhex(open('$BATS_TEST_TMPDIR/action.key').read())))
		time.sleep(0.2)
		other.send(request(b'210'))
		for one in s, other:
		    answer = one.recv(65536)
		    print(answer[4], answer[72:].split()[:4])"
	echo "$output"
	[[ ${lines[0]} == "2 "*"291"* ]]
	[[ ${lines[1]} == "2 [b'210', b'gc', b'Garbage', b'collection']" ]]
}

@test "an action's code: the right one, once, for that action, within a guess" {
	config
	run -0 act 291
	right=$(code)
	run -0 act 291 $(((10#$right + 1) % 1000000))
	[[ $output == *"not its code"* ]]
	run -0 act 291 "$right" # one guess: it is void
	[[ $output == *"not its code"* ]]
	sleep 1 # of one sender four a second are passed on
	run -0 act 291
	right=$(code)
	run -0 act 292 "$right"
	[[ $output == *"not its code"* ]]
	run -0 act 291 "$right"
	until_true test -e "$BATS_TEST_TMPDIR/done"
	run -0 act 291 "$right"
	[[ $output != *"It starts"* ]]
	sleep 1.2
	[ "$(grep -c 'started' "$BATS_TEST_TMPDIR/serve.err")" -eq 1 ]
}

@test "an action needs its own key, here and elsewhere" {
	config
	run -3 --separate-stderr page_there 291 --key "$KEY"
	run -3 --separate-stderr page_there 291
	run -3 --separate-stderr page 291
	run -3 --separate-stderr page 291 --key "$KEY"
	[[ $(nc_page 291) == "actions need a key"* ]]
	run -0 page 291 --key "$BATS_TEST_TMPDIR/action.key"
	[[ $output == "291 touch-it"* ]]
	# a key that others can read is none
	chmod 644 "$BATS_TEST_TMPDIR/action.key"
	cp "$BATS_TEST_TMPDIR/action.key" "$BATS_TEST_TMPDIR/mine"
	chmod 600 "$BATS_TEST_TMPDIR/mine"
	run -3 page 291 --key "$BATS_TEST_TMPDIR/mine"
	# and its key is none for pages
	chmod 600 "$BATS_TEST_TMPDIR/action.key"
	run -3 page_there gc --key "$BATS_TEST_TMPDIR/action.key"
	[ ! -e "$BATS_TEST_TMPDIR/done" ]
	[ "$(grep -c 'refused: not signed with its key' "$BATS_TEST_TMPDIR/serve.err")" -ge 4 ]
}

@test "those who have no key do not use up the actions of those who have" {
	config
	raw '
		key = open(sys.argv[3]).read()
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.bind(("10.213.7.4", 0))
		s.connect((sys.argv[1], int(sys.argv[2])))
		print("begun", flush=True)
		for i in range(200):
		    s.send(request(b"291", key=b"0" * 32 if i % 2 else None))
		    time.sleep(0.05)' >"$BATS_TEST_TMPDIR/flood" 3>&- &
	flood=$!
	until_true grep -q begun "$BATS_TEST_TMPDIR/flood"
	sleep 1
	for _ in {1..10}; do
		run -0 act 291
		[[ $output == "291 touch-it "* ]]
		run -0 teletap page 291 "127.0.0.1:$PORT" --key "$BATS_TEST_TMPDIR/action.key"
		sleep 0.4
	done
	kill "$flood" 2>/dev/null || true
	wait "$flood" || true
}

@test "an action for which there was no time is not done later" {
	config
	run -0 act 291
	number=$(code)
	kill -STOP "$server"
	run -3 --separate-stderr page_there "291 $number" --key "$BATS_TEST_TMPDIR/action.key" -t 30
	[[ $stderr == *"busy: nothing has been done" ]]
	sleep 1 # four a second are passed on
	# and however often it is asked for meanwhile: a refusal would be of one that may yet be done
	run -0 raw '
		action = bytes.fromhex(open("'"$BATS_TEST_TMPDIR"'/action.key").read())
		for i in range(20):
		    s.send(request(b"291 '"$number"'", key=action))
		s.settimeout(4)
		told = set()
		try:
		    while True:
		        told.add(s.recv(65536)[72:].rstrip(b"\0\n").decode())
		except socket.timeout:
		    print(sorted(told))'
	echo "$output"
	[ "$output" = "['refused: busy: nothing has been done']" ]
	kill -CONT "$server"
	sleep 1.5
	[ ! -e "$BATS_TEST_TMPDIR/done" ]
	run -0 act 291
	[[ $output == *"To do it"* ]]
}

@test "an action's request, repeated, does nothing" {
	config
	run -0 act 291
	KEY=$BATS_TEST_TMPDIR/action.key run raw "
		data = request(b'291 $(code)')
		ask(data)
		ask(data)
		ask(request(b'291 $(code)', when=time.time() - 40))"
	echo "$output"
	[ "$(awk '{ print $3 }' <<<"$output" | xargs)" = "answer refusal refusal" ]
	sleep 1.5
	[ "$(grep -c started "$BATS_TEST_TMPDIR/serve.err")" -eq 1 ]
}

@test "without a configuration there are no actions" {
	serve --replay "$R" --listen "$HERE" --key "$KEY"
	run -3 page 291 --key "$KEY"
	run -3 page_there 291 --key "$KEY"
	lacks ' action$' < <(page 255)
}

@test "configurations that are refused" {
	bad() {
		cat >"$BATS_TEST_TMPDIR/c"
		misused teletap serve --port "$PORT" --replay "$R" --config "$BATS_TEST_TMPDIR/c"
		[[ $stderr == *"--config $BATS_TEST_TMPDIR/c: "* ]]
	}
	entry='"page": 291, "name": "x", "key": "/k", "command": ["/bin/true"]'
	bad <<<''
	bad <<<'1'
	bad <<<'{ "page": 291 }'
	bad <<<'{ "actions": {} }'
	bad <<<"{ \"actions\": [ { $entry } ], \"more\": 1 }"
	bad <<<'[ 1 ]'
	bad <<<'[ {} ]'
	bad <<<"[ { $entry, \"more\": 1 } ]"
	bad <<<"[ { $entry, \"page\": 292 } ]"
	bad <<<"[ { $entry }, { $entry } ]"
	bad <<<"[ { $entry, \"user\": \"nosuchuser\" } ]"
	bad <<<"[ { ${entry/291/210} } ]"
	bad <<<"[ { ${entry/\/bin\/true/true} } ]"
	bad <<<"[ { ${entry/\[\"\/bin\/true\"\]/\"\/bin\/true\"} } ]"
	bad <<<"[ { ${entry/\[\"\/bin\/true\"\]/[]} } ]"
	bad <<<"[ { ${entry/\"x\"/\"X Y\"} } ]"
	bad <<<"[ { ${entry/\/k/k} } ]"
	echo "[ { $entry } ]" >"$BATS_TEST_TMPDIR/c"
	chmod 622 "$BATS_TEST_TMPDIR/c"
	refused teletap serve --port "$PORT" --replay "$R" --config "$BATS_TEST_TMPDIR/c"
	refused teletap serve --port "$PORT" --replay "$R" --config /nowhere
}
