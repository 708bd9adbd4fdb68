#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The flight recorder: written by tests/service.c through teletap.h, read from outside,
# while the process runs.

# shellcheck disable=SC2030,SC2031,SC2154
bats_require_minimum_version 1.5.0
load helper
load ring

@test "every line of 23 each is there, with its process, thread, time and texts" {
	start
	before=$(date +%s%N)
	tell 'all 23'
	after=$(date +%s%N)
	[ "$(q '[.provider, .pid, .torn, .busy, .lost]')" = "[\"service\",$PID,0,0,0]" ]
	[ "$(q '[.log[], .about[], .state[]] | map(.pid, .tid) | unique')" = "[$PID]" ]
	[ "$(q "[.log[] | select(.kind == 3 and .ticket > 1) | .time_ns >= $before and .time_ns <= $after] | unique")" = '[true]' ]
	# 115 lines, of which the last 100 are kept, in order
	[ "$(q '.log | length')" = 100 ]
	[ "$(q '[.log[].ticket] == [range(17; 117)]')" = true ]
	[ "$(q '.log[-5:] | map([.kind, .level] + .texts)')" = '[[3,0,"1.2.3","0123abc","77"],[1,4,"request 23 of 23: slow","",""],[2,1,"tests/service.c:'"$(grep -n TELETAP_HERE "$TOP/tests/service.c" | cut -d: -f1)"'","no such file",""],[2,0,"load","out of range",""],[4,0,"told to","",""]]' ]
	[ "$(q '[.about[] | select(.kind == 5 and .texts[0] == "port")] | length')" = 23 ]
	[ "$(q '[.state[] | select(.level == 0).texts] | length')" = 23 ]
	[ "$(q '.state[-3:] | map([.level] + .texts)')" = '[[0,"speed","pulses","23 /s"],[1,"speed","filtered","11.5 /s"],[2,"speed","","28.75 km/h"]]' ]
	# what was said at the start is not pushed out by what is said often
	[ "$(q '.about[1].texts')" = '["threads","at most 64",""]' ]
}

@test "8 threads write while being read 1000 times: no line is torn" {
	start
	echo 'storm 8 3000' >&7
	run -0 ring "$PID" storm 1000
	echo "$output"
	[[ $output =~ ^seen\ ([0-9]+)\ fresh\ ([0-9]+)\ busy\ [0-9]+\ torn\ [0-9]+\ bad\ 0$ ]]
	[ "${BASH_REMATCH[1]}" -ge 90000 ]
	[ "${BASH_REMATCH[2]}" -gt 50 ]
	answer 'done'
}

@test "the same in a file" {
	start env TELETAP_RING=ring "$SERVICE"
	echo 'storm 8 3000' >&7
	run -0 ring ring storm 1000
	echo "$output"
	[[ $output =~ ^seen\ ([0-9]+)\ .*\ torn\ [0-9]+\ bad\ 0$ ]]
	[ "${BASH_REMATCH[1]}" -ge 90000 ]
	answer 'done'
}

@test "hostile lines: cut, and no byte of theirs reaches a terminal or breaks JSON" {
	start
	tell 'log \x1b[2J\x1b]0;title\x07\x0a\x0dtwo lines\x09tab\x7f\xc2\x9b31m\xff\xfe\xe2\x80\xae'
	tell 'log %1m'
	tell 'log %s%n%d%%'
	ring "$PID" >json
	lacks '[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' <json
	[ "$(wc -l <json)" = 1 ]
	[ "$(jq -r '.log[-3].texts[0]' json | head -c 4 | od -An -tx1)" = ' 1b 5b 32 4a' ]
	[ "$(jq -c '.log[-2] | [.cut, (.texts[0] | length)]' json)" = '[true,207]' ]
	[ "$(jq -r '.log[-1].texts[0]' json)" = '%s%n%d%%' ]
}

@test "a signal handler and a forked child write, too" {
	start
	tell handler
	[ "$(q '.log[-1].texts[0]')" = '"signal 10"' ]
	tell fork
	# the child has a ring of its own
	[ "$(q '.log[-1].texts[0]')" = '"signal 10"' ]
	kill -KILL "$PID"
	wait "$PID" || true
	start env TELETAP_RING=ring "$SERVICE"
	tell fork
	# a file is shared
	child=$(ring ring | jq '.log[-1].pid')
	[ "$child" != "$PID" ]
	[ "$(ring ring | jq -c '.log[-1] | [.tid, .texts[0]]')" = "[$child,\"in the child $child\"]" ]
}

