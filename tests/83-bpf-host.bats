#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pages of the host by BPF programs: 250 against what a shell knows of the processes that it
# starts, 251 against /proc/diskstats. As tests/live/70-exec.bats and 73-disk-io.bats.

# shellcheck disable=SC2016,SC2030,SC2031,SC2154
bats_require_minimum_version 1.5.0
load helper
load bpf

setup_file() {
	need_bpf
}

# rows FILTER WHAT: of the last page, one a line
rows() { jq -c ".rows[] | select($1) | $2" <<<"$page"; }

@test "250: each of 40 commands, with its arguments, parent, status and lifetime" {
	watch exec -p $$ -i 0.5
	attached
	bash -c 'echo $$
		for i in {1..40}; do
			/bin/sh -c "sleep 0.0$((i % 5)); exit $((i % 7))" "mark $i" &
			echo "$i $! $((i % 7)) 0.0$((i % 5))"
			wait
		done' >"$dir/told"
	finish
	jq -c . <<<"$page" >"$dir/page"
	/usr/bin/python3 - "$dir/told" "$out" <<-'EOF2'
		import json, sys
		told = open(sys.argv[1]).read().split("\n")
		rows = {r["pid"]: r for l in open(sys.argv[2]) for r in json.loads(l)["rows"]}
		for line in told[1:-1]:
		    i, pid, status, nap = line.split()
		    r = rows[int(pid)]
		    assert r["arguments"] == f"/bin/sh -c sleep {nap}; exit {status} mark {i}", r
		    assert [r["status"], r["signal"], r["running"], r["programs"]] == [int(status), None, False, 1], r
		    assert [r["parent_pid"], r["parent"]] == [int(told[0]), "bash"], r
		    assert float(nap) * 1e9 <= r["lifetime_ns"] < 60e9, r
	EOF2
	[ "$(q .target.python)" = null ]
}

@test "250: signals, forks without a program, programs one after the other, hostile arguments" {
	watch exec -p $$ -i 0.5
	attached
	bash -c 'kill -9 $$' || true
	( : ; bash -c 'exec env -i /bin/true last' )
	/usr/bin/python3 -c 'import os
if os.fork() == 0: os._exit(77)
os.wait()
os.execv("/bin/true", ["a\tb\nc\x1b[2J\\", "caf\u00e9", "x" * 5000])'
	for _ in {1..10}; do # threads that all end at once end once
		/usr/bin/python3 -c 'import os, threading, time
for i in range(8): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
os.kill(os.getpid(), 9)' || true
	done
	finish
	[ "$(rows '.arguments == "bash -c kill -9 $$"' '[.status, .signal, .running]')" = '[null,9,false]' ]
	[ "$(rows '.arguments == "/bin/true last"' '[.command, .programs, .status]')" = '["true",3,0]' ]
	[ "$(rows '.status == 77' '[.command, .programs, .arguments]')" = '["python3",0,null]' ]
	[[ "$(rows '.programs == 2' .arguments)" == '"a\tb\nc\u001b[2J\\ café xxxxx'*'xx..."' ]]
	[ "$(rows '.signal == 9 and .command == "python3"' .pid | sort | uniq -c | awk '{ print $1 }' | sort | uniq -c | xargs)" = '10 1' ]
}

@test "250: rows that nobody has seen when others take their place are counted" {
	TELETAP_BPF_ROOM=5 teletap watch exec --collector bpf -i 60 -o json \
		-c "bash -c 'for i in {1..20}; do /bin/true; done; :'" >"$out"
	page=$(tail -n 1 "$out")
	[ "$(q '.rows | length')" -eq 5 ]
	# the first of 21 has lost its row when it ends, and gets another one
	[ "$(q .loss.table_full)" -eq 17 ]
	[[ "$(q '.notes[0]')" == *' 20 processes were made, 21 programs begun, 21 processes ended, 0 '* ]]
}

# The kernel's sums of a device: reads, bytes, writes, bytes, discards, bytes, flushes, and
# the milliseconds of all.
stats() {
	awk -v name="$1" '$3 == name {
		printf "%.0f %.0f %.0f %.0f %.0f %.0f %.0f %.0f\n",
			$4, $6 * 512, $8, $10 * 512, $15, $17 * 512, $19, $7 + $11 + $18 + $20
	}' /proc/diskstats
}

