#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2030,SC2031,SC2154 # each test has its own PID; $stderr is from run
#
# The markers of processes: teletap probes -p.

bats_require_minimum_version 1.5.0
load helper
load markers

setup_file() {
	markers_setup
}

teardown_file() {
	rm -rf "$D"
}

teardown() {
	[ -z "${PID-}" ] || kill "$PID" || true
}

setup() {
	plain_setup
}

# Starts a command; PID is its number once it runs the program of that name.
start() {
	local name=$1
	shift
	"$@" 3>&- &
	PID=$!
	for _ in {1..100}; do
		[ "$(cat "/proc/$PID/comm")" = "$name" ] && [ "$(cut -d' ' -f3 "/proc/$PID/stat")" = S ] &&
			return
		sleep 0.05
	done
	false
}

# What distinguishes markers, without the file's name.
names_of() {
	python3 -c '
import json, sys
for line in sys.stdin:
	site = json.loads(line)
	print(site["provider"], site["name"], hex(site["pc"]), site["arguments"])'
}

@test "a running program: its own markers and those of its library" {
	need_compiler
	gcc -O2 -o "$D/user" "$SOURCES/prog.c" -L"$D" -ldemo -Wl,-rpath,"$D"
	start user "$D/user" wait
	run teletap probes -o json -p "$PID"
	[ "$status" -eq 0 ]
	[ "$(grep '"demo"' <<<"$output")" = "$(teletap probes -o json -e "$D/user")" ]
	[ "$(grep '"lib"' <<<"$output")" = "$(teletap probes -o json -e "$D/libdemo.so")" ]
	[ "$(grep -c '"name":"twice"' <<<"$output")" -eq 2 ]
}

@test "what else is mapped as code: each file once, devices and others passed over" {
	need_compiler
	gcc -O2 -o "$D/mapper" "$SOURCES/prog.c" "$SOURCES/lib.c"
	start mapper "$D/mapper" "$D/mapper" "$SOURCES/prog.c" /dev/zero
	[ "$(grep -c "x.* $D/mapper$" "/proc/$PID/maps")" -eq 2 ]
	grep "x.* $SOURCES/prog.c" "/proc/$PID/maps"
	grep "x.* /dev/zero" "/proc/$PID/maps"
	run --separate-stderr teletap probes -o json -p "$PID"
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "$(grep mapper <<<"$output")" = "$(teletap probes -o json -e "$D/mapper")" ]
	run teletap probes -v -p "$PID"
	[[ $output == *"teletap: probes: /dev/zero: no regular file"* ]]
	[[ $output == *"teletap: probes: $SOURCES/prog.c: no ELF file: name a program or a library"* ]]
}

@test "a running program that was deleted, or replaced by another" {
	need_compiler
	expected=$(teletap probes -o json -e "$D/prog" | names_of)
	for what in delete replace; do
		cp "$D/prog" "$D/gone"
		start gone "${PLAIN[@]}" "$D/gone" wait
		rm "$D/gone"
		[ "$what" = delete ] || cp "$D/libdemo.so" "$D/gone"
		for how in teletap "${PLAIN[*]} $D/teletap"; do
			read -ra how <<<"$how"
			run "${how[@]}" probes -o json -p "$PID"
			echo "${how[*]} $what: $output"
			[ "$status" -eq 0 ]
			[ "$(grep '"file":"'"$D"'/gone (deleted)"' <<<"$output" | names_of)" = "$expected" ]
		done
		kill "$PID"
		PID=
	done
}

@test "a library that was deleted: root reads it, others are told" {
	need_compiler
	mkdir "$D/old"
	cp "$D/libdemo.so" "$D/old"
	gcc -O2 -o "$D/user2" "$SOURCES/prog.c" -L"$D" -ldemo -Wl,-rpath,"$D/old"
	start user2 "${PLAIN[@]}" "$D/user2" wait
	rm "$D/old/libdemo.so"
	run --separate-stderr "${PLAIN[@]}" "$D/teletap" probes -o json -p "$PID"
	[ "$status" -eq 0 ]
	[ "$(names_of <<<"$output")" = "$(teletap probes -o json -e "$D/user2" | names_of)" ]
	[ "$stderr" = "teletap: probes: $D/old/libdemo.so (deleted): deleted or replaced since process $PID mapped it: run as root to read it nevertheless" ]
	[ "$(id -u)" -eq 0 ] || return 0
	run teletap probes -o json -p "$PID"
	[ "$status" -eq 0 ]
	[ "$(grep '"lib"' <<<"$output" | names_of)" = "$(teletap probes -o json -e "$D/libdemo.so" | names_of)" ]
}

