#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# teletap serve --http with a recording: what is answered and what is refused, the metrics, and
# clients out to do harm. No kernel module is needed.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper
load serve

setup_file() {
	export PORT=25381 HTTP=25382 R=$BATS_FILE_TMPDIR/recording CONFIG=$BATS_FILE_TMPDIR/config
	"$TOP/tests/recording" gc "$TOP/tests/data/gc/session.lines" "$R"
	echo '{ "metrics": ["gc", 203] }' >"$CONFIG"
}

setup() {
	server='' frontend='' program=''
}

teardown() {
	kill_server
	[ -z "$program" ] || kill "$program" 2>/dev/null || true
}

http_serve() {
	serve --replay "$R" -i 3600 --http "127.0.0.1:$HTTP" --config "$CONFIG"
}

# get PATH [HEADER...]: prints the status, the headers with small letters, and the body, by a
# client that is not ours.
get() {
	/usr/bin/python3 - "$HTTP" "$@" <<-'EOF'
		import http.client, os, sys
		c = http.client.HTTPConnection(os.environ.get("ADDRESS", "127.0.0.1"), int(sys.argv[1]), timeout=10)
		headers = dict(h.split(": ", 1) for h in sys.argv[3:])
		c.request(os.environ.get("METHOD", "GET"), sys.argv[2], headers=headers)
		r = c.getresponse()
		print(r.status)
		for name, value in r.getheaders():
		    print(name.lower() + ": " + value)
		print()
		sys.stdout.flush()
		sys.stdout.buffer.write(r.read())
	EOF
}

status_of() {
	get "$@" | sed -n 1p
}

body_of() {
	get "$@" | sed '1,/^$/d'
}

@test "a page as text and as JSON, by number and by name" {
	http_serve
	[ "$(body_of /210)" = "$(teletap replay "$R" gc -n 1)" ]
	[ "$(body_of /gc)" = "$(body_of /210)" ]
	[ "$(body_of /gc.json)" = "$(teletap replay "$R" gc -n 1 -o json)" ]
	run -0 get /210
	[ "${lines[0]}" = 200 ]
	for header in 'content-type: text/plain; charset=utf-8' 'x-content-type-options: nosniff' \
		'cache-control: no-store'; do
		grep -qxF "$header" <<<"$output"
	done
	lacks '^access-control' <<<"$output"
	run -0 get /210.json
	grep -qx 'content-type: application/json' <<<"$output"
	length=$(get /210 | grep '^content-length: [0-9]')
	run -0 env METHOD=HEAD "$BASH" -c "$(declare -f get); get /210"
	[ -z "$(sed '1,/^$/d' <<<"$output")" ]
	grep -qxF "$length" <<<"$output"
	[ "$(status_of /230)" = 503 ]
	[[ $(body_of /230) == *"not recorded"* ]]
}

@test "what is not there, or not to be had" {
	http_serve
	for path in /nosuch /999 /299 /291 '/291%20004711' /../etc/passwd //210 /210/ /210.html.json \
		/metrics/ "/$(printf 'x%.0s' {1..300})" '/%00' '/gc%20json'; do
		[ "$(status_of "$path")" = 404 ]
	done
	for method in POST PUT DELETE OPTIONS TRACE; do
		[ "$(METHOD=$method status_of /210)" = 405 ]
	done
	[ "$(status_of /210 'Content-Length: 5')" = 400 ]
	[ "$(status_of /210)" = 200 ]
}

@test "other names of this host, and other sites, are refused" {
	http_serve
	for host in localhost "localhost:$HTTP" 127.0.0.1 127.1.2.3:80 '[::1]:80' LOCALHOST; do
		[ "$(status_of /210 "Host: $host")" = 200 ]
	done
	for host in evil.example localhost.evil.example 127.0.0.1.evil.example 10.0.0.1 \
		'localhost:80@evil.example' '::1' '[::2]' "$(printf 'x%.0s' {1..200})" ''; do
		[ "$(status_of /210 "Host: $host")" != 200 ]
	done
	[ "$(status_of /210 'Sec-Fetch-Site: cross-site')" = 403 ]
	[ "$(status_of /210 'Sec-Fetch-Site: same-site')" = 403 ]
	[ "$(status_of /210 'Sec-Fetch-Site: same-origin')" = 200 ]
	[ "$(status_of /210 'Sec-Fetch-Site: none')" = 200 ]
}

@test "the metrics are those of the pages that the configuration names" {
	http_serve
	run -0 get /metrics
	grep -qx 'content-type: application/openmetrics-text; version=1.0.0; charset=utf-8' <<<"$output"
	sed '1,/^$/d' <<<"$output" >"$BATS_TEST_TMPDIR/metrics"
	diff "$BATS_TEST_TMPDIR/metrics" <(teletap replay "$R" gc -n 1 -o openmetrics) >"$BATS_TEST_TMPDIR/diff" || true
	# no page but gc was recorded
	[ "$(sed -n 's/^[<>] //p' "$BATS_TEST_TMPDIR/diff")" = 'teletap_page_up{page="host"} 0' ]
	/usr/bin/python3 - "$BATS_TEST_TMPDIR/metrics" <<-'EOF'
		import sys
		from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
		assert len(list(parse(open(sys.argv[1]).read()))) > 5
	EOF
	stop_server
	echo '{ "metrics": ["nosuch"] }' >"$BATS_TEST_TMPDIR/config"
	misused teletap serve --replay "$R" --port "$PORT" --config "$BATS_TEST_TMPDIR/config"
}

