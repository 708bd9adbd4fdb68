#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Page 250 against what a shell knows of the processes that it starts.

# shellcheck disable=SC2154,SC2016,SC2094
bats_require_minimum_version 1.5.0
load helper

@test "each of 100 short commands, with its arguments, parent, status and lifetime" {
	watch_host exec
	bash -c 'echo $$
		for i in {1..100}; do
			/bin/sh -c "sleep 0.0$((i % 5)); exit $((i % 7))" "mark $i" &
			echo "$i $! $((i % 7)) 0.0$((i % 5))"
			wait
		done' > "$BATS_TEST_TMPDIR/told"
	last_page
	shell=$(head -n 1 "$BATS_TEST_TMPDIR/told")
	[ "$(sed 1d "$BATS_TEST_TMPDIR/told" | wc -l)" = 100 ]
	python3.14 - "$BATS_TEST_TMPDIR/told" "$BATS_TEST_TMPDIR/page" <<-'EOF'
		import json, sys
		told = open(sys.argv[1]).read().split("\n")
		rows = {r["pid"]: r for r in json.load(open(sys.argv[2]))["rows"]}
		for line in told[1:-1]:
		    i, pid, status, nap = line.split()
		    r = rows[int(pid)]
		    assert r["arguments"] == f"/bin/sh -c sleep {nap}; exit {status} mark {i}", r
		    assert [r["status"], r["signal"], r["running"], r["programs"]] == [int(status), None, False, 1], r
		    assert [r["parent_pid"], r["parent"]] == [int(told[0]), "bash"], r
		    assert float(nap) * 1e9 <= r["lifetime_ns"] < 5e9, r
	EOF
	[ "$(rows '.parent_pid == '"$shell" .pid | wc -l)" = 100 ]
	jq -e '.target == {"pid":null,"exe":null,"python":null,"processes":null}' "$BATS_TEST_TMPDIR/page"
}

# bats test_tags=full
@test "signals, forks that run no program, programs one after the other, hostile arguments" {
	watch_host exec
	bash -c 'kill -9 $$' || true
	( : ; bash -c 'exec env -i /bin/true last' )
	python3.14 -c 'import os
if os.fork() == 0: os._exit(77)
os.wait()
os.execv("/bin/true", ["a\tb\nc\x1b[2J\\", "caf\u00e9", "x" * 5000])'
	last_page
	[ "$(rows '.arguments == "bash -c kill -9 $$"' '[.status, .signal, .running]')" = '[null,9,false]' ]
	[ "$(rows '.arguments == "/bin/true last"' '[.command, .programs, .status]')" = '["true",3,0]' ]
	[ "$(rows '.status == 77' '[.command, .programs, .arguments]')" = '["python3.14",0,null]' ]
	[[ "$(rows '.programs == 2' .arguments)" == '"a\tb\nc\u001b[2J\\ café xxxxx'*'xx..."' ]]
}

# bats test_tags=full
@test "processes with threads that all end at once end once" {
	watch_host exec
	for _ in {1..20}; do
		python3.14 -c 'import os, threading, time
for i in range(8): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
os.kill(os.getpid(), 9)' || true
	done
	last_page
	[ "$(rows '.signal == 9' .pid | sort | uniq -c | awk '{ print $1 }' | sort | uniq -c | xargs)" = '20 1' ]
	[ "$(rows '.signal == 9' .command | sort -u)" = '"python3.14"' ]
}

# bats test_tags=full
@test "-p: descendants of that process only" {
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	bash -c 'while read -r line && [ "$line" != end ]; do /bin/echo "$line" > /dev/null; done
		echo > "$0.done"; read -r line' \
		"$BATS_TEST_TMPDIR/fifo" 3>&- < "$BATS_TEST_TMPDIR/fifo" &
	shell=$!
	exec 7> "$BATS_TEST_TMPDIR/fifo"
	watch_host exec -p "$shell"
	/bin/true outside
	{ seq 20; echo end; } >&7
	wait_for "$BATS_TEST_TMPDIR/fifo.done"
	last_page
	[ "$(rows '.arguments != null' .arguments | sort -u | wc -l)" = 20 ]
	[ "$(rows '.arguments == "/bin/echo 20"' .parent_pid)" = "$shell" ]
	[ -z "$(rows '.arguments == "/bin/true outside"' .)" ]
	exec 7>&-
}
