#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Page 204 of living processes: /proc read by Python, prlimit and the control groups' own
# files are the truth. TELETAP_HOST_ROOT names a folder instead of / for what is read.

# shellcheck disable=SC2030,SC2031,SC2154 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper

teardown() {
	stop
	for group in "${groups[@]}"; do
		for _ in {1..50}; do
			rmdir "$group" && break
			sleep 0.1
		done
	done
}

stop() {
	[ -z "${pid-}" ] || pkill -KILL -P "$pid" || true # its children
	[ -z "${pid-}" ] || kill -9 "$pid" 2>/dev/null || true
	[ -z "${pid-}" ] || wait "$pid" 2>/dev/null || true
	pid=
}

# python SCRIPT [ARGUMENT...]: a program that has said ready. Sets $pid.
python() {
	rm -f "$BATS_TEST_TMPDIR/out"
	mkfifo "$BATS_TEST_TMPDIR/out"
	"${AS[@]}" /usr/bin/python3 -c "$1
print('ready', flush=True)
import time
time.sleep(1000)" "${@:2}" >"$BATS_TEST_TMPDIR/out" 3>&- &
	pid=$!
	read -r -t 60 word <"$BATS_TEST_TMPDIR/out"
	[ "$word" = ready ]
}

# A page as JSON, in $page.
take() {
	run -0 --separate-stderr timeout 20 teletap watch process -p "$pid" -i 0.2 -n 1 -o json
	[ -z "$stderr" ]
	page=$output
	echo "$page"
}

rows() { jq -c ".rows[] | select($1) | $2" <<<"$page"; }

# What Python reads of a process: a line of JSON.
truth() {
	/usr/bin/python3 - "$pid" <<-'EOF'
		import json, os, resource, sys
		pid = int(sys.argv[1])
		status = dict(l.split(":", 1) for l in open(f"/proc/{pid}/status"))
		kb = lambda key: int(status[key].split()[0]) * 1024
		def parent(p):
		    try:
		        return open(f"/proc/{p}/stat").read().rsplit(")", 1)[1].split()[1]
		    except OSError: # it has ended
		        return None
		children = [p for p in os.listdir("/proc") if p.isdigit() and parent(p) == str(pid)]
		print(json.dumps([status["Name"].strip(), status["State"].split()[0], kb("VmRSS"), kb("VmSwap"),
		    int(status["Threads"]), len(os.listdir(f"/proc/{pid}/fd")),
		    resource.prlimit(pid, resource.RLIMIT_NOFILE)[0], len(children),
		    int(open(f"/proc/{pid}/oom_score_adj").read())], separators=(",", ":")))
	EOF
}

@test "a process and its children: what Python reads of them, and prlimit" {
	python 'import os, threading, time
for i in range(40): os.open("/dev/null", 0)
for i in range(3): threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
for i in range(2):
    if not os.fork(): os.execvp("sleep", ["sleep", "1000"])
open("/proc/self/oom_score_adj", "w").write("100")'
	prlimit --pid "$pid" --nofile=50:60
	while [ "$(pgrep -c -P "$pid" -x sleep)" != 2 ]; do :; done
	take
	[ "$(rows ".pid == $pid" '[.name, .state, .rss, .swap, .threads, .files, .files_limit, .children, .oom_score_adj]')" = "$(truth)" ]
	[ "$(rows ".pid == $pid" .oom_score)" = "$(cat "/proc/$pid/oom_score")" ]
	[ "$(rows ".pid == $pid" .files_limit)" = "$(prlimit --pid "$pid" --nofile --output SOFT --noheadings | xargs)" ]
	[ "$(jq .target.processes <<<"$page")" = 3 ]
	[ "$(rows '.name == "sleep"' '[.parent, .command, .files_limit != 50]' | sort -u)" = "[$pid,\"sleep 1000\",true]" ]
	[[ $(jq -r '.notes[]' <<<"$page") == "process $pid has "*" files open, and may have 50 (ulimit -n)"* ]]
	age=$(rows ".pid == $pid" .age_ns)
	[ "$age" -gt 0 ]
	[ "$((age / 1000000000))" -le "$(($(ps -o etimes= -p "$pid") + 1))" ]
}

