#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# teletap build: what it compiles, what it waits for, and what it refuses to write.

# shellcheck disable=SC2030,SC2031,SC2154 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper
load pack

# A compiler that says when it begins and ends. The first module of a kernel takes until the other
# kernel's has begun, if there is one.
@test "build: what stap finds out about a kernel, one module waits for another to find out" {
	[ "$(nproc)" -gt 1 ] || skip "one processor: nothing is compiled at once"
	mkdir "$BATS_TEST_TMPDIR/bin"
	cat >"$BATS_TEST_TMPDIR/bin/stap" <<-'EOF2'
		#!/bin/bash
		[ "$1" = -p4 ] || exec echo 'Systemtap translator/driver (version 5.6/0.196)'
		while [ $# -gt 0 ]; do
			case $1 in
			-r) release=$2 ;;
			-m) name=$2 ;;
			esac
			shift
		done
		module=${name#teletap_} module=${module%_*}
		echo "begin $module $release" >>"$STUB_LOG"
		[ $module != gc ] || for _ in {1..300}; do
			[ "$(grep -c "begin gc" "$STUB_LOG")" -lt "$KERNELS" ] || break
			sleep 0.1
		done
		# the others take until both have begun
		[ $module = gc ] || [ "$KERNELS" = 2 ] || for _ in {1..300}; do
			[ "$(grep -cE 'begin (faults|syscalls)' "$STUB_LOG")" -lt 2 ] || break
			sleep 0.1
		done
		sleep 0.2
		echo module >"$name.ko"
		echo "end $module $release" >>"$STUB_LOG"
	EOF2
	chmod 755 "$BATS_TEST_TMPDIR/bin/stap"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
	KERNELS=1 run -0 teletap build gc syscalls faults -e "$EXE" -k one -d "$BATS_TEST_TMPDIR/new"
	run -0 sed 's/ one$//' "$STUB_LOG"
	[ "${lines[*]:0:2}" = 'begin gc end gc' ]
	[ "$(printf '%s\n' "${lines[@]:2:2}" | sort | xargs)" = 'begin faults begin syscalls' ]

	rm "$STUB_LOG"
	KERNELS=2 run -0 teletap build gc syscalls -e "$EXE" -k one -k two -d "$BATS_TEST_TMPDIR/newer"
	run -0 head -n 2 "$STUB_LOG"
	[[ $output == 'begin gc '*'begin gc '* ]]
	for release in one two; do
		run -0 sed -n "s/ $release$//p" "$STUB_LOG"
		[ "${lines[*]}" = 'begin gc end gc begin syscalls end syscalls' ]
	done
}

# SystemTap then takes a variable of the program that is called arg1.
@test "build: an argument that SystemTap cannot read is refused, with its marker" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	cat >"$BATS_TEST_TMPDIR/bin/stap" <<-'EOF2'
		#!/bin/sh
		[ "$1" = -p4 ] || exec echo 'Systemtap translator/driver (version 5.6/0.196)'
		while [ "$1" != -m ]; do shift; done
		echo "WARNING: Can't parse SDT_V3 operand '$OPERAND' [man error::sdt]: identifier '\$arg1'" >&2
		echo module >"$2.ko"
	EOF2
	chmod 755 "$BATS_TEST_TMPDIR/bin/stap"
	OPERAND=$(teletap probes -e "$EXE" -o json |
		jq -r 'select(.provider == "python" and .name == "gc__start").arguments' | head -n 1)
	export OPERAND=${OPERAND#*@}
	PATH=$BATS_TEST_TMPDIR/bin:$PATH run teletap build gc -e "$EXE" -k one -d "$BATS_TEST_TMPDIR/new"
	[ "$status" = 3 ]
	[[ $output == *"$EXE: SystemTap cannot read the argument $OPERAND of the marker python:gc__"*", which the module gc needs: "* ]]
	[ -z "$(find "$BATS_TEST_TMPDIR/new" -name '*.ko')" ]
}

@test "build: a path that is no UTF-8, whoever may write, a damaged manifest" {
	odd=$BATS_TEST_TMPDIR/caf$'\xe9'
	mkdir "$odd"
	cp "$EXE" "$odd/python3.11"
	EXE=$odd/python3.11 build
	[ "$status" = 0 ]
	[ "$(manifest path)" = "$BATS_TEST_TMPDIR/caf\\xe9/python3.11" ]
	EXE=$odd/python3.11 build
	[ "$output" = 'all modules are ready' ]

	rm -r "$pack"
	umask 000
	build
	umask 022
	[ "$status" = 0 ]
	[ "$(stat -c %a "$pack/manifest.json")" = 644 ]
	build
	[ "$output" = 'all modules are ready' ]

	for content in '' '{"format": 2' '{"format": 2, "modules": 5}' '{"format": 1, "modules": []}'; do
		echo "$content" >"$pack/manifest.json"
		build
		[ "$status" = 0 ]
		[ "$(manifest sha256)" = "$(sha256sum <"$ko" | cut -d' ' -f1)" ]
	done
}

