#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Page 231 by BPF programs, against the program's own audit hook, as tests/live/12-audit.bats.

# shellcheck disable=SC2016,SC2034,SC2154
bats_require_minimum_version 1.5.0
load helper
load bpf

setup_file() { need_python_copy; }

# has EVENT ROW: whether the page has "[count, function, argument]" of it
has() {
	q ".rows[] | select(.kind == \"argument\" and .event == \"$1\") | [.events_total, .function, .argument]" |
		grep -Fx -- "$2" || { q ".rows[] | select(.event == \"$1\")"; return 1; }
}

@test "231: as many events as the program's hook counts, with their arguments" {
	mkfifo "$dir/fifo"
	LC_ALL=C.UTF-8 "$EXE" "$LIVE/audit.py" "$dir/fifo" "$dir/result" >"$dir/said" 2>&1 3>&- </dev/null &
	pid=$!
	exec 7>"$dir/fifo"
	await [ -e "$dir/result.tmp" ]
	watch audit -p "$pid" -i 0.3
	attached
	echo -n x >&7
	await [ -s "$dir/result.tmp" ]
	finish
	diff <(jq -S . "$dir/result.tmp") \
		<(q '[.rows[] | select(.kind == "event") | {(.event): .events_total}] | add' | jq -S .)
	has open "[5,\"known_opener\",\"$dir/plain, w\"]"
	has open "[1,\"known_opener\",\"$dir/été 文\\t\\\\, w\"]"
	has open "[1,\"known_opener\",\"$dir/by_bytes, r+\"]"
	[[ $(q '.rows[] | select(.event == "open").argument') == *"\"$dir/llllllll"*'lll..."'* ]]
	has socket.connect '[1,"known_connecter","127.0.0.1:9"]'
	has socket.connect '[1,"known_connecter","/nowhere"]'
	has subprocess.Popen '[1,"_execute_child","/bin/true one two words"]'
	has subprocess.Popen '[1,"_execute_child","/bin/sh -c exit 0"]'
	has os.system '[1,"known_starter","exit 0"]'
	has os.exec '[1,"known_starter","renamed argument"]'
	has import '[1,"<module>","colorsys"]'
	has import '[1,"known_auditor","<NoneType>"]'
	has import '[1,"known_auditor","-5"]'
	has socket.connect '[1,"known_auditor","-7"]'
	await lowered "$pid"
	exec 7>&-
}

@test "231: arguments of each Python that has markers" {
	local lab=${TELETAP_LAB_TREE:-$TOP/build/lab/tree} version

	# pyenv's Pythons carry no markers; those of the lab's tree do, where it has been made
	cat >"$dir/enter" <<-'EOF2'
		#!/bin/bash
		mount --bind "$1" "$2" && mount --bind "$(dirname "$0")" "$2/tmp" && exec chroot "$2" "$3" -S /tmp/arguments.py
	EOF2
	chmod +x "$dir/enter"
	cat >"$dir/arguments.py" <<-'EOF2'
		import sys
		def known():
		    sys.audit("subprocess.Popen", "x", ["文字", b"raw", -5, 1 << 40, 1 << 70, None, "\xe9"])
		    sys.audit("os.exec", "x", tuple(str(i) for i in range(40)))
		    sys.audit("open", "path", None, 1)
		known()
	EOF2
	for version in 3.9 3.11 3.13 3.14 3.15; do
		if [ "$version" = 3.11 ]; then
			teletap watch audit --collector bpf -i 60 -o json -c "$EXE $dir/arguments.py" >"$out"
		elif [ -x "$lab/usr/bin/python$version" ]; then
			mkdir "$dir/root$version"
			teletap watch audit --collector bpf -i 60 -o json -e "$lab/usr/bin/python$version" \
				-c "unshare --mount $dir/enter $lab $dir/root$version python$version" >"$out"
		else
			continue
		fi
		echo "$version"
		# What the start of later ones passes may lie where no memory has been yet: that is counted.
		page=$(tail -n 1 "$out")
		[ "$version" != 3.11 ] || last
		[ "$(q '[.collector, .last, (.loss | .skipped < 10 and .dropped + .table_full == 0)]')" = '["bpf",true,true]' ]
		has subprocess.Popen '[1,"known","文字 raw -5 1099511627776 <int> <NoneType> é"]'
		has os.exec "[1,\"known\",\"$(seq -s ' ' 0 31)...\"]"
		has open '[1,"known","path, w"]'
	done
}

@test "231: 8 threads lose none, and a table that is too small is counted" {
	cat >"$dir/threads.py" <<-'EOF2'
		import sys, threading
		def work():
		    for i in range(5000): sys.audit("mine", i)
		threads = [threading.Thread(target=work) for i in range(8)]
		for t in threads: t.start()
		for t in threads: t.join()
		for i in range(50): sys.audit("open", str(i), "w", 0)
	EOF2
	teletap watch audit --collector bpf -i 60 -o json --by thread -c "$EXE -S $dir/threads.py" >"$out"
	last
	[ "$(q '[.rows[] | select(.event == "mine") | .events_total]')" = '[5000,5000,5000,5000,5000,5000,5000,5000]' ]
	TELETAP_BPF_ROOM=40 teletap watch audit --collector bpf -i 60 -o json -c "$EXE -S $dir/threads.py" >"$out"
	page=$(tail -n 1 "$out")
	[ "$(q '[.rows[] | select(.kind == "argument")] | length')" -eq 40 ]
	[ "$(q '.loss.table_full > 0')" = true ]
}
