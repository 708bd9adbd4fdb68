#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Page 213 by BPF programs, against getrusage() of the process that collects, as
# tests/live/14-gc-cost.bats.

# shellcheck disable=SC2016,SC2034,SC2154
bats_require_minimum_version 1.5.0
load helper
load bpf

setup_file() { need_python_copy; }

@test "213: faults, forked children and exits; copied pages are unknown, and not 0" {
	teletap watch gc-cost --collector bpf -i 60 -o json -c "$EXE $LIVE/cost.py $dir/known" >"$out"
	last
	known=$(cat "$dir/known")
	echo "$known"
	[ "$(q '.rows[2].forked_runs_total')" -eq 1 ]
	[ "$(q '.rows[2].forked_pause_ns_total > 0')" = true ]
	[ "$(q ".rows[2].faults_total >= $(jq .faults <<<"$known")")" = true ]
	# the parent's end, and not the child's, which left without one
	[ "$(q '.rows[2] | .exit_runs_total >= 1 and .exit_pause_ns_total > 0 and .runs_total == 2 + .exit_runs_total')" = true ]
	[ "$(q "[.rows[3] | .generation, .runs_total, .faults_total >= $(jq .outside <<<"$known")]")" = '[null,null,true]' ]
	[ "$(q '[.rows[] | .copied, .copied_total, .forked_copied, .forked_copied_total] | unique')" = '[null]' ]
	[[ $(q .notes) == *'copied pages are not known by BPF programs'* ]]
}

# The collections' own faults, and those of the whole process, as it says itself.
@test "213: in and outside of collections together: what the kernel says of the process" {
	cat >"$dir/both.py" <<-'EOF2'
		import gc, mmap, resource, sys, threading
		def faults(): return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
		start = faults()
		def touch(pages):
		    m = mmap.mmap(-1, pages * 4096)
		    m.madvise(mmap.MADV_NOHUGEPAGE)
		    for i in range(pages): m[i * 4096] = 1
		class Toucher:
		    def __del__(self): touch(3000)
		gc.disable()
		gc.collect()
		thread = threading.Thread(target=touch, args=(5000,))
		thread.start()
		thread.join()
		t = Toucher()
		t.self = t
		del t
		begun = faults()
		gc.collect()
		known = {"in": faults() - begun, "start": start}
		gc.collect()
		touch(1000)
		import json, os
		f = open(sys.argv[1], "w")
		known["all"] = faults()
		json.dump(known, f)
		f.close()
		os._exit(0)
	EOF2
	teletap watch gc-cost --collector bpf -i 60 -o json -c "$EXE $dir/both.py $dir/known" >"$out"
	last
	cat "$dir/known"
	# from the first collection on, which is one of the interpreter's own before the program begins
	both=$(q '[.rows[].faults_total] | add') all=$(jq .all "$dir/known")
	[ "$both" -ge $((all - $(jq .start "$dir/known"))) ]
	[ "$both" -le $((all + 100)) ]
	[ "$(q ".rows[2].faults_total >= 3000 and .rows[2].faults_total <= $(jq .in "$dir/known") + 500")" = true ]
}

@test "213 -p: not what the process has had before, nor what others have" {
	cat >"$dir/old.py" <<-'EOF2'
		import gc, mmap, os, sys, time
		def touch(pages):
		    m = mmap.mmap(-1, pages * 4096)
		    m.madvise(mmap.MADV_NOHUGEPAGE)
		    for i in range(pages): m[i * 4096] = 1
		gc.disable()
		touch(20000)
		open(sys.argv[1] + "/ready", "w").close()
		while not os.path.exists(sys.argv[1] + "/go"): time.sleep(0.02)
		for i in range(10): gc.collect()
		touch(2000)
		gc.collect()
		open(sys.argv[1] + "/done", "w").close()
		time.sleep(600)
	EOF2
	"$EXE" "$dir/old.py" "$dir" 3>&- &
	pid=$!
	await [ -e "$dir/ready" ]
	watch gc-cost -p "$pid" -i 0.3 --by pid
	attached
	touch "$dir/go"
	await [ -e "$dir/done" ]
	finish
	[ "$(q "[.rows[] | select(.generation == 2 and .pid == $pid).runs_total]")" = '[11]' ]
	[ "$(q '.rows[] | select(.generation == null) | .faults_total >= 2000 and .faults_total < 4000')" = true ]
	await lowered "$pid"
}