@test "processor time is what the process counts itself" {
	python 'import threading
def burn():
    while True: pass
threading.Thread(target=burn, daemon=True).start()'
	before=$(awk '{ print $14 + $15 }' "/proc/$pid/stat")
	take
	after=$(awk '{ print $14 + $15 }' "/proc/$pid/stat")
	spent=$(rows ".pid == $pid" '.user_ns + .system_ns')
	echo "$before $after $spent"
	[ "$spent" -gt 0 ]
	[ "$((spent / 10000000))" -le "$((after - before))" ]
	[ "$(rows ".pid == $pid" '(.share * 1000 | round) == ((.user_ns + .system_ns) / '"$(jq .interval_s <<<"$page")"' / 1e6 | round)')" = true ]
}

@test "a child that comes later counts from its start, one that was there from when it was seen" {
	python 'import os, signal, time
def burn(*_):
    if not os.fork():
        end = time.process_time() + 0.5
        while time.process_time() < end: pass
        time.sleep(1000)
signal.signal(signal.SIGUSR1, burn)
burn()'
	elder=$(pgrep -P "$pid")
	while [ "$(awk '{ print $14 + $15 }' "/proc/$elder/stat")" -lt 45 ]; do sleep 0.1; done
	mkfifo "$BATS_TEST_TMPDIR/pages"
	timeout 60 teletap watch process -p "$pid" -i 0.2 -o json >"$BATS_TEST_TMPDIR/pages" 3>&- &
	watch=$!
	exec 7<"$BATS_TEST_TMPDIR/pages"
	read -r -t 60 -u 7 page
	[ "$(rows ".pid == $elder" '.user_ns_total + .system_ns_total < 100000000')" = true ]
	kill -USR1 "$pid"
	younger=
	for _ in {1..100}; do
		read -r -t 60 -u 7 page
		younger=$(rows ".parent == $pid and .pid != $elder" '.user_ns_total + .system_ns_total')
		[ "${younger:-0}" -lt 430000000 ] || break
	done
	kill "$watch"
	exec 7<&-
	id=$(rows ".parent == $pid and .pid != $elder" .pid)
	echo "$younger: $(cat "/proc/$id/stat")"
	[ "$younger" -ge 430000000 ]
	[ "$younger" -le "$(awk '{ print ($14 + $15) * 10000000 }' "/proc/$id/stat")" ]
}

@test "an ordinary user: a process of their own, and the files of nobody else" {
	need_root
	AS=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	python 'pass'
	run -0 --separate-stderr "${AS[@]}" "$BUILD/bin/teletap" watch process -p "$pid" -i 0.1 -n 1 -o json
	page=$output
	[ "$(rows ".pid == $pid" '[.files, .threads]')" = "[$(find "/proc/$pid/fd" -type l | wc -l),1]" ]
	[ "$(jq -c .notes <<<"$page")" = '[]' ]
	AS=()
	stop
	python 'pass'
	run -3 --separate-stderr setpriv --reuid=65534 --regid=65534 --clear-groups "$BUILD/bin/teletap" watch process -p "$pid" -i 0.1 -n 1
	one_line
}

@test "a target that ends: the last page is as it was before, and what is not known is null" {
	sleep 1 3>&- &
	run -0 --separate-stderr timeout 20 teletap watch process -p $! -i 0.3 -o json
	echo "$output"
	[ "$(jq -s -c '.[-1] | [.last, (.rows[] | select(.kind == "process") | [.name, .state, .user_ns, .share, .files != null])]' <<<"$output")" = '[true,["sleep","S",null,null,true]]' ]
	[[ $(jq -rs '.[-1].notes[0]' <<<"$output") == "the target has ended: this is as it was "* ]]
	run -0 --separate-stderr timeout 20 teletap watch process -c 'sh -c "sleep 0.5; exit 0"' -i 0.2 -o json
	[ "$(jq -s '.[-1].last' <<<"$output")" = true ]
}

@test "a command is looked at from when its program runs" {
	run -0 --separate-stderr timeout 20 teletap watch process -c true -i 60 -o json
	[ "$(jq -c '[.last, (.rows | map(select(.kind == "process")) | length), .notes[0]]' <<<"$output")" = \
		'[true,0,"the target has ended before it was looked at"]' ]
	run -0 --separate-stderr timeout 20 teletap watch process -c 'sleep 0.5' -i 0.1 -o json
	jq -s -e '[.[].rows[] | select(.kind == "process").name] | unique == ["sleep"]' <<<"$output"
}

