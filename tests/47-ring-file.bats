#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The flight recorder's file when its process is dead, whole or damaged.

# shellcheck disable=SC2030,SC2031,SC2154
bats_require_minimum_version 1.5.0
load helper
load ring

# damaged OFFSET BYTES: a copy of the file with that in it.
damaged() {
	cp whole damaged
	printf '%b' "$2" | dd of=damaged bs=1 seek="$1" conv=notrunc status=none
}

# flipped OFFSET: likewise, with another byte than the one there.
flipped() {
	local byte
	byte=$(od -A n -t u1 -j "$1" -N 1 whole)
	damaged "$1" "\\x$(printf %x $((byte ^ 0x55)))"
}

@test "a dead process's file gives its pages" {
	start env TELETAP_RING=ring "$SERVICE"
	tell 'all 3'
	tell 'log last \x1b[2J words'
	echo abort >&7
	wait "$PID" || true
	run -0 --separate-stderr teletap replay ring log
	[[ $output == *"process $PID"* ]]
	grep -F ' info      last \x1b[2J words' <<<"$output"
	[[ $output == *"read from the ring's file"* ]]
	run -0 teletap replay ring 240,config,about -o json
	[ "$(jq -c 'select(.page == 240) | [.rows[] | [.part, .item, .value]]' <<<"$output")" = '[["input","pulses","3 /s"],["step","filtered","1.5 /s"],["result","","3.75 km/h"]]' ]
	[ "$(jq -c 'select(.page == 202) | [.rows[] | [.key, .value]]' <<<"$output")" = '[["threads","at most 64"],["port","8080"]]' ]
	[ "$(jq -c 'select(.page == 201) | .target.pid' <<<"$output")" = "$PID" ]
	run -1 --separate-stderr teletap replay ring gc
	[[ $stderr == *'gc: the page was not recorded'* ]]
	truncate -s 5000 ring
	run -3 --separate-stderr teletap replay ring log
	[[ $stderr == *'the ring is 5000 bytes long, but says 76928'* ]]
}

@test "page 201 has the stops of three earlier runs, and why" {
	for last in one two three four; do
		start env TELETAP_RING=ring "$SERVICE"
		tell "log $last"
		if [ $last = three ]; then
			exec 7>&-
		else
			kill -KILL "$PID"
		fi
		wait "$PID" || true
		pids+=("$PID")
	done
	start env TELETAP_RING=ring "$SERVICE"
	stops() { teletap watch about -p "$PID" -n 1 -i 0.1 -o json | jq -c '[.rows[] | select(.what == "earlier stop").value]'; }
	[ "$(stops)" = "[\"process ${pids[3]}, version 1.0: not announced; last line: four\",\"process ${pids[2]}, version 1.0: end of input\",\"process ${pids[1]}, version 1.0: not announced; last line: two\"]" ]
	truncate -s 100 ring.1
	[ "$(stops)" = "[\"process ${pids[2]}, version 1.0: end of input\",\"process ${pids[1]}, version 1.0: not announced; last line: two\"]" ]
	# a later run has moved this one's file on
	cp ring ring.new
	rm ring.1
	mv ring ring.1
	mv ring.new ring
	[ "$(stops)" = "[\"process ${pids[2]}, version 1.0: end of input\",\"process ${pids[1]}, version 1.0: not announced; last line: two\"]" ]
	kill -KILL "$PID"
	start "$SERVICE"
	[ "$(stops)" = '[]' ]
}

@test "earlier stops: a file of another user's, by a link or by itself, is not read" {
	[ "$(id -u)" -eq 0 ] || return 0 # nobody else's files can be made
	chmod 711 "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
	mkdir secret theirs
	start env TELETAP_RING=secret/ring "$SERVICE"
	tell 'log root only'
	kill -KILL "$PID"
	wait "$PID" || true
	chmod 600 secret/ring
	chown nobody theirs
	cp "$SERVICE" service
	start setpriv --reuid=nobody --regid=65534 --clear-groups env TELETAP_RING=theirs/ring ./service
	stops() { teletap watch about -p "$PID" -n 1 -i 0.1 -o json | jq -c '[.rows[] | select(.what == "earlier stop").value]'; }
	for put in 'ln -s ../secret/ring' 'ln secret/ring' 'cp -p secret/ring'; do
		$put theirs/ring.1
		[ "$(stops)" = '[]' ]
		rm theirs/ring.1
	done
	cp secret/ring theirs/ring.1
	chown nobody theirs/ring.1
	[[ $(stops) == *"last line: root only"* ]]
}

@test "a damaged line is left out and counted, the others are shown" {
	start env TELETAP_RING=whole "$SERVICE"
	tell 'log one'
	tell 'log two'
	kill -KILL "$PID"
	wait "$PID" || true
	n=$(ring whole | jq '.log | length')
	slot=$((128 + 256 * (n - 1)))
	[ "$(ring whole | jq -r '.log[-1].texts[0]')" = two ]
	# a byte of its text, check, ticket, time, process, kind, level, length, cut
	for offset in 48 8 16 24 32 40 41 42 44; do
		flipped $((slot + offset))
		[ "$(ring damaged | jq -c '[.torn, (.log | length), .log[-1].texts[0]]')" = "[1,$((n - 1)),\"one\"]" ]
	done
	# the mark: being written; another line's
	damaged "$slot" '\x01'
	[ "$(ring damaged | jq -c '[.busy, (.log | length)]')" = "[1,$((n - 1))]" ]
	damaged "$slot" '\x40'
	[ "$(ring damaged | jq -c '[.torn, (.log | length)]')" = "[1,$((n - 1))]" ]
	# a line in the wrong place
	cp whole damaged
	dd if=whole of=damaged bs=1 skip="$slot" seek=$((128 + 256 * 50)) count=256 conv=notrunc status=none
	[ "$(ring damaged | jq -c '[.torn, (.log | length)]')" = "[1,$n]" ]
	# a byte behind the text is nobody's
	damaged $((slot + 48 + 100)) '\x55'
	[ "$(ring damaged | jq -c '[.torn, (.log | length)]')" = "[0,$n]" ]
}

@test "a foreign, torn or empty file is refused as a whole" {
	start env TELETAP_RING=whole "$SERVICE"
	kill -KILL "$PID"
	wait "$PID" || true
	for offset in 12 16 20 24 28 32 40 79 80; do
		flipped $offset
		run -1 ring damaged
		[ "$output" = "damaged: the ring's header is damaged: nothing in it is shown" ]
	done
	damaged 8 '\x02'
	run -1 ring damaged
	[[ $output == 'damaged: the ring is of version 2, this teletap reads 1:'* ]]
	damaged 0 'X'
	for file in damaged "$SERVICE" /dev/null . /etc/passwd; do
		run -1 ring "$file"
		[ "$output" = "$file: this is no ring of teletap.h" ]
	done
	for size in 0 7 100 128 129 76927 76929 200000; do
		cp whole damaged
		truncate -s "$size" damaged
		run -1 ring damaged
		[[ $output == 'damaged: this is no ring of teletap.h' || $output == 'damaged: the ring is '*' bytes long, but says 76928: nothing in it is shown' ]]
	done
	run -1 ring nowhere
	[ "$output" = 'nowhere: No such file or directory' ]
}
