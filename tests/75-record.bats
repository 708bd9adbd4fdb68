#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# teletap record and teletap replay: a recording gives the pages that teletap watch
# would have printed, byte for byte, whatever happened to the one who wrote it.
# The stand-in for staprun (tests/stub) sends recorded lines at a pace.

# shellcheck disable=SC2030,SC2031,SC2154,SC2016 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper

setup_file() {
	stub_begin
	export R=$BATS_FILE_TMPDIR/r STUB_LOG=$BATS_FILE_TMPDIR/log
	# a recording of some seconds, with lines among it that are none
	STUB='hello; snapshot; printf "%s\n" junk "gc	1" ""; head -c 20000 /dev/zero; echo; watch' \
		record -w "$R" -n 8
}

teardown_file() {
	python_forget
}

setup() {
	export STUB_LOG=$BATS_TEST_TMPDIR/log
	out=$BATS_TEST_TMPDIR/out
	file=$BATS_TEST_TMPDIR/recording
}

record() {
	timeout 20 teletap record gc -e "$EXE" --pack "$PACK" -i 0.1 "$@"
}

@test "a recording gives the pages of teletap watch" {
	run -0 --separate-stderr teletap replay "$R"
	[ -z "$stderr" ]
	[ "$(grep -c '^210 gc ' <<<"$output")" -eq 8 ]
	[ "$(grep '^page ' <<<"$output" | tail -n 1 | cut -d: -f1)" = 'page 8, the last one' ]
	grep -qF "$EXE" <<<"$output"
	run -0 --separate-stderr teletap replay "$R" gc -o json
	[ "$(jq -s 'length' <<<"$output")" -eq 8 ]
	jq -es 'map(.last) == [false,false,false,false,false,false,false,true]' <<<"$output"
	jq -es '(map(.rows[2].runs) | add) == .[-1].rows[2].runs_total' <<<"$output"
	jq -es '.[-1].loss.lines == 4' <<<"$output"
	jq -es '.[0].target.python == "3.11.2"' <<<"$output"
}

@test "the same, seen by watch and record at once" {
	mkfifo "$BATS_TEST_TMPDIR/two"
	# one stream of lines for both: the stub of the second reads what the first one sent
	STUB='trap "snapshot 1 | tee -a $STUB_LOG.lines; exit 0" TERM
		{ hello; snapshot; } | tee "$STUB_LOG.lines"
		while :; do snapshot | tee -a "$STUB_LOG.lines"; sleep 0.05; done' \
		record -w "$file" -n 5
	zstdcat "$file" | grep -av -e '^moment' -e '^from' -e '^recording' -e '^target' >"$out"
	cmp "$out" <(head -c "$(stat -c %s "$out")" "$STUB_LOG.lines")
	# every snapshot of the stream is one of the recording
	[ "$(grep -c '^snap' "$out")" -gt 5 ]
}

# pages OPTION...: the numbers of the pages that replay draws.
pages() {
	teletap replay "$R" gc "$@" | sed -n 's/^page \([0-9]*\).*/\1/p' | xargs
}

@test "any page at any moment" {
	teletap replay "$R" gc -o json >"$out"
	mapfile -t times < <(jq -r .time "$out")
	[ "$(printf '%s\n' "${times[@]}" | sort -u | wc -l)" -eq 8 ]
	for page in 1 4 8; do
		run -0 teletap replay "$R" gc -o json --at "${times[page - 1]}"
		[ "$output" = "$(sed -n "${page}p" "$out")" ]
	done
	[ "$(pages --from "${times[2]}" --to "${times[4]}")" = "3 4 5" ]
	[ "$(pages --from "${times[5]}" -n 2)" = "6 7" ]
	[ "$(pages -n 2)" = "1 2" ]
	[ "$(pages --to "$(date -u -d "${times[1]}" +%H:%M:%S.%3N)")" = "1 2" ]
	[ "$(pages --from +0)" = "1 2 3 4 5 6 7 8" ]
	[ "$(pages --from +3600 --to +7200)" = "" ]
}

# frame: standard input as a frame of the recording.
frame() {
	cat >"$file.frame"
	zstd -qc "$file.frame" >>"$file"
}

