#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Page 260 against a PostgreSQL that is told what to do, one backend and no client.

# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0
load helper
load ../postgres

@test "queries, plans, transactions and failures of one backend, exactly" {
	postgres_serve "$(echo /usr/lib/postgresql/*/bin)"
	watch_page postgres "$pid" -o json -i 1
	postgres_work
	kill -INT "$tap"
	expect_end 130
	page=$(tail -n 1 "$tap_out")
	postgres_figures
	[ "$(jq -c .loss <<< "$page")" = '{"skipped":0,"dropped":0,"table_full":0,"lines":0}' ]
	postgres_end
	expect_clean
}
