#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# teletap serve seen from elsewhere: a second network namespace. Without the key nothing
# but a refusal that is no longer than the request.

# shellcheck disable=SC2030,SC2031,SC2154 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper
load serve
load keys

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
