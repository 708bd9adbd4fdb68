#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The pure stages are pure: no file, no process, no socket, no ELF, no clock. So a
# page can be tested, fuzzed and replayed with no kernel and no root.

bats_require_minimum_version 1.5.0
load helper

setup() {
	cd "$TOP/wrapper" || return
	PURE=(base/fail collect/ring collect/ring_lines)
	for file in {model,pages,render}/*.c; do PURE+=("${file%.c}"); done
}

@test "their headers are their own and the plain ones of C" {
	for name in "${PURE[@]}"; do
		run gcc -MM -I. "$name.c"
		[ "$status" -eq 0 ]
		own=$(tr -d '\\\n' <<<"${output#*:}")
		echo "$name: $own"
		for file in $own; do
			[[ $file == model/*.@(h|def) || " ${PURE[*]/%/.c} ${PURE[*]/%/.h} pages/page_state.h render/render.h " == *" $file "* ]]
		done
	done
	system=$(for name in "${PURE[@]}" render/render; do
		cat "$name".[ch] 2>/dev/null
	done | sed -n 's/^#include <\(.*\)>/\1/p' | sort -u)
	[[ $system == *string.h* && $system == *stdint.h* ]]
	run comm -23 - <(printf '%s\n' errno.h fnmatch.h inttypes.h jansson.h math.h stdarg.h stdbool.h stddef.h \
		stdint.h stdio.h stdlib.h string.h time.h | sort) <<<"$system"
	echo "$output"
	[ -z "$output" ]
}

@test "through other headers, too, they see no socket, process or ELF" {
	for name in "${PURE[@]}"; do
		run gcc -M -I. -std=c17 -D_GNU_SOURCE "$name.c"
		[ "$status" -eq 0 ]
		run grep -oE '/(unistd|fcntl|signal|poll|dirent|elf|gelf|libelf|dwarf|sched|pthread|spawn|netdb|sys/(socket|wait|ptrace|stat|mman|ioctl|syscall|un|prctl)|netinet/[a-z]*|arpa/[a-z]*)\.h' <<<"$output"
		echo "$name: $output"
		[ -z "$output" ]
	done
}

@test "their objects call nothing of the kind, and read no clock" {
	for name in "${PURE[@]}"; do
		run nm -u "$BUILD/obj/$name.o"
		[ "$status" -eq 0 ]
		[[ $name == @(model/histogram|model/utf8|pages/status_limits|pages/stacks_svg_script|render/openmetrics_metrics) || $output == *" U "* ]]
		run grep -E ' U (__)?(socket|connect|bind|listen|accept4?|send(to|msg)?|recv(from|msg)?|v?fork|clone3?|exec[lv]p?e?|fexecve|posix_spawnp?|system|p?open(at|_2|at2)?(64)?(_2)?|f(d|re)?open(64)?|p?read(64)?(_chk)?|p?write(64)?|close|ioctl|syscall|kill|raise|wait(pid|id|3|4)?|v?printf(_chk)?|puts|putchar|perror|std(in|out|err)|getenv|secure_getenv|setenv|_?exit|abort|atexit|time|gettimeofday|clock(_gettime)?|localtime(_r)?|tzset|mktime|isatty|tcgetattr|signal|sigaction|pthread_[a-z_]*|dlopen|elf_[a-z_]*|gelf_[a-z_]*)(@.*)?$' <<<"$output"
		echo "$name: $output"
		[ -z "$output" ]
	done
}

@test "they keep nothing between two calls" {
	for name in "${PURE[@]}"; do
		run nm "$BUILD/obj/$name.o"
		[ "$status" -eq 0 ]
		run grep -E ' [bBC] [^_]' <<<"$output"
		echo "$name: $output"
		[ -z "$output" ]
	done
}
