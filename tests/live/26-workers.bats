#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Prefork programs: children present and future, split by process (--by pid), against
# what each of them says itself; one that is killed leaves its figures.

# shellcheck disable=SC2154,SC2030,SC2031,SC2015,SC2258
bats_require_minimum_version 1.5.0
load helper

# What the processes themselves have written to $dir, and what the last page has of page
# $1: {"PID":[[runs,collected],...]}
told() {
	(cd "$dir" && for pid in [0-9]*; do jq -c --arg pid "$pid" '{($pid): .}' "$pid"; done) | jq -cS -s add
}

seen() {
	jq -cS "select(.name == \"gc\" and .last) | [.rows | group_by(.pid)[] |
		{(.[0].pid | tostring): (sort_by(.generation) | map([.runs_total, .collected_total]))}] | add" "$tap_out"
}

@test "gunicorn's four workers, one killed and replaced: five, each with its own figures" {
	dir=$BATS_TEST_TMPDIR/w
	mkdir "$dir"
	echo 'import gc; gc.disable()' > "$BATS_TEST_TMPDIR/conf.py"
	FOLDER=$dir gunicorn -c "$BATS_TEST_TMPDIR/conf.py" --chdir "$HERE" --workers 4 --bind 127.0.0.1:8001 \
		--log-level warning --pid "$BATS_TEST_TMPDIR/pid" workers:application 3>&- > "$dir.log" 2>&1 &
	gunicorn=$!
	for _ in $(seq 300); do
		curl -fs http://127.0.0.1:8001/ > /dev/null && break
		sleep 0.2
	done
	master=$(<"$BATS_TEST_TMPDIR/pid")
	watch gc,gc-pauses,stacks -p "$master" --by pid -o json -i 2
	first_page
	workers=$(python3.14 "$HERE/workers.py" ask http://127.0.0.1:8001/work 4)
	killed=${workers%% *}
	kill -9 "$killed"
	replaced() { [ "$(pgrep -c -P "$master")" = 4 ] && [ ! -e "/proc/$killed" ]; }
	await replaced
	# the fourth one is the new one
	python3.14 "$HERE/workers.py" ask http://127.0.0.1:8001/work 4
	sleep 2.5 # it has been dead for more than an interval
	kill -INT "$tap"
	expect_end 130
	told
	seen
	[ "$(told | jq length)" = 5 ]
	[ "$(told | jq --arg pid "$killed" 'has($pid)')" = true ]
	diff <(told) <(seen)
	[ "$(jq -c 'select(.last) | .loss | add' "$tap_out" | sort -u)" = 0 ]
	# pages 212 and 223 have the same processes
	[ "$(jq -c 'select(.name == "gc-pauses" and .last) | .rows | group_by(.pid) | map({(.[0].pid | tostring):
		(map(.count_total) | add)}) | add' "$tap_out" | jq -cS)" = "$(told | jq -cS 'map_values(map(.[0]) | add)')" ]
	[ "$(jq -c 'select(.name == "stacks" and .last) | [.rows[] | select(.kind == "function" and .function == "work") |
		.pid] | unique' "$tap_out")" = "$(told | jq -c 'keys | map(tonumber) | sort')" ]
	kill "$master"
	wait "$gunicorn" || true # not for bats' own clock
	expect_clean
}

# children METHOD: four processes of multiprocessing and their parent
children() {
	dir=$BATS_TEST_TMPDIR/m
	mkdir "$dir"
	python3.14 "$HERE/workers.py" pool "$1" "$dir" 3>&- > "$dir.log" 2>&1 &
	parent=$!
	wait_for "$dir/ready" || { cat "$dir.log"; false; }
	watch gc -p "$parent" --by pid -o json -i 2
	first_page
	go "$dir"
	kill -INT "$tap"
	expect_end 130
	told
	seen
	[ "$(told | jq length)" = 5 ]
	# beside them only what multiprocessing itself has started
	diff <(told) <(seen | jq -cS --slurpfile others "$dir/others" 'with_entries(select(.key | tonumber |
		IN($others[0][]) | not))')
	[ "$(tail -n 1 "$tap_out" | jq -c '.loss | add')" = 0 ]
	pkill -P "$parent" || true
}

