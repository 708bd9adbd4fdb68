#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pages 220 and 221 of gevent's HTTP server, by the extension and by CPython's markers: calls are
# those that the server counts itself, and times are within 5 % of its own clock, or null with a
# note. Debian's gevent is for CPython 3.11: its own, which has markers, and pyenv's, which has none.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load helper
load bpf

shopt -s nullglob
BARE=("$HOME"/.pyenv/versions/3.11.*/bin/python3)
shopt -u nullglob

setup_file() {
	need_python_copy
	with_extension "$python"
}

server() {
	export PYTHONPATH=/usr/lib/python3/dist-packages # pyenv's does not look there
	cat >"$dir/served.py" <<-'PY'
		import sys
		from gevent import monkey
		monkey.patch_all()
		import json, time
		from gevent import socket
		from gevent.pywsgi import WSGIServer
		calls, took = {}, {}
		def clocked(function):
		    name = function.__name__
		    calls[name] = took[name] = 0
		    def clock(*arguments):
		        begun = time.perf_counter_ns()
		        result = function(*arguments)
		        took[name] += time.perf_counter_ns() - begun
		        calls[name] += 1
		        return result
		    return clock
		@clocked
		def work(ms):
		    end = time.perf_counter_ns() + ms * 1000000
		    while time.perf_counter_ns() < end: pass
		@clocked
		def waits(ms):
		    time.sleep(ms / 1000)
		@clocked
		def item(wait, ms):
		    waits(wait)
		    work(ms)
		def application(environ, start_response):
		    start_response("200 OK", [("Content-Type", "text/plain")])
		    if environ["PATH_INFO"] == "/said": return [json.dumps([calls, took]).encode()]
		    item(10, 5)
		    return [b"5"]
		listens = socket.socket(socket.AF_UNIX)
		listens.bind(sys.argv[1])
		listens.listen(50)
		WSGIServer(listens, application, log=None).serve_forever()
	PY
}

# ask CURL-ARGUMENT...: prints the answers
ask() { curl -sf --max-time 20 --unix-socket "$dir/socket" "$@" 2>/dev/null; }

answers() { ask http://x/said >"$dir/said"; }

# right: each figure of the last page is, or is null with a note
right() {
	jq -ce --argjson page "$page" '
		def near($own): . == null or (. - $own | fabs) <= $own * 0.05;
		. as [$calls, $took] | [$page.rows[] | select(.function | in($calls))]
		| length == 3 and all(.[]; .function as $f | .calls_total == $calls[$f]
			and ((.inclusive_ns_total // .duration_ns_total) | near($took[$f])))
		and (.[] | select(.function == "work") | .exclusive_ns_total | near($took.work))
		and (all(.[]; (.inclusive_ns_total // .duration_ns_total) != null)
			or any($page.notes[]; test("not timed")))' "$dir/said" || {
		cat "$dir/said"
		q '.rows[] | del(.histogram)'
		q .notes
		return 1
	}
}

# served PARALLEL PAGE OPTION...: with so many of 60 requests at a time, the page is right
served() {
	rm -f "$dir/socket"
	setsid teletap watch "$2" --collector bpf -i 60 -o json --file '*/served.py' "${@:3}" >"$out" 2>"$err" 3>&- &
	tap=$!
	await answers
	[ "$(ask -Z --parallel-max "$1" 'http://x/[1-60]')" = "$(printf '5%.0s' {1..60})" ]
	answers
	sleep 0.3 # the extension hands over every 0.1 s
	kill -INT "$tap"
	wait "$tap" || [ $? -eq 130 ]
	kill -KILL -- "-$tap"
	[ "$(jq '.[0].item' "$dir/said")" = 60 ]
	last
	right
}

@test "220: one request after the other, and four at a time" {
	server
	for python in "$EXE" "${BARE[@]}"; do
		echo "$python"
		served 1 calls -c "$python $dir/served.py $dir/socket"
		served 4 calls -c "$python $dir/served.py $dir/socket"
	done
}

@test "221: one request after the other, and four at a time" {
	server
	served 1 call-times -c "$EXE $dir/served.py $dir/socket"
	served 4 call-times -c "$EXE $dir/served.py $dir/socket"
}

@test "220: a greenlet whose whole life lies in another one's wait" {
	cat >"$dir/inside.py" <<-'PY'
		import json, sys, time
		from greenlet import greenlet
		calls, took = {}, {}
		def work(ms):
		    end = time.perf_counter_ns() + ms * 1000000
		    while time.perf_counter_ns() < end: pass
		def waits(other):
		    if other: greenlet(item).switch(False)
		def item(other):
		    begun = time.perf_counter_ns()
		    waits(other)
		    work(30)
		    took["item"] = took.get("item", 0) + time.perf_counter_ns() - begun
		for i in range(5): greenlet(item).switch(True)
		calls = {"item": 10, "work": 10, "waits": 10}
		took |= {"work": 300e6, "waits": 5 * 30e6}
		with open(sys.argv[1], "w") as f: json.dump([calls, took], f)
	PY
	export PYTHONPATH=/usr/lib/python3/dist-packages
	for python in "$EXE" "${BARE[@]}"; do
		echo "$python"
		teletap watch calls --collector bpf -o json -c "$python $dir/inside.py $dir/said" >"$out" 2>"$err"
		last
		right
	done
}

# Nothing is entered after the thread has changed stacks: only a return tells that, or nothing does.
left() {
	cat >"$dir/left.py" <<-'PY'
		import os, sys, time
		from greenlet import getcurrent, greenlet
		main = getcurrent()
		def begun(): main.switch()
		kept = greenlet(begun) # else it ends with its last reference
		def outer(): kept.switch()
		outer() if sys.argv[1] == "returns" else kept.switch()
		time.sleep(0.3)
		os._exit(0)
	PY
	teletap watch call-times --collector bpf -o json --file '*/left.py' -c "$1 $dir/left.py $2" >"$out" 2>"$err"
	last
	echo "$* $(q '.rows, .notes')"
	rows=$(q '[.rows[] | select(.function != "<module>") | [.function, .calls_total, .duration_ns_total, .duration_ns[]]] | sort')
}

@test "221: a thread changes stacks, and enters nothing afterwards: times are unknown, not 0" {
	export PYTHONPATH=/usr/lib/python3/dist-packages
	for python in "$EXE" "${BARE[@]}"; do
		left "$python" returns
		[ "$rows" = '[["begun",1,null,null,null,null,null],["outer",1,null,null,null,null,null]]' ]
		[[ $(q .notes) == *"not timed: "*greenlet* ]]
		left "$python" never
		[ "$rows" = '[["begun",1,null,null,null,null,null]]' ]
		[[ $(q .notes) == *"has not returned"* ]]
	done
}

@test "220 and 221 by CPython's own markers" {
	server
	served 4 calls --no-extension -c "$EXE $dir/served.py $dir/socket"
	served 4 call-times --no-extension -c "$EXE $dir/served.py $dir/socket"
}
