#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What collectors take of memory, as the kernel has it: of many in one agent, each as if it were
# the only one.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper
load bpf
load serve

setup_file() {
	export PORT=25441 HTTP=25442
	need_python_copy
}

teardown() {
	kill_server
	jobs -p | xargs -r kill -9 2>/dev/null || true
	wait 2>/dev/null || true
}

# maps_kb OPTION...: what the BPF maps of page 210's collector take.
maps_kb() {
	watch gc -e "$EXE" -i 0.5 "$@"
	attached
	pid=$(pgrep -x teletap-bpf -P "$tap")
	kb=$(cat "/proc/$pid/fdinfo/"* | awk '/^memlock:/ { bytes = $2 } /^map_id:/ { of[$2] = bytes }
		END { for (id in of) sum += of[id]; print int(sum / 1024) }')
	kill -KILL "$tap"
	await [ ! -e "/proc/$pid" ]
}

@test "page 210: the tables of figures told apart are there with --by only" {
	maps_kb
	[ "$kb" -gt 0 ]
	[ "$kb" -lt 400 ]
	maps_kb --by pid
	[ "$kb" -gt 1000 ]
}

heap_kb() { awk '/^[0-9a-f]+-/ { heap = /\[heap\]/ } heap && /^Rss:/ { sum += $2 } END { print sum }' "/proc/$1/smaps"; }
up() { curl -s --max-time 10 "http://127.0.0.1:$HTTP/metrics" | grep -c '^teletap_page_up.* 1$'; }
all_up() { [ "$(up)" = "$1" ]; }

@test "the last of 24 collectors takes no more than the first: it has nothing of the others" {
	local n targets=''
	for n in {1..24}; do
		"$EXE" -S -c 'import time; time.sleep(1000)' 3>&- &
		targets+="${targets:+,}\"t$n\": {\"pid\": $!}"
	done
	echo "{ \"metrics\": [\"process\"], \"targets\": { $targets } }" >"$BATS_TEST_TMPDIR/config"
	serve --config "$BATS_TEST_TMPDIR/config" --http "127.0.0.1:$HTTP" -i 1
	await all_up 24
	first=$(heap_kb "$(pgrep -x teletap-proc -P "$server" | head -n 1)")
	last=$(heap_kb "$(pgrep -x teletap-proc -P "$server" | tail -n 1)")
	echo "first $first last $last"
	[ "$first" -gt 0 ]
	[ "$last" -lt $((first * 3 / 2)) ]
}
