#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The application's own pages, against what tests/service.c was told to do.

# shellcheck disable=SC2030,SC2031,SC2154
bats_require_minimum_version 1.5.0
load helper

SERVICE=/src/build/test/service

# serve: the service, ready; sets $pid. Its commands go to $commands.
serve() {
	dir=$(mktemp -d "$BATS_TEST_TMPDIR/XXXXXX")
	commands=$dir/commands
	mkfifo "$commands"
	"$SERVICE" < "$commands" > "$dir/said" 3>&- &
	pid=$!
	exec 7> "$commands"
	said ready
}

says() { [ "$(tail -n 1 "$dir/said")" = "$1" ]; }

# said WORD: waits until that is the service's last word.
said() {
	await says "$1"
	: > "$dir/said"
}

tell() {
	echo "$1" >&7
	said 'done'
}

# finish: the last page, as $page.
finish() {
	kill -INT "$tap"
	expect_end 130
	page=$(tail -n 1 "$tap_out")
	echo "$page"
	[ "$(jq -c .loss <<< "$page")" = '{"skipped":0,"dropped":0,"table_full":0,"lines":0}' ]
	expect_clean "$pid"
}

# q FILTER: of the last page.
q() { jq -c "$1" <<< "$page"; }

@test "241 counters: 23 events of each kind are 23" {
	serve
	tell 'all 5' # before anybody looks
	watch_page counters "$pid" -o json -i 1
	tell 'all 23'
	finish
	[ "$(q '[.rows[] | select(.name == "requests") | .kind, .events_total, .change_total]')" = '["counter",23,23]' ]
	[ "$(q '[.rows[] | select(.name == "bytes") | .kind, .events_total, .change_total]')" = '["counter",23,27600]' ]
	[ "$(q '[.rows[] | select(.name == "queue") | .kind, .events_total, .value, .least, .most]')" = '["gauge",23,0,0,22]' ]
	[ "$(q '.rows | length')" = 3 ]
	[ "$(q '.target.processes')" = 1 ]
}

# bats test_tags=full
@test "241 counters: 8 threads of 100,000 events lose none" {
	serve
	watch_page counters "$pid" -o json -i 1
	tell 'tally 8 100000'
	tell 'flush 777'
	finish
	[ "$(q '[.rows[] | select(.kind == "tally") | [.name, .events_total, .change_total]] | sort')" = \
		'[["events",800777,0],["most",781937,0],["some",18840,0],["weight",800777,2402331]]' ]
}

# bats test_tags=full
@test "241 counters: 8 threads of 100,000 events, an interval each 0.2 s, of all processes" {
	serve
	watch counters -e "$SERVICE" -o json -i 0.2
	for _ in $(seq 200); do [ "$("$HERE/semaphores" "$pid")" = 0 ] || break; sleep 0.05; done
	tell 'tally 8 100000'
	finish
	# the intervals add up to the total
	[ "$(jq -s '[.[].rows[] | select(.name == "events").events] | add' < "$tap_out")" = 800000 ]
}

# Kernels 6.18 to 7.1 would let the child die at a nop of five bytes (wrapper/target/nop10.c).
# bats test_tags=others
@test "241 counters by a BPF program: where the kernel takes it, at the nop of ten bytes" {
	dir=$BATS_TEST_TMPDIR
	gcc -O2 -Wno-unused -D_GNU_SOURCE -I/src/include -o "$dir/nops" "$HERE/nops.c"
	mkfifo "$dir/commands"
	"$dir/nops" < "$dir/commands" > "$dir/said" 3>&- &
	pid=$!
	exec 7> "$dir/commands"
	said ready
	watch_page counters "$pid" --collector bpf -o json -i 1 -v
	echo 1000 >&7
	said '0 0'
	finish
	[ "$(q '[.rows[] | [.name, .events_total, .change_total]]')" = '[["passed",2000,6000]]' ]
	echo 5 >&7
	said '0 0'
	case $(uname -r) in
		6.*) run -1 grep 'nop of ten bytes' "$tap_err" ;;
		*) grep '1 of 1 probes at a nop of ten bytes' "$tap_err" ;;
	esac
}

@test "242 spans: 23 of them, 5 failed, times, and those under way" {
	serve
	watch_page spans "$pid" -o json -i 1
	tell 'all 23'
	tell 'span slow 1 0 300'
	tell 'span slow 2 7 100'
	finish
	[ "$(q '[.rows[] | select(.operation == "fetch") | .ended_total, .failed_total, .open]')" = '[23,5,0]' ]
	[ "$(q '.rows[] | select(.operation == "slow") | [.ended_total, .failed_total, .open]')" = '[2,1,0]' ]
	[ "$(q '.rows[] | select(.operation == "slow").time_ns_total | .total >= 400000000 and .total < 900000000 and .p99 >= 290000000 and .p50 >= 97000000 and .p50 < 290000000')" = true ]
	[ "$(q .notes)" = '[]' ]
}

# bats test_tags=full
@test "242 spans: one under way when attached is said, not invented" {
	serve
	tell 'begin early 1'
	watch_page spans "$pid" -o json -i 1
	tell 'end early 1 0'
	tell 'begin late 2'
	tell 'begin late 3'
	tell 'begin late 3'
	tell 'end late 3 0'
	finish
	[ "$(q '[.rows[] | [.operation, .ended_total, .open]]')" = '[["late",1,1]]' ]
	q .notes | grep 'before they were watched, or never: 1"'
	q .notes | grep 'before they had ended: 1"'
}