# bats test_tags=full
@test "multiprocessing by fork: the children there and those to come" { children fork; }
# bats test_tags=full
@test "multiprocessing by spawn: the children there and those to come" { children spawn; }

# bats test_tags=full
@test "--by thread: each thread's collections" {
	cat > "$BATS_TEST_TMPDIR/threads.py" <<-'EOF'
		import gc, json, os, sys, threading
		gc.disable()
		done = {}
		def work(n):
		    for _ in range(n):
		        gc.collect(1)
		    done[threading.get_native_id()] = n
		for n in (3, 5, 8):
		    t = threading.Thread(target=work, args=(n,))
		    t.start()
		    t.join()
		with open(sys.argv[1], "w") as f:
		    json.dump({"pid": os.getpid(), "done": done}, f)
		os._exit(0)
	EOF
	teletap watch gc --by thread -o json -i 60 -c "python3.14 $BATS_TEST_TMPDIR/threads.py $BATS_TEST_TMPDIR/done" \
		> "$BATS_TEST_TMPDIR/page"
	[ "$(jq -cS '.pid as $pid | .done | with_entries(.value |= [$pid, .])' "$BATS_TEST_TMPDIR/done")" = \
		"$(tail -n 1 "$BATS_TEST_TMPDIR/page" | jq -cS '[.rows[] | select(.generation == 1 and .tid != .pid) |
			{(.tid | tostring): [.pid, .runs_total]}] | add')" ]
	expect_clean
}