# clock STEP...: a recording with a page of each second after 12:00:00, whose clock was set by STEP
# seconds before the page.
clock() {
	local at=0 n=0 step

	rm -f "$file"
	printf 'recording\t1\ntarget\t1\t/x\t\n' | frame
	for step in 0 "$@"; do
		at=$((at + step))
		{
			[ $n -gt 0 ] || printf 'teletap\t1\tgc\n'
			printf 'snap\t%d\t%d\t%d\t0\n' $((n + 1)) $(((50 + n) * 1000000000)) \
				$(((1767355200 + n + at) * 1000000000))
			printf 'gc\t2\t%d\t0\t0\t0\t0\nloss\t0\t0\t0\nend\t%d\n' $((n * n)) $((n + 1))
		} >"$file.lines"
		{
			printf 'moment\t%s\t%d\t%d\n' "$([ $n -eq 0 ] && echo base || echo page)" \
				$n $(((1767355200 + n + at) * 1000000000))
			printf 'from\tgc\t%d\t0\t0\n' "$(stat -c %s "$file.lines")"
			cat "$file.lines"
		} | frame
		n=$((n + 1))
	done
}

@test "the clock was set during the recording" {
	R=$file
	# page  1     2     3        4     5     6     7     8     9
	# at   :01   :02   :03  11:59:54  :55   :56   :57   :58 12:00:29
	clock 0 0 0 -10 0 0 0 0 30
	[ "$(pages)" = "1 2 3 4 5 6 7 8 9" ]
	[ "$(pages -i 2)" = "1 3 5 7 9" ]
	[ "$(pages --from 2026-01-02T12:00:02)" = "2 3 4 5 6 7 8 9" ]
	[ "$(pages --from 2026-01-02T11:59:50)" = "1 2 3 4 5 6 7 8 9" ]
	[ "$(pages --to 2026-01-02T11:59:58)" = "1 2 3 4 5 6 7 8" ]
	[ "$(pages --to 2026-01-02T12:00:02)" = "1 2 3 4 5 6 7 8" ]
	[ "$(pages --from +3 --to +5)" = "3 4 5" ]
	[ "$(pages --at +6)" = 6 ]
	[ "$(pages --at 2026-01-02T11:59:56)" = 6 ]
	[ "$(pages --at 2026-01-02T12:00:10)" = 8 ]
	run -0 --separate-stderr teletap replay "$R" gc --at 2026-01-02T12:00:02
	[ "$(grep -c '^page ' <<<"$output")" -eq 2 ]
	[[ $stderr == *": the clock was set back during the recording: 2 pages are of that time" ]]
}

@test "a time outside of the recording" {
	clock 0 0 0
	R=$file
	[ "$(pages --at 12:00:03)" = 3 ]
	[ "$(pages --at +3)" = 3 ]
	[ "$(pages --to 12:00:30)" = "1 2 3" ]
	for time in '--at 12:00:04' '--at 12:00:00.5' '--at 2027-01-01T10:00:00' '--at +100000' \
		'--from 12:00:04' '--from +4' '--to 12:00:00' '--to +0.5'; do
		# shellcheck disable=SC2086
		run -1 --separate-stderr teletap replay "$R" gc $time
		one_line
		[[ $stderr == *"no page at that time: its first one is of 2026-01-02T12:00:01, its last one of 2026-01-02T12:00:03" ]]
	done
}

@test "no text is cut in a pipe; on a terminal to its width" {
	long=$(printf '%0300d' 7)
	printf 'recording\t1\ntarget\t1\t/%s\t\n' "$long" | frame
	printf 'teletap\t1\tring\nsnap\t1\t1\t1\t0\nend\t1\n' >"$file.lines"
	printf 'moment\tbase\t0\t1\nfrom\tring\t%d\t0\t0\n' "$(stat -c %s "$file.lines")" |
		cat - "$file.lines" | frame
	printf 'snap\t2\t2\t2\t0\nring\t1\t0\t0\t0\t0\t0\nsaid\t0\t1\t1\t1\t1\t1\t3\t0\t%s\t%s\t\nend\t2\n' \
		"$long" x >"$file.lines"
	printf 'moment\tpage\t1\t2\nfrom\tring\t%d\t0\t0\n' "$(stat -c %s "$file.lines")" |
		cat - "$file.lines" | frame
	run -0 teletap replay "$file" log
	printf '%s\n' "$output"
	[ "$(grep -c "$long" <<<"$output")" -eq 2 ]
	run -0 script -qec "stty cols 120; teletap replay $file log -n 1 --color never" /dev/null
	printf '%s\n' "$output"
	[ "$(tr -d '\r' <<<"$output" | awk '{ if (length > n) n = length } END { print n }')" -eq 120 ]
	run -0 script -qec "stty cols 40; teletap replay $file log -n 1 --color never" /dev/null
	[ "$(tr -d '\r' <<<"$output" | awk '{ if (length > n) n = length } END { print n }')" -eq 40 ]
}

