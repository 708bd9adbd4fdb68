#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Page 224 of what is not a plain process: greenlets, a fork of a program with threads, a process
# that ends meanwhile, one that may not be read, one that has 32 bits.

# shellcheck disable=SC2030,SC2031,SC2154 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper
load memory

teardown() {
	stop
}

# What a program says of its own frames, [[function, line], ...], and then stands in a call.
stands() {
	cat <<-'PY'
		import json, os, sys, threading, time
		def stands(ready=False):
		    frame, frames = sys._getframe(1), []
		    while frame:
		        frames.append([frame.f_code.co_name, frame.f_lineno])
		        frame = frame.f_back
		    ready and print("ready", flush=True)
		    print(json.dumps(frames), flush=True)
		    time.sleep(3600)
	PY
}

# same_stack PID: the innermost frame but one of its first thread, and those above, are what it said.
same_stack() {
	read -r -t 60 -u 6 truth
	until read -r call _ <"/proc/$1/syscall" && [ "$call" = 230 ]; do # clock_nanosleep
		[ -d "/proc/$1" ]
		sleep 0.1
	done
	run -0 --separate-stderr teletap watch threads -p "$1" -o json
	echo "$truth: $output"
	[ "$(jq -c '[.rows[0].stack[1:][] | [(.function | split(".")[-1]), .line]]' <<<"$output")" = "$(jq -c . <<<"$truth")" ]
}

@test "greenlets: the stack of the running one, not those that were left" {
	begin /usr/bin/python3.11 -c "$(stands)
from greenlet import greenlet
def left():
    main.switch()
def runs(n):
    return stands(True) if not n else runs(n - 1)
main = greenlet.getcurrent()
def begun():
    other = greenlet(left)
    other.switch()
    greenlet(runs).switch(3)
begun()"
	same_stack "$pid"
	[ "$(jq length <<<"$truth")" = 4 ]
}

@test "a fork of a program with threads: the thread that forked, and no other" {
	begin /usr/bin/python3 -c "$(stands)
print('ready', flush=True)
for _ in range(5): threading.Thread(target=time.sleep, args=(3600,)).start()
def forks():
    child = os.fork()
    if not child:
        print(os.getpid(), flush=True)
        stands()
    os.waitpid(child, 0)
threading.Thread(target=forks).start()"
	read -r -t 60 -u 6 child
	same_stack "$child"
	[ "$(jq -c '[(.rows | length), .rows[0].stack[1].function]' <<<"$output")" = '[1,"forks"]' ]
	kill -9 "$child"
}

@test "a process that ends meanwhile: the pages end, with no error" {
	begin /usr/bin/python3 "$TOP/tests/memory.py" equal 20
	mkfifo "$BATS_TEST_TMPDIR/pages"
	teletap watch threads -p "$pid" -i 0.1 -o json >"$BATS_TEST_TMPDIR/pages" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	watch=$!
	exec 7<"$BATS_TEST_TMPDIR/pages"
	for _ in 1 2 3; do read -r -t 60 -u 7 page; done
	kill -9 "$pid"
	while read -r -t 60 -u 7 line; do page=$line; done
	wait "$watch"
	jq -e '.last' <<<"$page"
	cat "$BATS_TEST_TMPDIR/err"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/err")" -le 1 ]
	refused teletap watch threads -p "$pid"
}

# scope NUMBER COMMAND...: where kernel.yama.ptrace_scope says that, and no memory may be read.
scope() {
	# shellcheck disable=SC2016 # a script of its own
	LD_PRELOAD=$BATS_TEST_TMPDIR/denied.so ASAN_OPTIONS=verify_asan_link_order=0 unshare --mount bash -c '
		mount -t tmpfs none /proc/sys/kernel && mkdir /proc/sys/kernel/yama &&
			echo "$0" >/proc/sys/kernel/yama/ptrace_scope && exec "$@"' "$@"
}

@test "memory that may not be read: refused, with the value of kernel.yama.ptrace_scope" {
	need_root
	gcc -w -shared -fPIC -x c -o "$BATS_TEST_TMPDIR/denied.so" - <<-'EOF'
		#include <errno.h>
		long process_vm_readv(void) { errno = EPERM; return -1; }
	EOF
	begin /usr/bin/python3 "$TOP/tests/memory.py" equal 1
	refused scope 0 teletap watch threads -p "$pid"
	[[ $stderr == *"process $pid: its memory may not be read (kernel.yama.ptrace_scope is 0): this root lacks capabilities: run it on the host itself" ]]
	refused scope 1 teletap watch threads -p "$pid"
	[[ $stderr == *"process $pid: its memory may not be read (kernel.yama.ptrace_scope is 1): this root lacks capabilities: run it on the host itself" ]]
	refused scope 3 teletap watch threads -p "$pid"
	[[ $stderr == *"(kernel.yama.ptrace_scope is 3): this host lets no program do that" ]]
}

@test "a program of 32 bits: refused" {
	# shellcheck disable=SC2016 # C
	gcc -m32 -nostdlib -static -x c -o "$BATS_TEST_TMPDIR/narrow" - <<<'void _start(void) { for (;;) __asm__ volatile("int $0x80" : : "a"(29)); }' # pause
	# Some machines run no such program: there one of 64 bits has its code.
	gcc -static -x c -o "$BATS_TEST_TMPDIR/wide" - <<-'EOF'
		#include <fcntl.h>
		#include <sys/mman.h>
		#include <unistd.h>
		int main(int argc, char **argv) {
		    execv(argv[1], argv + 1);
		    mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, open(argv[1], O_RDONLY), 0);
		    return argc + pause();
		}
	EOF
	"$BATS_TEST_TMPDIR/wide" "$BATS_TEST_TMPDIR/narrow" 3>&- &
	pid=$!
	for _ in {1..100}; do
		if grep -q /narrow "/proc/$pid/maps"; then break; fi
		sleep 0.1
	done
	refused teletap watch threads -p "$pid"
	[[ $stderr == *"process $pid is a program of 32 bits: only those of 64 can be read" ]]
}
