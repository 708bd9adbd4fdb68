#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Page 230 against what the interpreter itself says: -X importtime.

# shellcheck disable=SC2154
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

@test "3.9: the imports that -X importtime tells, nested alike, as long" { exact python3.9; }
@test "3.11: the imports that -X importtime tells, nested alike, as long" { exact python3.11; }
@test "3.13: the imports that -X importtime tells, nested alike, as long" { exact python3.13; }
@test "3.14: the imports that -X importtime tells, nested alike, as long" { exact python3.14; }
@test "3.15: the imports that -X importtime tells, nested alike, as long" { exact python3.15; }

@test "-p: what was imported before is not invented, nor the import attached in" {
	dir=$BATS_TEST_TMPDIR/p
	mkdir "$dir"
	python3.14 "$HERE/imports.py" run "$dir" attach 3>&- &
	pid=$!
	wait_for "$dir/ready"
	watch_page imports "$pid" -o json -i 1
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
