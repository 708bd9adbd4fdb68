#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154 # $stderr comes from run
#
# The markers of files: teletap probes -e.

bats_require_minimum_version 1.5.0
load helper
load markers

setup_file() {
	markers_setup
	mkdir "$D/elf"
	"$SOURCES/make" "$D/elf"
}

teardown_file() {
	rm -rf "$D"
}

setup() {
	plain_setup
}

@test "the programs and libraries of this host: as readelf" {
	run find /usr/bin /usr/sbin /usr/lib /usr/libexec -type f \( -perm -100 -o -name '*.so*' \)
	[ "${#lines[@]}" -gt 100 ]
	run "$SOURCES/compare" <<<"$output"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output =~ ^[0-9]+\ markers\ in\ [0-9]+\ files$ ]]
}

@test "compiled programs: as readelf, however linked and stripped" {
	need_compiler
	mkdir "$D/variants"
	cd "$D/variants"
	gcc -O2 -fPIE -pie -o pie "$SOURCES/prog.c" "$SOURCES/lib.c"
	gcc -O0 -no-pie -o nopie "$SOURCES/prog.c" "$SOURCES/lib.c"
	gcc -O2 -shared -fPIC -Wl,--build-id=none -o lib.so "$SOURCES/prog.c" "$SOURCES/lib.c"
	gcc -O2 -Wl,-z,noseparate-code -o tight "$SOURCES/prog.c" "$SOURCES/lib.c"
	strip -o stripped pie
	strip -o stripped-nopie nopie
	objcopy --only-keep-debug pie pie.debug
	objcopy --add-gnu-debuglink=pie.debug stripped linked
	run "$SOURCES/compare" pie nopie lib.so tight stripped stripped-nopie pie.debug linked
	echo "$output"
	# The file of debug information holds no code.
	[ "$output" = "42 markers in 7 files, 6 left out" ]
}

# desk LINKER NAME OPTION...: tests/data/elf/desk.c, by a linker that is here.
desk() {
	"ld.$1" --version >/dev/null 2>&1 || return 0
	gcc -O2 -ffunction-sections -fPIE -I"$TOP/include" -fuse-ld="$1" -Wl,--build-id -o "$2" \
		"${@:3}" "$SOURCES/desk.c"
}

