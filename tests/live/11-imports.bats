#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Page 230 against what the interpreter itself says: -X importtime.

# shellcheck disable=SC2030,SC2031,SC2154 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper

# Up to three runs, until the times of each import have been the same in one of them: now
# and then the machine stands still between the two clocks' readings, each time elsewhere.
exact() {
	local dir status=9 folders=()
	while [ "$status" = 9 ] && [ "${#folders[@]}" -lt 3 ]; do
		dir=$(mktemp -d "$BATS_TEST_TMPDIR/XXXXXX")
		folders+=("$dir")
		teletap watch imports -o json > "$dir/page" 2> "$dir/told" \
			-c "$1 -X importtime $HERE/imports.py run $dir"
		status=0
		python3.14 "$HERE/imports.py" check "${folders[@]}" || status=$?
	done
	[ "$status" = 0 ]
	expect_clean
}

# bats test_tags=full
@test "3.9: the imports that -X importtime tells, nested alike, as long" { exact python3.9; }
# bats test_tags=full
@test "3.11: the imports that -X importtime tells, nested alike, as long" { exact python3.11; }
# bats test_tags=full
@test "3.13: the imports that -X importtime tells, nested alike, as long" { exact python3.13; }
@test "3.14: the imports that -X importtime tells, nested alike, as long" { exact python3.14; }
# bats test_tags=full
@test "3.15: the imports that -X importtime tells, nested alike, as long" { exact python3.15; }

# bats test_tags=full
@test "-p: what was imported before is not invented, nor the import attached in" {
	dir=$BATS_TEST_TMPDIR/p
	mkdir "$dir"
	python3.14 "$HERE/imports.py" run "$dir" attach 3>&- &
	pid=$!
	wait_for "$dir/ready"
	watch imports -p "$pid" -o json -i 1
	first_page
	go "$dir"
	kill -INT "$tap"
	expect_end 130
	tail -n 1 "$tap_out" > "$dir/page"
	jq -c '[.rows[] | select(.module == "waiting_below") | [.parent, .depth, .imports_total]]' "$dir/page"
	[ "$(jq -c '[.rows[] | select(.module == "waiting_below") | [.parent, .depth, .imports_total]]' \
		"$dir/page")" = '[[null,0,1]]' ]
	[ "$(jq -c '[.rows[].module] | contains(["threading"]), contains(["three"])' "$dir/page")" = $'false\ntrue' ]
	jq -e '[.rows[] | select(.module == "waiting")] == []' "$dir/page"
	jq -e '.notes | any(test("begun before they were watched.*: 1$"))' "$dir/page"
	expect_clean "$pid"
}

# CPython encodes the names for its markers, and forgets that this can fail.
# bats test_tags=full
@test "names that have no UTF-8 are watched, and cannot be imported as ever" {
	local wanted="['ModuleNotFoundError', 'ModuleNotFoundError', 'ModuleNotFoundError', 'ModuleNotFoundError', 'imported']"
	for python in python3.9 python3.11 python3.13 python3.14 python3.15; do
		dir=$BATS_TEST_TMPDIR/$python
		mkdir -p "$dir/watched" "$dir/beside"
		"$python" "$HERE/surrogates.py" "$dir/watched" > "$dir/watched/said" 3>&- &
		pid=$!
		"$python" "$HERE/surrogates.py" "$dir/beside" > "$dir/beside/said" 3>&- &
		beside=$!
		wait_for "$dir/watched/ready"
		wait_for "$dir/beside/ready"
		watch imports -p "$pid" -o json -i 1
		first_page
		touch "$dir/watched/go" "$dir/beside/go"
		wait "$pid" "$beside"
		wait "$tap" || true
		[ "$(cat "$dir/watched/said" "$dir/beside/said")" = "$wanted"$'\n'"$wanted" ]
		tail -n 1 "$tap_out" > "$dir/page"
		jq -c '[.rows[] | select(.module | test("absent|plug|^.$")) | [.module, .imports_total, .failed_total]]' "$dir/page"
		[ "$(jq -c '[.rows[] | select(.module | test("absent|plug|^.$")) | [.module, .imports_total, .failed_total]] | sort' "$dir/page")" = \
			'[["absent_a",1,1],["absent_b",1,1],["plug�",1,1],["�",1,1]]' ]
		jq -e '[.loss[]] | add == 0' "$dir/page"
	done
	expect_clean
}

# The tables have 8,192 rows and as many names, whose texts find no room before when they are long.
# bats test_tags=full
@test "an import whose name finds no place is lost once" {
	for length in 20 127; do
		begin names.py python3.14 imports 8300 $length
		work imports
		unwatch
		tail -n 1 "$tap_out" > "$dir/page"
		jq -c '[(.rows | length), .loss, .notes]' "$dir/page"
		[ "$(jq '.loss.table_full > 100 and .loss.table_full < 400' "$dir/page")" = true ]
		[ "$(jq '([.rows[] | select(.module) | .imports_total] | add) + ([.loss[]] | add)' "$dir/page")" = "$(cat "$dir/done")" ]
		kill -9 "$pid"
	done
	expect_clean
}
