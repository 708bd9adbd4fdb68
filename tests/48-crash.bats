#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The files of crashes, out of recorded lines; a ring file as page 247.

# shellcheck disable=SC2030,SC2031,SC2154
bats_require_minimum_version 1.5.0
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

crash() { "$BUILD/test/crash" "$@"; }

lines() { cat "$TOP/tests/data/app/crash.lines"; }

@test "a file for each crash: reason first, whole lines, nothing for a terminal" {
	run -0 crash a/b/c /usr/bin/service < <(lines)
	[ "$(ls a/b/c)" = 'crash-20260102T030406.050Z-4240
crash-20260102T030406.100Z-4241
crash-20260102T030406.600Z-4242' ]
	[ "$(stat -c '%a' a/b/c a/b/c/* | tr '\n' ' ')" = '700 600 600 600 ' ]
	run cat a/b/c/*4242
	golden app/crash.file
	lacks '[\x00-\x09\x0b-\x1f\x7f]' <a/b/c/crash-20260102T030406.600Z-4242
	[ "$(head -n 1 a/b/c/*4241)" = 'reason   2026-01-02T03:04:06.100Z SIGKILL, sent by process 77 (ki\x1b[2Jll)' ]
}

@test "twenty files are kept, others in the folder are left alone" {
	mkdir c
	for i in $(seq 10 40); do echo old >"c/crash-20250101T0000$i.000Z-1"; done
	touch c/notes
	run -0 crash c /usr/bin/service < <(lines)
	[ "$(find c -name 'crash-*' | wc -l)" = 20 ]
	[ -e c/notes ]
	[ -e c/crash-20260102T030406.050Z-4240 ]
	[ ! -e c/crash-20250101T000010.000Z-1 ]
}

@test "a file is bounded, and cut at a line" {
	{
		lines | head -n 7
		for i in $(seq 100 500); do printf 'words\t2\t0\t%d\t1\t1\t1\t1\t6\t0\t%0300d\t\t\n' "$i" "$i"; done
		lines | tail -n +8
	} | run -0 crash c /usr/bin/service
	size=$(stat -c %s c/*4242)
	[ "$size" -gt 64000 ]
	[ "$size" -le 65536 ]
	[ "$(tail -n 1 c/*4242)" = '... more did not fit' ]
}

@test "the newest file of the same program is shown while it is there" {
	run -0 crash c /usr/bin/service < <(lines)
	none() { lines | head -n 6; }
	run -0 crash c /usr/bin/service < <(none)
	[[ $output == *'crash-20260102T030406.600Z-4242'* ]]
	[[ $output == *'SIGSEGV at address 0xdead'* ]]
	[[ $output == *'no crash since attaching: this is the file of an earlier one'* ]]
	run -0 crash c /usr/bin/other < <(none)
	[[ $output == *'no crash'* ]]
	run -0 crash c /usr/bin/serv < <(none)
	[[ $output == *'no crash'* ]]
	rm -r c
	run -0 crash c /usr/bin/service < <(none)
	[[ $output == *'no crash'* ]]
	[ ! -e c ]
}

@test "a folder that cannot be written to, a link, a folder in the way" {
	touch file
	run -1 crash file /usr/bin/service < <(lines)
	[[ $output == 'file: Not a directory: the crash is not kept: --crashes DIR' ]]
	mkdir c
	echo precious >precious
	ln -s ../precious c/crash-20260102T030406.600Z-4242~
	ln -s ../precious c/crash-20260102T030406.600Z-4242
	run -0 crash c /usr/bin/service < <(lines)
	[ "$(cat precious)" = precious ]
	[ ! -L c/crash-20260102T030406.600Z-4242 ]
}

@test "memory that makes no sense is no reason to fall" {
	head=$(printf 'teletap\n' | od -An -v -tx1 | tr -d ' \n')
	for hex in '' 0 zz "$head" "$head$(printf '%0240d' 0)" "$head$(printf 'f%.0s' $(seq 240))"; do
		for part in 0 1 2 3; do
			{
				lines | head -n 7
				printf 'piece\t2\t%d\t0\t%s\npiece\t2\t%d\t9223372036854775807\t%s\n' $part "$hex" $part "$hex"
				printf 'mapped\t2\t0\t0\t9223372036854775807\t0\t1\t/etc/passwd\nmapped\t2\t1\t5\t1\t3\t1\t\n'
				lines | tail -n +8
			} | run -0 crash "c$part" /usr/bin/service
		done
	done
}

# traced PC WORD...: the file's frames of a crash at PC, with those words at the stack pointer. A
# letter stands for an address of its own: A and B in a function of libc, D in data.
traced() {
	local python=/usr/bin/python3

	{
		lines | head -n 7 | grep -v '^frame'
		"$python" - "$@" <<-'PY'
			import ctypes, struct, sys
			code = ctypes.cast(ctypes.CDLL(None).abs, ctypes.c_void_p).value
			places = {"A": code + 2, "B": code + 3, "D": id(sys)}
			pc, *words = (places.get(w) if w in places else int(w, 16) for w in sys.argv[1:])
			sp = 0x7000000
			registers = [0] * 17
			registers[7], registers[16] = sp, pc
			for part, at, numbers in (0, 0, registers), (1, sp, words + [0] * 8):
			    print("piece", 2, part, at, b"".join(struct.pack("<Q", n) for n in numbers).hex(), sep="\t")
			for i, line in enumerate(open("/proc/self/maps")):
			    place, mode, offset, device, inode, *path = line.split()
			    if "x" in mode and path and path[0][0] == "/":
			        start, end = (int(x, 16) for x in place.split("-"))
			        print("mapped", 2, i, start, end, int(offset, 16), inode, path[0], sep="\t")
		PY
		lines | tail -n +8 | grep -v '^frame'
	} >traced.lines
	rm -rf c
	run -0 crash c /usr/bin/service <traced.lines
	frames=$(sed -n 's/^frame *//p' c/*4242)
}

@test "a call into nowhere has a backtrace, and no frame is outside of code" {
	traced 0 A B 0
	[[ $frames == $'#0 0x0\n#1 abs+0x2  libc.so.6\n#2 abs+0x3  libc.so.6' ]]
	traced dead000 A B 0
	[[ $frames == $'#0 0xdead000\n#1 abs+0x2  libc.so.6\n#2 abs+0x3  libc.so.6' ]]
	traced dead000 beef000 A B # nothing tells how it came there
	[ "$frames" = '#0 0xdead000' ]
	traced D D A
	[[ $frames == '#0 0x'* && $frames != *#1* ]]
	traced A B D A B
	[[ $frames == $'#0 abs+0x2  libc.so.6\n#1 abs+0x3  libc.so.6' ]]
}

@test "mappings with code that found no place are told of" {
	run -0 crash c /usr/bin/service < <(lines | head -n 7; printf 'unmapped\t2\t17\n'; lines | tail -n +8)
	grep -qx 'note     mappings with code that found no place: 17; the backtrace ends where it comes to one of them' c/*4242
	run ! grep -q 'found no place' c/*4241
}

@test "the ring file of a dead process is its page 247" {
	mkfifo in
	TELETAP_RING=ring "$TOP/build/test/service" <in >out 3>&- &
	PID=$!
	exec 7>in
	echo 'log last words' >&7
	echo abort >&7
	wait "$PID" || true
	run -0 --separate-stderr teletap replay ring crash
	[[ $output == *'reason'*'not known: nobody was watching when it ended'* ]]
	[[ $output == *"process"*"$PID (service)"* ]]
	[[ $output == *'info      last words'* ]]
	run -0 teletap replay ring 247 -o json
	jq -e '.page == 247 and (.rows[-1].value | test("last words"))' <<<"$output"
}
