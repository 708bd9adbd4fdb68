#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Page 233 by BPF programs, against strace -c, and against what a program knows of its
# functions: as tests/live/13-syscalls.bats.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2128,SC2154,SC2178,SC2317
bats_require_minimum_version 1.5.0
load helper
load bpf

setup_file() {
	need_bpf
	type strace
}

begin() { begin_live syscalls.py "$1"; }

# work ARGUMENT...: it works while the page is watched, and reads again.
work() { work_live syscalls "$@"; }

end() {
	exec 7>&-
	wait "$pid"
}

@test "233: the calls that strace sees, by function, of each Python" {
	for python in "${PYTHONS[@]}"; do
		begin "$python"
		strace -f -c -o "$dir/strace" -p "$pid" 3>&- 7>&- 2>"$dir/strace.err" &
		tracer=$!
		await grep -q attached "$dir/strace.err"
		work
		finish
		kill -INT "$tracer"
		wait "$tracer" || true
		/usr/bin/python3 "$LIVE/syscalls.py" check "$out" "$dir/done" "$dir/strace"
		end
	done
}

@test "233: calls whose function cannot be read, as the kernel is moving it, are said" {
	for _ in {1..5}; do
		begin_live moved.py /usr/bin/python3
		work
		finish
		run /usr/bin/python3 "$LIVE/moved.py" check "$out" "$dir/done"
		echo "$output"
		end
		[ "$status" -eq 77 ] || break
	done
	[ "$status" -eq 0 ]
}

@test "233 --call: names and patterns" {
	begin /usr/bin/python3
	work --call 'getppid,open*'
	finish
	/usr/bin/python3 "$LIVE/syscalls.py" chosen "$out" 'getppid,open*'
	end
}

@test "233: calls that do not return, of the program and its children" {
	teletap watch syscalls --collector bpf -i 60 -o json -c "/usr/bin/python3 -c 'import os
def runs():
    for _ in range(5):
        if not os.fork():
            os.execv(\"/bin/true\", [\"true\"])
        os.wait()
def fails():
    try: os.execv(\"/nowhere\", [\"x\"])
    except OSError: pass
runs()
fails()'" >"$out"
	last
	# the first program is started by no Python function
	q '.rows[] | [.function, .call, .calls_total, .errors_total, .open]'
	[ "$(q '[([.rows[] | select(.call == "execve" and .function)] | sort_by(.function)[] |
		[.function, .calls_total, .errors_total, .error]),
		([.rows[] | select(.call == "exit_group") | .calls_total] | add),
		([.rows[] | select(.call == "wait4" and .function == "runs") | .calls_total] | add),
		([.rows[].open] | add)]')" = '[["fails",1,1,"ENOENT"],["runs",5,0,null],6,5,0]' ]
}

@test "233 --by thread: four threads at full speed, none lost; without a place: counted" {
	cat >"$dir/fast.py" <<-'PY'
		import os, sys, threading
		def asks(n):
		    for _ in range(n): os.getppid()
		threads = [threading.Thread(target=asks, args=(20000 + i,)) for i in range(4)]
		for t in threads: t.start()
		for t in threads: t.join()
	PY
	teletap watch syscalls --collector bpf --by thread -i 60 -o json -c "/usr/bin/python3 $dir/fast.py" >"$out"
	last
	[ "$(q '[.rows[] | select(.function == "asks" and .call == "getppid") | .calls_total] | sort')" = '[20000,20001,20002,20003]' ]
	TELETAP_BPF_ROOM=3 teletap watch syscalls --collector bpf -i 60 -o json -c "/usr/bin/python3 $dir/fast.py" >"$out"
	page=$(tail -n 1 "$out")
	[ "$(q '.loss.table_full > 1000')" = true ]
}

@test "233: SIGKILL leaves nothing; doctor tries it" {
	goes_with_teletap syscalls 233
}
