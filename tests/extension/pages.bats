#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Pages 300 to 399, which a Python program draws itself (python/teletap/_pages.py), asked
# for from outside (wrapper/source/program_pages.c). No module is needed for them.
# shellcheck disable=SC2030,SC2031 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper

teardown() {
	jobs -p | xargs -r kill -9 2>/dev/null || true
	wait 2>/dev/null || true
}

# program PYTHON ARGUMENT... : runs program.py until it is ready; sets $pid.
program() {
	local python=$1 tries=0
	cat > program.py <<-'PY'
		import os, sys, threading, time
		import teletap
		calls = 0
		def main(number):
		    @teletap.page(number, "queue", "What is waiting")
		    def queue():
		        global calls
		        calls += 1
		        return "calls %d\n\tcaf\u00e9 \ud800 \x1b[2J" % calls
		    @teletap.page(302, "fails")
		    def fails():
		        raise ValueError("no page\x1b[2J today")
		    teletap.page(303, "long")(lambda: "line\n" * 20000)
		    @teletap.page(304, "slow")
		    def slow():
		        open("slow.begun", "w").close()
		        while not os.path.exists("slow.go"):
		            time.sleep(0.02)
		        os.unlink("slow.begun")
		        os.unlink("slow.go")
		        return "at last"
		    teletap.page(305, "no text")(lambda: 5)
		    teletap.page(306, "exits")(lambda: sys.exit(3))
		    teletap.page(307, "", "\x1b[2J\n\t" * 50)(lambda: "")
		if __name__ == "__main__":
		    main(301)
		    how = sys.argv[1:]
		    if "fork" in how and os.fork():
		        os.wait()
		    if "fork" in how:
		        teletap.page(308, "child")(lambda: str(os.getpid()))
		    with open("ready", "w") as f:
		        f.write(str(os.getpid()))
		    if "busy" in how:
		        while True:
		            sum(range(1000))
		    if "lock" in how:
		        lock = threading.Lock()
		        lock.acquire()
		        lock.acquire()
		    if "hold" in how:
		        int("7" * 4000) ** 3000000
		    time.sleep(1000)
	PY
	rm -f ready slow.*
	"$python" -X dev -W always program.py "${@:2}" 3>&- > out 2>&1 < /dev/null &
	while [ ! -s ready ]; do
		[ $((tries++)) -lt 200 ] || { cat out; return 1; }
		sleep 0.05
	done
	pid=$(< ready)
}

now() { echo $((${EPOCHREALTIME/./} / 1000)); } # ms

# await COMMAND... : waits until it succeeds, 20 s at most
await() {
	local tries=0
	until "$@"; do [ $((tries++)) -lt 400 ] || { echo "in vain: $*"; return 1; }; sleep 0.05; done
}

# within MS COMMAND... : succeeds in that time; what took longer, as on a machine that was
# held up, says nothing, and is tried again, twice
within() {
	local begun try result
	for try in 1 2 3; do
		begun=$(now) result=0
		"${@:2}" || result=$?
		[ $(($(now) - begun)) -ge "$1" ] || return $result
	done
	echo "longer than $1 ms, $try times: ${*:2}"
	return 1
}

# asks NUMBER [OPTION...] : watch's page, once
asks() { teletap watch "$1" -p "$pid" -n 1 "${@:2}"; }

@test "asked for by watch: text, escaped and bounded; JSON; and only then called" {
	local python
	for python in $ALL; do
		program "$python"
		run -0 asks 301
		[[ ${lines[0]} == '301 queue  What is waiting '*' UTC' ]]
		[ "${lines[1]}" = 'calls 1' ]
		[ "${lines[2]}" = '        café \x5cud800 \x1b[2J' ]
		run -0 asks 301 -o json
		[ "$(jq -c '[.page, .name, .rows]' <<< "$output")" = '[301,"queue",[{"text":"calls 2\n\tcafé \\ud800 \u001b[2J","cut":false}]]' ]
		run -0 teletap watch 301 -p "$pid" -n 3 -i 0.1 -o json
		[ "$(jq -r '.rows[].text' <<< "$output" | grep -c '^calls [345]$')" = 3 ]
		run -0 asks 303
		[[ ${lines[-1]} == 'NOT EXACT: the text was longer than 65536 bytes'* ]]
		[ "$(grep -c '^line$' <<< "$output")" = 13107 ]
		run -1 asks 302
		[[ $output == *'It cannot be shown: its function failed: ValueError: no page\x1b[2J today'* ]]
		run -1 asks 305
		[[ $output == *'TypeError: a page is a str, not int'* ]]
		run -1 asks 306
		[[ $output == *'its function failed: SystemExit: 3'* ]]
		run -0 asks 307
		[[ ${lines[0]} == '307   \x1b[2J \x1b'* ]]
		run -1 asks 399
		[[ $output == *"process $pid has registered no page 399"* ]]
		kill -0 "$pid"
		run -0 teletap watch log -p "$pid" -n 1 -i 0.1 -o json
		[ "$(jq -c '[.rows[] | select(.level == "handled") | .text | sub(".*: (?<e>[A-Z][A-Za-z]*Error|SystemExit): .*"; "\(.e)")]' <<< "$output")" = '["ValueError","TypeError","SystemExit"]' ]
		kill "$pid"
		wait "$pid" || true
		[ ! -s out ] || { cat out; return 1; }
	done
}

