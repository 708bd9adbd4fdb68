#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pages 220 to 222 by BPF programs: by the extension, as tests/live/80-extension.bats, and by the
# markers of CPython 3.11, as 15-calls.bats.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load helper
load bpf

setup_file() {
	need_bpf
	need_python
	need_uprobes
	export EXE=$BATS_FILE_TMPDIR/python3.11 FORGED=$BATS_FILE_TMPDIR/forged
	python_copy "$EXE"
	export python PYTHONDONTWRITEBYTECODE=1
	if has_headers; then
		(cd "$TOP/python" && /usr/bin/python3.11 -W ignore setup.py -q build \
			--build-base "$BATS_FILE_TMPDIR/base" --build-lib "$BATS_FILE_TMPDIR/lib") >/dev/null 2>&1
	fi
	gcc -O1 -I"$TOP/include" -o "$FORGED" "$TOP/tests/forged.c" -pthread
}

has_headers() { /usr/bin/python3.11 -c 'import os, setuptools, sysconfig
os.stat(sysconfig.get_path("include") + "/Python.h")' 2>/dev/null; }

# forged PAGE STEP...: the last page of the program that takes these steps
forged() {
	teletap watch "$1" --collector bpf -i 60 -o json -c "$FORGED ${*:2}" >"$out" 2>"$err"
	page=$(tail -n 1 "$out")
}

@test "220: batches are added up, and times that are not known are not" {
	forged calls known known
	[ "$(q .loss)" = '{"skipped":0,"dropped":0,"table_full":0,"lines":0}' ]
	[ "$(q '[.rows[] | [.file, .calls_total, .inclusive_ns_total, .exclusive_ns_total]] | sort')" = \
		'[["a.py",40,8000,4000],["b.py",2,60,40]]' ]
	forged calls known untimed
	[ "$(q '[.rows[] | [.file, .calls_total, .inclusive_ns_total, .exclusive_ns_total]] | sort')" = \
		'[["a.py",30,null,null],["b.py",1,null,null]]' ]
	[[ $(q .notes) == *'greenlet'* ]]
}

@test "220: a hostile batch: what makes no sense is left out, and counted" {
	forged calls hostile
	[ "$(q '[.rows[] | [.function, .calls_total]] | sort')" = '[["full",128]]' ]
	[ "$(q .loss)" = '{"skipped":4,"dropped":0,"table_full":5,"lines":0}' ]
}

@test "220 to 222: 8 threads at full speed lose none" {
	forged calls threads
	[ "$(q '.rows[0] | [.function, .calls_total, .inclusive_ns_total, .exclusive_ns_total]')" = '["many",48000,80000,32000]' ]
	[ "$(q '.loss | add')" -eq 0 ]
	forged call-times threads
	[ "$(q '[.rows[] | [.function, .calls_total, (.histogram | add)]] | sort')" = '[["inner",16000,16000],["outer",16000,16000]]' ]
	[ "$(q '.loss | add')" -eq 0 ]
	forged flow threads
	[ "$(q '[(.rows | length) > 0, (.rows | length) <= 4096, (.loss | add)]')" = '[true,true,0]' ]
	[ "$(q '(.rows | length) + (.notes | map(capture("^(?<n>[0-9]+) events").n | tonumber) | add)')" -eq 64000 ]
}

@test "220 to 222: more threads, one after the other, than have a place at once" {
	forged calls short
	[ "$(q '[.rows[0].calls_total, (.loss | add)]')" = '[1500,0]' ]
	forged call-times short
	[ "$(q '[.rows[0].calls_total, (.loss | add)]')" = '[1500,0]' ]
	forged flow short
	[ "$(q '.loss | add')" -eq 0 ]
}

@test "221: calls that are open, left by a change of stacks, or were not seen to begin" {
	forged call-times leave:3:old enter:3:known leave:3:known enter:3:open
	[ "$(q '[.rows[] | [.function, .calls_total, (.histogram | add)]] | sort')" = '[["known",1,1],["open",1,0]]' ]
	# one that is not told of between two that are
	forged call-times enter:1:a enter:3:c leave:3:c leave:2:b leave:1:a
	[ "$(q '[.rows[] | [.function, (.histogram | add)]] | sort')" = '[["a",1],["c",1]]' ]
	forged call-times enter:1:a enter:2:b enter:1:a leave:1:a
	[ "$(q '[.rows[] | [.function, .calls_total, .duration_ns_total, .histogram.from_1s]] | sort')" = '[["a",2,null,null],["b",1,null,null]]' ]
	[[ $(q .notes) == *'greenlet'* ]]
}

@test "221 and 222: a call of 200 ms, one of 30 ms in it, and no other name" {
	local steps=(enter:1:outer sleep:170 enter:2:inner sleep:30 leave:2:inner leave:1:outer)

	forged call-times "${steps[@]}"
	[ "$(q '[.rows[] | [.function, (.duration_ns_total / 1e6 | floor) >= 30, .duration_ns.max == .duration_ns_total]]  | sort')" = \
		'[["inner",true,true],["outer",true,true]]' ]
	[ "$(q '.rows[] | select(.function == "outer") | .duration_ns_total >= 200e6 and .duration_ns_total < 400e6')" = true ]
	forged flow "${steps[@]}"
	[ "$(q '[.rows[] | [.event, .depth, .function, (.took_ns // 0) >= 30e6]]')" = \
		'[["entry",1,"outer",false],["entry",2,"inner",false],["return",2,"inner",true],["return",1,"outer",true]]' ]
	teletap watch flow --collector bpf -i 60 -o json --function 'inn*' -c "$FORGED ${steps[*]}" >"$out"
	last
	[ "$(q '[.rows[] | [.event, .depth, .function]]')" = '[["entry",2,"inner"],["return",2,"inner"]]' ]
}

@test "221: functions that are not wanted take no room, and those that find none are counted" {
	local steps=(enter:1:known sleep:20 leave:1:known) ms

	for ms in 20 40 80 160; do
		steps+=(enter:1:other "sleep:$ms" leave:1:other)
	done
	TELETAP_BPF_ROOM=3 teletap watch call-times --collector bpf -i 60 -o json --function known -c "$FORGED ${steps[*]}" >"$out"
	last
	[ "$(q '[.rows[] | [.function, .calls_total, (.histogram | add)]]')" = '[["known",1,1]]' ]
	TELETAP_BPF_ROOM=3 forged call-times "${steps[@]}"
	[ "$(q .loss.table_full)" -eq 2 ]
}

# The program of tests/extension, until it says that the page is switched on; then its work.
worked() {
	export PYTHONPATH=$BATS_FILE_TMPDIR/lib
	cat >"$dir/worked.py" <<-EOF2
		import os, sys, time
		import teletap
		sys.path.insert(0, "$TOP/tests/extension")
		import work
		open("$dir/ready", "w").close()
		while not teletap.status()["$1"]: time.sleep(0.01)
		work.work()
		time.sleep(0.3)
		open("$dir/done", "w").close()
		time.sleep(1000)
	EOF2
	"$EXE" "$dir/worked.py" 3>&- &
	pid=$!
	await [ -e "$dir/ready" ]
	watch "$2" -p "$pid" -i 0.3 "${@:3}"
	await [ -e "$dir/done" ]
	finish
}

profiled() { "$EXE" "$TOP/tests/extension/count.py" profile; }

# Tests of the extension itself, where it can be built.
if has_headers; then
	@test "220: the calls that sys.setprofile counts, in the program and by process" {
		worked sums calls --by pid
		diff <(profiled | jq -S .) <(q '[.rows[] | select((.file | endswith("/work.py")) or .file == "<string>")
			| { key: "\(.function):\(.line)", value: .calls_total }] | from_entries' | jq -S .)
		[ "$(q '[.rows[].pid] | unique')" = "[$pid]" ]
		await lowered "$pid"
	}

	@test "221: as many calls of each function, and of each one's time" {
		worked calls call-times --file '*/work.py'
		diff <(profiled | jq -S 'with_entries(select(.key | endswith(":1") | not))') \
			<(q '[.rows[] | { key: "\(.function):\(.line)", value: .calls_total }] | from_entries' | jq -S .)
		[ "$(q '[.rows[] | .calls_total == (.histogram | add)] | all')" = true ]
	}

	@test "222: fib(12) and what it calls, in order" {
		worked calls flow --function fib
		page=$(jq -c 'select(.rows | length > 0)' "$out" | head -n 1)
		# work() has the depth 1, fib(12) 2, fib(11) 3, ...
		[ "$(q '.rows[0] | [.event, .depth, .function]')" = '["entry",2,"fib"]' ]
		[ "$(q '.rows[11:13][] | [.event, .depth, .function]')" = $'["entry",13,"fib"]\n["return",13,"fib"]' ]
		jq -es '[.[].rows[].time] | . == sort' "$out"
	}
fi

@test "221 and 222 of CPython 3.11: calls and returns, and no times" {
	teletap watch call-times --collector bpf --no-extension -i 60 -o json --file '*/order.py' -c "$EXE $LIVE/order.py" >"$out"
	last
	[ "$(q '[.rows[] | [.function, .line, .calls_total, .duration_ns_total]] | sort')" = \
		'[["<module>",1,1,null],["Body",18,1,null],["fails",30,1,null],["first",5,1,null],["method",19,1,null],["outcome",23,1,null],["second",10,2,null],["third",14,3,null]]' ]
	[[ $(q .notes) == *'counted when they are over, and not timed'* ]]
	teletap watch flow --collector bpf --no-extension -i 60 -o json --file '*/order.py' -c "$EXE $LIVE/order.py" >"$out"
	last
	[ "$(q '[.rows[] | .function] | join(" ")')" = '"Body third second third second first method fails third outcome <module>"' ]
	[ "$(q '[.rows[] | .event, .took_ns] | unique')" = '[null,"return"]' ]
}
