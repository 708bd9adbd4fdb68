#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Page 236 against what the programs say of themselves, and against "python -m asyncio ps".

bats_require_minimum_version 1.5.0
load helper

@test "tasks of 3.14 and 3.15: who awaits whom, stacks, circles, a loop at full speed" {
	for python in python3.14 python3.15; do
		run python3 "$HERE/../tasks-compare.py" "$python"
		echo "$python: $output"
		[ "$status" = 0 ]
		[ -z "$output" ]
	done
}
