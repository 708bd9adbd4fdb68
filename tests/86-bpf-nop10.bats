#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Markers of teletap.h have a nop of ten bytes behind their own, where BPF programs are put if the
# kernel harms nobody there (wrapper/target/nop10.c). By either nop the figures are the same.

# shellcheck disable=SC2030,SC2031,SC2154
bats_require_minimum_version 1.5.0
load helper
load bpf

setup_file() {
	need_bpf
	need_uprobes
	mkdir "$BATS_FILE_TMPDIR/old"
	# the header as it was before
	sed 's/"\\t.byte 0x66, 0x2e.*"/""/' "$TOP/include/teletap.h" >"$BATS_FILE_TMPDIR/old/teletap.h"
	lacks 0x66 <"$BATS_FILE_TMPDIR/old/teletap.h"
}

@test "the trial tells what a kernel makes of a nop" {
	run -0 --separate-stderr "$BUILD/test/nop10"
	echo "$output"
	[[ ${lines[0]} == 'nop10 works' || ${lines[0]} == 'nop10 no' ]]
	[[ ${lines[1]} == 'nop5 writes' || ${lines[1]} == 'nop5 traps' ]]
	[ "${lines[3]}" = 'nop1 traps' ]
	[ "${lines[4]}" = 'push writes' ]
}

# The program's code in its memory is that of its file.
unchanged() {
	python3 - "$pid" <<-'EOF'
		import sys
		name = f"/proc/{sys.argv[1]}/"
		with open(name + "maps") as maps, open(name + "exe", "rb") as exe, open(name + "mem", "rb") as mem:
		    for line in maps:
		        where, rights, offset, *_ = line.split()
		        if "/nops" in line and "x" in rights:
		            begin, end = (int(x, 16) for x in where.split("-"))
		            mem.seek(begin)
		            exe.seek(int(offset, 16))
		            code = exe.read(end - begin)
		            sys.exit(mem.read(len(code)) != code)
	EOF
}

answered() { [ "$(wc -l <"$dir/said")" -eq "$1" ]; }

# passes COMPILER...: the figures of the program that it makes, which is let alone afterwards.
passes() {
	"$@" -Wno-unused -D_GNU_SOURCE -o "$dir/nops" "$LIVE/nops.c"
	rm -f "$dir/commands"
	mkfifo "$dir/commands"
	"$dir/nops" <"$dir/commands" >"$dir/said" 3>&- 7>&- &
	pid=$!
	exec 7>"$dir/commands"
	await answered 1
	watch counters -p "$pid" -i 0.3 -v
	attached
	echo 1000 >&7
	await answered 2
	echo 23 >&7
	await answered 3
	finish
	[ "$(q '[.rows[] | [.name, .events_total, .change_total]]')" = '[["passed",2046,6138]]' ]
	await lowered "$pid"
	unchanged
	echo 5 >&7
	await answered 4
	exec 7>&-
	[ "$(tail -n +2 "$dir/said" | sort -u)" = '0 0' ]
}

@test "241: gcc -O2, and where the kernel takes it, by the nop of ten bytes" {
	passes gcc -O2 "-I$TOP/include"
	works=$("$BUILD/test/nop10" | head -n 1)
	grep -q '1 of 1 probes at a nop of ten bytes' "$err" && found='nop10 works' || found='nop10 no'
	[ "$found" = "$works" ]
}

@test "241: a header without the nop of ten bytes" {
	passes gcc -O2 "-I$BATS_FILE_TMPDIR/old"
	run grep 'nop of ten bytes' "$err"
	[ "$status" -eq 1 ]
}

@test "241: gcc -O0" { passes gcc -O0 "-I$TOP/include"; }

@test "241: clang -O2" { passes clang -O2 "-I$TOP/include"; }

@test "241: g++ -O3 -flto" { passes g++ -x c++ -O3 -flto "-I$TOP/include"; }
