#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pages 260 and 261 by BPF programs, on this host's own kernel: markers that PostgreSQL and the C
# library carry. Debian 12's C library carries none, and PostgreSQL need not be installed: a program
# (provided.c) with markers of the same names and arguments stands in for both.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load helper
load bpf
load postgres

setup_file() {
	need_bpf
	need_uprobes
	export PROVIDED=$BATS_FILE_TMPDIR/provided
	gcc -O2 -o "$PROVIDED" "$TOP/tests/provided.c"
}

# stand_in: the program, which does what it is told, a command a line; sets $pid.
stand_in() {
	mkfifo "$dir/commands"
	"$PROVIDED" <"$dir/commands" >"$dir/said" 3>&- &
	pid=$!
	exec 7>"$dir/commands"
}

tell() { printf '%s\n' "$@" >&7; }
said() { await grep -qx "$1" "$dir/said"; }

# events: of page 261, what and how many and how much
events() { q '[.rows[] | [.what, .events_total, .bytes_total]] | sort'; }

# operations: of page 260, of each what ended, failed, is open
operations() { q '[.rows[] | [.operation, .ended_total, .failed_total, .open]] | sort'; }

@test "260: each operation, its time, what failed, what is open, and backends at once" {
	stand_in
	tell 'query__start 0' 'say 1'
	said 'said 1'
	watch postgres -p "$pid" -i 1
	attached
	# one under way, whose beginning nobody has seen
	tell 'query__done 0'
	for i in {1..23}; do tell 'query__start 0' 'query__parse__start 0' 'query__parse__done 0' 'query__done 0'; done
	for i in {1..5}; do
		tell 'transaction__start 0' 'query__plan__start 0' 'query__plan__done 0' 'transaction__commit 0' \
			'transaction__start 0' 'transaction__abort 0'
	done
	tell 'lock__wait__start 0' 'sleep 300' 'lock__wait__done 0'
	for i in {1..3}; do tell 'lwlock__wait__start 0' 'lwlock__wait__done 0'; done
	# of another backend, which has one open at the same time, and ends in the midst of one
	tell 'checkpoint__start 0' 'fork 0' 'checkpoint__start 0' 'checkpoint__done 0' 'query__start 0' 'exit 0'
	said 'reaped 0'
	tell 'checkpoint__done 0' 'query__start 0' 'query__start 0' 'say 2'
	said 'said 2'
	finish
	[ "$(operations)" = '[["checkpoint",2,0,0],["lock wait",1,0,0],["lwlock wait",3,0,0],["parse",23,0,0],["plan",5,0,0],["query",23,1,1],["transaction",10,5,0]]' ]
	[ "$(q '.rows[] | select(.operation == "lock wait").time_ns_total.total | . >= 300000000 and . < 2000000000')" = true ]
	q .notes | grep 'before they were watched, or never: 1"'
	q .notes | grep 'since their process has ended: 1"'
	await lowered "$pid"
	exec 7>&-
	wait "$pid"
}

@test "261: each event, and its bytes" {
	stand_in
	tell 'memory_heap_new 1000' 'say 1'
	said 'said 1'
	watch glibc -e "$PROVIDED" -i 1
	attached
	tell 'lll_lock_wait 0' 'lll_lock_wait_private 0' 'lll_lock_wait 0' 'memory_arena_new 0' 'memory_arena_reuse 0' \
		'memory_arena_reuse 0' 'memory_arena_reuse_free_list 0' 'memory_arena_retry 0' 'memory_heap_new 135168' \
		'memory_heap_new 4096' 'memory_heap_free 4096' 'memory_sbrk_more 5000000000' 'memory_sbrk_more 1' \
		'memory_sbrk_less 8192' 'say 2'
	said 'said 2'
	finish
	[ "$(events)" = '[["arena full, another tried",1,0],["arena made",1,0],["arena shared",2,0],["arena taken over",1,0],["contended lock",3,0],["heap freed",1,4096],["heap made",2,139264],["main heap grown",2,5000000001],["main heap shrunk",1,8192]]' ]
	[ "$(q .notes)" = '[]' ]
	exec 7>&-
	wait "$pid"
}

@test "doctor tries them; SIGKILL leaves nothing" {
	stand_in
	run -0 --separate-stderr teletap doctor -p "$pid" -o json
	[ "$(jq -c '[.pages[] | select(.page | IN(260, 261)).collectors[] | select(.name == "bpf").works]' <<<"$output")" = '[true,true]' ]
	watch postgres -p "$pid" -i 0.3
	attached
	[ "$("$LIVE/semaphores" "$pid")" -gt 0 ]
	kill -KILL "$tap"
	await lowered "$pid"
	tell 'query__start 0' 'query__done 0' 'say 1'
	said 'said 1'
	exec 7>&-
	wait "$pid"
}

# Where there is a PostgreSQL with markers.
for bin in /usr/lib/postgresql/*/bin; do
	if readelf -n "$bin/postgres" 2>/dev/null | grep -q 'Name: query__start'; then
		POSTGRES=$bin
	fi
done
if [ -n "${POSTGRES-}" ]; then
	@test "260: a PostgreSQL that is told what to do, exactly" {
		postgres_serve "$POSTGRES"
		watch postgres -p "$pid" -i 1
		attached
		postgres_work
		finish
		postgres_figures
		await lowered "$pid"
		postgres_end
	}
fi

# The C library of the lab's tree carries markers, where that has been made.
TREE=${TELETAP_LAB_TREE:-$TOP/build/lab/tree}
if [ -e "$TREE/usr/lib/x86_64-linux-gnu/libc.so.6" ]; then
	@test "261: the heap grows by what sbrk says, arenas, and locks that were not free" {
		local library=$TREE/usr/lib/x86_64-linux-gnu grown

		gcc -D_GNU_SOURCE -O2 -I"$TOP/include" -o "$dir/service" "$TOP/tests/service.c" -pthread
		mkfifo "$dir/commands"
		"$library/ld-linux-x86-64.so.2" --library-path "$library" "$dir/service" \
			<"$dir/commands" >"$dir/said" 3>&- &
		pid=$!
		exec 7>"$dir/commands"
		said ready
		watch glibc -p "$pid" -i 1
		attached
		echo 'heap 500' >&7
		said 'done'
		grown=$(sed -n 's/^grown //p' "$dir/said")
		[ "$grown" -gt 4000000 ]
		for command in 'arenas 4' 'fight 3 300'; do
			: >"$dir/said"
			echo "$command" >&7
			await grep -aq 'done' "$dir/said"
		done
		finish
		[ "$(q '.rows[] | select(.what == "main heap grown").bytes_total')" = "$grown" ]
		[ "$(q '[.rows[] | select(.what | startswith("arena ")).events_total] | add >= 4')" = true ]
		[ "$(q '.rows[] | select(.what == "arena made").events_total <= 4')" = true ]
		[ "$(q '.rows[] | select(.what == "contended lock").events_total > 50')" = true ]
		kill -0 "$pid"
		exec 7>&-
		wait "$pid"
	}
fi
