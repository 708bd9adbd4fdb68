#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pages 220 to 222 by BPF programs at the markers of CPython 3.9 and 3.15, on this host's own
# kernel, against sys.setprofile and what the program has slept. The Pythons are those of the lab's
# tree, where it has been made: nothing is tested here elsewhere, as no other host has them.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2091,SC2154
bats_require_minimum_version 1.5.0
load helper
load bpf
load calls

TREE=${TELETAP_LAB_TREE:-$TOP/build/lab/tree}
HERE=/mnt/live

setup_file() {
	need_bpf
	need_uprobes
	cat >"$BATS_FILE_TMPDIR/enter" <<-'EOF2'
		#!/bin/bash
		root=$1 tree=$2 tests=$3 work=$4
		shift 4
		mount --bind "$tree" "$root" && mount --bind "$tests" "$root/mnt" &&
			mount --bind "$work" "$root/tmp" && exec chroot "$root" "$@"
	EOF2
	chmod +x "$BATS_FILE_TMPDIR/enter"
	mkdir "$BATS_FILE_TMPDIR/root"
}

# The Pythons that have markers of entries, too.
pythons() {
	local python

	for python in "$TREE"/opt/python3.9/usr/bin/python3.9 "$TREE"/usr/bin/python3.15; do
		[ ! -x "$python" ] || echo "$python"
	done
}

# within PYTHON ARGUMENT...: what runs it with $dir as /tmp, tests/ as /mnt.
within() {
	echo "unshare --mount $BATS_FILE_TMPDIR/enter $BATS_FILE_TMPDIR/root $TREE $TOP/tests $dir ${1##*/} ${*:2}"
}

# traced PAGE PYTHON PROGRAM OPTION...: its pages go to $out.
traced() {
	teletap watch "$1" --collector bpf --no-extension -o json -e "$2" -c "$(within "$2" "$3")" "${@:4}" >"$out" 2>"$err" 3>&-
	last
}

each() {
	local python

	for python in $(pythons); do
		echo "$python"
		"$1" "$python"
	done
}

counted_as_profiled() {
	$(within "$1" $HERE/profiled.py $HERE/calls.py /tmp/profile) 3>&-
	[ "$(wc -l <"$dir/profile")" -ge 40 ]
	for option in '--by pid' --counts; do
		# shellcheck disable=SC2086
		traced calls "$1" $HERE/calls.py $option
		diff <(sort "$dir/profile") <(rows $HERE/calls.py)
	done
	[ "$(q '[.rows[].inclusive_ns_total] | unique')" = '[null]' ]
}

reused() {
	$(within "$1" $HERE/reused.py /tmp/profile) 3>&-
	for option in '--by pid' --counts; do
		# shellcheck disable=SC2086
		traced calls "$1" $HERE/reused.py $option
		reused_rows
	done
}

slept() {
	rm -f "$dir/slept"
	traced calls "$1" "$HERE/sleeps.py /tmp/slept"
	timed_as_slept
}

in_order() {
	traced flow "$1" $HERE/order.py --file '*/order.py' --rate 1000
	flow_in_order
}

forked() {
	traced calls "$1" $HERE/forks.py
	[ "$(rows $HERE/forks.py | sed 's/<module> 2/<module> 1/' | tr '\n' '|')" = \
		'1 <module> 1|1530 leaf 8|3 child 12|3001 deep 28|6 parent 17|' ]
	[ "$(q .target.processes)" = 4 ]
}

# What is open when teletap comes is not counted, and is below what it calls.
open_before() {
	rm -f "$dir"/{ready,go,done}
	cat >"$dir/open.py" <<-'PY'
		import os, time
		def inner(): time.sleep(0.2)
		def numbers():
		    while True: yield inner()
		def outer(numbers):
		    next(numbers)
		    open("/tmp/ready", "w").close()
		    while not os.path.exists("/tmp/go"): time.sleep(0.01)
		    next(numbers)
		kept = numbers()
		outer(kept)
		inner()
		open("/tmp/done", "w").close()
		time.sleep(600)
	PY
	$(within "$1" /tmp/open.py) 3>&- &
	pid=$!
	await [ -e "$dir/ready" ]
	watch calls -p "$pid" -i 1 --file '*/open.py'
	attached
	touch "$dir/go"
	await [ -e "$dir/done" ]
	finish
	[ "$(q '[.rows[] | [.function, .calls_total]] | sort')" = '[["inner",2],["numbers",1]]' ]
	[ "$(q '[.rows[].inclusive_ns_total >= 200000000] | unique')" = '[true]' ]
	kill "$pid"
	wait "$pid" || true
}

distribution() {
	traced call-times "$1" "$HERE/spread.py /tmp/slept" --function 'w*t' --file '*/spread.py'
	times_as_slept
}

full_table() {
	TELETAP_BPF_ROOM=20 teletap watch calls --collector bpf --no-extension -o json -e "$1" -c "$(within "$1" $HERE/order.py)" >"$out" 3>&-
	[ "$(tail -n 1 "$out" | jq '.loss.table_full > 0 and (.rows | length) <= 20')" = true ]
}

