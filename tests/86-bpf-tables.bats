#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pages by BPF programs of very many things: all of them are on the page, or counted as lost, once.

# shellcheck disable=SC2016,SC2034,SC2154
bats_require_minimum_version 1.5.0
load helper
load bpf

setup_file() { need_python_copy; }

@test "220 --by thread: a snapshot of 30,000 rows, which no pipe holds, is complete" {
	cat >"$dir/many.py" <<-'PY'
		import threading
		code = "".join("def f%d(): pass\n" % i for i in range(2000))
		functions = {}
		exec(compile(code, "x" * 240 + "many.py", "exec"), functions) # with its name it is more than 1 MB
		def work(times):
		    for i in range(2000):
		        for _ in range(times): functions["f%d" % i]()
		for times in range(1, 16):
		    t = threading.Thread(target=work, args=(times % 3 + 1,))
		    t.start()
		    t.join()
	PY
	teletap record calls --collector bpf --no-extension --by thread --file '*many.py' -w "$dir/tap" -c "$EXE $dir/many.py" 3>&-
	teletap replay "$dir/tap" calls -o json >"$out"
	last
	# five threads each have called each function once, twice and three times
	[ "$(q '[.rows[] | select(.function | test("^f[0-9]+$"))] | [length, (map(.tid) | unique | length),
		([group_by(.function)[] | map(.calls_total) | sort] | unique)]')" = \
		'[30000,15,[[1,1,1,1,1,2,2,2,2,2,3,3,3,3,3]]]' ]
}

# forks COUNT: page 213 of a program of which so many children collect, and touch 40 pages each;
# $known is how many faults they all had.
forks() {
	teletap watch gc-cost --collector bpf -i 60 -o json -c "$EXE -S $LIVE/children.py $dir/known $1" >"$out" 3>&-
	page=$(tail -n 1 "$out")
	read -r known _ <"$dir/known"
	echo "$known $page"
	[ "$(q '[.rows[2] | .runs_total, .forked_runs_total]')" = "[$(($1 + 1)),$1]" ]
}

@test "213: faults of 1,200 forked children, one after the other, all count" {
	forks 1200
	[ "$(q '.loss | add')" -eq 0 ]
	[ "$(q ".rows | map(.faults_total) | add / $known | . > 0.98 and . < 1.02")" = true ]
}

@test "213: processes that find no place are counted, each collection once" {
	TELETAP_BPF_ROOM=50 forks 100
	[ "$(q .loss)" = '{"skipped":0,"dropped":0,"table_full":51,"lines":0}' ]
}

# asks PAGE ARGUMENT...: the page of a program that waits for its input before it does what it reads.
asks() {
	mkfifo "$dir/fifo"
	"$EXE" -S "$dir/asked.py" "$dir/fifo" "$dir" >"$dir/said" 3>&- &
	pid=$!
	exec 7>"$dir/fifo"
	await grep -q ready "$dir/said"
	watch "$@" -p "$pid" -i 0.3
	attached
	echo >&7
	await grep -q 'done' "$dir/said"
}

# The same, with tables of ten places; $page is the last one.
asked() {
	TELETAP_BPF_ROOM=10 asks "$1"
	kill -INT "$tap"
	wait "$tap" || true
	exec 7>&-
	page=$(tail -n 1 "$out")
	echo "$page"
}

@test "231: an event whose name finds no place is lost once" {
	cat >"$dir/asked.py" <<-'PY'
		import os, sys
		fd = os.open(sys.argv[1], os.O_RDONLY)
		os.write(1, b"ready\n")
		os.read(fd, 1)
		for i in range(30 * 7): sys.audit("mine.%d" % (i % 30))
		os.write(1, b"done\n")
		os.read(fd, 1)
	PY
	asked audit
	[ "$(q '[.rows[].events_total]')" = '[7,7,7,7,7,7,7,7,7,7]' ]
	[ "$(q .loss)" = '{"skipped":0,"dropped":0,"table_full":140,"lines":0}' ]
}

@test "230: an import whose name finds no place is lost once, and no other one ends in its place" {
	touch "$dir"/mine{1..30}.py
	cat >"$dir/asked.py" <<-'PY'
		import os, sys
		fd = os.open(sys.argv[1], os.O_RDONLY)
		sys.path.insert(0, sys.argv[2])
		sys.dont_write_bytecode = True
		os.write(1, b"ready\n")
		os.read(fd, 1)
		for i in range(1, 31): __import__("mine%d" % i)
		os.write(1, b"done\n")
		os.read(fd, 1)
	PY
	asked imports
	[ "$(q '[.rows[] | [.module, .imports_total]] | sort')" = "$(jq -nc '[range(1; 11) | ["mine\(.)", 1]] | sort')" ]
	[ "$(q .loss)" = '{"skipped":0,"dropped":0,"table_full":20,"lines":0}' ]
}

@test "210: files that a process loads later, more than are looked at: it says how many are not" {
	cat >"$dir/asked.py" <<-'PY'
		import mmap, os, sys
		fd = os.open(sys.argv[1], os.O_RDONLY)
		os.write(1, b"ready\n")
		os.read(fd, 1)
		maps = []
		for i in range(4150):
		    path = "%s/f%d" % (sys.argv[2], i)
		    with open(path, "w+b") as f:
		        f.write(b"x" * 16)
		        f.flush()
		        maps.append(mmap.mmap(f.fileno(), 16, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_EXEC))
		    os.unlink(path)
		os.write(1, b"done\n")
		os.read(fd, 1)
	PY
	asks gc
	await grep -q 'were not looked at' "$out"
	finish
	# all that are mapped as code, less those that are looked at
	beyond=$(($(awk '$2 ~ /x/ && $5 { print $4, $5 }' "/proc/$pid/maps" | sort -u | wc -l) - 4096))
	[ "$beyond" -ge 54 ]
	[[ "$(q .notes)" == *"the process has loaded too many files: $beyond or more were not looked at, "* ]]
}
