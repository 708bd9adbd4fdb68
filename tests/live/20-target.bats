#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Who is counted: -p, -e and -c, children, two sessions at once.

bats_require_minimum_version 1.5.0
load helper

# bats test_tags=full
@test "two processes of one binary: -p counts its target only, -e counts both" {
	start python3.14; one=$pid one_dir=$dir
	start python3.14; two=$pid two_dir=$dir
	watch_pid "$one" -o json; p=$tap p_out=$tap_out
	watch_host gc -e "$(command -v python3.14)"; e=$tap e_out=$tap_out
	go "$one_dir"
	go "$two_dir"
	kill -INT "$p" "$e"
	wait "$p" "$e" || true
	[ "$(totals "$p_out")" = "$(jq -c . "$one_dir/done")" ]
	[ "$(totals "$e_out")" = "$(jq -sc '[.[0], .[1]] | transpose | map(transpose | map(add))' "$one_dir/done" "$two_dir/done")" ]
	[ "$(tail -n 1 "$e_out" | jq .target.pid)" = null ]
	[ "$(tail -n 1 "$e_out" | jq .target.processes)" = 2 ]
	expect_clean "$one" "$two"
}

@test "-p counts children, older and younger ones, and new interpreters they start" {
	start python3.14 older younger spawn
	watch_pid "$pid" -o json
	go "$dir"
	kill -INT "$tap"
	expect_end 130
	[ "$(totals "$tap_out")" = "$(jq -c . "$dir/done")" ]
	[ "$(tail -n 1 "$tap_out" | jq .target.processes)" = 7 ]
	children=$(pgrep -f "collect.py $dir")
	expect_clean $children
	kill $children
}

@test "children forked while watched have their semaphores back at 0, whatever happens" {
	start python3.14 younger spawn
	watch_pid "$pid"
	go "$dir"
	kill -9 "$tap"
	children=$(pgrep -f "collect.py $dir")
	[ "$(wc -w <<< "$children")" -ge 5 ]
	expect_clean $children
	kill $children
}

# bats test_tags=full
@test "the program of -c is found through PATH, links, #! lines and env" {
	printf '#!/usr/bin/env python3.14\nimport gc, os\ngc.disable()\nfor i in range(4): gc.collect(1)\nos._exit(0)\n' \
		> "$BATS_TEST_TMPDIR/tool"
	chmod +x "$BATS_TEST_TMPDIR/tool"
	ln -s tool "$BATS_TEST_TMPDIR/link"
	PATH=$BATS_TEST_TMPDIR:$PATH run -0 --separate-stderr teletap watch gc -o json -c link
	[ "$(tail -n 1 <<< "$output" | jq '.rows[1].runs_total')" = 4 ]
	expect_clean
}

# bats test_tags=full
@test "a wrapper hides the program: -e beside -c names it" {
	run -0 --separate-stderr teletap watch gc -o json -e "$(command -v python3.14)" \
		-c "sh -c 'python3.14 -c \"import gc; gc.disable(); [gc.collect(1) for i in range(6)]; import os; os._exit(0)\"; true'"
	[ "$(tail -n 1 <<< "$output" | jq '.rows[1].runs_total')" = 6 ]
	expect_clean
}