@test "a document for a browser: links, no foreign request, nothing inline, small" {
	http_serve
	for path in / /210.html /teletap.css /teletap.js; do
		get "$path" >"$BATS_TEST_TMPDIR/got"
		[ "$(head -n 1 "$BATS_TEST_TMPDIR/got")" = 200 ]
		grep -q "^content-security-policy: default-src 'none'; style-src 'self'; script-src 'self'" \
			"$BATS_TEST_TMPDIR/got"
		lacks unsafe <"$BATS_TEST_TMPDIR/got"
		sed '1,/^$/d' "$BATS_TEST_TMPDIR/got" >>"$BATS_TEST_TMPDIR/all"
	done
	[ "$(wc -c <"$BATS_TEST_TMPDIR/all")" -lt 40000 ]
	body_of / >"$BATS_TEST_TMPDIR/255"
	body_of /210.html >"$BATS_TEST_TMPDIR/210"
	teletap replay "$R" gc -n 1 >"$BATS_TEST_TMPDIR/want"
	/usr/bin/python3 - "$BATS_TEST_TMPDIR" <<-'EOF'
		import html.parser, sys
		class Read(html.parser.HTMLParser):
		    def __init__(self, name):
		        super().__init__()
		        self.links, self.page, self.stack, self.loads = [], "", [], []
		        self.feed(open(f"{sys.argv[1]}/{name}").read())
		        self.close()
		    def handle_starttag(self, tag, attrs):
		        attrs = dict(attrs)
		        assert "style" not in attrs and not any(a.startswith("on") for a in attrs), attrs
		        if tag == "a": self.links.append(attrs["href"])
		        if tag in ("script", "link", "form"):
		            self.loads.append(attrs.get("src") or attrs.get("href") or attrs.get("action"))
		        if tag not in ("meta", "link", "input"): self.stack.append(tag)
		    def handle_endtag(self, tag):
		        assert self.stack.pop() == tag, tag
		    def handle_data(self, data):
		        assert self.stack[-1:] != ["style"]
		        assert self.stack[-1:] != ["script"] or not data.strip()
		        if "pre" in self.stack: self.page += data
		one, all = Read("210"), Read("255")
		assert one.page + "\n" == open(f"{sys.argv[1]}/want").read(), one.page
		for r in one, all:
		    assert not r.stack and all.loads == ["/teletap.css", "/teletap.js", "/go"], r.loads
		    assert all.links.count("/255.html") >= 1
		assert "/210.html" in all.links and "/230.html" in all.links
		assert one.links[:3] == ["/255.html", "/205.html", "/211.html"], one.links
	EOF
	run -0 get '/go?page=gc'
	[ "${lines[0]}" = 303 ]
	grep -qx 'location: /210.html' <<<"$output"
	[ "$(status_of '/go?page=%0d%0aX:1')" = 404 ]
	[ "$(status_of /go)" = 404 ]
}

@test "a page's text cannot become a part of the document" {
	"$TOP/tests/recording" counters <(sed 's/requests/<script>\&amp;"x/' "$TOP/tests/data/app/counters.lines") \
		"$BATS_TEST_TMPDIR/hostile"
	R=$BATS_TEST_TMPDIR/hostile http_serve
	body_of /241.html >"$BATS_TEST_TMPDIR/got"
	grep -qF '&lt;script&gt;&amp;amp;"x' "$BATS_TEST_TMPDIR/got"
	[ "$(grep -c '<script' "$BATS_TEST_TMPDIR/got")" -eq 1 ]
}

@test "beyond this host: a token, which is read again, and a rate for each peer" {
	make_key "$BATS_TEST_TMPDIR/token"
	misused teletap serve --replay "$R" --port "$PORT" --http "0.0.0.0:$HTTP"
	misused teletap serve --replay "$R" --port "$PORT" --http 127.0.0.1
	misused teletap serve --replay "$R" --port "$PORT" --http nowhere:80
	misused teletap serve --replay "$R" --port "$PORT" --token "$BATS_TEST_TMPDIR/token"
	chmod 644 "$BATS_TEST_TMPDIR/token"
	refused teletap serve --replay "$R" --port "$PORT" --http "0.0.0.0:$HTTP" --token "$BATS_TEST_TMPDIR/token"
	chmod 600 "$BATS_TEST_TMPDIR/token"
	serve --replay "$R" --http "0.0.0.0:$HTTP" --token "$BATS_TEST_TMPDIR/token" --peer-rate 5
	token=$(cat "$BATS_TEST_TMPDIR/token")
	allowed() { [ "$(ADDRESS=127.9.9.1 status_of /210 "Authorization: Bearer $token")" = 200 ]; }
	until_true allowed
	[ "$(ADDRESS=127.9.9.1 status_of /210 "Authorization: Bearer $token" 'Host: web1.example')" = 200 ]
	for wrong in "Bearer ${token::63}" "Bearer ${token::63}x" "Basic $token" "$token" 'Bearer ' "Bearer ${token}0"; do
		code=$(status_of /210 "Authorization: $wrong")
		[ "$code" = 401 ] || [ "$code" = 429 ]
	done
	/usr/bin/python3 - "$HTTP" <<-'EOF'
		import http.client, sys
		seen = set()
		for _ in range(50):
		    c = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=10)
		    c.request("GET", "/210")
		    seen.add(c.getresponse().status)
		assert 429 in seen and seen <= {401, 429}, seen
	EOF
	# a new one counts from then on, and the old one no more
	make_key "$BATS_TEST_TMPDIR/token"
	old=$token token=$(cat "$BATS_TEST_TMPDIR/token")
	until_true allowed
	denied() { [ "$(status_of /210 "Authorization: Bearer $old")" = 401 ]; }
	until_true denied
}

