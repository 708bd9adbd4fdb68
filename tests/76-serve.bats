#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# teletap serve and teletap page with a recording: every way to ask for a page, long pages,
# exit statuses. No kernel module is needed.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # bats sets variables, and tests are subshells
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
