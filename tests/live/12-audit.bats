#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Page 231 against what the program's own audit hook counts.

# shellcheck disable=SC2030,SC2031,SC2154 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper

# arguments EVENT: what the page has of it, as "count function argument"
arguments() {
	jq -c --arg event "$1" '.rows[] | select(.kind == "argument" and .event == $event) |
		[.events_total, .function, .argument]' "$dir/page"
}

has() {
	grep -Fx -- "$2" <<< "$(arguments "$1")" || { arguments "$1"; return 1; }
}

exact() {
	dir=$(mktemp -d "$BATS_TEST_TMPDIR/XXXXXX")
	mkfifo "$dir/fifo"
	LC_ALL=C.UTF-8 "$1" "$HERE/audit.py" "$dir/fifo" "$dir/result" 3>&- < /dev/null > "$dir/out" 2>&1 &
	pid=$!
	exec 7> "$dir/fifo"
	wait_for "$dir/result.tmp"
	watch_page audit "$pid" -o json -i 1
	echo -n x >&7
	await test -s "$dir/result.tmp" || { cat "$dir/out"; false; }
	kill -INT "$tap"
	expect_end 130
	tail -n 1 "$tap_out" > "$dir/page"
	[ "$(jq -c '.loss | add' "$dir/page")" = 0 ]
	jq -cS . "$dir/result.tmp"
	diff <(jq -S . "$dir/result.tmp") \
		<(jq -S '[.rows[] | select(.kind == "event") | {(.event): .events_total}] | add' "$dir/page")
	has open "[5,\"known_opener\",\"$dir/plain, w\"]"
	has open "[1,\"known_opener\",\"$dir/été 文\\t\\\\, w\"]"
	has open "[1,\"known_opener\",\"$dir/by_bytes, r+\"]"
	[[ $(arguments open) == *"[1,\"known_opener\",\"$dir/llllllll"*"lll...\"]"* ]]
	has socket.connect '[1,"known_connecter","127.0.0.1:9"]'
	has socket.connect '[1,"known_connecter","/nowhere"]'
	has subprocess.Popen '[1,"_execute_child","/bin/true one two words"]'
	has subprocess.Popen '[1,"_execute_child","/bin/sh -c exit 0"]'
	has os.system '[1,"known_starter","exit 0"]'
	has os.exec '[1,"known_starter","renamed argument"]'
	importer='<module>'
	[ "$1" != python3.15 ] || importer=_find_and_load_unlocked
	has import "[1,\"$importer\",\"colorsys\"]"
	has import '[1,"known_auditor","<NoneType>"]'
	has import '[1,"known_auditor","-5"]'
	has socket.connect '[1,"known_auditor","-7"]'
	expect_clean "$pid"
	exec 7>&-
}

# bats test_tags=full
@test "3.9: as many events as the program's hook counts, with their arguments" { exact python3.9; }
# bats test_tags=full
@test "3.11: as many events as the program's hook counts, with their arguments" { exact python3.11; }
# bats test_tags=full
@test "3.13: as many events as the program's hook counts, with their arguments" { exact python3.13; }
@test "3.14: as many events as the program's hook counts, with their arguments" { exact python3.14; }
# bats test_tags=full
@test "3.15: as many events as the program's hook counts, with their arguments" { exact python3.15; }

# bats test_tags=full
@test "a program without a hook: its events are counted all the same" {
	teletap watch audit -o json -c 'python3.14 -S -c "import sys; [sys.audit(\"mine\") for i in range(777)]"' \
		> "$BATS_TEST_TMPDIR/page"
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/page" | jq '.rows[] | select(.event == "mine").events_total')" = 777 ]
}

# Of names there are 8,192, and fewer of long ones, whose texts find no room.
# bats test_tags=full
@test "an event whose name finds no place is lost once" {
	for length in 20 127; do
		begin names.py python3.14 audit 8300 $length
		work audit
		unwatch
		tail -n 1 "$tap_out" > "$dir/page"
		jq -c '[(.rows | length), .loss, .notes]' "$dir/page"
		[ "$(jq '.loss.table_full > 100 and .loss.table_full < 400' "$dir/page")" = true ]
		[ "$(jq '([.rows[] | select(.kind == "event") | .events_total] | add) + ([.loss[]] | add)' "$dir/page")" = "$(cat "$dir/done")" ]
		kill -9 "$pid"
	done
	expect_clean
}