if [ -n "$(pythons)" ]; then
	@test "220: calls are those of sys.setprofile, by process and with --counts" { each counted_as_profiled; }
	@test "220: functions made where others were: each has its own name, file and line" { each reused; }
	@test "220: inclusive and exclusive times are those slept" { each slept; }
	@test "220: forks, 1500 threads one after the other, deep recursion: nothing is lost" { each forked; }
	@test "220 -p: what is open is not counted, and what it calls is" { each open_before; }
	@test "220: a table that is too small: what finds no room is counted" { each full_table; }
	@test "221: the distribution of what was slept" { each distribution; }
	@test "222: entries and returns in order, with file and line" { each in_order; }
fi

# switched USR VERSION: of a Python that has markers of entries, and headers; with USR as its /usr
switched() {
	gcc -O1 -fPIC -shared "-I$1/include/python$2" -idirafter "$1/include" -o "$dir/turns.so" "$TOP/tests/turns.c"
	traced calls "$1/bin/python$2" "$HERE/green.py /tmp" --file "$HERE/green.py"
	[ "$(q '[.rows[] | [.function, .calls_total, .inclusive_ns_total, .exclusive_ns_total]] | sort')" = \
		'[["<module>",1,null,null],["inside",1,null,null],["leaf",40,null,null],["outer",1,null,null]]' ]
	[[ $(q .notes) == *greenlet* ]]
}

if [ -r "$TREE/opt/python3.9/usr/include/python3.9/Python.h" ]; then
	@test "220: 3.9, a thread that goes on in another stack, as with greenlet: times are unknown, not 0" {
		switched "$TREE/opt/python3.9/usr" 3.9
	}
fi

if [ -r "$TREE/usr/include/python3.15/Python.h" ]; then
	@test "220: 3.15, a thread that goes on in another stack, as with greenlet: times are unknown, not 0" {
		switched "$TREE/usr" 3.15
	}
fi

if [ -x "$TREE/usr/bin/python3.15" ]; then
	@test "220: a thread that goes on in another interpreter: times are unknown, not 0" {
		cat >"$dir/two.py" <<-'PY'
			import _interpreters
			def outer():
			    other = _interpreters.create()
			    _interpreters.exec(other, "def inner(): pass\nfor _ in range(3): inner()")
			outer()
		PY
		traced calls "$TREE/usr/bin/python3.15" /tmp/two.py
		[ "$(q '[.rows[] | select(.function == "inner") | [.calls_total, .inclusive_ns_total]]')" = '[[3,null]]' ]
		[ "$(q '[.rows[].inclusive_ns_total] | unique')" = '[null]' ]
	}

	@test "220 to 222: what CPython 3.15 runs between a class and its __init__ is no function" {
		cat >"$dir/made.py" <<-'PY'
			class Point:
			    def __init__(self): self.x = 1
			for _ in range(200): Point()
		PY
		for what in calls 'calls --counts' call-times 'flow --rate 1000'; do
			echo "$what"
			# shellcheck disable=SC2086
			traced ${what%% *} "$TREE/usr/bin/python3.15" /tmp/made.py --function __init__ ${what#"${what%% *}"}
			[ "$(jq -s '[.[].rows[] | select(.file == "__init__")] | length' "$out")" = 0 ]
			[[ $what == flow* ]] || [ "$(rows /tmp/made.py)" = '200 __init__ 2' ]
		done
		[ "$(jq -s '[.[].rows[] | select(.file == "/tmp/made.py")] | length' "$out")" = 400 ]
	}

	@test "doctor tries them; 3.14, and frames that cannot be read: refused" {
		run --separate-stderr teletap doctor -e "$TREE/usr/bin/python3.15" -o json
		[ "$(jq -c '[.pages[] | select(.page | IN(220, 221, 222)).collectors[] | select(.name == "bpf").works]' <<<"$output")" = '[true,true,true]' ]
		refused teletap watch calls --collector bpf -e "$TREE/usr/bin/python3.14" -n 1 -i 1
		[[ $stderr == *'no function markers in CPython 3.12 to 3.14'* ]]
		# _Py_DebugOffsets begins with its name and the version; then: is it free-threaded?
		/usr/bin/python3 - "$TREE/usr/bin/python3.15" "$dir/python" <<-'PY'
			import os, re, sys
			with open(sys.argv[1], "rb") as f:
			    binary = bytearray(f.read())
			at = re.search(rb"xdebugpy..\x0f\x03\0{12}", binary, re.DOTALL).start()
			binary[at + 16] = 1
			with open(sys.argv[2], "wb") as f:
			    f.write(binary)
			os.chmod(sys.argv[2], 0o755)
		PY
		refused teletap watch calls --collector bpf -e "$dir/python" -n 1 -i 1
		[[ $stderr == *'builds with a GIL'* ]]
	}
fi