# loop: a device of our own, $disk, without requests but ours; or skips the test.
loop() {
	truncate -s 32M "$dir/disk"
	disk=$(losetup --show -f "$dir/disk" 3>&-) || skip "needs a loop device"
	name=${disk##*/}
}

@test "251: requests, bytes, flushes and times are those of /proc/diskstats" {
	loop
	watch disk-io -i 0.5
	attached
	before=$(stats "$name")
	dd if=/dev/zero of="$disk" bs=64k count=50 oflag=direct conv=fsync
	dd if=/dev/zero of="$disk" bs=8k count=20 oflag=direct,dsync
	dd if=/dev/zero of="$disk" bs=8k count=20 oflag=dsync
	dd if="$disk" of=/dev/null bs=4k count=100 iflag=direct
	blkdiscard -o 1M -l 8M "$disk"
	finish
	after=$(stats "$name")
	losetup -d "$disk"
	/usr/bin/python3 - "$before" "$after" "$name" "$page" <<-'EOF2'
		import json, sys
		before, after = (list(map(int, a.split())) for a in sys.argv[1:3])
		delta = [b - a for a, b in zip(before, after)]
		rows = [r for r in json.loads(sys.argv[4])["rows"] if r["device"] == sys.argv[3]]
		device, steps = rows[0], [r for r in rows if r["kind"] == "histogram"]
		told = [device[n + "_total"] for n in ("reads", "read_bytes", "writes", "written_bytes",
		        "discards", "discarded_bytes", "flushes")]
		print("kernel", delta, "page", told)
		assert delta[:7] == told
		assert told[0] >= 100 and told[2] >= 90 and told[4] >= 1 and told[6] >= 20
		assert sum(r["count_total"] for r in steps) == told[0] + told[2] + told[4] + told[6]
		took = device["latency_ns_total"]
		print(took / 1e6, delta[7])
		assert took / 1e6 <= 1.02 * delta[7] + 4 and took / 1e6 >= 0.4 * delta[7] - 200
		assert 0 <= device["queue_ns_total"] + device["device_ns_total"] <= took
		assert device["device_ns_total"] > 0 and device["errors_total"] == 0
		assert all(s["to_ns"] == 2 * s["from_ns"] for s in steps)
	EOF2
}

# Some kernels refuse fentry: doctor knows by trying.
@test "252: each of 30 files, or one line that says why not" {
	run -0 --separate-stderr teletap doctor -o json
	if [ "$(jq '.pages[] | select(.page == 252).collectors[] | select(.name == "bpf").works' <<<"$output")" = false ]; then
		refused teletap watch short-files --collector bpf -n 1
		[[ $stderr == *'the BPF program short_files, which needs fentry: '*"; '--collector stap'"* ]]
		return
	fi
	watch short-files -p $$ -i 0.5
	attached
	for i in {1..30}; do
		printf "%${i}s" '' >"$dir/short$i"
		rm "$dir/short$i"
	done
	finish
	[ "$(rows ".pid == $$" '[.path, .size]' | sort -t, -k2n)" = "$(for i in {1..30}; do echo "[\"$dir/short$i\",$i]"; done)" ]
}

@test "SIGKILL leaves nothing; doctor tries these pages; without rights: one line" {
	watch disk-io -i 0.5
	attached
	child=$(pgrep -x teletap-bpf -P "$tap")
	kill -KILL "$tap"
	gone() { [ ! -e "/proc/$child" ]; }
	await gone
	run -0 --separate-stderr teletap doctor -o json
	[ "$(jq -c '[.pages[] | select(.page == (250, 251)).collectors[] | select(.name == "bpf").works]' <<<"$output")" = '[true,true]' ]
	chmod 755 "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
	refused setpriv --reuid=65534 --regid=65534 --clear-groups "$BUILD/bin/teletap" watch exec --collector bpf -n 1
	[[ $stderr == *'root'* ]]
}
