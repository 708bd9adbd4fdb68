#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The line protocol: what is understood, what is counted, what is never shown.

# shellcheck disable=SC2059,SC2028,SC1003 # lines are written as formats of printf
bats_require_minimum_version 1.5.0
load helper

# lines FORMAT...: what line_parse makes of each, a format of printf.
lines() {
	for line; do printf "$line\n"; done | draw -o line
}

# pages FORMAT...: the lines within a session of three snapshots as figures of each page.
pages() {
	for line; do printf "$line\n"; done | draw -o json | jq -c \
		'[.rows[0].runs, .rows[0].runs_total, .loss.lines]'
}

# snapshot SEQUENCE SECOND [LINE...]: the lines between its beginning and its end.
snapshot() {
	printf '%s\n' "snap\t$1\t${2}000000000\t${2}000000000\t0" "${@:3}" "end\t$1"
}

# runs COUNT: so many collections of generation 0 until now.
runs() {
	echo "gc\t0\t$1\t0\t0\t0\t0"
}

setup() {
	HELLO='teletap\t1\tgc'
	FIRST=$(snapshot 1 1)
	SECOND=$(snapshot 2 4 "$(runs 7)")
	THIRD=$(snapshot 3 5 "$(runs 9)")
}

@test "every record" {
	run lines 'teletap\t1\tgc' 'snap\t1\t2\t3\t0' 'gc\t0\t1\t2\t3\t4\t5\t6' 'pause\t2\t959\t1\t7' \
		'by\t2' 'who\t6\t11\t12' 'procs\t0' 'loss\t1\t2\t3' 'end\t1'
	diff - <(echo "$output") <<-'END'
		hello 1 "gc"
		snap 1 2 3 0
		gc 0 1 2 3 4 5 6
		pause 2 959 1 7
		by 2
		who 6 11 12
		procs 0
		loss 1 2 3
		end 1
	END
}

@test "whose a record is may be missing, but not empty" {
	run lines 'gc\t0\t1\t2\t3\t4\t5' 'gc\t0\t1\t2\t3\t4\t5\t' 'gc\t0\t1\t2\t3\t4\t5\t-1'
	diff - <(echo "$output") <<-'END'
		gc 0 1 2 3 4 5 0
		malformed
		malformed
	END
}

@test "numbers: the largest, leading zeros" {
	run lines 'end\t0' 'end\t9223372036854775807' 'end\t00000000000000000000000000000007'
	diff - <(echo "$output") <<-'END'
		end 0
		end 9223372036854775807
		end 7
	END
}

@test "numbers: too large, none, signs, spaces, letters" {
	for word in 9223372036854775808 9223372036854775810 18446744073709551615 18446744073709551616 \
		99999999999999999999999999 '' - -1 -0 +1 ' 1' '1 ' 1.0 1e3 0x10 1_000 1,000 nan '1\\x30' '1\r'; do
		run lines "end\t$word"
		echo "$word: $output"
		[ "$output" = malformed ]
	done
}

@test "fields missing, and fields too many" {
	for line in end snap 'snap\t1' 'snap\t1\t2\t3' 'gc\t0\t1\t2\t3\t4' 'end\t1\t' 'end\t1\t2' \
		'gc\t0\t1\t2\t3\t4\t5\t6\t7' 'procs\t1\t\t\t\t\t\t\t\t\t\t\t' teletap 'teletap\t1' \
		'teletap\t1\tgc\tbpf\tmore' 'end\t\t1'; do
		run lines "$line"
		echo "$line: $output"
		[ "$output" = malformed ]
	done
}

@test "strings: every byte can be escaped, and has to be" {
	run lines 'teletap\t1\ta\\x09b\\x5cc\\x0ad\\x7f\\xff' 'teletap\t1\t' 'teletap\t1\tcaf\303\251' \
		'teletap\t1\t\377'
	[ "$output" = $'hello 1 "a\tb\\c\nd\x7f\xff"\nhello 1 ""\nhello 1 "café"\nhello 1 "\xff"' ]
	# A NUL has no place in a string, and does not cut it.
	run lines 'teletap\t1\ta\\x00b'
	[ "$output" = 'hello 1 "ab"' ]
	for string in '\\' '\\x' '\\x4' 'a\\x4' '\\n' '\\\\' '\\x4G' '\\xFF' '\\x 1' '\033[2J' '\177' '\001' 'a\rb'; do
		run lines "teletap\t1\t$string"
		echo "$string: $output"
		[ "$output" = malformed ]
	done
}

@test "records of a later version are unknown, not malformed" {
	run lines 'faults\t1\t2' 'GC\t0\t1\t2\t3\t4\t5' 'gcx\t1' 'en' 'end 1' '' '\t' 'hello world'
	[ "$output" = "$(printf 'unknown\n%.0s' {1..8})" ]
}

@test "another version of the protocol is told from a line not understood" {
	run lines 'teletap\t2\tgc' 'teletap\t0\tgc' 'teletap\t2' 'teletap\t2\tgc\tand\tmore' 'teletap\tx\tgc'
	[ "$output" = $'another version\nanother version\nanother version\nanother version\nmalformed' ]
	run -3 draw <<<$'teletap\t2\tgc'
	run -3 draw <<<$'snap\t1\t2\t3\t0'
}

