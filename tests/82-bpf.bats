#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pages by BPF programs, on this host's own kernel, against what the program knows itself.

# shellcheck disable=SC2016,SC2030,SC2031,SC2154
bats_require_minimum_version 1.5.0
load helper
load bpf

setup_file() {
	need_bpf
	need_python
	need_uprobes
	export SERVICE=$BATS_FILE_TMPDIR/service
	export EXE=$BATS_FILE_TMPDIR/python3.11
	python_copy "$EXE"
	export python
	gcc -D_GNU_SOURCE -O2 -I"$TOP/include" -o "$SERVICE" "$TOP/tests/service.c" -pthread
}

totals() { q '[.rows[] | [.runs_total, .collected_total]]'; }

# start MODE...: a Python whose collections are known, until it is ready.
start() {
	"$EXE" "$LIVE/collect.py" "$dir" "$@" >"$dir/said" 2>&1 3>&- &
	pid=$!
	await [ -e "$dir/ready" ]
}

go() {
	touch "$dir/go"
	await [ -e "$dir/done" ]
}

# serve [LINE]: the service, until it has said that line.
serve() {
	mkfifo "$dir/commands"
	"$SERVICE" <"$dir/commands" >>"$dir/said" 3>&- &
	pid=$!
	exec 7>"$dir/commands"
	said "${1-ready}"
}

says() { [ "$(tail -n 1 "$dir/said")" = "$1" ]; }

said() {
	await says "$1"
	: >"$dir/said"
}

tell() {
	echo "$1" >&7
	said 'done'
}

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

# lie WHAT: has EXE be a copy whose notes tell something else of one marker of collections.
lie() {
	PYTHONPATH=$LIVE /usr/bin/python3 - "$EXE" "$dir/lying" "$1" <<-'PY'
		import mutate, sys
		with open(sys.argv[1], "rb") as f:
		    file = mutate.File(f.read())
		def note(name):
		    return next(n for n in file.notes if file.data[n[1] + 24:].startswith(b"python\0" + name + b"\0"))
		start, done = note(b"gc__start"), note(b"gc__done")
		if sys.argv[3] == "a generation that there is not":
		    at = file.strings(start)[2]
		    end = file.data.index(b"\0", at)
		    file.data[at:end] = b"4@$-1".ljust(end - at)
		elif sys.argv[3] == "an end that never comes":
		    file.put(done, "semaphore", 0)
		else:
		    file.put(start, "pc", file.field(note(b"import__find__load__start"), "pc"))
		mutate.write(sys.argv[2], file.data)
	PY
	EXE=$dir/lying
}