@test "while the program computes, is blocked, or holds the interpreter's lock" {
	local python how begun
	for python in python3.11 python3.14; do
		for how in busy lock; do
			program "$python" $how
			run -0 asks 301
			[ "${lines[1]}" = 'calls 1' ]
			kill -KILL "$pid"
		done
		program "$python" hold
		ready=$(worked)
		await computes
		within 3500 no_answer 301
		kill -KILL "$pid"
	done
	program python3.14
	first=$(now)
	no_answer 304
	begun=$(date -r slow.begun +%s%3N)
	second=$(now)
	run -1 asks 304
	third=$(now)
	[[ $output =~ 'its function has been running for '([0-9]+)\.([0-9])' s, for somebody who asked before' ]]
	tenths=$((10#${BASH_REMATCH[1]}${BASH_REMATCH[2]}))
	[ $tenths -le $(((third - first) / 100 + 1)) ]
	[ $tenths -ge $(((second - begun) / 100 - 1)) ]
	run -0 asks 301
}

# Ticks of the processor that the program's main thread has had.
worked() { awk '{ print $14 + $15 }' "/proc/$pid/task/$pid/stat"; }
computes() { [ "$(worked)" -ge $((ready + 20)) ]; }

no_answer() {
	run -1 asks "$1"
	[[ $output == *'the program did not answer within 2 s'* ]] || { echo "$output"; return 1; }
}

@test "forks: each process answers for itself, no thread is counted, no socket is left" {
	local python
	for python in $ALL; do
		program "$python" fork
		run -0 asks 308
		[ "${lines[1]}" = "$pid" ]
		run -0 asks 301
		[ "${lines[1]}" = 'calls 1' ]
		child=$pid
		pid=$(ps -o ppid= "$child" | tr -d ' ')
		run -0 asks 301
		[ "${lines[1]}" = 'calls 1' ]
		run -1 asks 308
		kill "$pid" "$child"
		await no_socket
		[ ! -s out ] || { cat out; return 1; }
	done
}

no_socket() { ! grep -qE "@teletap/.*/($pid|$child)\$" /proc/net/unix; }

@test "other users are not answered, nor is what somebody else put there believed" {
	program python3.14
	run -1 setpriv --reuid=65534 --regid=65534 --clear-groups teletap watch 301 -p "$pid" -n 1
	[[ $output != *calls* ]]
	setpriv --reuid=65534 --regid=65534 --clear-groups python3.14 -c '
import os, socket, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.bind("\0teletap/%s/%s" % (os.readlink("/proc/self/ns/pid"), sys.argv[1]))
s.listen()
print("there", flush=True)
time.sleep(1000)' $$ > squatter 3>&- &
	for _ in {1..100}; do [ ! -s squatter ] || break; sleep 0.05; done
	run -1 teletap watch 301 -p $$ -n 1
	[[ $output == *"process $$ has registered no pages"* ]]
	run -2 teletap watch 301 -e /usr/bin/python3.14
	run -2 teletap watch 301,gc -p $$
}

@test "serve: by number, listed on page 255, called anew, and slow ones hold up no other" {
	program python3.14
	teletap serve -p "$pid" --listen 127.0.0.1:25341 3>&- > served 2>&1 &
	await served 301 || { cat served; return 1; }
	[[ ${lines[0]} == '301 queue  What is waiting '* ]] || { cat served; echo "$output"; return 1; }
	local anew=0
	for try in 1 2 3 4 5; do # a client asks twice where an answer is late
		called_anew && anew=1 && break
	done
	[ $anew = 1 ]
	await served 255
	[[ $output == *'301  queue         What is waiting                                   can work'* ]]
	[[ $output == *'304  slow '* ]]
	for try in 1 2 3; do
		teletap page 304 127.0.0.1:25341 > slow 3>&- || true &
		await test -e slow.begun
		within 1800 served 301 # the slow one is given up after 2 s
		wait %?slow || true
		[ -e slow.begun ]
		touch slow.go
		await test ! -e slow.go
		grep '^busy: ask again' slow || break # the machine was held up
		sleep 0.6
	done
	grep 'did not answer within 2 s' slow
	run -1 teletap page 399 127.0.0.1:25341
	served 303
	[ "$(grep -c '^line$' <<< "$output")" = 13107 ]
	kill "$pid"
	await ended
}

# A page that is older than half a second is drawn anew, once for each who asks.
called_anew() {
	local first last
	served 301 || return
	first=$(sed -n 's/^calls //p' <<< "$output")
	sleep 0.6
	served 301 -o json || return
	last=$(jq -r '.rows[].text' <<< "$output" | sed -n 's/^calls //p')
	[ "$last" = $((first + 1)) ]
}

served() {
	run teletap page "$1" 127.0.0.1:25341 "${@:2}"
	[ "$status" = 0 ] && [[ $output != 'busy: ask again'* ]]
}

ended() { run -1 teletap page 301 127.0.0.1:25341 && [[ $output == *'has ended'* ]]; }

