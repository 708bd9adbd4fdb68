#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Page 210 against what the interpreter itself says: gc.get_stats().

bats_require_minimum_version 1.5.0
load helper

exact_command() {
	local dir=$BATS_TEST_TMPDIR/c
	mkdir "$dir"
	teletap watch gc -c "$1 $HERE/collect.py $dir now" -o json > "$dir/out"
	[ "$(totals "$dir/out")" = "$(jq -c . "$dir/done")" ]
	[ "$(tail -n 1 "$dir/out" | jq -c '.loss | add')" = 0 ]
	[ "$(tail -n 1 "$dir/out" | jq -c .last)" = true ]
	expect_clean
}

# bats test_tags=full
exact_process() {
	start "$1"
	watch_pid "$pid" -o json -i 1
	go "$dir"
	sleep 1.2
	kill -INT "$tap"
	expect_end 130
	[ "$(totals "$tap_out")" = "$(jq -c . "$dir/done")" ]
	[ "$(jq -s 'map(.rows[2].runs) | add' "$tap_out")" = "$(jq '.[2][0]' "$dir/done")" ]
	kill -0 "$pid"
	expect_clean "$pid"
}

# bats test_tags=full
@test "3.9: -c counts what gc.get_stats() counts" { exact_command python3.9; }
# bats test_tags=full
@test "3.11: -c counts what gc.get_stats() counts" { exact_command python3.11; }
# bats test_tags=full
@test "3.13: -c counts what gc.get_stats() counts" { exact_command python3.13; }
# bats test_tags=kernels
@test "3.14: -c counts what gc.get_stats() counts" { exact_command python3.14; }
# bats test_tags=full
@test "3.15: -c counts what gc.get_stats() counts" { exact_command python3.15; }

# bats test_tags=full
@test "3.9: -p counts what gc.get_stats() counts" { exact_process python3.9; }
# bats test_tags=full
@test "3.11: -p counts what gc.get_stats() counts" { exact_process python3.11; }
# bats test_tags=full
@test "3.13: -p counts what gc.get_stats() counts" { exact_process python3.13; }
@test "3.14: -p counts what gc.get_stats() counts" { exact_process python3.14; }
# bats test_tags=full
@test "3.15: -p counts what gc.get_stats() counts" { exact_process python3.15; }

# bats test_tags=full
@test "the version shown is the interpreter's own" {
	for python in python3.9 python3.15; do
		run -0 --separate-stderr teletap watch gc -o json -c "$python -c 'pass'"
		[ "$(tail -n 1 <<< "$output" | jq -r .target.python)" = \
			"$($python -c 'import platform; print(platform.python_version())')" ]
	done
}
