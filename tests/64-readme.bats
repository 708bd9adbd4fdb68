#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The README's commands as a newcomer types them, taken from it, each, in its order: with a program's
# number for 4242, in a network of the test's own. 'tests/release bookworm' has 'make demo' before them.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154,SC2317
bats_require_minimum_version 1.5.0
load helper
load bpf

setup() {
	need_bpf
	need_python
	need_uprobes
	cd "$BATS_TEST_TMPDIR" || return
	unshare --net sh -c 'ip link set lo up && echo up >up && exec sleep 3600' 3>&- &
	network=$!
	await test -s up
}

# All that is in the network of the test, what -c has begun and goes on among it.
teardown() {
	local process here
	here=$(readlink "/proc/$network/ns/net")
	for process in /proc/[0-9]*; do
		[ "$(readlink "$process/ns/net")" != "$here" ] || kill -9 "${process#/proc/}"
	done 2>/dev/null
	for process in $(jobs -p); do kill -9 "$process" 2>/dev/null || true; done
	wait 2>/dev/null || true
}

here() { nsenter --net="/proc/$network/ns/net" "$@"; }

# fenced WORD: the lines of the README's blocks of that language.
fenced() { awk -v word="$1" '/^```/ { open = !open; inside = open && $0 == "```" word; next } inside' "$TOP/README.md"; }

# next PATTERN: the next command is like this; sets $command, with what this machine has.
next() {
	command=${commands[at]}
	at=$((at + 1))
	echo "$command"
	# shellcheck disable=SC2053 # a pattern
	[[ $command == $1 ]]
	command=${command//4242/$pid}
	command=${command//\/usr\/bin\/python3.13/$python}
	command=${command//FILE/serve.json}
}

# step STATUS COMMAND PATTERN...: it ends with that status, and says these lines.
step() {
	local pattern

	next "$2"
	run "-$1" here bash -c "$command"
	for pattern in "${@:3}"; do grep -qE -- "$pattern" <<<"$output"; done
}

# lasts COMMAND PATTERN: it goes on; when it has said this line it is interrupted, as by Ctrl-C.
lasts() {
	next "$1"
	has() { grep -qsE -- "$1" said; }
	begin
	await has "$2"
	finish
}

begin() {
	nsenter --net="/proc/$network/ns/net" bash -c "exec $command" >said 2>&1 3>&- &
	running=$!
}

# bash has children in the background ignore SIGINT.
finish() {
	local status=0

	kill "$running"
	wait "$running" || status=$?
	[ "$status" = 143 ]
}

# answers: what is begun, to a request for page 255
answers() { here teletap page 255 -t 1 >/dev/null; }
drawn() { run here bash -c "$command" && grep -q '^gen ' <<<"$output"; }

# One to look at, and one to start.
programs() {
	"$python" -c 'import gc, time
while not time.sleep(0.02): gc.collect()' 3>&- &
	pid=$!
	cat >app.py <<-'EOF'
		import gc, threading
		def application(environ, start_response):
		    raise NotImplementedError
		def collect():
		    while not threading.Event().wait(0.05):
		        gc.collect()
		threading.Thread(target=collect, daemon=True).start()
	EOF
	printf '{"targets": {"web": {"pid": %d}}}' $pid >serve.json
	export PYTHONPATH=$PWD
}

serving() {
	next 'teletap serve -p 4242'
	begin
	await answers
	next 'teletap page 210'
	await drawn
	next 'echo 210 | nc -u -w 1 127.0.0.1 25255'
	await drawn
	finish
	next 'teletap serve -p 4242 --http 127.0.0.1:25280'
	begin
	await answers
	command="curl --noproxy '*' -sf http://127.0.0.1:25280/210"
	await drawn
	finish
	next 'teletap serve --config FILE'
	begin
	await answers
	next 'teletap page web/210'
	await drawn
	finish
}

@test "every command, in order" {
	mapfile -t commands < <(fenced '' | sed -n 's/ *#.*//; /^\(make\|teletap\|echo\|tests\)/p')
	at=0
	programs
	next 'make demo' # tests/release, .ci/run
	next 'make check'
	next 'tests/lab/native -- teletap build gc -e /usr/bin/python3.14 *' # make demo
	step 0 'teletap doctor -p 4242' '210'
	next 'teletap check -p 4242'
	run here bash -c "$command"
	[ "$status" -le 3 ]
	[[ $output == TELETAP\ * ]]
	step 0 'teletap list' '^ *210 '
	step 0 'teletap probes -p 4242' 'gc__start'
	lasts 'teletap watch gc -p 4242' '^ +2 +[1-9]'
	lasts 'teletap watch gc -e /usr/bin/python3.13' '^ +2 +[1-9]'
	lasts "teletap watch gc -c 'gunicorn app'" '^ +2 +[1-9]'
	step 0 'teletap watch gc -p 4242 -i 1 -n 10 -o json'
	[ "$(jq -s 'length == 10 and (.[9].rows[2].runs > 0)' <<<"$output")" = true ]
	step 0 'teletap watch gc -p 4242 -n 1 -o openmetrics' '^# EOF$' '^teletap_.*generation="2".* [1-9]'
	next 'teletap record gc -p 4242 -w trace.zst'
	begin
	kept() { [ "$(teletap replay trace.zst --info -o json 2>/dev/null | jq '.moments // 0')" -ge 2 ]; } 2>/dev/null
	await kept
	finish
	next 'teletap replay trace.zst --at 14:05:30'
	command=${command/14:05:30/$(date -u -d "$(teletap replay trace.zst --info -o json | jq -r .first)" +%T)}
	run -0 bash -c "$command -n 1"
	[[ $output == *'210 gc'* ]]

	serving

	# tests/live/60-pack.bats
	next 'teletap build gc -e /usr/bin/python3.13 -k *'
	next 'teletap watch gc -p 4242 --pack pack'
	[ "$at" = "${#commands[@]}" ]
}

@test "the C program" {
	{
		fenced c | sed -n '1,2p'
		echo 'int main(void) { const char *name = "mail"; int length = 7;'
		fenced c | sed 1,2d | sed 's/GIT_COMMIT, BUILD_NUMBER/"0123abc", "7"/'
		echo '(void)name; (void)length; __builtin_trap(); }'
	} >shop.c
	gcc -Wall -Wextra -Werror -I "$TOP/include" -o shop shop.c
	TELETAP_RING=ring ./shop || true
	run -0 teletap replay ring log
	[[ $output == *'queue mail is 7 long'* ]]
}
