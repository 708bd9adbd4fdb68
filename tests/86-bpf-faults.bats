#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Page 234 by BPF programs, against getrusage, and /proc/PID/statm: as
# tests/live/13-faults.bats.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2128,SC2154,SC2178,SC2317
bats_require_minimum_version 1.5.0
load helper
load bpf

setup_file() {
	need_bpf
}

# Pages of address space and of memory. statm's own count of the latter is rough.
pages() {
	echo "$(cut -d' ' -f1 "/proc/$pid/statm") $(awk '/^Rss:/ { print $2 / 4 }' "/proc/$pid/smaps_rollup")"
}

@test "234: faults and growth by function, of each Python" {
	for python in "${PYTHONS[@]}"; do
		library "$python"
		echo "$python, in $file"
		rm -f "$dir"/{fifo,done,out}
		mkfifo "$dir/fifo"
		file=$(mktemp /var/tmp/faults.XXXXXX) # on a disk
		"$python" "$LIVE/faults.py" run "$dir/fifo" "$dir/done" "$file" 3>&- &
		pid=$!
		exec 7>"$dir/fifo"
		await reads
		before=$(pages)
		watch faults -p "$pid" -i 0.3
		attached
		echo -n x >&7
		await [ -e "$dir/done" ]
		await reads
		after=$(pages)
		finish
		/usr/bin/python3 "$LIVE/faults.py" check "$out" "$dir/done" "$before" "$after"
		exec 7>&-
		wait "$pid"
		rm "$file"
	done
}

@test "234 --by thread: four threads at full speed; their sum is the process's own" {
	cat >"$dir/fast.py" <<-'PY'
		import mmap, os, resource, sys, threading
		SIZE = 1000 * mmap.PAGESIZE
		def touches(n):
		    for _ in range(n):
		        room = mmap.mmap(-1, SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
		        room.madvise(mmap.MADV_NOHUGEPAGE)
		        os.readv(zero, [room])
		        room.close()
		zero = os.open("/dev/zero", os.O_RDONLY)
		threads = [threading.Thread(target=touches, args=(5 + i,)) for i in range(4)]
		for t in threads: t.start()
		for t in threads: t.join()
	PY
	teletap watch faults --collector bpf --by thread -i 60 -o json -c "/usr/bin/python3 $dir/fast.py" >"$out"
	last
	q '.rows[] | select(.function == "touches")'
	[ "$(q '[.rows[] | select(.function == "touches") | .minor_total / 1000 | floor] | sort')" = '[5,6,7,8]' ]
	[ "$(q '[.rows[] | select(.function == "touches") | .mapped_bytes_total] | add >= 26 * 4096000')" = true ]
	# threads can be taken for one another, and what is there in the end is little
	[ "$(q '([.rows[].grown_bytes_total] | add) - ([.rows[].shrunk_bytes_total] | add) | . > 0 and . < 40e6')" = true ]
	TELETAP_BPF_ROOM=3 teletap watch faults --collector bpf -i 60 -o json -c "/usr/bin/python3 $dir/fast.py" >"$out"
	page=$(tail -n 1 "$out")
	[ "$(q '.loss.table_full > 100')" = true ]
}

@test "234: children, one after the other, do not begin with the memory of the one before" {
	cat >"$dir/siblings.py" <<-'PY'
		import mmap, os
		def grows():
		    room = mmap.mmap(-1, 2000 * mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
		    room.madvise(mmap.MADV_NOHUGEPAGE)
		    os.readv(zero, [room])
		    os._exit(0)
		zero = os.open("/dev/zero", os.O_RDONLY)
		for i in range(20):
		    if not os.fork(): grows()
		    os.wait()
	PY
	teletap watch faults --collector bpf -i 60 -o json -c "/usr/bin/python3 -S $dir/siblings.py" >"$out" 3>&-
	last
	q '.rows[] | [.function, .grown_bytes_total, .shrunk_bytes_total, .mapped_bytes_total, .unmapped_bytes_total]'
	# the kernel counts pages by processor first, so a child's figure may begin some behind
	[ "$(q '.rows[] | select(.function == "grows") | [.grown_bytes_total, .mapped_bytes_total] | map(. / 2000 / 4096 / 20 | . > 0.98 and . < 1.3)')" = '[true,true]' ]
	# less than one of them has had
	[ "$(q '[.rows[].shrunk_bytes_total] | add < 2000 * 4096')" = true ]
}

@test "234: SIGKILL leaves nothing; doctor tries it" {
	goes_with_teletap faults 234
}
