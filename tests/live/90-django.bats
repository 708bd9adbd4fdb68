#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A real application under load, with every page that can work for it watched at once, and
# with page 220: all its answers are right, it ends as it should, nothing is left.

bats_require_minimum_version 1.5.0
load helper

# serve PYTHON: the application; sets $server and $master
serve() {
	demo=$HERE/../demo
	"$1" "$(command -v gunicorn)" --chdir "$demo" --workers 2 --bind 127.0.0.1:8000 --log-level warning \
		--pid "$BATS_TEST_TMPDIR/pid" squares:application 3>&- >/dev/null 2>"$BATS_TEST_TMPDIR/log" &
	server=$!
	for _ in $(seq 300); do
		curl -fs http://127.0.0.1:8000/rows/1 >/dev/null && break
		sleep 0.2
	done
	master=$(<"$BATS_TEST_TMPDIR/pid")
}

# under_load PAGES SECONDS: it is watched, works, and ends
under_load() {
	watch "$1" -p "$master" -o json -i 5
	first_page
	python3 "$demo/load.py" http://127.0.0.1:8000 "$2" 2 3>&- >"$BATS_TEST_TMPDIR/load" 2>&1
	cat "$BATS_TEST_TMPDIR/load"
	kill "$master"
	wait "$server" || true
	expect_end 0
	cat "$tap_err"
	run cat "$BATS_TEST_TMPDIR/log"
	[[ $output != *Traceback* ]]
	expect_clean
}

# bats test_tags=full
@test "Django behind gunicorn, a minute under load, every page watched" {
	serve python3
	pages=$(teletap doctor -p "$master" -o json | jq -r '[.pages[] | select(.works) | .name] | join(",")')
	echo "pages: $pages"
	[[ $pages = *gc* ]]
	under_load "$pages" 60
	# Each page was drawn often, and its last one is complete. All of them are 25 MB.
	heads=$BATS_TEST_TMPDIR/heads
	jq -c '{name, last, loss, runs: (if .name == "gc" then .rows[0].runs_total else null end)}' \
		"$tap_out" > "$heads"
	for page in ${pages//,/ }; do
		echo "$page: $(jq -c "select(.name == \"$page\") | .loss" "$heads" | tail -n 1)"
		[ "$(jq -c "select(.name == \"$page\") | .last" "$heads" | sort | uniq -c | awk '{ print ($1 > 4) $2 }' | tr '\n' ' ')" = '1false 0true ' ]
	done
	[ "$(jq -c 'select(.name == "gc" and .last) | .runs > 0' "$heads")" = true ]
}

# bats test_tags=full
@test "Django on 3.15, a minute under load, pages 220 to 222: each request that was answered" {
	serve python3.15
	under_load calls,call-times,flow 60
	jq -c 'select(.name == "call-times" and .last) | [.loss.dropped, (.rows | length > 0)]' "$tap_out" > "$BATS_TEST_TMPDIR/times"
	[ "$(cat "$BATS_TEST_TMPDIR/times")" = '[0,true]' ]
	calls=$BATS_TEST_TMPDIR/calls
	jq -c 'select(.name == "calls")' "$tap_out" > "$calls"
	served=$(sed -n 's/^the load: \([0-9]*\) answers right, 0 wrong.*/\1/p' "$BATS_TEST_TMPDIR/load")
	tail -n 1 "$calls" | jq -c --argjson served "$served" '.loss, (.rows[] | select(.function == "rows"))'
	[ "$served" -gt 10 ]
	[ "$(tail -n 1 "$calls" | jq '[.rows[] | select(.function == "rows" and (.file | endswith("/squares.py"))) | .calls_total]
		== ['"$served"']')" = true ]
	[ "$(tail -n 1 "$calls" | jq '.last and (.loss | .skipped == 0 and .dropped == 0 and .table_full == 0)')" = true ]
}

# The extension is imported by gunicorn's configuration, before it forks its workers.
# bats test_tags=full
@test "Django on 3.14 with the extension, page 220 watched for a minute: every request counted" {
	demo=$HERE/../demo
	echo 'import teletap' > "$BATS_TEST_TMPDIR/conf.py"
	PYTHONPATH=$HERE/../../build/python PYTHONDONTWRITEBYTECODE=1 python3.14 -m gunicorn \
		-c "$BATS_TEST_TMPDIR/conf.py" --chdir "$demo" --workers 2 --bind 127.0.0.1:8001 \
		--log-level warning --pid "$BATS_TEST_TMPDIR/pid" squares:application \
		3>&- >/dev/null 2>"$BATS_TEST_TMPDIR/log" &
	server=$!
	for _ in $(seq 300); do
		curl -fs http://127.0.0.1:8001/rows/1 >/dev/null && break
		sleep 0.2
	done
	master=$(<"$BATS_TEST_TMPDIR/pid")
	watch calls -p "$master" -o json -i 5
	first_page
	python3 "$demo/load.py" http://127.0.0.1:8001 60 2 3>&- >"$BATS_TEST_TMPDIR/load" 2>&1
	cat "$BATS_TEST_TMPDIR/load"
	kill "$master"
	wait "$server" || true
	expect_end 0
	cat "$tap_err"
	answers=$(sed -n 's/^the load: \([0-9]*\) answers right, 0 wrong or missing$/\1/p' "$BATS_TEST_TMPDIR/load")
	[ "$answers" -gt 20 ]
	# shellcheck disable=SC2016 # for jq
	run -0 jq -c --argjson answers "$answers" '[.last, .loss.dropped, .loss.skipped, (.rows[] |
		select(.function == "rows" and (.file | endswith("/squares.py"))) |
		.calls_total == $answers and .inclusive_ns_total > .exclusive_ns_total)]' < <(tail -n 1 "$tap_out")
	[ "$output" = '[true,0,0,true]' ]
	run cat "$BATS_TEST_TMPDIR/log"
	[[ $output != *Traceback* ]]
	expect_clean
}
