#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pages about an application's own markers (teletap.h) by BPF programs, on this host's own
# kernel, against what the program knows itself.

# shellcheck disable=SC2016,SC2030,SC2031,SC2154
bats_require_minimum_version 1.5.0
load helper
load bpf
load bpf-targets

@test "241: 23 events of each kind are 23; 8 threads of 100,000 lose none" {
	serve
	tell 'all 5' # before anybody looks
	watch counters -p "$pid" -i 0.3
	attached
	tell 'all 23'
	tell 'tally 8 100000'
	tell 'flush 777'
	finish
	[ "$(q '[.rows[] | [.kind, .name, .events_total, .change_total, .value, .least, .most]] | sort')" = \
		'[["counter","bytes",23,27600,null,null,null],["counter","requests",23,23,null,null,null],["gauge","queue",23,null,0,0,22],["tally","events",800777,0,null,null,null],["tally","most",781937,0,null,null,null],["tally","some",18840,0,null,null,null],["tally","weight",800777,2402331,null,null,null]]' ]
	await lowered "$pid"
}

@test "241: 8 threads at full speed, every event a probe, and two watchers" {
	cat >"$dir/race.c" <<-'EOF'
		#define TELETAP_PROVIDER race
		#include "teletap.h"
		#include <pthread.h>
		#include <stdio.h>
		static void *work(void *arg)
		{
			for (int i = 1; i <= 5000; i++) {
				TELETAP_COUNTER("events", 1);
				TELETAP_GAUGE("size", i * (int)(long)arg);
				TELETAP_SPAN_BEGIN("step", i);
				TELETAP_SPAN_END("step", i, i % 5 == 0);
			}
			return NULL;
		}
		int main(void)
		{
			pthread_t t[8];
			for (long i = 0; i < 8; i++)
				pthread_create(&t[i], NULL, work, (void *)(i + 1));
			for (int i = 0; i < 8; i++)
				pthread_join(t[i], NULL);
		}
	EOF
	gcc -O2 -I"$TOP/include" -o "$dir/race" "$dir/race.c" -pthread
	teletap watch counters,spans --collector bpf -o json -i 0.2 -c "$dir/race" >"$out"
	page=$(jq -c 'select(.page == 242 and .last)' "$out")
	echo "$page"
	[ "$(q '.loss | add')" -eq 0 ]
	# ids are the same in all threads: a span that is begun again is not another one
	[ "$(q '.rows[0].open')" -eq 0 ]
	page=$(jq -c 'select(.page == 241 and .last)' "$out")
	[ "$(q '.loss | add')" -eq 0 ]
	[ "$(q '[.rows[] | [.name, .events_total, .change_total, .least, .most]] | sort')" = \
		'[["events",40000,40000,null,null],["size",40000,null,1,40000]]' ]
	# intervals add up to the total
	[ "$(jq -s '[.[] | select(.page == 241).rows[] | select(.name == "events").events] | add' "$out")" -eq 40000 ]
}

@test "241: 100 uses of a marker in one program, by each linker" {
	{
		printf '#define TELETAP_PROVIDER many\n#include "teletap.h"\nint main(void)\n{\n'
		printf 'TELETAP_COUNTER("c%d", 1);\n' {1..100}
		echo '}'
	} >"$dir/many.c"
	for linker in bfd gold "lld -Wl,-z,separate-loadable-segments"; do
		# shellcheck disable=SC2086
		gcc -I"$TOP/include" -fuse-ld=$linker -Wl,--build-id -o "$dir/many" "$dir/many.c"
		teletap watch counters --collector bpf -c "$dir/many" -o json -i 60 >"$out" 2>"$err" 3>&-
		last
		[ "$(q '[.rows[] | [.name, .change_total]] | sort')" = "$(jq -nc '[range(1; 101) | ["c\(.)", 1]] | sort')" ]
	done
}