@test "a program in its own mount namespace" {
	need_compiler
	gcc -O2 -o "$D/user3" "$SOURCES/prog.c" -L"$D" -ldemo -Wl,-rpath,"$D/inside"
	mkdir "$D/inside"
	unshare --user --map-root-user --mount true || skip "needs user namespaces"
	# shellcheck disable=SC2016
	start user3 "${PLAIN[@]}" unshare --user --map-root-user --mount sh -c '
		mount -t tmpfs none "$D/inside" && cp "$D/libdemo.so" "$D/user3" "$D/inside" &&
		exec "$D/inside/user3" wait'
	[ ! -e "$D/inside/user3" ]
	for how in teletap "${PLAIN[*]} $D/teletap"; do
		read -ra how <<<"$how"
		run --separate-stderr "${how[@]}" probes -o json -p "$PID"
		echo "${how[*]}: $output $stderr"
		[ "$status" -eq 0 ]
		[ "$(names_of <<<"$output" | sort)" = "$(teletap probes -o json -e "$D/user3" -e "$D/libdemo.so" |
			names_of | sort)" ]
		[ "$stderr" = "" ]
	done
}

@test "a program in a chroot" {
	need_compiler
	gcc -O2 -static -o "$D/static" "$SOURCES/prog.c" "$SOURCES/lib.c" || skip "needs a static libc"
	mkdir "$D/root"
	mv "$D/static" "$D/root"
	if [ "$(id -u)" -eq 0 ]; then
		start static chroot --userspec=65534:65534 "$D/root" /static wait
	else
		start static unshare --user --map-root-user chroot "$D/root" /static wait
	fi
	run "${PLAIN[@]}" "$D/teletap" probes -o json -p "$PID"
	[ "$status" -eq 0 ]
	[ "$output" = "$(teletap probes -o json -e "$D/root/static")" ]
}

@test "a process that is not there, may not be looked at, or has no markers" {
	run teletap probes -p 2147483647
	[ "$status" -eq 3 ]
	[ "$output" = "teletap: probes: no process 2147483647: check the number with ps" ]
	run "${PLAIN[@]}" "$D/teletap" probes -p 1
	[ "$status" -eq 3 ]
	[ "$output" = "teletap: probes: process 1: Permission denied: run as root, or as the user it runs as" ]
	start sleep sleep 60
	run teletap probes -p "$PID"
	[[ $status -eq 1 && $output =~ ^"teletap: probes: process $PID: no markers in the "[0-9]+" files it runs: look for a build that has them"$ ||
		$status -eq 0 && $output != *sleep* ]]
	kill "$PID"
	PID=
}

@test "a process whose first thread has ended" {
	need_python
	"$python" -c 'import ctypes, threading, time
threading.Thread(target=time.sleep, args=(60,)).start()
ctypes.CDLL(None).syscall(60, 0)' 3>&- &
	PID=$!
	for _ in {1..100}; do
		[ "$(cut -d' ' -f3 "/proc/$PID/stat")" = Z ] && break
		sleep 0.05
	done
	[ -z "$(cat "/proc/$PID/maps")" ]
	run -0 teletap probes -p "$PID"
	[[ $output == *gc__start* ]]
	kill -9 "$PID"
}

@test "a process that maps 500 files of 64 MB of notes: read in part, and this is said" {
	/usr/bin/python3 - "$D" 3>&- <<-'EOF' &
		import mmap, struct, sys, time
		head = (b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 0, 64, 0, 64,
		        56, 0, 64, 2, 0) + bytes(64)
		        + struct.pack("<IIQQQQIIQQ", 0, 7, 0, 0, 4096, (1 << 26) - 8192, 0, 0, 4, 0))
		keep = []
		for i in range(500):
		    with open("%s/notes%d" % (sys.argv[1], i), "w+b") as f:
		        f.write(head)
		        f.truncate(1 << 26)
		        keep.append(mmap.mmap(f.fileno(), 4096, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_EXEC))
		open(sys.argv[1] + "/notes", "w")
		time.sleep(600)
	EOF
	PID=$!
	for _ in {1..200}; do [ -e "$D/notes" ] && break; sleep 0.05; done
	run --separate-stderr timeout 20 teletap probes -p "$PID"
	[ "$status" -ne 124 ]
	[ "$(grep -c 'more notes than are read of one process' <<<"$stderr")" -gt 490 ]
	run -3 --separate-stderr timeout 20 teletap watch gc -p "$PID" --collector stap
	run -0 --separate-stderr timeout 20 teletap watch gc -p "$PID" --collector memory -i 0.1 -n 1 -o json
	[ "$(jq -r .collector <<<"$output")" = memory ]
	kill -9 "$PID"
}
