# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154
# For the tests of teletap serve with a key, asked from a second network namespace.

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