# The kernel counts in the wrong one of two mappings of a page.
@test "241: a program of lld's, whose data share a page of the file" {
	cat >"$dir/close.c" <<-'EOF'
		#define TELETAP_PROVIDER close
		#include "teletap.h"
		#include <stdio.h>
		#include <unistd.h>
		int main(int argc, char **argv)
		{
			char line[8];

			for (puts("ready"), fflush(stdout); fgets(line, sizeof(line), stdin); puts("done"), fflush(stdout)) {
				TELETAP_COUNTER("turns", 1);
				if (*line == 'e')
					execv("/proc/self/exe", argv);
			}
		}
	EOF
	SERVICE=$dir/close
	gcc -I"$TOP/include" -fuse-ld=lld -Wl,-z,relro -o "$SERVICE" "$dir/close.c"
	serve
	watch counters -p "$pid" -i 0.3
	attached
	tell ''
	echo e >&7
	said ready
	tell ''
	finish
	# what the program does when it has begun anew is not counted, and that is said
	[ "$(q '[.rows[] | [.name, .change_total]]')" = '[["turns",2]]' ]
	[[ "$(q .notes)" == *"what has started or loaded $SERVICE since attaching is not counted: "*separate-loadable-segments* ]]
	for which in -e -c; do
		refused teletap watch counters --collector bpf $which "$SERVICE" -n 1
		[[ $stderr == *"$SERVICE: the linker laid its data so that the kernel cannot switch its markers on in processes that start later: name one that runs (-p PID), or link it with -Wl,-z,separate-loadable-segments" ]]
	done
}

# desk.c adds up orders; a marker's note is there of a function that the linker has dropped.
@test "241: by each linker that is here: the same sum as unwatched, and the right page" {
	dead="-DDEAD=$(printf 'S %.0s' {1..701})" built=0
	for linker in bfd gold lld mold; do
		type "ld.$linker" >/dev/null || continue
		for kind in -pie -no-pie; do
			drop=-Wl,--gc-sections
			[ "$linker" != gold ] || drop='' # it refuses to drop what a note names
			SERVICE=$dir/$linker$kind
			# shellcheck disable=SC2086
			gcc -O2 -ffunction-sections -fPIE -I"$TOP/include" -fuse-ld="$linker" -Wl,--build-id $drop "$dead" \
				$kind -o "$SERVICE" "$TOP/tests/data/elf/desk.c"
			mapfile -t unwatched < <(printf '\n\n' | "$SERVICE")
			[[ ${unwatched[1]} == 'sum '* ]]
			rm -f "$dir/commands"
			serve "${unwatched[0]}"
			watch counters -p "$pid" -i 0.3
			attached
			echo >&7
			said "${unwatched[1]}"
			finish
			echo "$linker $kind: $(q '[.rows[] | [.name, .events_total, .change_total]]')"
			[ "$(q '[.rows[] | [.name, .events_total, .change_total]]')" = '[["added",100,5050]]' ]
			echo >&7
			exec 7>&-
			wait "$pid"
			built=$((built + 1))
		done
	done
	[ "$built" -ge 2 ]
}

@test "241: a program, a library and one loaded later all have the markers: all are counted" {
	for part in linked loaded; do
		gcc -fPIC -shared -I"$TOP/include" -DPART=$part "-DNAME=\"$part\"" -o "$dir/lib$part.so" "$TOP/tests/parts.c"
	done
	gcc -I"$TOP/include" -DPART=program '-DNAME="program"' "-DLOADED=\"$dir/libloaded.so\"" -o "$dir/parts" \
		"$TOP/tests/parts.c" -L"$dir" -llinked "-Wl,-rpath,$dir"
	mkfifo "$dir/commands"
	"$dir/parts" <"$dir/commands" >"$dir/said" 3>&- &
	pid=$!
	exec 7>"$dir/commands"
	tell ''
	watch counters -p "$pid" -i 0.3
	attached
	tell ''
	finish
	[ "$(q '[.rows[] | [.name, .change_total]] | sort')" = '[["linked",60],["loaded",100],["program",40]]' ]
}