@test "sites of functions that the linker dropped are left out, and this is said" {
	need_compiler
	mkdir "$D/desk"
	cd "$D/desk"
	# Counted from 0, the address of the dropped marker is one in the code of a PIE.
	dead="-DDEAD=$(printf 'S %.0s' {1..701})"
	for kind in -pie -no-pie; do
		desk bfd "bfd$kind" $kind -Wl,--gc-sections "$dead"
		desk gold "gold$kind" $kind "$dead" # it refuses to drop them
		desk lld "lld$kind" $kind -Wl,--gc-sections "$dead"
		desk mold "mold$kind" $kind -Wl,--gc-sections "$dead"
	done
	run "$SOURCES/compare" ./*pie
	echo "$output"
	[[ $output == *" left out" ]] || [ ! -e lld-pie ]
	for file in lld* mold*; do
		run -0 --separate-stderr teletap probes -o json -e "$file"
		[ "${#lines[@]}" = 2 ]
		[[ $stderr == "teletap: probes: $file: 1 of 3 sites left out: the file has no nop there"* ]]
		run -0 --separate-stderr teletap probes -e "$file"
		[ "$(grep -c teletap__counter <<<"$output")" = 1 ]
		teletap doctor -o json -e "$file" | jq -e '.checks[] | select(.id == "sites") |
			.verdict == "WARN" and (.text | startswith("1 sites of markers in 1 of its files"))'
	done
	desk lld quiet -Wl,--gc-sections "$dead" -DQUIET
	[ -e quiet ] || skip "no lld"
	run -3 --separate-stderr teletap watch counters -e ./quiet
	echo "$stderr"
	[[ $stderr == *"no marker teletap__counter"*"; 1 sites left out: "* ]]
}

# Each site has a nop, and lies in code; each semaphore in data.
@test "sites and semaphores that are moved: left out" {
	need_compiler
	cd "$D"
	gcc -O2 -I"$TOP/include" -o moved.good "$SOURCES/desk.c"
	# shellcheck disable=SC2086
	for what in 'pc 1' 'pc -1' 'pc 0x100000' 'pc -0x100000000' 'semaphore 0x100000' \
		'semaphore -0x3000' 'pc 0x7fffffffffffffff' 'semaphore -1'; do
		"$TOP/tests/live/mutate.py" --move $what moved.good moved
		run -0 --separate-stderr teletap probes -o json -e moved
		echo "$what: $output $stderr"
		[[ $stderr == *": 1 of 3 sites left out: "* ]]
		[ "${#lines[@]}" = 2 ]
	done
}

# Some kernels make of it what kills forked children, see wrapper/target/nop10.c.
@test "sites with a nop of five bytes: left out" {
	need_compiler
	mkdir -p "$D/five"
	sed 's/"997:\\tnop/"997:\\t.byte 0x0f, 0x1f, 0x44, 0, 0/' "$TOP/include/teletap.h" >"$D/five/teletap.h"
	gcc -O2 -I"$D/five" -o "$D/five/desk" "$SOURCES/desk.c"
	run -1 --separate-stderr teletap probes -o json -e "$D/five/desk"
	[ -z "$output" ]
	[[ $stderr == *": 3 of 3 sites left out: the file has no nop there"* ]]
}

@test "32-bit programs: as readelf" {
	need_compiler
	# Without the 32-bit C library, which Debian does not install beside a compiler for aarch64:
	# nothing is linked against it, and its only header of its own lists functions that it lacks.
	mkdir -p "$D/i386/gnu"
	touch "$D/i386/gnu/stubs-32.h"
	gcc -m32 -O2 -fPIC -shared -nostdlib -I"$D/i386" -idirafter "/usr/include/$(gcc -print-multiarch)" \
		-o "$D/m32" "$SOURCES/prog.c" "$SOURCES/lib.c"
	run "$SOURCES/compare" "$D/m32"
	echo "$output"
	[ "$output" = "6 markers in 1 files" ]
}

@test "both word sizes and byte orders, moved, far and many sections: as readelf" {
	cd "$D/elf"
	run "$SOURCES/compare" good-*
	echo "$output"
	[ "$output" = "44 markers in 14 files" ]
	for file in good-*; do
		run --separate-stderr teletap probes -e "$file"
		echo "$file: $stderr"
		[ "$status" -eq 0 ]
		[ -z "$stderr" ]
	done
}

@test "text: aligned, addresses where the file lies now, arguments in words" {
	cd "$D/elf"
	run teletap probes -e good-64be -e good-far-and-eight -e good-32le
	[ "$status" -eq 0 ]
	diff - <(echo "$output") <<-'EOF'
		good-64be  (build-id a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3)
		  MARKER     ADDRESS    SEMAPHORE  ARGUMENTS
		  app:first  0x2234     0x5010     arg1 uint32 $5, arg2 int64 %rax
		  app:last   0x2250     -          -

		good-far-and-eight  (no build-id)
		  MARKER   ADDRESS             SEMAPHORE           ARGUMENTS
		  p:high   0xfffffffffffffffe  0x8000000000000000  -
		  p:eight  0x2                 -                   -
		  p:nine   0x3                 -                   -

		good-32le  (build-id a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3)
		  MARKER     ADDRESS    SEMAPHORE  ARGUMENTS
		  app:first  0x2234     0x5010     arg1 uint32 $5, arg2 int64 %rax
		  app:last   0x2250     -          -
	EOF
}

@test "text: operands of several machines, and what is no operand" {
	run teletap probes -e "$D/elf/good-arguments"
	[ "$status" -eq 0 ]
	diff - <(tail -n +3 <<<"$output" | sed 's/^  a:m[0-9]*  *0x[0-9a-f]*  *-  *//' |
		cut -d, -f1-12) <<-'EOF'
		arg1 uint8 %al, arg2 int8 %al, arg3 uint16 %ax, arg4 int16 %ax, arg5 uint32 %eax, arg6 int32 %eax, arg7 uint64 %rax, arg8 int64 %rax, arg9 uint128 %xmm0
		arg1 float32 %xmm0, arg2 float64 %xmm1, arg3 word %rax
		arg1 int32 $-1, arg2 uint64 $sym, arg3 uint64 sym+8(%rip), arg4 uint64 16(%rax,%rbx,2), arg5 uint64 foo@GOTPCREL(%rip)
		arg1 int32 112(%rsp), arg2 uint64 (%rax, %rbx, 8), arg3 uint32 %gs:0x10
		arg1 uint32 [sp, 16], arg2 uint64 [x0, x1, lsl 3], arg3 int32 [fp, #-8], arg4 uint64 x0, arg5 int32 5
		arg1 uint64 %r5, arg2 uint32 0(31), arg3 int32 -20(s0), arg4 uint32 [%fp+64], arg5 uint32 160(%r15)
		arg1 uint32 %eax, arg2 uint64 %rax
		not understood: %rax
		not understood: 4%eax
		not understood: 4@
		not understood: @
		not understood: -@%eax
		not understood: 3@%eax
		not understood: 32@%eax
		not understood: 4@[sp, 16
		not understood: 4@%eax junk
		arg1 uint32 0, arg2 uint32 1, arg3 uint32 2, arg4 uint32 3, arg5 uint32 4, arg6 uint32 5, arg7 uint32 6, arg8 uint32 7, arg9 uint32 8, arg10 uint32 9, arg11 uint32 10, arg12 uint32 11
	EOF
	[[ $output == *", arg64 uint32 63, and 6 more" ]]
}

@test "json: integers of 64 bits, as in the note" {
	run teletap probes -o json -e "$D/elf/good-far-and-eight" -e "$D/elf/good-64be"
	[ "$status" -eq 0 ]
	diff - <(echo "${output//$D\/elf\//}") <<-'EOF'
		{"file":"good-far-and-eight","provider":"p","name":"high","pc":18446744073709551614,"base":8192,"semaphore":9223372036854775808,"arguments":""}
		{"file":"good-far-and-eight","provider":"p","name":"eight","pc":2,"base":8192,"semaphore":0,"arguments":""}
		{"file":"good-far-and-eight","provider":"p","name":"nine","pc":3,"base":8192,"semaphore":0,"arguments":""}
		{"file":"good-64be","provider":"app","name":"first","pc":4660,"base":8192,"semaphore":16400,"arguments":"4@$5 -8@%rax"}
		{"file":"good-64be","provider":"app","name":"last","pc":4688,"base":8192,"semaphore":0,"arguments":""}
	EOF
}

@test "names out to do harm reach neither the terminal nor the JSON reader" {
	cd "$D/elf"
	cp bad-hostile-names $'\e]0;x\a\\'
	run teletap probes -e $'\e]0;x\a\\'
	[ "$status" -eq 0 ]
	diff - <(echo "$output") <<-'EOF'
		\x1b]0;x\x07\x5c  (build-id a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3)
		  MARKER     ADDRESS    SEMAPHORE  ARGUMENTS
		  app:first  0x2234     0x5010     arg1 uint32 $5, arg2 int64 %rax
		  \x1b[2J"\x5c\x0a:café\xff\xe2\x80\xae\xc2\x9b\xed\xa0\x80\xf4\x90\x80\x80\xc0\xaf  0x1007     -          arg1 uint32 \x07\xe2\x82
		  app:last   0x2250     -          -
	EOF
	run teletap probes -o json -e $'\e]0;x\a\\'
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 3 ]
	site=${lines[1]}
	run ! grep '[[:cntrl:]]' <<<"$site"
	python3 - "$site" <<-'EOF'
		import json, sys
		site = json.loads(sys.argv[1])
		assert site["file"] == "\x1b]0;x\x07\\", site
		assert site["provider"] == '\x1b[2J"\\\n', site
		assert site["name"] == "caf\u00e9\ufffd\u202e\x9b" + 9 * "\ufffd", site
		assert site["arguments"] == "4@\x07\ufffd\ufffd", site
	EOF
	run teletap probes -e $'/\e[2J'
	[ "$status" -eq 3 ]
	[ "$output" = 'teletap: probes: /\x1b[2J: no such file: check the name' ]
}

