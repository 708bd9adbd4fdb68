#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pages about Python by BPF programs, on this host's own kernel, against what the program knows
# itself; other tracers, recordings, rights.

# shellcheck disable=SC2016,SC2030,SC2031,SC2154
bats_require_minimum_version 1.5.0
load helper
load bpf
load bpf-targets

@test "210 -c: what gc.get_stats() counts, from the first instruction" {
	teletap watch gc --collector bpf -o json -c "$EXE $LIVE/collect.py $dir now" >"$out"
	last
	[ "$(totals)" = "$(jq -c . "$dir/done")" ]
}

@test "210 -p: descendants of before, of later, and exec'd ones" {
	start older younger spawn
	watch gc -p "$pid" -i 0.3
	attached
	go
	finish
	[ "$(totals)" = "$(jq -c . "$dir/done")" ]
	[ "$(q .target.processes)" -ge 5 ]
	kill -0 "$pid"
	await lowered "$pid"
}

# lies PAGE: of a file whose notes say something else, what cannot be is lost, and said.
lies() {
	local genuine=$EXE
	for what in generation end beginning; do
		echo "$what"
		rm -f "$dir"/{ready,go,done,out}
		EXE=$dir/lying
		/usr/bin/python3 "$LIVE/mutate.py" --lie "$what" "$genuine" "$EXE"
		start
		watch "$1" -p "$pid" -i 0.3
		attached
		go
		kill -INT "$tap"
		wait "$tap" || true
		page=$(tail -n 1 "$out")
		[ "$(q '[.rows[] | .runs_total // 0, has("tid")] | unique - [0, false]')" = '[]' ]
		# the first end may be that of a collection that had begun, the last beginning is under way
		lost=$(q .loss.skipped) runs=$(jq '[.[][0]] | add' "$dir/done")
		echo "$lost of $runs"
		[ "$lost" -eq "$runs" ] || [ "$lost" -eq $((runs - 1)) ]
		await lowered "$pid"
		kill -9 "$pid"
	done
}

@test "210: of a file whose notes say something else, what cannot be is lost, and said" { lies gc; }
@test "211: of a file whose notes say something else, what cannot be is lost, and said" { lies gc-events; }
@test "213: of a file whose notes say something else, what cannot be is lost, and said" { lies gc-cost; }

@test "of a file whose notes say that no collection comes, nothing is known, which its own counts show" {
	genuine=$EXE EXE=$dir/lying
	/usr/bin/python3 "$LIVE/mutate.py" --lie neither "$genuine" "$EXE"
	for page in gc gc-events gc-cost; do
		rm -f "$dir"/{ready,go,done,out}
		start
		watch "$page" -p "$pid" -i 0.3
		attached
		page=$(head -n 1 "$out") # nothing has been collected
		[ "$(q '[.notes[] | select(test("no marker tells"))]')" = '[]' ]
		go
		kill -INT "$tap"
		wait "$tap" || true
		page=$(tail -n 1 "$out")
		[ "$(q .rows)" = '[]' ]
		[[ $(q '.notes[]') == *'the interpreter has counted collections that no marker tells of'* ]]
		kill -9 "$pid"
	done
}

# within CODE EXPRESSION: page 210 of a program whose second collection runs CODE in a finalizer;
# of its last rows and losses.
within() {
	cat >"$dir/within.py" <<-PY
		import gc, os, sys
		import _xxsubinterpreters as interpreters
		gc.disable()
		def garbage():
		    class Cycle:
		        def __del__(self): $1
		    c = Cycle()
		    c.self = c
		gc.collect()
		garbage()
		gc.collect()
		gc.collect()
		try: os.wait()
		except ChildProcessError: pass
		os._exit(0)
	PY
	teletap watch gc --collector bpf -o json -c "$EXE -S $dir/within.py" >"$out"
	page=$(tail -n 1 "$out")
	q '[.rows[2].runs_total, .loss.skipped]'
}

