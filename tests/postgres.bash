# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154
# A PostgreSQL server that is told what to do: one backend and no client.

# postgres_serve BIN: by the programs of that folder, until it is ready; sets $pid.
postgres_serve() {
	db=$(mktemp -d /tmp/postgres.XXXXXX) # not in the folder of bats, which only root may enter
	chown postgres "$db"
	setpriv --reuid=postgres --regid=postgres --clear-groups \
		"$1/initdb" --no-sync --no-instructions --no-locale -A trust -D "$db" >/dev/null
	mkfifo "$BATS_TEST_TMPDIR/in"
	setpriv --reuid=postgres --regid=postgres --clear-groups "$1/postgres" --single -j -D "$db" postgres \
		<"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/said" 2>&1 3>&- &
	pid=$!
	exec 7>"$BATS_TEST_TMPDIR/in"
	printf "select 'it is ' || 'ready';\n\n" >&7
	await grep -q 'it is ready' "$BATS_TEST_TMPDIR/said"
}

postgres_work() {
	for i in $(seq 20); do printf 'select %d + 1;\n\n' "$i"; done >&7
	printf 'begin;\n\ncreate table t (n int);\n\nrollback;\n\nselect * from nowhere;\n\n' >&7
	printf "select pg_sleep(0.5);\n\nselect 'that ' || 'was all';\n\n" >&7
	await grep -q 'that was all' "$BATS_TEST_TMPDIR/said"
}

# postgres_figures: what it did is what $page says.
postgres_figures() {
	echo "$page"
	of() { jq -c ".rows[] | select(.operation == \"$1\") | $2" <<<"$page"; }
	# 20 + begin, create, rollback, pg_sleep, that; the one that fails is not ended
	[ "$(of query '[.ended_total, .failed_total]')" = '[25,1]' ]
	[ "$(of query '.time_ns_total.total >= 500000000')" = true ]
	# a transaction each, one for begin to rollback, and the one that fails
	[ "$(of transaction '[.ended_total, .failed_total]')" = '[24,2]' ]
	[ "$(of plan .ended_total)" = 22 ]
}

postgres_end() {
	exec 7>&-
	wait "$pid"
	rm -r "$db"
}