@test "210: of a file whose notes say something else, what cannot be is lost, and said" {
	genuine=$EXE
	for what in 'a generation that there is not' 'an end that never comes' 'a beginning that never comes'; do
		echo "$what"
		rm -f "$dir"/{ready,go,done,out}
		EXE=$genuine
		lie "$what"
		start
		watch gc -p "$pid" -i 0.3
		attached
		go
		kill -INT "$tap"
		wait "$tap" || true
		page=$(tail -n 1 "$out")
		[ "$(totals)" = '[[0,0],[0,0],[0,0]]' ]
		# the first end may be that of a collection that had begun, the last beginning is under way
		lost=$(q .loss.skipped) runs=$(jq '[.[][0]] | add' "$dir/done")
		echo "$lost of $runs"
		[ "$lost" -eq "$runs" ] || [ "$lost" -eq $((runs - 1)) ]
		await lowered "$pid"
		kill -9 "$pid"
	done
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

@test "241: 23 events of each kind are 23; 8 threads of 100,000 lose none" {
	serve
	tell 'all 5' # before anybody looks
	watch counters -p "$pid" -i 0.3
	attached
	tell 'all 23'
	tell 'tally 8 100000'
	tell 'flush 777'
	finish
	[ "$(q '[.rows[] | [.kind, .name, .events_total, .change_total, .value, .least, .most]] | sort')" = \
		'[["counter","bytes",23,27600,null,null,null],["counter","requests",23,23,null,null,null],["gauge","queue",23,null,0,0,22],["tally","events",800777,0,null,null,null],["tally","most",781937,0,null,null,null],["tally","some",18840,0,null,null,null],["tally","weight",800777,2402331,null,null,null]]' ]
	await lowered "$pid"
}

@test "241: 8 threads at full speed, every event a probe, and two watchers" {
	cat >"$dir/race.c" <<-'EOF'
		#define TELETAP_PROVIDER race
		#include "teletap.h"
		#include <pthread.h>
		#include <stdio.h>
		static void *work(void *arg)
		{
			for (int i = 1; i <= 5000; i++) {
				TELETAP_COUNTER("events", 1);
				TELETAP_GAUGE("size", i * (int)(long)arg);
				TELETAP_SPAN_BEGIN("step", i);
				TELETAP_SPAN_END("step", i, i % 5 == 0);
			}
			return NULL;
		}
		int main(void)
		{
			pthread_t t[8];
			for (long i = 0; i < 8; i++)
				pthread_create(&t[i], NULL, work, (void *)(i + 1));
			for (int i = 0; i < 8; i++)
				pthread_join(t[i], NULL);
		}
	EOF
	gcc -O2 -I"$TOP/include" -o "$dir/race" "$dir/race.c" -pthread
	teletap watch counters,spans --collector bpf -o json -i 0.2 -c "$dir/race" >"$out"
	page=$(jq -c 'select(.page == 242 and .last)' "$out")
	echo "$page"
	[ "$(q '.loss | add')" -eq 0 ]
	# ids are the same in all threads: a span that is begun again is not another one
	[ "$(q '.rows[0].open')" -eq 0 ]
	page=$(jq -c 'select(.page == 241 and .last)' "$out")
	[ "$(q '.loss | add')" -eq 0 ]
	[ "$(q '[.rows[] | [.name, .events_total, .change_total, .least, .most]] | sort')" = \
		'[["events",40000,40000,null,null],["size",40000,null,1,40000]]' ]
	# intervals add up to the total
	[ "$(jq -s '[.[] | select(.page == 241).rows[] | select(.name == "events").events] | add' "$out")" -eq 40000 ]
}

@test "241: 100 uses of a marker in one program, by each linker" {
	{
		printf '#define TELETAP_PROVIDER many\n#include "teletap.h"\nint main(void)\n{\n'
		printf 'TELETAP_COUNTER("c%d", 1);\n' {1..100}
		echo '}'
	} >"$dir/many.c"
	for linker in bfd gold "lld -Wl,-z,separate-loadable-segments"; do
		# shellcheck disable=SC2086
		gcc -I"$TOP/include" -fuse-ld=$linker -Wl,--build-id -o "$dir/many" "$dir/many.c"
		teletap watch counters --collector bpf -c "$dir/many" -o json -i 60 >"$out" 2>"$err" 3>&-
		last
		[ "$(q '[.rows[] | [.name, .change_total]] | sort')" = "$(jq -nc '[range(1; 101) | ["c\(.)", 1]] | sort')" ]
	done
}

# The kernel counts in the wrong one of two mappings of a page.
@test "241: a program of lld's, whose data share a page of the file" {
	cat >"$dir/close.c" <<-'EOF'
		#define TELETAP_PROVIDER close
		#include "teletap.h"
		#include <stdio.h>
		#include <unistd.h>
		int main(int argc, char **argv)
		{
			char line[8];

			for (puts("ready"), fflush(stdout); fgets(line, sizeof(line), stdin); puts("done"), fflush(stdout)) {
				TELETAP_COUNTER("turns", 1);
				if (*line == 'e')
					execv("/proc/self/exe", argv);
			}
		}
	EOF
	SERVICE=$dir/close
	gcc -I"$TOP/include" -fuse-ld=lld -Wl,-z,relro -o "$SERVICE" "$dir/close.c"
	serve
	watch counters -p "$pid" -i 0.3
	attached
	tell ''
	echo e >&7
	said ready
	tell ''
	finish
	# what the program does when it has begun anew is not counted, and that is said
	[ "$(q '[.rows[] | [.name, .change_total]]')" = '[["turns",2]]' ]
	[[ "$(q .notes)" == *"what has started or loaded $SERVICE since attaching is not counted: "*separate-loadable-segments* ]]
	for which in -e -c; do
		refused teletap watch counters --collector bpf $which "$SERVICE" -n 1
		[[ $stderr == *"$SERVICE: the linker laid its data so that the kernel cannot switch its markers on in processes that start later: name one that runs (-p PID), or link it with -Wl,-z,separate-loadable-segments" ]]
	done
}

# desk.c adds up orders; a marker's note is there of a function that the linker has dropped.
@test "241: by each linker that is here: the same sum as unwatched, and the right page" {
	dead="-DDEAD=$(printf 'S %.0s' {1..701})" built=0
	for linker in bfd gold lld mold; do
		type "ld.$linker" >/dev/null || continue
		for kind in -pie -no-pie; do
			drop=-Wl,--gc-sections
			[ "$linker" != gold ] || drop='' # it refuses to drop what a note names
			SERVICE=$dir/$linker$kind
			# shellcheck disable=SC2086
			gcc -O2 -ffunction-sections -fPIE -I"$TOP/include" -fuse-ld="$linker" -Wl,--build-id $drop "$dead" \
				$kind -o "$SERVICE" "$TOP/tests/data/elf/desk.c"
			mapfile -t unwatched < <(printf '\n\n' | "$SERVICE")
			[[ ${unwatched[1]} == 'sum '* ]]
			rm -f "$dir/commands"
			serve "${unwatched[0]}"
			watch counters -p "$pid" -i 0.3
			attached
			echo >&7
			said "${unwatched[1]}"
			finish
			echo "$linker $kind: $(q '[.rows[] | [.name, .events_total, .change_total]]')"
			[ "$(q '[.rows[] | [.name, .events_total, .change_total]]')" = '[["added",100,5050]]' ]
			echo >&7
			exec 7>&-
			wait "$pid"
			built=$((built + 1))
		done
	done
	[ "$built" -ge 2 ]
}

@test "241: a program, a library and one loaded later all have the markers: all are counted" {
	for part in linked loaded; do
		gcc -fPIC -shared -I"$TOP/include" -DPART=$part "-DNAME=\"$part\"" -o "$dir/lib$part.so" "$TOP/tests/parts.c"
	done
	gcc -I"$TOP/include" -DPART=program '-DNAME="program"' "-DLOADED=\"$dir/libloaded.so\"" -o "$dir/parts" \
		"$TOP/tests/parts.c" -L"$dir" -llinked "-Wl,-rpath,$dir"
	mkfifo "$dir/commands"
	"$dir/parts" <"$dir/commands" >"$dir/said" 3>&- &
	pid=$!
	exec 7>"$dir/commands"
	tell ''
	watch counters -p "$pid" -i 0.3
	attached
	tell ''
	finish
	[ "$(q '[.rows[] | [.name, .change_total]] | sort')" = '[["linked",60],["loaded",100],["program",40]]' ]
}

@test "241 -p: a library that is loaded later is not counted, and that is said" {
	gcc -fPIC -shared -I"$TOP/include" -DPART=loaded '-DNAME="loaded"' -o "$dir/libloaded.so" "$TOP/tests/parts.c"
	SERVICE=$dir/late
	gcc -I"$TOP/include" -o "$SERVICE" -x c - "-DLOADED=\"$dir/libloaded.so\"" <<-'EOF2'
		#define TELETAP_PROVIDER parts
		#include "teletap.h"
		#include <dlfcn.h>
		#include <stdio.h>
		int main(void)
		{
			char line[8];

			for (puts("ready"), fflush(stdout); fgets(line, sizeof(line), stdin); puts("done"), fflush(stdout)) {
				TELETAP_COUNTER("program", 40);
				if (*line == 'l')
					((void (*)(int))dlsym(dlopen(LOADED, RTLD_NOW), "work_loaded"))(100);
			}
		}
	EOF2
	serve
	watch counters -p "$pid" -i 0.3
	attached
	tell l
	noted() { page=$(tail -n 1 "$out") && [[ "$(q .notes)" == "[\"the process has loaded $dir/libloaded.so since, which has these markers, too, and is not counted: attach again\"]" ]]; }
	await noted
	finish
	noted
	[ "$(q '[.rows[] | [.name, .change_total]]')" = '[["program",40]]' ]
}

@test "242: 23 spans, 5 failed, times, and those under way" {
	serve
	tell 'begin early 1'
	watch spans -p "$pid" -i 0.3
	attached
	tell 'all 23'
	tell 'end early 1 0'
	tell 'begin late 2'
	tell 'begin late 3'
	tell 'begin late 3'
	tell 'end late 3 0'
	tell 'span slow 1 0 300'
	tell 'span slow 2 7 100'
	finish
	[ "$(q '[.rows[] | [.operation, .ended_total, .failed_total, .open]] | sort')" = \
		'[["fetch",23,5,0],["late",1,0,1],["slow",2,1,0]]' ]
	[ "$(q '.rows[] | select(.operation == "slow").time_ns_total | .total >= 400000000 and .p99 >= 290000000 and .p50 >= 97000000')" = true ]
	q .notes | grep 'before they were watched, or never: 1"'
	q .notes | grep 'before they had ended: 1"'
}

@test "242: spans of a process that has ended are not under way" {
	serve
	watch spans -e "$SERVICE" -i 0.3
	attached
	(echo 'begin lost 1'; sleep 0.1) | "$SERVICE" >/dev/null
	tell 'begin held 1'
	finish
	[ "$(q '[.rows[] | [.operation, .open]] | sort')" = '[["held",1],["lost",0]]' ]
}

@test "246: 23 handled, 23 not, by place" {
	serve
	watch errors -p "$pid" -i 0.3
	attached
	before=$(date +%s)
	tell 'all 23'
	finish
	[ "$(q '[.rows[] | [.what, .place, .errors_total, .unhandled_total]] | sort')" = \
		"[[\"no such file\",\"$TOP/tests/service.c:$(grep -n TELETAP_HERE "$TOP/tests/service.c" | cut -d: -f1)\",23,0],[\"out of range\",\"load\",23,23]]" ]
	[ "$(q "[.rows[].last | sub(\"\\\\.[0-9]*Z\"; \"Z\") | fromdate >= $before - 1] | all")" = true ]
}

@test "a table that is too small: what finds no room is counted" {
	serve
	TELETAP_BPF_ROOM=1 watch counters -p "$pid" -i 0.3
	attached
	tell 'all 23'
	kill -INT "$tap"
	wait "$tap" || true
	page=$(tail -n 1 "$out")
	[ "$(q '[.rows[] | [.name, .events_total]]')" = '[["requests",23]]' ]
	[ "$(q .loss)" = '{"skipped":0,"dropped":0,"table_full":46,"lines":0}' ]
}

@test "operands of all kinds, and hostile names" {
	cat >"$dir/forms.c" <<-'EOF'
		#define TELETAP_PROVIDER forms
		#include "teletap.h"
		#define FORM(name, operand, si, cx)                                               \
			__asm__ volatile(TELETAP_NOTE_("forms", "teletap__counter", "8@%%rdi " operand) \
					 : : "D"(name), "S"(si), "c"(cx) : "memory")
		int main(void)
		{
			long long cells[4] = { 11, 22, 33, -44 };
			int words[4] = { 1, 2, -3, 4 };
			static char huge[1000];

			for (int i = 0; i < 999; i++)
				huge[i] = 'x';
			TELETAP_COUNTER("plain", -5);
			FORM("register", "-8@%%rsi", -6LL, 0L);
			FORM("number", "-8@$-7", 0LL, 0L);
			FORM("signed int", "-4@%%esi", 0x7ffffffffffffff8LL, 0L);
			FORM("unsigned int", "4@%%esi", -1LL, 0L);
			FORM("signed byte", "-1@%%sil", 0x1ffLL, 0L);
			FORM("short", "2@%%si", -1LL, 0L);
			FORM("memory", "-8@16(%%rsi)", cells, 0L);
			FORM("no displacement", "-8@(%%rsi)", cells, 0L);
			FORM("before", "-8@-8(%%rsi)", cells + 4, 0L);
			FORM("indexed", "-8@(%%rsi,%%rcx,8)", cells, 1L);
			FORM("indexed words", "-4@4(%%rsi,%%rcx,4)", words, 1L);
			FORM("index only", "-8@(,%%rcx,8)", 0LL, (long)(cells + 2) / 8);
			TELETAP_COUNTER("tab\tline\nback\\slash\x01", 1);
			TELETAP_COUNTER("not \xff\xfe UTF-8", 1);
			TELETAP_COUNTER("", 1);
			TELETAP_COUNTER(huge, 1);
			FORM("x" + 0 * cells[0], "-8@$1", 0LL, 0L);
			FORM((char *)16, "-8@$1", 0LL, 0L);
			TELETAP_COUNTER("most", 0x7fffffffffffffffLL);
			TELETAP_COUNTER("most", 0x7fffffffffffffffLL);
			TELETAP_COUNTER("most", 5);
		}
	EOF
	gcc -O1 -I"$TOP/include" -o "$dir/forms" "$dir/forms.c"
	teletap watch counters --collector bpf -o json -c "$dir/forms" >"$out"
	page=$(tail -n 1 "$out")
	[ "$(q .loss)" = '{"skipped":1,"dropped":0,"table_full":0,"lines":0}' ]
	change() { q ".rows[] | select(.name == \"$1\").change_total"; }
	while IFS='=' read -r name value; do
		echo "$name: $(change "$name"), not $value"
		[ "$(change "$name")" = "$value" ]
	done <<-'EOF'
		plain=-5
		register=-6
		number=-7
		signed int=-8
		unsigned int=4294967295
		signed byte=-1
		short=65535
		memory=33
		no displacement=11
		before=-44
		indexed=22
		indexed words=-3
		index only=33
		=1
		x=1
		most=null
	EOF
	[ "$(q '[.rows[] | select(.name | startswith("tab\tline\nback\\slash")).change_total]')" = '[1]' ]
	[ "$(q '[.rows[] | select(.name | startswith("not ")).change_total]')" = '[1]' ]
	[ "$(q '[.rows[].name | select(startswith("xxx")) | length]')" = '[127]' ]
	[ "$(q '.rows | length')" -eq 19 ]
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

@test "arguments that lie in variables, of the program and of each thread" {
	cat >"$dir/own.c" <<-'C'
		#define TELETAP_PROVIDER own
		#include "teletap.h"
		#include <pthread.h>
		long all = 7;
		struct { char c; short s[3]; } part = { 1, { 2, -3, 4 } };
		__thread char before[24];
		__thread long mine;
		__attribute__((noinline)) void say(void)
		{
			TELETAP_COUNTER("mine", mine);
			TELETAP_COUNTER("all", all);
			TELETAP_GAUGE("part", part.s[1]);
		}
		static void *run(void *arg)
		{
			mine = (long)arg;
			before[0] = 1;
			for (int i = 0; i < 100; i++)
				say();
			return 0;
		}
		int main(void)
		{
			pthread_t t[4];
			for (long i = 0; i < 4; i++)
				pthread_create(&t[i], 0, run, (void *)(1000L + i));
			for (int i = 0; i < 4; i++)
				pthread_join(t[i], 0);
		}
	C
	for flags in '-fPIE -pie' '-fno-pie -no-pie'; do
		# shellcheck disable=SC2086
		gcc -O2 $flags -I"$TOP/include" -o "$dir/own" "$dir/own.c" -pthread
		readelf -n "$dir/own" >"$dir/notes"
		grep -F '@all(%rip)' "$dir/notes"
		grep -F '@%fs:mine@tpoff' "$dir/notes"
		teletap watch counters --collector bpf -c "$dir/own" -o json -i 60 >"$out" 2>"$err" 3>&-
		last
		[ "$(q '[.rows[] | [.name, .events_total, .change_total, .value]] | sort')" = \
			'[["all",400,2800,null],["mine",400,400600,null],["part",400,null,-3]]' ]
	done
	strip "$dir/own"
	run -3 --separate-stderr teletap watch counters --collector bpf -c "$dir/own" -n 1
	[[ $stderr == *'a variable is not in the file'"'"'s symbol table, which may be stripped: '* ]]
	# two source files with a variable of their own, of one name
	for i in 1 2; do
		printf '#define TELETAP_PROVIDER own\n#include "teletap.h"\nstatic volatile long n = %d; static long m; void add%d(void) { m += n; }
			void say%d(void) { TELETAP_COUNTER("m", m); }\n' $i $i $i |
			gcc -O2 -I"$TOP/include" -c -o "$dir/$i.o" -x c -
	done
	echo 'void add1(void), add2(void), say1(void), say2(void); int main(void) { add1(); add2(); say1(); say2(); }' |
		gcc -o "$dir/own" -x c - -x none "$dir/1.o" "$dir/2.o"
	readelf -n "$dir/own" | grep -F '@m(%rip)'
	run -3 --separate-stderr teletap watch counters --collector bpf -c "$dir/own" -n 1
	[[ $stderr == *'several variables of that name'* ]]
}