@test "210: a collection in which the process forks ends in the child, and nothing is lost" {
	run -0 within 'os.fork()'
	[ "$output" = '[4,0]' ] # three, and the child's own
}

@test "210: a collection of another interpreter within one: that one is lost, and said" {
	run -0 within 'interpreters.run_string(interpreters.create(), "import gc; gc.collect()")'
	[[ $output = '['[1-9]*',1]' ]]
}

@test "210 -e: every process of the file, and no other" {
	start
	python_copy "$dir/other"
	"$dir/other" -c 'import gc
while True: gc.collect()' 3>&- &
	watch gc -e "$EXE" -i 0.3
	attached
	go
	finish
	[ "$(totals)" = "$(jq -c . "$dir/done")" ]
	[ "$(q .target.processes)" -eq 1 ]
}

@test "210 --by pid: each process's own figures" {
	start older
	watch gc -p "$pid" -i 0.3 --by pid
	attached
	go
	finish
	[ "$(q '[.rows[].pid] | unique | length')" -eq 3 ]
	[ "$(q "[.rows[] | select(.pid == $pid) | .pid] | length")" -ge 1 ]
	[ "$(q '[(0, 1, 2) as $g | [([.rows[] | select(.generation == $g).runs_total] | add),
		([.rows[] | select(.generation == $g).collected_total] | add)]]')" = "$(jq -c . "$dir/done")" ]
}

@test "210 and 212: pauses are those that gc.callbacks measure" {
	cat >"$dir/pauses.py" <<-'EOF'
		import gc, sys, time
		gc.disable()
		kept = [[i] for i in range(300000)]
		spent, begun = 0, 0
		def called(phase, info):
		    global spent, begun
		    now = time.monotonic_ns()
		    if phase == "start":
		        begun = now
		    else:
		        spent += now - begun
		gc.callbacks.append(called)
		for i in range(20):
		    gc.collect()
		open(sys.argv[1], "w").write(str(spent))
		import os
		os._exit(0)
	EOF
	teletap watch gc,gc-pauses --collector bpf -o json -c "$EXE $dir/pauses.py $dir/spent" >"$out"
	spent=$(cat "$dir/spent")
	page=$(jq -c 'select(.page == 210 and .last)' "$out")
	echo "$spent $page"
	[ "$(q '.rows[2].runs_total')" -eq 20 ]
	# between callbacks and markers lies next to nothing, unless another process comes in
	[ "$(q ".rows[2].pause_ns_total <= $spent and .rows[2].pause_ns_total > $spent * 0.7")" = true ]
	page=$(jq -c 'select(.page == 212 and .last)' "$out")
	[ "$(q '[.rows[] | select(.generation == 2).count_total] | add')" -eq 20 ]
}

@test "beside another tracer, whoever it is: one with the semaphore, and one without" {
	read -r site counter < <(teletap probes -o json -e "$EXE" |
		jq -r 'select(.name == "gc__start") | "\(.pc) \(.semaphore)"')
	site=$(file_offset "$site")
	counter=$(file_offset "$counter")
	for with in "$counter" 0; do
		rm -f "$dir"/{ready,go,done,out,placed}
		start
		mkfifo "$dir/hold.$with"
		/usr/bin/python3 "$LIVE/uprobe.py" "$EXE" "$site" "$with" <"$dir/hold.$with" >"$dir/placed" 3>&- &
		exec 8>"$dir/hold.$with"
		await grep -q placed "$dir/placed"
		watch gc -p "$pid" -i 0.3
		attached
		go
		finish
		[ "$(totals)" = "$(jq -c . "$dir/done")" ]
		exec 8>&-
		await lowered "$pid"
		kill -9 "$pid"
	done
}

# file_offset ADDRESS: where the program's file has it
file_offset() {
	/usr/bin/python3 - "$EXE" "$1" <<-'EOF2'
		import struct, sys
		data, address = open(sys.argv[1], "rb").read(), int(sys.argv[2])
		start, = struct.unpack_from("<Q", data, 32)
		size, n = struct.unpack_from("<HH", data, 54)
		for i in range(n):
		    kind, flags, offset, at, _, length = struct.unpack_from("<IIQQQQ", data, start + i * size)
		    if kind == 1 and at <= address < at + length:
		        print(address - at + offset)
	EOF2
}

