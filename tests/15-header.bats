#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# include/teletap.h: it compiles everywhere, without a warning; costs nothing while off;
# vanishes when it is to; and is one thing in a program of many files.

# shellcheck disable=SC2030,SC2031,SC2154
bats_require_minimum_version 1.5.0
load helper

SRC=$TOP/tests/data/header
WARN=(-Wall -Wextra -Wpedantic -Wconversion -Werror -Ibare "-I$TOP/include")

# As on a machine without systemtap-sdt-dev.
setup() {
	cd "$BATS_TEST_TMPDIR" || return
	mkdir -p bare/sys
	echo '#error "teletap.h needs no <sys/sdt.h>"' >bare/sys/sdt.h
}

# markers FILE: the names of its markers of the provider 'all'.
markers() {
	readelf -n "$1" | sed -n 's/^ *Name: teletap__//p' | sort -u | paste -sd' '
}

ALL='config counter error gauge log span__begin span__end start state stop tally'

# build STANDARD COMPILER...: both files into 'out', which works.
build() {
	"${@:2}" -std="$1" "${WARN[@]}" -c -o all.o "$SRC/all.c"
	"${@:2}" -std="$1" "${WARN[@]}" -c -o other.o "$SRC/other.c"
	"${@:2}" -std="$1" -o out all.o other.o
	[ "$(./out)" = '19 0 7' ]
	[ "$(markers out)" = "$ALL" ]
}

@test "C99 to C23, gcc and clang, optimised and not: no warning" {
	for cc in gcc clang; do
		for std in c99 c11 c17 c2x gnu99 gnu17; do
			build $std $cc -O0
		done
		# what is warned of only then depends on no standard
		build c99 $cc -O2 -fPIE
		build gnu17 $cc -O2 -fPIE
	done
	build c17 gcc -O2 -fno-pie -no-pie
	build c17 gcc -O3 -static
}

@test "a program that says one short thing: no warning about what is never read" {
	for cc in gcc clang; do
		for level in -O1 -O2 -O3; do
			"$cc" -std=c17 "${WARN[@]}" $level -D_FORTIFY_SOURCE=2 -o out -x c - <<-'EOF'
				#include "teletap.h"
				int main(void) { TELETAP_STOP("done"); return 0; }
			EOF
		done
	done
}

@test "C++11 to C++20, g++ and clang++" {
	for std in c++11 c++14 c++17 c++20; do
		for cc in g++ clang++; do
			"$cc" -x c++ -std=$std "${WARN[@]}" -O2 -c -o all.o "$SRC/all.c"
			"$cc" -x c++ -std=$std "${WARN[@]}" -O0 -c -o other.o "$SRC/other.c"
			"$cc" -o out all.o other.o
			[ "$(./out)" = '19 0 7' ]
			[ "$(markers out)" = "$ALL" ]
		done
	done
}

@test "C and C++ in one program have one ring" {
	gcc -std=c99 "${WARN[@]}" -O2 -c -o all.o "$SRC/all.c"
	g++ -x c++ -std=c++11 "${WARN[@]}" -O2 -c -o other.o "$SRC/other.c"
	g++ -o out all.o other.o
	TELETAP_RING=ring ./out
	"$BUILD/test/ring" ring | jq -e '[.log[].texts[0]] | index("from the other file") and index("no arguments")'
	[ "$(nm out | grep -c ' teletap_ring_$')" = 1 ]
	[ "$(readelf -W -n out | grep -c '^ *teletap ')" = 1 ]
}

@test "link-time optimisation, with gcc and clang, whose linker is lld" {
	for cc in gcc clang 'clang -fuse-ld=lld'; do
		# shellcheck disable=SC2086
		$cc -std=c17 "${WARN[@]}" -flto -O2 -o out "$SRC/all.c" "$SRC/other.c"
		TELETAP_RING=ring ./out
		[ "$(markers out)" = "$ALL" ]
		"$BUILD/test/ring" ring | jq -e '[.log[].texts[0]] | index("from the other file") and index("no arguments")'
	done
}

