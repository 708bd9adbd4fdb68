#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Page 260 against a PostgreSQL that is told what to do, one backend and no client.

# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0
load helper

@test "queries, plans, transactions and failures of one backend, exactly" {
	bin=$(echo /usr/lib/postgresql/*/bin)
	db=$(mktemp -d /tmp/postgres.XXXXXX) # not in the folder of bats, which only root may enter
	chown postgres "$db"
	setpriv --reuid=postgres --regid=postgres --clear-groups \
		"$bin/initdb" --no-sync --no-instructions --no-locale -A trust -D "$db" > /dev/null
	mkfifo "$BATS_TEST_TMPDIR/in"
	setpriv --reuid=postgres --regid=postgres --clear-groups \
		"$bin/postgres" --single -j -D "$db" postgres < "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/said" 2>&1 3>&- &
	pid=$!
	exec 7> "$BATS_TEST_TMPDIR/in"
	until_said() {
		for _ in $(seq 600); do grep -q "$1" "$BATS_TEST_TMPDIR/said" && return; sleep 0.05; done
		cat "$BATS_TEST_TMPDIR/said"
		return 1
	}
	printf "select 'it is ' || 'ready';\n\n" >&7
	until_said 'it is ready'
	watch_page postgres "$pid" -o json -i 1
	for i in $(seq 20); do printf 'select %d + 1;\n\n' "$i"; done >&7
	printf 'begin;\n\ncreate table t (n int);\n\nrollback;\n\nselect * from nowhere;\n\n' >&7
	printf "select pg_sleep(0.5);\n\nselect 'that ' || 'was all';\n\n" >&7
	until_said 'that was all'
	kill -INT "$tap"
	expect_end 130
	page=$(tail -n 1 "$tap_out")
	echo "$page"
	q() { jq -c "$1" <<< "$page"; }
	[ "$(q .loss)" = '{"skipped":0,"dropped":0,"table_full":0,"lines":0}' ]
	# 20 + begin, create, rollback, pg_sleep, that; the one that fails is not ended
	[ "$(q '.rows[] | select(.operation == "query") | [.ended_total, .failed_total]')" = '[25,1]' ]
	[ "$(q '.rows[] | select(.operation == "query").time_ns_total.total >= 500000000')" = true ]
	# a transaction each, one for begin to rollback, and the one that fails
	[ "$(q '.rows[] | select(.operation == "transaction") | [.ended_total, .failed_total]')" = '[24,2]' ]
	[ "$(q '.rows[] | select(.operation == "plan").ended_total')" = 22 ]
	exec 7>&-
	wait "$pid"
	rm -r "$db"
	expect_clean
}