@test "SIGKILL: nothing is left, and the program goes on" {
	serve
	for page in counters spans errors; do
		out=$dir/$page
		watch "$page" -e "$SERVICE" -i 0.3
		attached
		taps+=("$tap")
	done
	kill -KILL "${taps[@]}"
	await lowered "$pid"
	await no_child
	tell 'all 3'
	kill -0 "$pid"
}

no_child() {
	local fd

	for fd in /proc/[0-9]*/environ; do
		grep -qsz "^BATS_TEST_TMPDIR=$BATS_TEST_TMPDIR$" "$fd" && [ "$(cat "${fd%environ}comm")" = teletap-bpf ] && return 1
	done
	return 0
}

@test "without rights: one line" {
	chmod 755 "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
	refused setpriv --reuid=65534 --regid=65534 --clear-groups "$BUILD/bin/teletap" watch gc --collector bpf -e "$EXE" -n 1
	[[ $stderr == *'root'* ]]
}

@test "doctor tries them" {
	run -0 --separate-stderr teletap doctor -e "$EXE" -o json
	[ "$(jq -c '.pages[] | select(.page == 210).collectors[] | select(.name == "bpf").works' <<<"$output")" = true ]
}

@test "record and replay: the same figures" {
	teletap record gc --collector bpf -w "$dir/gc.tap" -c "$EXE $LIVE/collect.py $dir now"
	teletap replay "$dir/gc.tap" gc -o json >"$out"
	page=$(tail -n 1 "$out")
	[ "$(totals)" = "$(jq -c . "$dir/done")" ]
	[ "$(q .collector)" = '"bpf"' ]
}

@test "220: functions made where others were: each has its own name, file and line" { reused_as_profiled "$EXE"; }

@test "220: calls of functions, generators and threads, by what sys.setprofile counts" {
	cat >"$dir/calls.py" <<-'EOF2'
		import json, os, sys, threading, time
		def leaf(): pass
		def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
		def raises(): raise KeyError
		def many():
		    for i in range(50):
		        yield i
		class Thing:
		    def method(self): leaf()
		def work():
		    for i in range(100):
		        leaf()
		    fib(12)
		    for i in range(7):
		        try: raises()
		        except KeyError: pass
		    list(many())
		    for i in range(20): Thing().method()
		while not os.path.exists(sys.argv[1] + "/go"): time.sleep(0.02)
		threads = [threading.Thread(target=work) for i in range(4)]
		for t in threads: t.start()
		for t in threads: t.join()
		if os.fork() == 0:
		    work()
		    os._exit(0)
		os.wait()
		# once more, counted by the interpreter
		counts = {}
		def profile(frame, event, arg):
		    if event == "call":
		        key = "%s:%d" % (frame.f_code.co_name, frame.f_code.co_firstlineno)
		        counts[key] = counts.get(key, 0) + 1
		sys.setprofile(profile)
		work()
		sys.setprofile(None)
		json.dump(counts, open(sys.argv[1] + "/counts", "w"))
		open(sys.argv[1] + "/done", "w").close()
		time.sleep(600)
	EOF2
	"$EXE" "$dir/calls.py" "$dir" 3>&- &
	pid=$!
	watch calls -p "$pid" -i 0.3 --file '*calls.py'
	attached
	go
	finish
	# four threads, a child, and what the interpreter has counted
	[ "$(q '[.rows[] | select(.function | IN("leaf", "fib", "raises", "many", "method", "work")) | {key: "\(.function):\(.line)", value: .calls_total}] | sort_by(.key) | from_entries')" = \
		"$(jq -c 'to_entries | map(.value *= 6) | sort_by(.key) | from_entries' "$dir/counts")" ]
	[ "$(q '[.rows[].file] | unique')" = "[\"$dir/calls.py\"]" ]
}
