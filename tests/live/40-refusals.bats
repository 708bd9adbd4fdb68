#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What cannot work is said in one line: what is wrong, and what to do next.

bats_require_minimum_version 1.5.0
load helper

refused() {
	run -3 --separate-stderr "$@"
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" = 1 ]
	echo "$stderr"
}

# bats test_tags=full
@test "no such process" {
	refused teletap watch gc -p 4194303
	[[ "$stderr" == *"no process 4194303"* ]]
	expect_clean
}

# bats test_tags=full
@test "a shell has no markers" {
	refused teletap watch gc -p $$
	[[ "$stderr" == *"has no markers of python"* ]]
	expect_clean
}

# bats test_tags=full
@test "a Python built without markers" {
	bare=$BATS_TEST_TMPDIR/python-bare
	objcopy --remove-section .note.stapsdt "$(command -v python3.13)" "$bare"
	PYTHONHOME=/usr "$bare" -c 'import time; time.sleep(60)' 3>&- &
	refused teletap watch gc -p $! --collector stap
	[[ "$stderr" == *"has no markers of python"*"--with-dtrace"* ]]
	run -0 teletap watch gc -p $! -n 1 -i 0.5 -o json
	[ "$(jq -r .collector <<< "$output")" = memory ]
	expect_clean
}

# bats test_tags=full
@test "not root" {
	sleep 60 3>&- &
	refused setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$(command -v teletap)" watch gc -e "$(command -v python3.14)"
	[[ "$stderr" == *root* ]]
	expect_clean
}

@test "no staprun" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	ln -s "$(command -v teletap)" "$BATS_TEST_TMPDIR/bin/"
	start python3.14 loop
	refused env "PATH=$BATS_TEST_TMPDIR/bin" "$(command -v teletap)" watch gc -p "$pid" --collector stap
	[[ "$stderr" == *"no staprun"*"install"* ]]
	run -0 env "PATH=$BATS_TEST_TMPDIR/bin" "$(command -v teletap)" watch gc -p "$pid" -n 1 -i 1 -o json
	[ "$(jq -r .collector <<< "$output")" = bpf ]
	expect_clean "$pid"
}

# bats test_tags=full
@test "a module built for another kernel" {
	pack=$BATS_TEST_TMPDIR/pack
	cp -r /var/cache/teletap "$pack"
	jq --arg release "$(uname -r)" '.modules |= [.[] | select(.release == $release) | .release = "6.1.0-0-other"]' \
		"$pack/manifest.json" > "$pack/new"
	mv "$pack/new" "$pack/manifest.json"
	start python3.14 loop
	refused teletap watch gc -p "$pid" --pack "$pack" --collector stap
	[[ "$stderr" == *"6.1.0-0-other"*"$(uname -r)"*"teletap build"* ]]
	expect_clean "$pid"
}

@test "a module that the manifest says is for this kernel, and is not" {
	pack=$BATS_TEST_TMPDIR/pack
	mkdir -p "$pack"
	cp -r /var/cache/teletap/. "$pack"
	ko=$(find "$pack/$(uname -r)" -name 'teletap_gc_0*.ko' -path "*$(teletap_id python3.14)*")
	# another kernel's vermagic, and a manifest to match
	sed -i "s/vermagic=$(uname -r)/vermagic=$(uname -r | tr 0-9 1-90)/" "$ko"
	jq --arg id "$(teletap_id python3.14)" --arg release "$(uname -r)" --arg sum "$(sha256sum < "$ko" | cut -d' ' -f1)" \
		'(.modules[] | select(.name == "gc" and .build_id == $id and .release == $release)).sha256 = $sum' \
		"$pack/manifest.json" > "$pack/new"
	mv "$pack/new" "$pack/manifest.json"
	start python3.14 loop
	refused teletap watch gc -p "$pid" --pack "$pack"
	[[ "$stderr" == *"build it for this kernel"* ]]
	expect_clean "$pid"
}

teletap_id() { readelf -n "$(command -v "$1")" | awk '/Build ID/ { print $3 }'; }

@test "another tracer at the same marker: said, and neither is harmed" {
	start python3.14 loop
	bpftrace -e "usdt:$(readlink -f "$(command -v python3.14)"):python:gc__start { @ = count(); }" \
		> "$BATS_TEST_TMPDIR/bpf" 2>&1 3>&- &
	bpf=$!
	for _ in $(seq 600); do [ "$("$HERE/semaphores" "$pid")" = 0 ] || break; sleep 0.1; done
	[ "$("$HERE/semaphores" "$pid")" -gt 0 ]
	refused teletap watch gc -p "$pid" -n 1 -i 1
	[[ "$stderr" == *"another tracer"* ]]
	kill -0 "$pid"
	[ -z "$(modules)" ]
	kill -INT "$bpf"
	wait "$bpf" || true
	grep -q '@: [1-9]' "$BATS_TEST_TMPDIR/bpf"
	expect_clean "$pid"
}

# The module itself, without teletap, which would have reserved the marker before.
# bats test_tags=kernels
@test "a probe that the kernel refuses brings no kernel down" {
	exe=$(readlink -f "$(command -v python3.14)")
	teletap build gc -e "$exe" -d "$BATS_TEST_TMPDIR/pack"
	ko=$(find "$BATS_TEST_TMPDIR/pack" -name '*.ko')
	read -r where counter <<< "$(python3.14 - "$exe" <<-'PY'
		import subprocess, sys, re
		notes = subprocess.run(["readelf", "-nW", sys.argv[1]], capture_output=True, text=True).stdout
		pc, sem = re.search(r"Name: gc__start\n.*Location: (\w+),.*Semaphore: (\w+)", notes).groups()
		load = [l.split() for l in subprocess.run(["readelf", "-lW", sys.argv[1]], capture_output=True, text=True).stdout.splitlines() if l.startswith("  LOAD")]
		def offset(address):
		    for _, off, vaddr, _, size, *_ in load:
		        if 0 <= address - int(vaddr, 16) < int(size, 16):
		            return address - int(vaddr, 16) + int(off, 16)
		print(offset(int(pc, 16)), offset(int(sem, 16)))
	PY
	)"
	sites=$(jq -r '.modules[0].sites' "$BATS_TEST_TMPDIR/pack/manifest.json")
	mkdir -p "/run/teletap/$sites" && ln -sfn "$exe" "/run/teletap/$sites/0"
	for signal in TERM KILL; do
		mkfifo "$BATS_TEST_TMPDIR/hold.$signal"
		python3.14 "$HERE/uprobe.py" "$exe" "$where" "$counter" < "$BATS_TEST_TMPDIR/hold.$signal" \
			> "$BATS_TEST_TMPDIR/held" 3>&- &
		exec 7> "$BATS_TEST_TMPDIR/hold.$signal"
		await grep -q placed "$BATS_TEST_TMPDIR/held"
		staprun -R "$ko" teletap_pid=0 > "$BATS_TEST_TMPDIR/lines" 2> "$BATS_TEST_TMPDIR/said" 3>&- 7>&- &
		await test -s "$BATS_TEST_TMPDIR/lines"
		ask() { echo s > "/proc/systemtap/$(modules)/ctl"; } 2> /dev/null
		await ask
		await grep -q '^end' "$BATS_TEST_TMPDIR/lines"
		grep -qx "refused	22" "$BATS_TEST_TMPDIR/lines"
		pkill -$signal stapio
		[ $signal = TERM ] || staprun -d "$(modules)" || true
		exec 7>&-
		expect_clean
	done
}
