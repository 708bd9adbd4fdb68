#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What collectors take of memory, as the kernel has it.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper
load bpf

setup_file() { need_python_copy; }

# maps_kb OPTION...: what the BPF maps of page 210's collector take.
maps_kb() {
	watch gc -e "$EXE" -i 0.5 "$@"
	attached
	pid=$(pgrep -x teletap-bpf -P "$tap")
	kb=$(cat "/proc/$pid/fdinfo/"* | awk '/^memlock:/ { bytes = $2 } /^map_id:/ { of[$2] = bytes }
		END { for (id in of) sum += of[id]; print int(sum / 1024) }')
	kill -KILL "$tap"
	await [ ! -e "/proc/$pid" ]
}

@test "page 210: the tables of figures told apart are there with --by only" {
	maps_kb
	[ "$kb" -gt 0 ]
	[ "$kb" -lt 400 ]
	maps_kb --by pid
	[ "$kb" -gt 1000 ]
}
