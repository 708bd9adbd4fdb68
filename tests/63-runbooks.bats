#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Each runbook against a program that has its symptom: every command in it runs as it stands,
# with the program's number for 4242, and shows what the runbook looks for.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154,SC2317
bats_require_minimum_version 1.5.0
load helper
load bpf

setup_file() {
	need_bpf
	need_python
	need_uprobes
	export python BOOKS=$TOP/docs/runbooks
}

setup() {
	out=$BATS_TEST_TMPDIR/out err=$BATS_TEST_TMPDIR/err dir=$BATS_TEST_TMPDIR
	book='' pid=''
	cd "$dir" || return
	mkfifo ready
}

teardown() {
	exec 8>&-
	jobs -p | xargs -r kill -9 2>/dev/null || true
	wait 2>/dev/null || true
	[ -z "${disk-}" ] || losetup -d "$disk"
}

# book NAME: its commands are to be run one by one.
book() {
	book=$BOOKS/$1.md
	mapfile -t commands < <(awk '/^```/ { open = !open; inside = open && $0 == "```"; next } inside' "$book")
	[ "${#commands[@]}" -gt 0 ]
	next=0
}

# begin COMMAND...: a program that writes a line into ready when it has the symptom. Sets pid.
begin() {
	"$@" 3>&- &
	pid=$!
	exec 8<>ready
	read -r -t 60 -u 8 word
}

# step PATTERN...: runs the next command of the book, and its output has lines like these.
# $answer: the status that it ends with.
answer=0
step() {
	local pattern command=${commands[next]}

	next=$((next + 1))
	# shellcheck disable=SC2086 # as a shell would split it
	eval "run -$answer --separate-stderr ${command//4242/$pid}"
	printf '%s\n' "$command" "$output" "$stderr" >"$out"
	for pattern; do
		grep -qE -- "$pattern" "$out" || {
			echo "no $pattern in:" && cat "$out"
			false
		}
	done
}

# The book has no more commands.
end() { [ "$next" -eq "${#commands[@]}" ]; }