@test "241 -p: a library that is loaded later is not counted, and that is said" {
	gcc -fPIC -shared -I"$TOP/include" -DPART=loaded '-DNAME="loaded"' -o "$dir/libloaded.so" "$TOP/tests/parts.c"
	SERVICE=$dir/late
	gcc -I"$TOP/include" -o "$SERVICE" -x c - "-DLOADED=\"$dir/libloaded.so\"" <<-'EOF2'
		#define TELETAP_PROVIDER parts
		#include "teletap.h"
		#include <dlfcn.h>
		#include <stdio.h>
		int main(void)
		{
			char line[8];

			for (puts("ready"), fflush(stdout); fgets(line, sizeof(line), stdin); puts("done"), fflush(stdout)) {
				TELETAP_COUNTER("program", 40);
				if (*line == 'l')
					((void (*)(int))dlsym(dlopen(LOADED, RTLD_NOW), "work_loaded"))(100);
			}
		}
	EOF2
	serve
	watch counters -p "$pid" -i 0.3
	attached
	tell l
	noted() { page=$(tail -n 1 "$out") && [[ "$(q .notes)" == "[\"the process has loaded $dir/libloaded.so since, which has these markers, too, and is not counted: attach again, or name it (-e FILE, beside -c, too)\"]" ]]; }
	await noted
	finish
	noted
	[ "$(q '[.rows[] | [.name, .change_total]]')" = '[["program",40]]' ]
}

@test "242: 23 spans, 5 failed, times, and those under way" {
	serve
	tell 'begin early 1'
	watch spans -p "$pid" -i 0.3
	attached
	tell 'all 23'
	tell 'end early 1 0'
	tell 'begin late 2'
	tell 'begin late 3'
	tell 'begin late 3'
	tell 'end late 3 0'
	tell 'span slow 1 0 300'
	tell 'span slow 2 7 100'
	finish
	[ "$(q '[.rows[] | [.operation, .ended_total, .failed_total, .open]] | sort')" = \
		'[["fetch",23,5,0],["late",1,0,1],["slow",2,1,0]]' ]
	[ "$(q '.rows[] | select(.operation == "slow").time_ns_total | .total >= 400000000 and .p99 >= 290000000 and .p50 >= 97000000')" = true ]
	q .notes | grep 'before they were watched, or never: 1"'
	q .notes | grep 'before they had ended: 1"'
}

@test "242: spans of a process that has ended are not under way" {
	serve
	watch spans -e "$SERVICE" -i 0.3
	attached
	(echo 'begin lost 1'; sleep 0.1) | "$SERVICE" >/dev/null
	tell 'begin held 1'
	finish
	[ "$(q '[.rows[] | [.operation, .open]] | sort')" = '[["held",1],["lost",0]]' ]
}

@test "246: 23 handled, 23 not, by place" {
	serve
	watch errors -p "$pid" -i 0.3
	attached
	before=$(date +%s)
	tell 'all 23'
	finish
	[ "$(q '[.rows[] | [.what, .place, .errors_total, .unhandled_total]] | sort')" = \
		"[[\"no such file\",\"$TOP/tests/service.c:$(grep -n TELETAP_HERE "$TOP/tests/service.c" | cut -d: -f1)\",23,0],[\"out of range\",\"load\",23,23]]" ]
	[ "$(q "[.rows[].last | sub(\"\\\\.[0-9]*Z\"; \"Z\") | fromdate >= $before - 1] | all")" = true ]
}

@test "a table that is too small: what finds no room is counted" {
	serve
	TELETAP_BPF_ROOM=1 watch counters -p "$pid" -i 0.3
	attached
	tell 'all 23'
	kill -INT "$tap"
	wait "$tap" || true
	page=$(tail -n 1 "$out")
	[ "$(q '[.rows[] | [.name, .events_total]]')" = '[["requests",23]]' ]
	[ "$(q .loss)" = '{"skipped":0,"dropped":0,"table_full":46,"lines":0}' ]
}