@test "a file outlives a killed process; three earlier ones are kept" {
	for i in 1 2 3 4 5; do
		start env TELETAP_RING=ring "$SERVICE"
		tell "log run $i"
		[ "$(ring ring | jq .pid)" = "$(q .pid)" ]
		[ "$(q '.log[-1].texts[0]')" = "\"run $i\"" ]
		kill -KILL "$PID"
		wait "$PID" || true
	done
	[ "$(echo ring*)" = 'ring ring.1 ring.2 ring.3' ]
	for i in 0 1 2 3; do
		name=ring.$i
		[ "$(ring "${name%.0}" | jq -r '.log[-1].texts[0]')" = "run $((5 - i))" ]
	done
	[ "$(stat -c '%a %s' ring)" = '600 76928' ]
	start env TELETAP_RING=of-%p.ring "$SERVICE"
	[ "$(ring "of-$PID.ring" | jq .pid)" = "$PID" ]
}

@test "a file that cannot be made: the ring stays in memory and says so" {
	start env TELETAP_RING=/nowhere/ring "$SERVICE"
	[ "$(q '[.log[].texts[0]] | index("teletap: TELETAP_RING=/nowhere/ring: the file cannot be made") != null')" = true ]
	[ "$(q '.log[-1].texts[0]')" = "\"ready, process $PID\"" ]
}

@test "a file there is no room for: the same, and the program goes on" {
	need_root
	mkdir full
	# shellcheck disable=SC2016
	start unshare --mount bash -c 'mount -t tmpfs -o size=64k full full && TELETAP_RING=full/ring exec "$1"' - "$SERVICE"
	[ "$(q '[.log[].texts[0]] | index("teletap: TELETAP_RING=full/ring: the file cannot be made") != null')" = true ]
	[ -z "$(ls -A "/proc/$PID/cwd/full")" ]
	tell 'all 1'
}

@test "a file that is truncated, or has no room any more: lines are missing from it, once told" {
	start env TELETAP_RING=ring "$SERVICE"
	tell 'log one'
	for size in 0 5000; do
		truncate -s "$size" ring
		tell 'all 40'
		tell fork
		tell 'log two'
		[ "$(q '.log[-1].texts[0]')" = '"two"' ]
		[ "$(q '.torn')" = 0 ]
		[ "$(stat -c %s ring)" = "$size" ]
	done
	[ -d "/proc/$PID" ]
	kill -KILL "$PID"
	wait "$PID" || true
	start env TELETAP_RING=ring "$SERVICE"
	: >ring
	tell 'log one'
	tell 'log two'
	[ "$(q '[.log[-3:][].texts[0]]')" = '["one","teletap: the file of TELETAP_RING cannot be written any more: truncated, or no room; restart the program","two"]' ]
	need_root
	kill -KILL "$PID"
	wait "$PID" || true
	mkdir full
	# shellcheck disable=SC2016
	start unshare --mount bash -c 'mount -t tmpfs -o size=200k full full && TELETAP_RING=full/ring exec "$1"' - "$SERVICE"
	fallocate --punch-hole --offset 0 --length 76928 "/proc/$PID/cwd/full/ring"
	head -c 300k /dev/zero >"/proc/$PID/cwd/full/zero" || true
	tell 'all 40'
	tell 'log two'
	[ "$(q '.log[-1].texts[0]')" = '"two"' ]
}

@test "stripped, moved, deleted, at fixed addresses, and behind a library" {
	check() {
		start "$@"
		tell 'log here'
		[ "$(q '.log[-1].texts[0]')" = '"here"' ]
		kill -KILL "$PID"
		wait "$PID" || true
	}
	cp "$SERVICE" stripped
	strip stripped
	check ./stripped
	gcc -std=gnu17 -O2 -fno-pie -no-pie -I"$TOP/include" -o fixed "$TOP/tests/service.c" -pthread
	check ./fixed
	gcc -std=gnu17 -O2 -I"$TOP/include" -fPIC -shared -Dmain=service_main -o libservice.so "$TOP/tests/service.c" -pthread
	gcc -o loader -x c - -x none -L. -lservice -Wl,-rpath,. <<<'int service_main(void); int main(void) { return service_main(); }'
	check ./loader
	start ./stripped
	rm stripped
	[ "$(id -u)" -ne 0 ] || [ "$(q '.log[-1].texts[0]')" = "\"ready, process $PID\"" ]
}

@test "teletap itself has one: what it was told, what it has said" {
	"$BUILD/bin/teletap" watch host -i 60 >out 2>&1 3>&- &
	PID=$!
	for _ in $(seq 100); do [ "$(q '.about | length')" -ge 2 ] 2>/dev/null && break; sleep 0.05; done
	[ "$(q '[.provider, .about[0].texts[0], .about[1].texts]')" = "[\"teletap\",\"$("$BUILD/bin/teletap" --version | cut -d' ' -f2)\",[\"command\",\"watch\",\"\"]]" ]
	TELETAP_OWN_RING=own "$BUILD/bin/teletap" replay /etc/passwd log 3>&- || true
	[ "$(ring own | jq -c '[.log[-4:-2][] | .texts[0]]')" = '["replay","/etc/passwd: no recording: '"'teletap record -w'"' makes one"]' ]
	[ "$(ring own | jq -c '[.log[-2:][] | .texts[0]]')" = '["status 3","the command is done"]' ]
}