@test "random bytes, and bytes of a request that come one by one or never" {
	http_serve
	/usr/bin/python3 - "$HTTP" <<-'EOF'
		import os, random, socket, sys, time
		port = int(sys.argv[1])
		random.seed(3)
		def connect():
		    s = socket.create_connection(("127.0.0.1", port), 10)
		    s.setblocking(True)
		    s.settimeout(10)
		    return s
		def status(s):
		    s.sendall(b"GET /210 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
		    data = b""
		    while part := s.recv(65536):
		        data += part
		    return data[:15]
		# those who never end take nobody's place
		slow = []
		for i in range(600):
		    slow.append(connect())
		    try:
		        slow[-1].sendall(b"GET /210 HTTP/1.1\r\nHost: loc"[: i % 29])
		    except OSError:
		        pass
		    if i % 50 == 0:
		        assert status(connect()) == b"HTTP/1.1 200 OK", i
		assert status(connect()) == b"HTTP/1.1 200 OK"
		# nor do those who never read
		for i in range(300):
		    s = connect()
		    try:
		        s.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200)
		    except OSError:
		        pass
		    slow.append(s)
		    s.settimeout(0)
		assert status(connect()) == b"HTTP/1.1 200 OK"
		seeds = [b"GET /210 HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET /../%2e%2e/%00 HTTP/1.0\r\n\r\n",
		         b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"]
		until = time.monotonic() + float(os.environ.get("SECONDS_OF_BYTES", 5))
		while time.monotonic() < until:
		    s = connect()
		    data = bytearray(random.choice(seeds) * random.randrange(1, 4))
		    for _ in range(random.randrange(8)):
		        data[random.randrange(len(data))] = random.randrange(256)
		    if random.random() < 0.3:
		        data = os.urandom(random.randrange(1, 20000))
		    try:
		        s.sendall(data)
		        s.shutdown(socket.SHUT_WR)
		    except OSError:
		        pass
		    s.close()
		assert status(connect()) == b"HTTP/1.1 200 OK"
	EOF
	[[ $(page gc) == "210 gc "* ]]
	stop_server
}

@test "the process that talks to the network holds nothing more" {
	need_root
	http_serve
	[ "$(awk '/^Cap/ { print $2 }' "/proc/$frontend/status" | sort -u)" = 0000000000000000 ]
	[ "$(awk '/^Seccomp:/ { print $2 }' "/proc/$frontend/status")" = 2 ]
	[ "$(awk '/^Threads/ { print $2 }' "/proc/$frontend/status")" = 1 ]
	# sockets for datagrams, for HTTP, and that of the engine
	[ "$(find "/proc/$frontend/fd" -lname 'socket:*' | wc -l)" -eq 3 ]
	run -0 "$BUILD/test/inside" nobody connections
	[ "$(awk '{ print $2 }' <<<"$output" | sort | uniq -c | xargs)" = "1 given 22 refused" ]
}

@test "a living Python: its own number of collections, by whoever asks first" {
	need_root
	need_python
	mkfifo "$BATS_TEST_TMPDIR/in"
	"$python" -c '
import gc, sys
gc.disable()
print("ready", flush=True)
for line in sys.stdin:
    for _ in range(int(line)):
        gc.collect(1)
    print(gc.get_stats()[1]["collections"], flush=True)' \
		<"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out" 3>&- &
	program=$!
	exec 7>"$BATS_TEST_TMPDIR/in"
	until_true grep -q ready "$BATS_TEST_TMPDIR/out"
	serve -p "$program" -i 0.2 --http "127.0.0.1:$HTTP" --config "$CONFIG" --collector memory
	metric() { body_of /metrics | grep '^teletap_gc_runs_total.*generation="1"' | sed 's/.* //'; }
	counts() { [ "$(metric)" = "$1" ]; }
	# nobody has asked for the page itself
	until_true counts 0
	echo 50 >&7
	until_true counts 50
	echo 7 >&7
	until_true counts 57
	stop_server
	exec 7>&-
}
