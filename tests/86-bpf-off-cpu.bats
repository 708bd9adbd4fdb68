#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Page 235 by BPF programs, against a program that knows where it waits, and measures how long:
# as tests/live/13-off-cpu.bats.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2128,SC2154,SC2178,SC2317
bats_require_minimum_version 1.5.0
load helper
load bpf

setup_file() {
	need_bpf
}

# exact PYTHON: also of a library that is mapped when the page is watched already
exact() {
	library "$1"
	echo "$1, in $file"
	teletap watch off-cpu --collector bpf -i 60 -o json -e "$file" \
		-c "$1 $LIVE/offcpu.py run $dir/done" >"$out" 2>"$err"
	last
	/usr/bin/python3 "$LIVE/offcpu.py" check "$out" "$dir/done"
}

@test "235: waits by stack and reason, of each Python" {
	for python in "${PYTHONS[@]}"; do exact "$python"; done
}

# rows of the last page: WHICH, WHAT
rows() { jq -c ".rows[] | select($1) | $2" <<<"$page"; }

sleeps() { [ "$(cut -d' ' -f1 "/proc/$1/syscall")" = 202 ]; } # in futex()

@test "235: a wait since before attaching took at least so long; stopped is no fault" {
	for python in /usr/bin/python3 "${PYTHONS[-1]}"; do
		library "$python"
		begun=$(date +%s%N)
		"$python" -c 'import threading; a = threading.Lock(); a.acquire(); a.acquire()' 3>&- &
		pid=$!
		await sleeps "$pid"
		sleep 2
		watch off-cpu -p "$pid" -i 0.3
		two() { [ "$(wc -l <"$out")" -ge 2 ]; }
		await two
		at_most=$(($(date +%s%N) - begun))
		page=$(sed -n 2p "$out")
		[ "$(q '[.target.processes, .target.threads, .target.threads_still]')" = '[1,1,1]' ]
		[ "$(rows true "[.reason, .before, .stack, .waits_total, .open, .time_ns.max > 1900000000, .time_ns.max <= $at_most]")" = \
			'["futex",true,null,1,1,true,true]' ]
		kill -STOP "$pid"
		stopped() { [ "$(awk '/^State/ { print $2 }' "/proc/$pid/status")" = T ]; }
		await stopped
		lines=$(wc -l <"$out")
		more() { [ "$(wc -l <"$out")" -ge $((lines + 2)) ]; }
		await more
		kill -CONT "$pid"
		await sleeps "$pid"
		finish
		rows .reason '[.reason, .before, .waits_total, .time_ns_total.total]'
		[ "$(rows '.reason == "stopped"' '[.before, .waits_total, .time_ns_total.total > 250000000]')" = '[false,1,true]' ]
		[ "$(rows '.reason == "fault" and .time_ns_total.total > 100000000' .)" = '' ]
		[ "$(q .target.threads_still)" = 0 ]
		kill -9 "$pid"
	done
}

@test "235: what the command waits for until the probes are there is not its wait" {
	run -0 --separate-stderr teletap watch off-cpu --collector bpf -o json -c '/usr/bin/python3 -c pass'
	page=${lines[-1]}
	[ "$(rows .before .)" = '' ]
	[ "$(q .target.processes)" = 1 ]
}

@test "235: of each thread, of children, and what is under way" {
	cat >"$dir/threads.py" <<-'PY'
		import os, sys, threading, time
		def waits(n):
		    for _ in range(n): time.sleep(0.02)
		    open("%s/%d" % (sys.argv[1], threading.get_native_id()), "w").write(str(n))
		    time.sleep(600)
		for n in 10, 20, 30: threading.Thread(target=waits, args=(n,), daemon=True).start()
		if not os.fork(): waits(40)
		time.sleep(600)
	PY
	watch off-cpu --by thread -i 0.3 -c "/usr/bin/python3 $dir/threads.py $dir"
	attached
	for_all() { [ "$(find "$dir" -name '[0-9]*' | wc -l)" -eq 4 ]; }
	await for_all
	lines=$(wc -l <"$out")
	more() { [ "$(wc -l <"$out")" -ge $((lines + 2)) ]; }
	await more
	finish
	for tid in $(basename -a "$dir"/[0-9]*); do
		[ "$(rows ".tid == $tid and .function == \"waits\" and .reason == \"sleep\"" '[.waits_total, .open]')" = \
			"[$(($(cat "$dir/$tid") + 1)),1]" ]
	done
}

@test "235: -e: of a library's processes those that run it, before and after, and no others" {
	python=${PYTHONS[-1]}
	library "$python"
	nap='def naps(): import time; time.sleep(600)'
	"$python" -c "$nap
naps()" 3>&- &
	"$python" -c "import os, time
def child(): time.sleep(600)
while not os.path.exists('$dir/go'): time.sleep(0.01)
if not os.fork(): child()
os.wait()" 3>&- &
	watch off-cpu -e "$file" -i 0.3
	attached
	touch "$dir/go"
	"$python" -c "import time
def later(): time.sleep(600)
later()" 3>&- &
	later() { page=$(tail -n 1 "$out") && [ "$(rows '(.function == "later" or .function == "child") and .open > 0' .open | xargs)" = '1 1' ]; }
	await later
	finish
	[ "$(rows '.before and .reason != "other"' .waits_total | wc -l)" -ge 1 ]
	[ "$(q '[.rows[].call] | contains(["wait4"])')" = true ]
}

@test "235: rows without a place are counted; nothing is left; doctor tries it" {
	TELETAP_BPF_ROOM=8 teletap watch off-cpu --collector bpf -i 60 -o json \
		-c "/usr/bin/python3 $LIVE/offcpu.py run $dir/done" >"$out"
	page=$(tail -n 1 "$out")
	[ "$(q '.loss.table_full > 100')" = true ]
	goes_with_teletap off-cpu 235
}