@test "build: what is in the way is said before anything is compiled" {
	printf '#!/bin/sh\ntouch "%s/compiled"\n' "$BATS_TEST_TMPDIR" >"$BATS_TEST_TMPDIR/stap"
	chmod 755 "$BATS_TEST_TMPDIR/stap"
	PATH=$BATS_TEST_TMPDIR:$PATH
	mkdir -m 777 "$BATS_TEST_TMPDIR/open"
	run -3 --separate-stderr teletap build gc -e "$EXE" -d "$BATS_TEST_TMPDIR/open"
	[[ $stderr == *"$BATS_TEST_TMPDIR/open can be written by others"* ]]
	ln -s /run "$BATS_TEST_TMPDIR/run"
	for folder in /run /boot "$BATS_TEST_TMPDIR/run"; do
		TMPDIR=$folder run -3 --separate-stderr teletap build gc -e "$EXE" -d "$BATS_TEST_TMPDIR/new"
		[[ $stderr == *"TMPDIR $folder: nothing can be compiled below /run or /boot: name another folder"* ]]
	done
	TMPDIR=nowhere run -3 --separate-stderr teletap build gc -e "$EXE" -d "$BATS_TEST_TMPDIR/new"
	[[ $stderr == *"TMPDIR nowhere: No such file or directory: name a folder that is there"* ]]
	[ ! -e "$BATS_TEST_TMPDIR/compiled" ]
	cd "$BATS_TEST_TMPDIR"
	mkdir below
	TMPDIR=below build
	[ "$status" = 0 ]
	[ -z "$(ls below)" ]
}

@test "build: what the running kernel would refuse is not compiled" {
	need_uprobes
	printf '#!/bin/sh\ntouch "%s/compiled"\n' "$BATS_TEST_TMPDIR" >"$BATS_TEST_TMPDIR/stap"
	chmod 755 "$BATS_TEST_TMPDIR/stap"
	"$TOP/tests/forge" "$EXE" "$BATS_TEST_TMPDIR/forged" refused
	PYTHONHOME=/usr "$BATS_TEST_TMPDIR/forged" -c 'import time; time.sleep(60)' 3>&- &
	pid=$!
	until readlink "/proc/$pid/exe" | grep -q forged; do sleep 0.1; done
	sleep 1
	PATH=$BATS_TEST_TMPDIR:$PATH run -3 --separate-stderr teletap build gc -p "$pid" -d "$BATS_TEST_TMPDIR/new"
	echo "$stderr"
	kill "$pid"
	[ ! -e "$BATS_TEST_TMPDIR/compiled" ]
	[ ! -e "$BATS_TEST_TMPDIR/new" ]
}

@test "build: into a folder of somebody else, or over what he has laid there, nothing is written" {
	build
	for folder in "$pack" "$pack/$(uname -r)" "${ko%/*/*}" "${ko%/*}"; do
		rm -r "$pack"
		mkdir -p "${ko%/*}"
		chown 65534 "$folder"
		build
		[ "$status" = 3 ]
		[[ $stderr == *"$folder belongs to user 65534"* ]]
		[ -z "$(find "$pack" -type f)" ]
	done
	rm -r "$pack"
	mkdir "$pack"
	ln -s "$BATS_TEST_TMPDIR/prey" "$pack/.lock"
	build
	[ "$status" = 3 ]
	[ ! -e "$BATS_TEST_TMPDIR/prey" ]
}

@test "build: a module is compiled again when a header of the tapsets has changed" {
	mkdir -p "$BATS_TEST_TMPDIR/own/"{bin,share/teletap}
	cp "$BUILD/bin/teletap" "$BATS_TEST_TMPDIR/own/bin"
	cp -r "$TOP/"{stp,tapsets} "$BATS_TEST_TMPDIR/own/share/teletap"
	BUILD=$BATS_TEST_TMPDIR/own
	PATH=$BUILD/bin:$PATH
	build
	[[ $output == *': built,'* ]]
	build
	[[ $output != *': built,'* ]]
	echo >>"$BUILD/share/teletap/tapsets/teletap_name.h"
	build
	[[ $output == *': built,'* ]]
}

# The compiler has a /run of its own, and another current folder.
@test "build: TMPDIR is relative, below /run, or not there" {
	cd "$BATS_TEST_TMPDIR"
	mkdir here
	TMPDIR=here build
	[ "$status" -eq 0 ]
	[ -s "$ko" ]
	[ -z "$(ls here)" ]
	rm -r "$pack"
	ln -s /run/teletap-tmp here/link
	mkdir -p /run/teletap-tmp
	for folder in /run/teletap-tmp here/link; do
		TMPDIR=$folder build
		[ "$status" -ne 0 ]
		[ ! -e "$ko" ]
		[[ $stderr == *"TMPDIR $folder: nothing can be compiled below /run or /boot: name another folder"* ]]
	done
	rmdir /run/teletap-tmp
	TMPDIR=$BATS_TEST_TMPDIR/none build
	[[ $stderr == *"TMPDIR $BATS_TEST_TMPDIR/none: No such file or directory: name a folder that is there"* ]]
}

# Then the kernel tells nobody that a child has ended.
@test "build: started by somebody who ignores SIGCHLD" {
	build # makes the compiler
	rm -r "$pack"
	run -0 timeout 20 /usr/bin/python3 - "$BATS_TEST_TMPDIR/bin:$PATH" "$EXE" "$pack" <<-'EOF2'
		import os, signal, sys
		signal.signal(signal.SIGCHLD, signal.SIG_IGN)
		os.environ["PATH"] = sys.argv[1]
		os.execvp("teletap", ["teletap", "build", "gc", "-e", sys.argv[2], "-d", sys.argv[3]])
	EOF2
	[[ $output == *": built, "* ]]
}