@test "every process of a file" {
	cp /bin/sleep "$BATS_TEST_TMPDIR/snooze"
	"$BATS_TEST_TMPDIR/snooze" 1000 3>&- &
	pid=$!
	"$BATS_TEST_TMPDIR/snooze" 1000 3>&- &
	other=$!
	run -0 --separate-stderr timeout 20 teletap watch process -e "$BATS_TEST_TMPDIR/snooze" -i 0.1 -n 1 -o json
	kill "$other"
	page=$output
	[ "$(rows '.kind == "process"' .pid | sort -n | xargs)" = "$(printf '%s\n' "$pid" "$other" | sort -n | xargs)" ]
}

# fake FILE TEXT: a file below the root that is looked at.
fake() {
	mkdir -p "$TELETAP_HOST_ROOT$(dirname "$1")"
	printf '%b' "$2" >"$TELETAP_HOST_ROOT$1"
}

# A machine with cgroup version 2, on which $pid is in GROUP; and what else is to be known of it.
machine() {
	export TELETAP_HOST_ROOT=$BATS_TEST_TMPDIR/root
	fake /proc/self/mountinfo "30 22 0:27 ${2-/} /sys/fs/cgroup rw,relatime shared:1 - cgroup2 cgroup2 rw,nsdelegate\n"
	fake "/proc/$pid/stat" "$pid (s leep)) R 1 1 1 0 -1 0 1 0 7 0 100 50 0 0 20 0 3 0 1000 1 1\n"
	fake "/proc/$pid/cgroup" "0::$1\n"
	fake "/proc/$pid/status" 'Name:\tsleep\nVmRSS:\t  100 kB\nVmSwap:\t 8 kB\n'
	fake "/proc/$pid/limits" 'Limit                     Soft Limit           Hard Limit           Units\nMax open files            unlimited            unlimited            files\n'
}

@test "cgroup version 2, by the bytes: the limit with least left, quotas above, events" {
	sleep 1000 3>&- &
	pid=$!
	machine /a/b/c
	fake /sys/fs/cgroup/a/b/memory.current '1000\n'
	fake /sys/fs/cgroup/a/b/memory.max '5000\n'
	fake /sys/fs/cgroup/a/b/memory.high 'max\n'
	fake /sys/fs/cgroup/a/b/memory.events 'low 0\nhigh 3\nmax 4\noom 2\noom_kill 1\noom_group_kill 0\n'
	fake /sys/fs/cgroup/a/memory.current '9500\n'
	fake /sys/fs/cgroup/a/memory.max '10000\n'
	fake /sys/fs/cgroup/a/memory.high '9600\n'
	fake /sys/fs/cgroup/a/b/c/cpu.max 'max 100000\n'
	fake /sys/fs/cgroup/a/b/cpu.max '150000 100000\n'
	fake /sys/fs/cgroup/a/b/cpu.stat 'usage_usec 5\nnr_periods 10\nnr_throttled 4\nthrottled_usec 1234\n'
	fake /sys/fs/cgroup/a/cpu.max '400000 100000\n'
	fake /sys/fs/cgroup/a/cpu.stat 'nr_periods 10\nnr_throttled 0\nthrottled_usec 0\n'
	take
	[ "$(rows '.kind == "cgroup"' '[.cgroup, .memory, .limit, .limit_used, .limit_cgroup, .used, .high, .high_used, .high_cgroup]')" = '["/a/b/c",1000,10000,9500,"/a",0.95,9600,9500,"/a"]' ]
	[ "$(rows '.kind == "cgroup"' '[.ooms, .ooms_ever, .oom_kills_total, .oom_kills_ever, .quota, .quota_cgroup, .period_ns, .periods]')" = '[0,2,0,1,1.5,"/a/b",100000000,0]' ]
	[ "$(rows '.kind == "process"' '[.pid, .name, .state, .threads, .rss, .swap, .files, .files_limit, .cgroup]')" = "[$pid,\"s leep)\",\"R\",3,102400,8192,null,null,\"/a/b/c\"]" ]
	[[ $(jq -r '.notes[]' <<<"$page") == *"the group /a uses 95 % of the memory it may"* ]]
}