@test "aarch64" {
	for std in c99 c17 c2x; do
		aarch64-linux-gnu-gcc -std=$std "${WARN[@]}" -O2 -o out "$SRC/all.c" "$SRC/other.c"
		readelf -h out | grep -q AArch64
		[ "$(markers out)" = "$ALL" ]
	done
}

# notes NAME: base, semaphore and arguments of its markers, as readelf sees them. clang -O0
# copies each argument to a place of its own on the stack.
notes() {
	readelf -n out | awk -v name="$1" '
		/Provider:/ { provider = $2 }
		/Name:/ { it = provider == "like" && $2 == name }
		it && /Location:/ { print $3, $4, $5, $6 }
		it && /Arguments:/ { gsub(/-?[0-9]+\(%r[bs]p\)/, "STACK"); print }'
}

# Each marker of ours is a nop, and has the nop of ten bytes behind it.
followed() {
	teletap probes -o json -e out | jq 'select(.name == "mine").pc' >places
	[ "$(objdump -d out | awk '
		NR == FNR { marker[sprintf("%x:", $1)]; next }
		behind && /\t66 2e 0f 1f 84 00 00 / { n++ }
		{ behind = ($1 in marker) && $2 == "90" }
		END { print n }' places -)" = 5 ]
}

@test "the notes are those of <sys/sdt.h>: base, semaphore, arguments" {
	gcc -E - <<<'#include <sys/sdt.h>' >/dev/null 2>&1 || skip "needs sys/sdt.h"
	local mine cc options
	while read -r options; do
		for cc in "gcc -std=gnu17 -x c" "clang -std=gnu17 -x c" "g++ -std=c++11 -x c++" "clang++ -std=c++17 -x c++"; do
			# shellcheck disable=SC2086
			$cc $options -Wno-unused "-I$TOP/include" -o out "$SRC/like.c"
			mine=$(notes mine)
			[ "$(grep -c 'Arguments: .*@.* .*@.* .*@' <<<"$mine")" = 4 ]
			[ "$(grep -c 'Base: 0x0*[1-9a-f][0-9a-f]*, Semaphore: 0x0*[1-9a-f]' <<<"$mine")" = 5 ]
			diff <(echo "$mine") <(notes theirs)
			[ "$(./out)" = '45 4' ]
			followed
		done
	done <<-'EOF'
		-O0
		-O2 -fPIE
		-O2 -fno-pie -no-pie
		-O3 -flto
	EOF
}

@test "markers in functions that several files have: one of each is left" {
	cat >shared.h <<-'EOF'
		#define TELETAP_PROVIDER tmpl
		#include "teletap.h"
		template <typename T> inline T twice(T v) { TELETAP_COUNTER("twice", 1); return v + v; }
		inline int once(int v) { TELETAP_COUNTER("once", 1); return v; }
	EOF
	echo '#include "shared.h"
		int other(int v); int other(int v) { return twice(v) + twice(2L) + once(v); }' >a.cc
	echo '#include "shared.h"
		int other(int); int main() { return twice(1) + once(1) + other(2) == 13 ? 0 : 1; }' >b.cc
	for cc in g++ clang++; do
		"$cc" -std=c++11 -O0 -Ibare "-I$TOP/include" -Wno-conversion -o out a.cc b.cc
		./out
		[ "$(readelf -n out | grep -c 'Name: teletap__counter')" = 3 ]
	done
}

@test "disabled: no marker, no ring, nothing evaluated; elsewhere: likewise, with a warning" {
	check() {
		[ "$(./out)" = '0 0 7' ]
		[ -z "$(markers out)" ]
		lacks teletap < <(nm out)
	}
	for std in c99 c2x; do
		for cc in gcc clang; do
			"$cc" -std=$std "${WARN[@]}" -Wno-unused-function -DTELETAP_DISABLE -o out "$SRC/all.c" "$SRC/other.c"
			check
		done
	done
	g++ -x c++ -std=c++11 "${WARN[@]}" -Wno-unused-function -DTELETAP_DISABLE -o out "$SRC/all.c" "$SRC/other.c"
	check
	# as on an architecture that has no markers
	run -0 gcc -std=gnu17 -D__ELF__ -U__LP64__ -Wno-unused "-I$TOP/include" -o out "$SRC/all.c" "$SRC/other.c"
	[[ $output == *'warning: #warning "teletap.h: only for Linux on x86-64 and aarch64: without pages (TELETAP_DISABLE: silently)"'* ]]
	check
}

@test "beside <sys/sdt.h>, before and after it, with markers of one's own" {
	gcc -E - <<<'#include <sys/sdt.h>' >/dev/null 2>&1 || skip "needs sys/sdt.h"
	for order in '#include <sys/sdt.h>
		#include "teletap.h"' '#include "teletap.h"
		#include <sys/sdt.h>'; do
		for cc in gcc clang; do
			"$cc" "-I$TOP/include" -x c -o out - <<<"$order
				int main(void) { TELETAP_COUNTER(\"x\", 1); DTRACE_PROBE1(own, marker, 1); return 0; }"
			readelf -n out | grep -A2 'Name: marker' | grep 'Semaphore: 0x0*$'
			readelf -n out | grep -A2 'Name: teletap__counter' | grep 'Semaphore: 0x0*[1-9a-f]'
			[ "$(readelf -WS out | grep -c ' \.stapsdt\.base ')" = 1 ]
		done
	done
}

@test "the provider's name is the application's, app by default" {
	gcc "-I$TOP/include" -x c -o out - <<<'
		#include "teletap.h"
		int main(void) { TELETAP_COUNTER("x", 1); return 0; }'
	readelf -n out | grep -A1 'Provider: app' | grep -q 'Name: teletap__counter'
}

@test "off: one nop, and one test of a semaphore" {
	for cc in gcc clang; do
		"$cc" -O2 "-I$TOP/include" -x c -c -o out.o - <<<'
			#include "teletap.h"
			void marked(long n);
			void bare(long n);
			__attribute__((aligned(64))) void marked(long n) { TELETAP_COUNTER("x", n); }
			__attribute__((aligned(64))) void bare(long n) { (void)n; }'
		objdump -dr --no-show-raw-insn --disassemble=marked out.o | tee code
		[ "$(grep -c 'app_teletap__counter_semaphore' code)" = 1 ]
		[ "$(grep -cE '\b(cmpw|movzwl|movw|testw)\b' code)" -ge 1 ]
		[ "$(grep -cE '^ *[0-9a-f]+:\s+nop$' code)" = 1 ]
		# off it is a test, a jump and the way out; the nop lies behind
		sed -n '/<marked>:/,/\bret/p' code | grep -E '^ +[0-9a-f]+:\s' | tee off
		[ "$(wc -l <off)" -le 8 ]
		run ! grep -qE '\b(call|nop)\b' off
	done
}

@test "strings and numbers are formatted as printf does" {
	gcc -std=gnu17 -O1 -g -fsanitize=address,undefined "-I$TOP/include" -Wno-format -o format "$SRC/format.c" -lm
	run -0 ./format
	[[ $output =~ ^[0-9]{4}\ tried$ ]]
}

@test "a shared library has a ring of its own; a stripped program keeps its note" {
	gcc -std=c17 "${WARN[@]}" -O2 -fPIC -shared -o libother.so "$SRC/other.c"
	gcc -std=c17 "${WARN[@]}" -O2 -o out "$SRC/all.c" -L. -lother -Wl,-rpath,.
	[ "$(./out)" = '19 0 7' ]
	strip out libother.so
	[ "$(readelf -W -n out | grep -c '^ *teletap ')" = 1 ]
	[ "$(readelf -W -n libother.so | grep -c '^ *teletap ')" = 1 ]
	[ "$(markers out)" = "${ALL/counter /}" ]
	[ "$(markers libother.so)" = 'counter log tally' ]
}