# Of every broken file: exit status, markers, message.
@test "broken files: what is sound in them, one line about the rest" {
	cd "$D/elf"
	for file in bad-*; do
		status=0
		teletap probes -o json -e "$file" >"$D/out" 2>"$D/err" || status=$?
		sed -i -e "s/^teletap: probes: $file: //; s/: look for a build that has them$//" \
			-e 's/^malformed: \(.*\) of its notes or tables left out, the first at offset/\1 at/' \
			"$D/err"
		echo "${file#bad-}: $status $(wc -l <"$D/out") $(paste -sd'|' "$D/err")" | sed 's/ $//'
	done >"$D/all"
	diff - "$D/all" <<-'EOF'
		alignment: 1 0 1 at 0x1b0: notes aligned neither to 4 nor to 8|no markers
		all-empty: 0 2 1 at 0x1ec: marker without a provider
		arguments-no-end: 0 2 1 at 0x1ec: marker whose arguments have no end
		class: 3 0 broken ELF file: unknown word size or byte order
		cut-in-header: 3 0 broken ELF file: cut off inside its header
		cut-in-notes: 1 0 1 at 0x1a8: notes past the end of the file|no markers
		cut-in-table: 1 0 1 at 0x40: section table past the end of the file|no markers
		data: 3 0 broken ELF file: unknown word size or byte order
		empty: 3 0 no ELF file: name a program or a library
		empty-build-id: 0 2 1 at 0x180: build-id of an impossible length
		empty-name: 0 2 1 at 0x1ec: marker without a name
		empty-provider: 0 2 1 at 0x1ec: marker without a provider
		hostile-names: 0 3
		long-build-id: 0 2 1 at 0x180: build-id of an impossible length
		magic-only: 3 0 broken ELF file: cut off inside its header
		marker-cut: 1 0 1 at 0x1a8: note longer than its section|no markers
		name-no-end: 0 2 1 at 0x1ec: marker whose name has no end
		names-nowhere: 0 2 1 at 0x40: section names that are in no section
		no-arguments: 0 2 1 at 0x1ec: marker whose arguments have no end
		no-descriptor: 0 2 1 at 0x1ec: marker too short for its addresses
		no-strings: 0 2 1 at 0x1ec: marker whose provider has no end
		note-one-too-long: 0 1 1 at 0x1ec: note longer than its section
		note-too-long: 0 1 1 at 0x1ec: note longer than its section
		over-header: 0 2 1 at 0: note longer than its section
		overlap: 0 4 1 at 0x230: note longer than its section
		owner-cut: 0 2 1 at 0x224: note longer than its section
		owner-too-long: 0 1 1 at 0x1ec: note longer than its section
		provider-no-end: 0 2 1 at 0x1ec: marker whose provider has no end
		script: 3 0 a script: name the program that runs it
		section-all-of-it: 1 0 1 at 0xffffffffffffffff: notes of an impossible size|no markers
		section-beyond: 1 0 1 at 0x1a8: notes past the end of the file|no markers
		section-huge: 1 0 1 at 0x1a8: notes of an impossible size|no markers
		section-nowhere: 1 0 1 at 0x8000000000000005: notes past the end of the file|no markers
		section-too-large: 1 0 1 at 0x1a8: notes of an impossible size|no markers
		segments-nowhere: 1 0 1 at 0xfffffffffffffff8: segment table past the end of the file|no markers
		short-marker: 0 2 1 at 0x1ec: marker too short for its addresses
		table-at-the-end-of-time: 1 0 1 at 0xffffffffffffffc0: section table past the end of the file|no markers
		table-beyond-files: 1 0 1 at 0x7fffffffffffffbf: section table past the end of the file|no markers
		table-endless: 0 2 2 at 0x40: header table of an impossible length
		table-nowhere: 1 0 1 at 0x646: section table past the end of the file|no markers
		table-odd-entries: 1 0 1 at 0x40: header table with entries of an unknown size|no markers
		tail: 0 2 1 at 0x224: note cut off inside its header
		text: 3 0 no ELF file: name a program or a library
		two-addresses: 0 2 1 at 0x1ec: marker too short for its addresses
	EOF
}