@test "cgroup version 2: no controller, another part of the tree, none mounted" {
	sleep 1000 3>&- &
	pid=$!
	machine /
	take
	[ "$(rows '.kind == "cgroup"' '[.cgroup, .memory, .limit, .quota, .oom_kills_ever]')" = '["/",null,null,null,null]' ]
	machine /a/c /a/b
	take
	[ "$(rows '.kind == "cgroup"' '[.cgroup, .memory, .limit]')" = '[null,null,null]' ]
	[[ $(jq -r '.notes[]' <<<"$page") == *"outside of what is mounted here"* ]]
	machine /a/b/c /a/b
	fake /sys/fs/cgroup/c/memory.current '7\n'
	fake /sys/fs/cgroup/c/memory.max '14\n'
	take
	[ "$(rows '.kind == "cgroup"' '[.cgroup, .memory, .limit, .limit_cgroup]')" = '["/a/b/c",7,14,"/a/b/c"]' ]
	machine /../x
	take
	[ "$(rows '.kind == "cgroup"' '.cgroup')" = null ]
	machine /a
	fake /proc/self/mountinfo '1 1 0:1 / / rw - ext4 /dev/vda rw\n'
	take
	[[ $(jq -r '.notes[]' <<<"$page") == *"no file system of the memory controller is mounted here"* ]]
}

# Where control groups of version 1 can be made.
memory=/sys/fs/cgroup/memory cpu=/sys/fs/cgroup/cpu
if [ -w "$memory/cgroup.procs" ] && [ -w "$cpu/cgroup.procs" ]; then
	@test "cgroup version 1: the kernel's own files, and a process that is throttled" {
		groups=("$memory/teletap-$$" "$cpu/teletap-$$")
		mkdir "${groups[@]}"
		echo 200000000 >"${groups[0]}/memory.limit_in_bytes"
		echo 10000 >"${groups[1]}/cpu.cfs_period_us"
		echo 1000 >"${groups[1]}/cpu.cfs_quota_us"
		# shellcheck disable=SC2016 # for sh
		AS=(sh -c 'for group in "$1" "$2"; do echo $$ >"$group/cgroup.procs"; done; shift 2; exec "$@"' sh "${groups[@]}")
		python 'import threading
block = bytearray(50000000)
def burn():
    while True: pass
threading.Thread(target=burn, daemon=True).start()'
		throttled=$(awk '/nr_throttled/ { print $2 }' "${groups[1]}/cpu.stat")
		while [ "$(awk '/nr_throttled/ { print $2 }' "${groups[1]}/cpu.stat")" -lt $((throttled + 3)) ]; do sleep 0.1; done
		take
		[ "$(rows '.kind == "cgroup"' '[.cgroup, .limit, .quota, .quota_cgroup, .oom_kills_ever]')" = "[\"/teletap-$$\",$(cat "${groups[0]}/memory.limit_in_bytes"),0.1,\"/teletap-$$\",0]" ]
		memory=$(rows '.kind == "cgroup"' '.memory')
		used=$(cat "${groups[0]}/memory.usage_in_bytes")
		echo "$memory $used"
		# the interpreter goes on allocating a little
		[ "$(((memory - used) / 1000000))" = 0 ]
		[ "$memory" -gt 50000000 ]
		[ "$(rows '.kind == "cgroup"' '.limit_used')" = "$memory" ]
		[ "$(rows '.kind == "cgroup"' '.throttled > 0 and .throttled <= .periods and .throttled_ns > 0')" = true ]
		[[ $(jq -r '.notes[]' <<<"$page") == *"the group /teletap-$$ was throttled in "* ]]
	}
fi

@test "doctor names the page and its collector" {
	sleep 1000 3>&- &
	pid=$!
	run --separate-stderr teletap doctor -p "$pid" -o json
	for page in 204 205; do
		[ "$(jq -c ".pages[] | select(.page == $page) | [.works, .collector, .why]" <<<"$output")" = '[true,"proc","read from the kernel'\''s files; no module is needed"]' ]
	done
}
