#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Actions of teletap serve, which need keys of their own, asked for from a second network
# namespace.

# shellcheck disable=SC2030,SC2031,SC2154 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper
load serve
load keys

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