@test "what can be read of broken files: as readelf" {
	cd "$D/elf"
	# Not those with empty names, which readelf prints, nor with names of several lines.
	rm bad-{empty-name,empty-provider,all-empty,hostile-names,data,table-endless}
	run "$SOURCES/compare" bad-*
	echo "$output"
	[ "$output" = "35 markers in 18 files" ]
}

@test "a broken file does not hide a sound one" {
	cd "$D/elf"
	run --separate-stderr teletap probes -o json -e bad-class -e good-64le -e /nowhere -e bad-tail
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 4 ]
	diff - <(echo "$stderr") <<-'EOF'
		teletap: probes: bad-class: broken ELF file: unknown word size or byte order
		teletap: probes: /nowhere: no such file: check the name
		teletap: probes: bad-tail: malformed: 1 of its notes or tables left out, the first at offset 0x224: note cut off inside its header
	EOF
}

@test "a file cut anywhere: markers or a line about it, no fault" {
	mkdir "$D/cut"
	python3 - "$D" good-64le good-32be good-segments <<-'EOF'
		import sys
		for name in sys.argv[2:]:
		    whole = open("%s/elf/%s" % (sys.argv[1], name), "rb").read()
		    for size in range(len(whole)):
		        with open("%s/cut/%s-%d" % (sys.argv[1], name, size), "wb") as f:
		            f.write(whole[:size])
	EOF
	ls "$D/cut" >"$D/names"
	[ "$(wc -l <"$D/names")" -gt 1200 ]
	cd "$D/cut"
	teletap probes -v -o json -e - <"$D/names" >"$D/out" 2>"$D/err"
	[ "$(sed -n -e 's/^{"file":"\([^"]*\)".*/\1/p' -e 's/^teletap: probes: \(good[^:]*\): .*/\1/p' \
		"$D/out" "$D/err" | sort -u)" = "$(sort -u "$D/names")" ]
}

@test "nothing to find: the answer is no, and what next" {
	gcc -x c -o "$D/bare" - <<<'int main(void) { return 0; }'
	run teletap probes -e "$D/bare"
	[ "$status" -eq 1 ]
	[ "$output" = "teletap: probes: $D/bare: no markers: look for a build that has them" ]
	run teletap probes -e "$D/bare" -e "$D/bare"
	[ "$status" -eq 1 ]
	[ "$output" = "teletap: probes: no markers in 2 ELF files: look for a build that has them" ]
	mkfifo "$D/fifo"
	for what in /usr "$D/fifo"; do
		run timeout 10 teletap probes -e "$what"
		[ "$status" -eq 3 ]
		[ "$output" = "teletap: probes: $what: no regular file: name a program or a library" ]
	done
	# nor is it opened, which would do something: here, wake up a writer
	(: >"$D/fifo" && touch "$D/woken") 3>&- &
	writer=$!
	sleep 0.3
	run teletap probes -e "$D/fifo" -e /dev/null -e "$D/elf/good-64le"
	[ "$status" -eq 0 ]
	run teletap watch gc -e "$D/fifo"
	run teletap doctor -e "$D/fifo"
	sleep 0.2
	[ ! -e "$D/woken" ]
	kill "$writer"
	cp "$D/elf/good-64le" "$D/secret"
	chmod 0 "$D/secret"
	run "${PLAIN[@]}" "$D/teletap" probes -e "$D/secret"
	[ "$status" -eq 3 ]
	[ "$output" = "teletap: probes: $D/secret: Permission denied: run as root, or as a user who may read it" ]
}

@test "a list of names: in its order, other files passed over" {
	cd "$D/elf"
	for _ in {1..1000}; do
		printf '%s\n' "$TOP/Makefile" "" good-64be bad-tail "$D/elf" bad-class
	done >"$D/list"
	run --separate-stderr teletap probes -o json -e - <"$D/list"
	[ "$status" -eq 0 ]
	teletap probes -o json -e good-64be -e bad-tail >"$D/once" 2>/dev/null
	[ "$(sort -u <<<"$output")" = "$(sort -u "$D/once")" ]
	[ "$output" = "$(for _ in {1..1000}; do cat "$D/once"; done)" ]
	[ "$(sort <<<"$stderr" | uniq -c | sed 's/^ *//')" = "$(sort <<-EOF
		1000 teletap: probes: $D/elf: no regular file: name a program or a library
		1000 teletap: probes: bad-class: broken ELF file: unknown word size or byte order
		1000 teletap: probes: bad-tail: malformed: 1 of its notes or tables left out, the first at offset 0x224: note cut off inside its header
	EOF
	)" ]
	run teletap probes -v -e - <<<"$TOP/Makefile"
	[ "$status" -eq 1 ]
	[ "${lines[0]}" = "teletap: probes: $TOP/Makefile: no ELF file: name a program or a library" ]
	run teletap probes -e - <<<"$TOP/Makefile"
	[ "$status" -eq 1 ]
	[ "$output" = "teletap: probes: no markers in 0 ELF files: look for a build that has them" ]
}

@test "wrong usage" {
	misused teletap probes
	[ "${stderr_lines[0]}" = "teletap: probes: name a process (-p PID) or a file (-e FILE)" ]
	misused teletap probes -p 1 -e /bin/sh
	[ "${stderr_lines[0]}" = "teletap: probes: -p PID or files, not both" ]
}

@test "a full disk is not taken for success" {
	run bash -c 'teletap probes -e "$D/elf/good-64le" 2>&1 >/dev/full'
	[ "$status" -eq 3 ]
	[ "$output" = "teletap: probes: standard output: No space left on device" ]
}