@test "246 errors: 23 handled, 23 not, by place" {
	serve
	watch_page errors "$pid" -o json -i 1
	before=$(date +%s%N)
	tell 'all 23'
	finish
	[ "$(q '[.rows[] | [.what, .errors_total, .unhandled_total]] | sort')" = '[["no such file",23,0],["out of range",23,23]]' ]
	[ "$(q '[.rows[].place] | sort')" = "[\"load\",\"tests/service.c:$(grep -n TELETAP_HERE /src/tests/service.c | cut -d: -f1)\"]" ]
	jq -e --arg before "$before" '[.rows[].last | sub("\\.[0-9]*Z"; "Z") | fromdate >= ($before[:10] | tonumber)] | all' <<< "$page"
}

# bats test_tags=full
@test "several pages at once, those of the ring among them" {
	serve
	tell 'log before'
	watch_page counters,log,config,state,about "$pid" -o json -i 1
	tell 'all 23'
	tell 'log after'
	kill -INT "$tap"
	expect_end 130
	last() { jq -c "select(.page == $1 and .last) | $2" < "$tap_out"; }
	[ "$(last 241 '[.rows[] | select(.name == "requests").events_total]')" = '[23]' ]
	[ "$(last 245 '[.rows[].text] | .[-1]')" = '"after"' ]
	[ "$(last 245 '[.rows[] | select(.text | startswith("request "))] | length')" -ge 19 ]
	[ "$(last 202 '[.rows[] | [.key, .value]]')" = '[["threads","at most 64"],["port","8080"]]' ]
	[ "$(last 240 '[.rows[] | [.part, .item, .value]]')" = '[["input","pulses","23 /s"],["step","filtered","11.5 /s"],["result","","28.75 km/h"]]' ]
	last 201 '.rows[] | select(.what == "version").value' | grep -q '"1.2.3"'
	expect_clean "$pid"
}

# bats test_tags=full
@test "the last page of a killed program has what was read last" {
	serve
	watch log -p "$pid" -o json -i 0.5
	tell 'log last words'
	sleep 1.5
	kill -KILL "$pid"
	expect_end 0
	tail -n 1 "$tap_out" | jq -e '.last and (.rows[-1].text == "last words") and (.notes | any(test("has ended")))'
}

# bats test_tags=full
@test "-c: from the first line" {
	dir=$BATS_TEST_TMPDIR
	run -0 --separate-stderr teletap watch log,errors -o json -i 0.3 -c "sh -c 'echo all 3 | $SERVICE >&2; sleep 1'" -e "$SERVICE"
	printf '%s\n' "$output" | jq -e 'select(.page == 246 and .last) | [.rows[].errors_total] == [3, 3]'
}

# bats test_tags=full
@test "the ring's pages need no root for one's own program" {
	chmod 711 "$BATS_TEST_TMPDIR"
	setpriv --reuid=65534 --regid=65534 --clear-groups sh -c '(echo all 1; sleep 20) | /src/build/test/service' > /dev/null 3>&- &
	for _ in $(seq 300); do pid=$(pgrep -x service) && break; sleep 0.1; done
	run -0 setpriv --reuid=65534 --regid=65534 --clear-groups teletap watch log -p "$pid" -n 1 -i 0.3
	[[ "$output" == *'request 1 of 1: slow'* ]]
}

# bats test_tags=full
@test "261 glibc: the heap grows by what sbrk says, arenas, and locks that were not free" {
	serve
	watch glibc -p "$pid" -o json -i 0.5
	for _ in $(seq 200); do [ ! -s "$tap_out" ] || break; sleep 0.1; done
	echo 'heap 500' >&7
	for _ in $(seq 300); do grep -qa grown "$dir/said" && break; sleep 0.05; done
	grown=$(tr -d '\0' < "$dir/said" | sed -n 's/^grown //p')
	[ "$grown" -gt 4000000 ]
	said 'done'
	tell 'arenas 4'
	tell 'fight 3 300'
	kill -INT "$tap"
	expect_end 130
	page=$(tail -n 1 "$tap_out")
	echo "$page"
	[ "$(q .loss)" = '{"skipped":0,"dropped":0,"table_full":0,"lines":0}' ]
	[ "$(q '.rows[] | select(.what == "main heap grown") | .bytes_total')" = "$grown" ]
	[ "$(q '[.rows[] | select(.what | startswith("arena ")).events_total] | add >= 4')" = true ]
	[ "$(q '.rows[] | select(.what == "arena made").events_total <= 4')" = true ]
	[ "$(q '.rows[] | select(.what == "contended lock").events_total > 50')" = true ]
	expect_clean "$pid"
}

@test "a program, a library and one loaded later all have the markers: all are counted" {
	cd "$BATS_TEST_TMPDIR"
	for part in linked loaded; do
		gcc -fPIC -shared -I/src/include -DPART=$part "-DNAME=\"$part\"" -o lib$part.so /src/tests/parts.c
	done
	gcc -I/src/include -DPART=program '-DNAME="program"' "-DLOADED=\"$PWD/libloaded.so\"" -o parts /src/tests/parts.c \
		-L. -llinked "-Wl,-rpath,$PWD"
	mkfifo commands
	./parts < commands > said 3>&- &
	pid=$!
	exec 7> commands
	echo >&7
	limit=20 await grep -q 'done' said
	teletap build counters -p "$pid"
	watch_page counters "$pid" -o json -i 1
	echo >&7
	finish
	[ "$(q '[.rows[] | [.name, .change_total]] | sort')" = '[["linked",60],["loaded",100],["program",40]]' ]
}