@test "coarser steps: the same sums in fewer pages" {
	run -0 teletap replay "$R" gc -o json -i 0.4
	n=$(jq -s length <<<"$output")
	[ "$n" -ge 2 ]
	[ "$n" -lt 8 ]
	[ "$(tail -n 1 <<<"$output" | jq -c '.rows | map(.runs_total)')" = \
		"$(teletap replay "$R" gc -o json | tail -n 1 | jq -c '.rows | map(.runs_total)')" ]
	jq -es '(map(.rows[2].runs) | add) == .[-1].rows[2].runs_total' <<<"$output"
}

@test "--info: what a recording holds, as the pages themselves have it" {
	teletap replay "$R" gc -o json >"$out"
	run -0 --separate-stderr teletap replay "$R" --info -o json
	[ "${#lines[@]}" = 1 ]
	jq -e --slurpfile pages "$out" '.schema == 1 and .moments == ($pages | length) and
		.first == ($pages[0].time | .[:19]) and .last == ($pages[-1].time | .[:19]) and
		.target == {pid: null, exe: $pages[0].target.exe, python: $pages[0].target.python} and
		(.pages | map(.name)) == ["gc", "gc-pauses"] and .ending == "complete" and
		(.seconds - ($pages[1:] | map(.interval_s) | add) | . > -0.01 and . < 0.01)' <<<"$output"
	run -0 --separate-stderr teletap replay "$R" --info
	[[ $output == *'pages    gc, gc-pauses'*'moments  8'*'ending   complete' ]]
	head -c $(($(stat -c %s "$R") - 100)) "$R" >"$file"
	run -0 teletap replay "$file" --info -o json
	[ "$(jq -c '[.ending, .moments]' <<<"$output")" = '["cut off",7]' ]
	rm "$file" # of a watch that was killed before its first page
	printf 'recording\t1\ntarget\t1\t/x\t\n' | frame
	printf 'teletap\t1\tring\nsnap\t1\t1\t1\t0\nend\t1\n' >"$file.lines"
	printf 'moment\tbase\t0\t1\nfrom\tring\t%d\t0\t0\n' "$(stat -c %s "$file.lines")" |
		cat - "$file.lines" | frame
	run -0 teletap replay "$file" --info -o json
	[ "$(jq -c '[.moments, .first, .last, .seconds]' <<<"$output")" = '[0,null,null,null]' ]
	misused teletap replay "$R" gc --info
	misused teletap replay "$R" --info --at +1
	run -1 --separate-stderr teletap replay "$R" spans
	[[ $stderr == *'spans: the page was not recorded; recorded were: gc, gc-pauses' ]]
}

@test "what cannot be drawn" {
	run -1 --separate-stderr teletap replay "$R" --from +3600
	[[ $stderr == "teletap: replay: the recording has no page at that time: its first one is of 2026-01-02T03:04:0"* ]]
	misused teletap replay
	misused teletap replay "$R" --at +1 --from +2
	for time in yesterday 1:2:3:4 +x ++1 12:00:00X 2026-13-01T00:00:00; do
		misused teletap replay "$R" --at "$time"
	done
	misused teletap replay "$R" 999
	for bad in /dev/null "$EXE" "$TOP" /nowhere "$TOP/tests/data/gc/session.lines"; do
		refused teletap replay "$bad"
	done
	zstd -q -f "$TOP/tests/data/gc/session.lines" -o "$file"
	refused teletap replay "$file"
	[[ $stderr == *": no recording: "* ]]
	printf 'recording\t2\nwhatever\n' >"$file.lines"
	zstd -q -f "$file.lines" -o "$file"
	refused teletap replay "$file"
	[[ $stderr == *"another version"* ]]
}

@test "nobody else may read it, nothing is overwritten, wrong usage" {
	[ "$(stat -c %a "$R")" = 600 ]
	before=$(sha256sum "$R")
	refused record -w "$R" -n 1
	[[ $stderr == *"is there already"* ]]
	[ "$(sha256sum "$R")" = "$before" ]
	refused record -w /nowhere/file -n 1
	refused record -w /dev/full -n 1
	misused teletap record gc -e "$EXE"
	for option in '--size 0' '--size x' '--keep 0' '--keep 1001'; do
		# shellcheck disable=SC2086
		misused teletap record gc -e "$EXE" -w "$file" $option
	done
	STUB='exit 1' refused record -w "$file" -n 1
	[ ! -e "$file" ]
}