@test "every runbook has a test, is in the index, and begins with what is seen" {
	for file in "$BOOKS"/*.md; do
		name=$(basename "$file" .md)
		[ "$name" != README ] || continue
		grep -q "^	book $name\$" "$BATS_TEST_FILENAME"
		grep -q "($name.md) |\$" "$BOOKS/README.md"
		[[ $(head -n 1 "$file") == '# '* ]]
	done
}

@test "hangs" {
	book hangs
	cat >app.py <<-'EOF2'
		import sys, threading
		sys.path.insert(0, sys.argv[1])
		import hang
		hang.both.wait  # both are past it when each has its lock
		while not (hang.lock.locked() and hang.other.locked()):
		    pass
		open("ready", "w").write("ready\n")
	EOF2
	begin "$python" app.py "$TOP/tests/demo"
	step '^ +[0-9]+ +[0-9]+ +[0-9]+ S .* a lock \(futex\)$' \
		'^ +transfer .*hang.py:(11|12)$' '^ +report .*hang.py:(18|19)$'
	step '^page 3, the last one' 'a lock \(futex\)'
	end
}

@test "one processor is full" {
	book cpu
	cat >app.py <<-'EOF2'
		def burn(n):
		    while n:
		        n -= 1
		def serve():
		    while True:
		        burn(100000)
		open("ready", "w").write("ready\n")
		serve()
	EOF2
	begin "$python" app.py
	step '^ function .* burn$'
	[[ $(awk '$1 == "function" && $NF == "burn" { print $4 }' "$out") =~ ^(8[0-9]|9[0-9]|100) ]]
	step '^ function .* burn$'
	grep -q 'burn' flame.svg
	grep -qE 'serve.*;.*burn.* [0-9]+$' stacks.folded
	end
}

@test "threads take turns" {
	book threads
	cat >app.py <<-'EOF2'
		import threading
		def compute():
		    n = 0
		    while True:
		        n += 1
		for i in range(4):
		    threading.Thread(target=compute).start()
		open("ready", "w").write("ready\n")
	EOF2
	begin "$python" app.py
	# between two turns nobody has it
	step ' the GIL$' '^ +compute .*app.py:[345]$'
	[ "$(awk '/ the GIL$/ { n += $3 } END { print n }' "$out")" -ge 2 ] # of that many like this one
	step '^ function .* compute$'
	end
}

@test "the collector" {
	book collector
	cat >app.py <<-'EOF2'
		keep = [[i] for i in range(400000)]
		def make_cycles():
		    for i in range(5000):
		        a = []
		        a.append(a)
		first = True
		import gc
		while True:
		    make_cycles()
		    gc.collect()
		    if first:
		        open("ready", "w").write("ready\n")
		    first = False
	EOF2
	begin "$python" app.py
	step ', by bpf$' '^  2 +[1-9]'
	share=$(awk '$1 == 2 { print int($NF); exit }' "$out")
	[ "$share" -ge 5 ]
	step '<module> .*app.py:[0-9]+$' 'ms +no yes +no +no '
	step '^212 gc-pauses' ', by bpf$'
	step ', by memory$' '^  2 +[1-9]'
	end
}

@test "slow to start" {
	book start
	# what is not there is sought long enough to be among the rows that a page has
	cat >app.py <<-'EOF2'
		import sys, time, slow, quick
		class Finder:
		    def find_spec(name, path=None, target=None):
		        if name == "nothing_there":
		            time.sleep(0.1)
		sys.meta_path.insert(0, Finder)
		try:
		    import nothing_there
		except ImportError:
		    pass
	EOF2
	printf 'import time\ntime.sleep(0.3)\n' >slow.py
	echo >quick.py
	step ' slow$' ' nothing_there$'
	# by its own time, of which there are 0.3 s
	[ "$(awk '$2 == "self" { on = 1 } /^Since/ { exit } on && $4 == "ms" && $3 > 299 { print $NF }' "$out" | tail -n 1)" = slow ]
	end
}

@test "too many open files" {
	book files
	cat >app.py <<-'EOF2'
		import resource, socket
		resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
		listening = socket.create_server(("127.0.0.1", 0))
		kept = []
		try:
		    while True:
		        s = socket.create_connection(listening.getsockname())
		        kept += [s, listening.accept()[0]]
		except OSError:
		    s.close()
		kept.pop().close()
		open("ready", "w").write("ready\n")
		import time
		time.sleep(1000)
	EOF2
	begin "$python" app.py
	n=$(find "/proc/$pid/fd" -mindepth 1 | wc -l)
	[ "$n" -ge 60 ]
	step "has $n files open, and may have 64"
	step '^ ESTAB +2[0-9] .* out 127.0.0.1:[0-9]+$'
	end
}

@test "clients wait" {
	book silent
	cat >app.py <<-'EOF2'
		import socket, threading
		s = socket.create_server(("127.0.0.1", 0), backlog=2)
		clients = []
		for i in range(4):
		    c = socket.socket()
		    c.setblocking(False)
		    c.connect_ex(s.getsockname())
		    clients.append(c)
		def work():
		    open("ready", "w").write("ready\n")
		    threading.Event().wait()
		work()
	EOF2
	begin "$python" app.py
	step 'the queue of tcp 127.0.0.1:[0-9]+ is full' '^ SYN-SENT +1 '
	step '^ +work .*app.py:11$'
	end
}

@test "no modules" {
	book no-modules
	cat >app.py <<-'EOF2'
		import gc
		open("ready", "w").write("ready\n")
		while True:
		    gc.collect()
	EOF2
	begin "$python" app.py
	step '210 +gc +works'
	step '^210 gc ' '^211 gc-events' ', by bpf$'
	step ', by memory$' '<module> .*app.py:[0-9]+$'
	step ', by memory$' '<module>$'
	step '^204 process' '^205 sockets' ', by proc$'
	end
}

@test "no markers" {
	book no-markers
	objcopy --remove-section .note.stapsdt "$python" bare
	cat >app.py <<-'EOF2'
		import gc
		def serve():
		    while True:
		        gc.collect()
		open("ready", "w").write("ready\n")
		serve()
	EOF2
	PYTHONHOME=/usr begin ./bare app.py
	answer=1 step 'no markers in the [0-9]+ files it runs'
	run -3 teletap watch gc -p "$pid" -n 1 --collector bpf
	[[ $output == *'has no markers of python'* ]]
	step '^ +serve .*app.py:[34]$'
	step ' serve$'
	step '^  2 +[1-9]' ', by memory$'
	end
}

@test "a C program" {
	book c-program
	awk '/^```/ { inside = $0 == "```c"; next } inside' "$book" >app.c
	gcc -Wall -Wextra -Werror -O2 -I "$TOP/include" -Wl,--build-id -o shop app.c
	exec 8<>ready
	./shop 3>&- 8>&- &
	pid=$!
	running() { teletap watch log -p "$pid" -n 1 2>/dev/null | grep -q 'order 6 is late'; }
	await running
	step 'warning +order 1 is late$' '^ version +.* 2.1.0$'
	step ' orders$' ' deliver$' ' no such address .*app.c:[0-9]+$'
	end
}

@test "it died" {
	book died
	awk '/^```/ { inside = $0 == "```c"; next } inside' "$BOOKS/c-program.md" >app.c
	gcc -O2 -I "$TOP/include" -Wl,--build-id -o shop app.c
	TELETAP_RING=shop.ring ./shop 3>&- &
	pid=$!
	running() { teletap replay shop.ring log 2>/dev/null | grep -q 'order 3 is late'; }
	await running
	kill -KILL "$pid"
	step 'warning +order 3 is late$'
	step '^ began ' '^ version +.* 2.1.0$'
	end
}

@test "something starts processes" {
	book starts
	cat >unseen <<-'EOF2'
		#!/bin/sh
		exit 3
	EOF2
	chmod +x unseen
	bash -c 'echo ready >ready; while :; do ./unseen one; done' 3>&- &
	pid=$!
	exec 8<>ready
	read -r -t 60 -u 8 word
	step 'unseen one'
	end
}

@test "the disk" {
	book disk
	truncate -s 32M image
	disk=$(losetup --show -f image 3>&-)
	begin bash -c "while :; do
		dd if=/dev/zero of=$disk bs=64k count=16 oflag=direct 2>/dev/null
		[ ! -p ready ] || { echo ready >ready; rm ready; }
	done"
	step '^ disk .* /  ' 'cpu: some tasks waited$'
	step ', by bpf$' "^ ${disk##*/} +0 +[1-9][0-9]+ "
	end
}

@test "it is over before anybody can look" {
	book later
	begin "$python" -c 'open("ready", "w").write("ready\n"); import time; time.sleep(1000)'
	step ''
	kill -9 "$pid"
	step 'pages +process, sockets$' 'moments +4$'
	step '^204 process '
	end
}