@test "a process without a ring, and none" {
	run -1 ring $$
	[[ $output == "process $$ runs no program with teletap.h in it"* ]]
	run -1 ring 4194303
	[[ $output == *4194303* ]]
}

@test "a ring of more text than a pipe holds: whole; one beyond 16 MB: refused, no waiting" {
	for shape in '10000 200' '300 8192'; do
		read -r lines text <<<"$shape"
		gcc -O2 -I"$TOP/include" -D"TELETAP_RING_LINES=$lines" -D"TELETAP_RING_TEXT=$text" -o large -x c - <<-'EOF'
			#include "teletap.h"
			#include <unistd.h>
			int main(void)
			{
				char text[TELETAP_RING_TEXT] = "";
				memset(text, 'y', sizeof(text) - 60);
				for (int i = 1; i <= TELETAP_RING_LINES; i++) {
					TELETAP_LOG(TELETAP_ERR, "%d %s", i, text);
					TELETAP_STATE_RESULT("all", "%d", i);
				}
				TELETAP_CONFIG("done", "yes");
				pause();
			}
		EOF
		./large &
		PID=$!
		for _ in $(seq 500); do [ "$(q '.about | length')" = 1 ] && break; sleep 0.02; done
		teletap watch log,config,state -p "$PID" -n 2 -i 0.2 -o json >pages
		[ "$(jq -c 'select(.page == 245) | [(.rows | length), (.rows[0].text | split(" ")[0]), (.rows[-1].text | split(" ")[0]), .loss.dropped, .notes]' pages | sort -u)" = "[$lines,\"1\",\"$lines\",0,[]]" ]
		[ "$(jq -c 'select(.page == 240) | [.rows[].value]' pages | sort -u)" = "[\"$lines\"]" ]
		# a line of the protocol has less room than this
		[ "$(jq -c 'select(.page == 245) | .rows[-1] | [.cut, (.text | length > 130)]' pages | sort -u)" = "[$([ "$text" = 200 ] && echo false || echo true),true]" ]
		kill -KILL "$PID"
		wait "$PID" || true
	done
	run -1 gcc -I"$TOP/include" -DTELETAP_RING_LINES=30000 -c -o out.o -x c - <<<'#include "teletap.h"'
	# the header of before allowed 64 MB
	sed 's/ <= 16777216/ <= 99999999/' "$TOP/include/teletap.h" >teletap.h
	gcc -I. -DTELETAP_RING_LINES=30000 -o large -x c - <<<'
		#include "teletap.h"
		#include <unistd.h>
		int main(void) { TELETAP_LOG(3, "x"); pause(); }'
	./large &
	PID=$!
	run -3 --separate-stderr teletap watch log -p "$PID" -n 1
	[ "$stderr" = "teletap: watch: process $PID: a ring of 23040128 bytes: rings of at most 16777216 are read: compile the program with fewer TELETAP_RING_LINES" ]
}

@test "a program and its libraries have a ring each: the pages show all lines, by time" {
	part() {
		cat <<-EOF
			#define TELETAP_PROVIDER $1
			#include "teletap.h"
			#include <unistd.h>
			void $1_say(int i);
			void $1_say(int i)
			{
				TELETAP_LOG(TELETAP_INFO, "$1 %d", i);
				TELETAP_CONFIG("$1", "set");
				TELETAP_STATE_RESULT("$1", "%d", i);
			}
		EOF
	}
	part plug | gcc -fPIC -shared -I"$TOP/include" -o libplug.so -x c -
	part tool | gcc -fPIC -shared -I"$TOP/include" -o libtool.so -x c -
	{ part shop && echo 'void plug_say(int); void tool_say(int); int main(void) { TELETAP_START("1", "c", "b");
		for (int i = 1; i <= 90; i++) { shop_say(i); plug_say(i); tool_say(i); } pause(); }'; } |
		gcc -I"$TOP/include" -o shop -x c - -x none -L. -lplug -ltool -Wl,-rpath,.
	./shop &
	PID=$!
	for _ in $(seq 500); do [ "$(q '.log | length')" = 271 ] && break; sleep 0.02; done
	teletap watch log,config,state,about -p "$PID" -n 1 -o json >pages
	jq -es 'map(.attached_s < 3) | all' pages # at once
	[ "$(jq -c 'select(.page == 245) | [.rows[1:][].text] == [range(1; 91) as $i | "shop \($i)", "plug \($i)", "tool \($i)"]' pages)" = true ]
	[ "$(jq -c 'select(.page == 202) | [.rows[].key]' pages)" = '["shop","plug","tool"]' ]
	[ "$(jq -c 'select(.page == 240) | [.rows[] | [.calculation, .value]]' pages)" = '[["shop","90"],["plug","90"],["tool","90"]]' ]
	[ "$(jq -c 'select(.page == 201) | .rows[] | select(.what == "provider").value | split(", ") | sort' pages)" = '["plug","shop","tool"]' ]
}