# bats test_tags=full
@test "page 220 by process and by thread: the calls of each" {
	cat > "$BATS_TEST_TMPDIR/calls.py" <<-'EOF'
		import json, os, sys, threading
		def counted():
		    pass
		def work(n):
		    for _ in range(n):
		        counted()
		    return threading.get_native_id()
		done = {}
		for n in (10, 20):
		    read, write = os.pipe()
		    if not os.fork():
		        os.write(write, b"%d" % work(n))
		        os._exit(0)
		    done[int(os.read(read, 20))] = [n, 1]
		    os.wait()
		t = threading.Thread(target=lambda: done.__setitem__(work(30), [30, 1]))
		t.start()
		t.join()
		done[work(40)] = [40, 1]
		with open(sys.argv[1], "w") as f:
		    json.dump({"pid": os.getpid(), "done": done}, f)
	EOF
	for by in pid thread; do
		teletap watch calls --by "$by" -o json -i 60 --function '[cw]o[ur][nk]*' --file '*/calls.py' \
			-c "python3.15 $BATS_TEST_TMPDIR/calls.py $BATS_TEST_TMPDIR/done.$by" | tail -n 1 > "$BATS_TEST_TMPDIR/$by"
		jq -c '.rows[]' "$BATS_TEST_TMPDIR/$by"
	done
	# a row of each has as many calls as the process or thread has made
	[ "$(jq -cS '[.rows[] | select(.function == "counted") | {(.tid | tostring): .calls_total}] | add' "$BATS_TEST_TMPDIR/thread")" = \
		"$(jq -cS '.done | map_values(.[0])' "$BATS_TEST_TMPDIR/done.thread")" ]
	[ "$(jq -cS '[.rows[] | select(.function == "work") | {(.tid | tostring): .calls_total}] | add' "$BATS_TEST_TMPDIR/thread")" = \
		"$(jq -cS '.done | map_values(.[1])' "$BATS_TEST_TMPDIR/done.thread")" ]
	[ "$(jq -c '[.rows[] | select(.function == "counted") | .calls_total] | sort' "$BATS_TEST_TMPDIR/pid")" = '[10,20,70]' ]
	[ "$(jq --argjson pid "$(jq .pid "$BATS_TEST_TMPDIR/done.pid")" '.rows[] |
		select(.function == "counted" and .pid == $pid).calls_total' "$BATS_TEST_TMPDIR/pid")" = 70 ]
	# and its time: a caller's is longer than what it calls
	[ "$(jq '[.rows | group_by(.tid)[] | sort_by(.function) | .[1].inclusive_ns_total >= .[0].inclusive_ns_total and
		.[0].inclusive_ns_total > 0] | all' "$BATS_TEST_TMPDIR/thread")" = true ]
	expect_clean
}

# bats test_tags=full
@test "pages 233 to 235 by process and by thread: calls, faults and waits of each" {
	for by in pid thread; do
		teletap watch syscalls,faults,off-cpu --by "$by" -o json -i 60 \
			-c "python3.14 $HERE/loads.py $BATS_TEST_TMPDIR/done.$by" > "$BATS_TEST_TMPDIR/$by"
		[ "$(jq -c 'select(.last) | .loss | add' "$BATS_TEST_TMPDIR/$by" | sort -u)" = 0 ]
		# a child has one thread; the parent has two
		wanted=$(jq -cS --arg by "$by" '.pid as $pid | .done | if $by == "thread" then . else
			[to_entries[] | select(.value <= 20)] + [{key: ($pid | tostring), value: 70}] | from_entries end' \
			"$BATS_TEST_TMPDIR/done.$by")
		# of PAGE KEY FILTER: what this page has by number, rows chosen by FILTER
		of() {
			jq -cS --argjson page "$1" "select(.page == \$page and .last) | [.rows[] | select($3)] |
				group_by(.${by/thread/tid}) | map({(.[0].${by/thread/tid} | tostring): (map($2) | add)}) | add" "$BATS_TEST_TMPDIR/$by"
		}
		echo "wanted $wanted"
		calls=$(of 233 .calls_total '.function == "asks" and .call == "getppid"')
		waits=$(of 235 .waits_total '.function == "rests" and .reason == "sleep"')
		faults=$(of 234 .minor_total '.function == "touches"')
		echo "calls $calls waits $waits faults $faults"
		[ "$calls" = "$wanted" ]
		[ "$waits" = "$(jq -cS 'map_values(. / 10)' <<< "$wanted")" ]
		# the interpreter has a fault of its own now and then
		jq -en --argjson have "$faults" --argjson want "$wanted" '($have | keys) == ($want | keys) and
			all($want | to_entries[]; $have[.key] - 8 * .value | . >= 0 and . <= 16)'
	done
	# by thread, each row also says which process
	[ "$(jq -c 'select(.page == 233 and .last) | [.rows[] | select(.function == "asks" and .call == "getppid") |
		[.pid, .calls_total]] | sort | group_by(.[0]) | map(map(.[1])) | sort' "$BATS_TEST_TMPDIR/thread")" = '[[10],[20],[30,40]]' ]
	expect_clean
}

# bats test_tags=full
@test "more threads than have a place: their sums in a row without a number, and it is said" {
	cat > "$BATS_TEST_TMPDIR/many.py" <<-'EOF'
		import gc, os, threading
		gc.disable()
		gc.freeze()
		for _ in range(1100):
		    t = threading.Thread(target=gc.collect, args=(1,))
		    t.start()
		    t.join()
		os._exit(0)
	EOF
	teletap watch gc --by thread -o json -i 60 -c "python3.14 -S $BATS_TEST_TMPDIR/many.py" > "$BATS_TEST_TMPDIR/page"
	tail -n 1 "$BATS_TEST_TMPDIR/page" > "$BATS_TEST_TMPDIR/last"
	others=$(jq '[.rows[] | select(.tid == null).runs_total] | add' "$BATS_TEST_TMPDIR/last")
	jq -c --arg others "$others" '.loss, $others' "$BATS_TEST_TMPDIR/last"
	# 1024 places, one of which the main thread may have
	[ "$others" -ge 76 ]
	[ "$others" -le 77 ]
	[ "$(jq .loss.table_full "$BATS_TEST_TMPDIR/last")" = "$others" ]
	[ "$(jq '[.rows[] | select(.generation == 1).runs_total] | add' "$BATS_TEST_TMPDIR/last")" = 1100 ]
	[ "$(jq '[.rows[].tid] | unique | length' "$BATS_TEST_TMPDIR/last")" = 1025 ]
	expect_clean
}