@test "lines as long as allowed, and one byte longer" {
	long=$(printf '%08175d' 0)
	run lines "teletap\t1\tgc$long" "snap\t1\t$long\t0\t0" "end\t${long}000000000007"
	[ "${lines[0]}" = "hello 1 \"gc$long\"" ]
	[ "${lines[1]}" = "snap 1 0 0 0" ]
	[ "${lines[2]}" = "end 7" ]
	run lines "end\t${long}0000000000007" "unknown${long}0000000000" "end\t$long$long"
	[ "$output" = $'malformed\nmalformed\nmalformed' ]
}

@test "NUL bytes" {
	run draw -o line < <(printf 'end\0\t1\n\0end\t1\nend\t1\0\nend\t\0001\n\0\nteletap\t1\t\0\n')
	[ "$output" = "$(printf 'malformed\n%.0s' {1..6})" ]
}

@test "a session: its pages" {
	run pages "$HELLO" "$FIRST" "$SECOND" "$THIRD"
	[ "$output" = $'[7,7,0]\n[2,9,0]' ]
}

@test "lines not understood are counted on the page, and hurt nothing else" {
	run pages "$HELLO" 'faults\t1' "$FIRST" 'junk' "$SECOND" 'end\tx' 'gc\t0\t99' "$THIRD"
	[ "$output" = $'[7,7,2]\n[2,9,4]' ]
	run pages "$HELLO" "$FIRST" "$(snapshot 2 4 'future\t1' "$(runs 7)" 'gc\t0\t8')"
	[ "$output" = '[7,7,2]' ]
}

@test "records outside a snapshot, or of no generation or bucket, are counted" {
	run pages "$HELLO" "$FIRST" "$(runs 5)" 'procs\t4' 'end\t1' "$SECOND" \
		"$(snapshot 3 5 "$(runs 9)" 'gc\t3\t1\t1\t1\t1\t1' 'pause\t3\t0\t1' 'pause\t0\t960\t1')"
	[ "$output" = $'[7,7,3]\n[2,9,6]' ]
}

@test "a half-written snapshot is never shown" {
	half=$(snapshot 9 4 "$(runs 8)" 'gc\t1\t5\t0\t0\t0\t0' | head -n -1)
	run pages "$HELLO" "$FIRST" "$half"
	[ "$output" = "" ]
	run pages "$HELLO" "$FIRST" "$SECOND" "$half"
	[ "$output" = '[7,7,0]' ]
	# begun anew: nothing of the half one is in the whole one
	run pages "$HELLO" "$FIRST" "${half//8/999}" "$SECOND" "$THIRD"
	[ "$output" = $'[7,7,0]\n[2,9,0]' ]
	run draw < <(printf "$HELLO\n$FIRST\n${half//8/999}\n$SECOND\n")
	[[ ${lines[5]} =~ ^\ +1\ +0\ +0\  ]]
	# an end without its newline has not come
	run draw -o json < <(printf "$HELLO\n$FIRST\n$SECOND")
	[ "$output" = "" ]
}

@test "an end of another snapshot: not shown, counted, and the next one is whole" {
	run pages "$HELLO" "$FIRST" "${SECOND/%2/1}"
	[ "$output" = "" ]
	run pages "$HELLO" "$FIRST" "${SECOND/%2/1}" 'end\t2' "$THIRD"
	[ "$output" = '[9,9,2]' ]
}

@test "a snapshot in which a sum shrinks has a gap: not shown, counted" {
	run pages "$HELLO" "$FIRST" "$SECOND" "$(snapshot 3 5)" "$(snapshot 4 6 "$(runs 9)")"
	[ "$output" = $'[7,7,0]\n[2,9,1]' ]
	# the clock goes back
	run pages "$HELLO" "$FIRST" "$SECOND" "$(snapshot 3 3 "$(runs 9)")"
	[ "$output" = '[7,7,0]' ]
	run pages "$HELLO" "$FIRST" "$(snapshot 2 4 'gc\t0\t7\t7\t7\t7\t7' 'pause\t0\t5\t7')" \
		"$(snapshot 3 5 'pause\t0\t5\t7' 'gc\t0\t7\t7\t7\t7\t0')"
	[ "$output" = $'[7,7,0]\n[0,7,0]' ]
	for less in 'gc\t0\t6\t9\t9\t9\t9' 'gc\t0\t9\t6\t9\t9\t9' 'gc\t0\t9\t9\t6\t9\t9' 'gc\t0\t9\t9\t9\t6\t9' \
		'gc\t0\t9\t9\t9\t9\t9\npause\t0\t5\t6'; do
		run pages "$HELLO" "$FIRST" "$(snapshot 2 4 'gc\t0\t7\t7\t7\t7\t7' 'pause\t0\t5\t7')" \
			"$(snapshot 3 5 'pause\t0\t5\t7' "$less")"
		echo "$less: $output"
		[ "$output" = '[7,7,0]' ]
	done
	# what is of the interval, and the processes, may shrink
	run pages "$HELLO" "$FIRST" "$(snapshot 2 4 'procs\t4' 'gc\t0\t7\t0\t0\t0\t9')" "$THIRD"
	[ "$output" = $'[7,7,0]\n[2,9,0]' ]
}