@test "cut off anywhere: the whole pages before" {
	size=$(stat -c %s "$R")
	seen=0
	for ((at = 0; at < size; at += size / 25)); do
		head -c "$at" "$R" >"$file"
		run teletap replay "$file" gc -o json
		[ "$status" -eq 0 ] || [ "$status" -eq 3 ] || [ "$status" -eq 1 ]
		if [ "$status" -eq 0 ]; then
			diff <(head -n "$(wc -l <<<"$output")" <(teletap replay "$R" gc -o json)) - <<<"$output"
			seen=$((seen + 1))
		fi
	done
	[ "$seen" -gt 10 ]
}

@test "damaged anywhere: recognised, and never a wrong page" {
	teletap replay "$R" gc -o json >"$out"
	size=$(stat -c %s "$R")
	refusals=0
	for ((at = 0; at < size; at += size / 40 + 1)); do
		python3 -c '
import sys
data, at = bytearray(open(sys.argv[1], "rb").read()), int(sys.argv[3])
data[at] ^= 0x55
open(sys.argv[2], "wb").write(data)' "$R" "$file" "$at"
		run --separate-stderr teletap replay "$file" gc -o json
		[ "$status" -eq 0 ] || [ "$status" -eq 1 ] || [ "$status" -eq 3 ]
		[ "$status" -ne 3 ] || refusals=$((refusals + 1))
		while read -r page; do
			grep -qxF "$page" "$out"
		done <<<"${output:-$(head -n 1 "$out")}"
	done
	[ "$refusals" -gt 20 ]
}

@test "killed while it writes: all that was shown is there" {
	teletap record gc -e "$EXE" --pack "$PACK" -i 0.1 -w "$file" 3>&- &
	tap=$!
	for _ in {1..500}; do
		[ "$(teletap replay "$file" gc -o json 2>/dev/null | wc -l)" -le 2 ] || break
		sleep 0.02
	done
	kill -9 $tap
	wait $tap || true
	run -0 --separate-stderr teletap replay "$file" gc -o json
	[ -z "$stderr" ]
	jq -es 'length > 2 and (map(.last) | any | not)' <<<"$output"
	jq -es '(map(.rows[2].runs) | add) == .[-1].rows[2].runs_total' <<<"$output"
}

@test "rotation: bounded, and each file gives the pages it would have given" {
	# A page for every snapshot, so that two recordings can be compared; and a
	# pad, so that a file is soon full.
	noise='pad() { echo "odd	$(head -c 3000 /dev/urandom | base64 -w 0)"; }
		hello; snapshot; pad; i=0; trap "snapshot 1; exit 0" TERM
		while :; do snapshot; pad; sleep 0.05; done'
	STUB=$noise record -w "$file" --size 0.01 --keep 3 -n 20
	[ "$(find "$BATS_TEST_TMPDIR" -name 'recording*' | wc -l)" -eq 3 ]
	for f in "$file" "$file.1" "$file.2"; do
		[ "$(stat -c %s "$f")" -lt 40000 ]
		run -0 --separate-stderr teletap replay "$f" gc -o json
		[ -z "$stderr" ]
		cat <<<"$output"
	done >"$out"
	for f in "$file.2" "$file.1" "$file"; do teletap replay "$f" gc -o json; done >"$out"
	# no page is lost between two files, and sums go on since the very beginning
	jq -es 'length > 3 and .[-1].last' "$out"
	jq -es '[range(1; length) as $i | .[$i].rows[2].runs_total ==
		.[$i - 1].rows[2].runs_total + .[$i].rows[2].runs] | all' "$out"
	jq -es '[range(1; length) as $i | (.[$i].attached_s - .[$i - 1].attached_s -
		.[$i].interval_s) | fabs < 1e-6] | all' "$out"
	jq -es '.[0].rows[2].runs_total > .[0].rows[2].runs' "$out"
	jq -es '.[-1].loss.lines > 10' "$out"
	[ "$(for f in "$file.2" "$file.1" "$file"; do teletap replay "$f" gc; done |
		sed -n 's/^page \([0-9]*\).*/\1/p' | xargs)" = \
		"$(seq "$((21 - $(wc -l <"$out")))" 20 | xargs)" ]
}
