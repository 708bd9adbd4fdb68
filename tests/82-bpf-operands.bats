#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Arguments of markers wherever they lie, read by BPF programs.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load helper
load bpf
load bpf-targets

@test "operands of all kinds, and hostile names" {
	cat >"$dir/forms.c" <<-'EOF'
		#define TELETAP_PROVIDER forms
		#include "teletap.h"
		#define FORM(name, operand, si, cx)                                               \
			__asm__ volatile(TELETAP_NOTE_("forms", "teletap__counter", "8@%%rdi " operand) \
					 : : "D"(name), "S"(si), "c"(cx) : "memory")
		int main(void)
		{
			long long cells[4] = { 11, 22, 33, -44 };
			int words[4] = { 1, 2, -3, 4 };
			static char huge[1000];

			for (int i = 0; i < 999; i++)
				huge[i] = 'x';
			TELETAP_COUNTER("plain", -5);
			FORM("register", "-8@%%rsi", -6LL, 0L);
			FORM("number", "-8@$-7", 0LL, 0L);
			FORM("signed int", "-4@%%esi", 0x7ffffffffffffff8LL, 0L);
			FORM("unsigned int", "4@%%esi", -1LL, 0L);
			FORM("signed byte", "-1@%%sil", 0x1ffLL, 0L);
			FORM("short", "2@%%si", -1LL, 0L);
			FORM("memory", "-8@16(%%rsi)", cells, 0L);
			FORM("no displacement", "-8@(%%rsi)", cells, 0L);
			FORM("before", "-8@-8(%%rsi)", cells + 4, 0L);
			FORM("indexed", "-8@(%%rsi,%%rcx,8)", cells, 1L);
			FORM("indexed words", "-4@4(%%rsi,%%rcx,4)", words, 1L);
			FORM("index only", "-8@(,%%rcx,8)", 0LL, (long)(cells + 2) / 8);
			TELETAP_COUNTER("tab\tline\nback\\slash\x01", 1);
			TELETAP_COUNTER("not \xff\xfe UTF-8", 1);
			TELETAP_COUNTER("", 1);
			TELETAP_COUNTER(huge, 1);
			FORM("x" + 0 * cells[0], "-8@$1", 0LL, 0L);
			FORM((char *)16, "-8@$1", 0LL, 0L);
			TELETAP_COUNTER("most", 0x7fffffffffffffffLL);
			TELETAP_COUNTER("most", 0x7fffffffffffffffLL);
			TELETAP_COUNTER("most", 5);
		}
	EOF
	gcc -O1 -I"$TOP/include" -o "$dir/forms" "$dir/forms.c"
	teletap watch counters --collector bpf -o json -c "$dir/forms" >"$out"
	page=$(tail -n 1 "$out")
	[ "$(q .loss)" = '{"skipped":1,"dropped":0,"table_full":0,"lines":0}' ]
	change() { q ".rows[] | select(.name == \"$1\").change_total"; }
	while IFS='=' read -r name value; do
		echo "$name: $(change "$name"), not $value"
		[ "$(change "$name")" = "$value" ]
	done <<-'EOF'
		plain=-5
		register=-6
		number=-7
		signed int=-8
		unsigned int=4294967295
		signed byte=-1
		short=65535
		memory=33
		no displacement=11
		before=-44
		indexed=22
		indexed words=-3
		index only=33
		=1
		x=1
		most=null
	EOF
	[ "$(q '[.rows[] | select(.name | startswith("tab\tline\nback\\slash")).change_total]')" = '[1]' ]
	[ "$(q '[.rows[] | select(.name | startswith("not ")).change_total]')" = '[1]' ]
	[ "$(q '[.rows[].name | select(startswith("xxx")) | length]')" = '[127]' ]
	[ "$(q '.rows | length')" -eq 19 ]
}

@test "arguments that lie in variables, of the program and of each thread" {
	cat >"$dir/own.c" <<-'C'
		#define TELETAP_PROVIDER own
		#include "teletap.h"
		#include <pthread.h>
		long all = 7;
		struct { char c; short s[3]; } part = { 1, { 2, -3, 4 } };
		__thread char before[24];
		__thread long mine;
		__attribute__((noinline)) void say(void)
		{
			TELETAP_COUNTER("mine", mine);
			TELETAP_COUNTER("all", all);
			TELETAP_GAUGE("part", part.s[1]);
		}
		static void *run(void *arg)
		{
			mine = (long)arg;
			before[0] = 1;
			for (int i = 0; i < 100; i++)
				say();
			return 0;
		}
		int main(void)
		{
			pthread_t t[4];
			for (long i = 0; i < 4; i++)
				pthread_create(&t[i], 0, run, (void *)(1000L + i));
			for (int i = 0; i < 4; i++)
				pthread_join(t[i], 0);
		}
	C
	for flags in '-fPIE -pie' '-fno-pie -no-pie'; do
		# shellcheck disable=SC2086
		gcc -O2 $flags -I"$TOP/include" -o "$dir/own" "$dir/own.c" -pthread
		readelf -n "$dir/own" >"$dir/notes"
		grep -F '@all(%rip)' "$dir/notes"
		grep -F '@%fs:mine@tpoff' "$dir/notes"
		teletap watch counters --collector bpf -c "$dir/own" -o json -i 60 >"$out" 2>"$err" 3>&-
		last
		[ "$(q '[.rows[] | [.name, .events_total, .change_total, .value]] | sort')" = \
			'[["all",400,2800,null],["mine",400,400600,null],["part",400,null,-3]]' ]
	done
	strip "$dir/own"
	run -3 --separate-stderr teletap watch counters --collector bpf -c "$dir/own" -n 1
	[[ $stderr == *'a variable is not in the file'"'"'s symbol table, which may be stripped: '* ]]
	# two source files with a variable of their own, of one name
	for i in 1 2; do
		printf '#define TELETAP_PROVIDER own\n#include "teletap.h"\nstatic volatile long n = %d; static long m; void add%d(void) { m += n; }
			void say%d(void) { TELETAP_COUNTER("m", m); }\n' $i $i $i |
			gcc -O2 -I"$TOP/include" -c -o "$dir/$i.o" -x c -
	done
	echo 'void add1(void), add2(void), say1(void), say2(void); int main(void) { add1(); add2(); say1(); say2(); }' |
		gcc -o "$dir/own" -x c - -x none "$dir/1.o" "$dir/2.o"
	readelf -n "$dir/own" | grep -F '@m(%rip)'
	run -3 --separate-stderr teletap watch counters --collector bpf -c "$dir/own" -n 1
	[[ $stderr == *'several variables of that name'* ]]
}
