#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What doctor says beforehand, against what watch then does.

# shellcheck disable=SC2154,SC2030,SC2031
bats_require_minimum_version 1.5.0
load helper

# doctor STATUS ARGUMENT...: sets $json.
doctor() {
	run "-$1" --separate-stderr teletap doctor -o json "${@:2}"
	[ -z "$stderr" ]
	json=$output
	jq -c '.pages, .target, (.checks[] | select(.verdict != "OK"))' <<< "$json"
}

works() {
	[ "$(jq -c '.pages[] | select(.page == 210) | .works' <<< "$json")" = "$1" ]
}

verdict() {
	jq -r --arg id "$1" '.checks[] | select(.id == $id) | .verdict' <<< "$json"
}

# doctor says that page 210 works, with a module that is ready, and so it is.
works_for() {
	start "$1" loop
	doctor 0 -p "$pid"
	works true
	[[ $(jq -r '.pages[] | select(.page == 210) | .why' <<< "$json") == 'a module is ready' ]]
	[ "$(jq -r .target.python <<< "$json")" = \
		"$("$1" -c 'import platform; print(platform.python_version())')" ]
	[ "$(jq -c .target.interpreters <<< "$json")" = "$2" ]
	[ "$(jq -c .target.free_threaded <<< "$json")" = false ]
	touch "$dir/go"
	run -0 --separate-stderr teletap watch gc -p "$pid" -n 1 -i 2 -o json
	jq -e '[.rows[].runs_total] | add > 0' <<< "$output"
	expect_clean "$pid"
}

# bats test_tags=full
@test "3.9: works" { works_for python3.9 1; }
# bats test_tags=full
@test "3.11: works" { works_for python3.11 1; }
# bats test_tags=full
@test "3.13: works" { works_for python3.13 1; }
@test "3.14: works" { works_for python3.14 1; }
# bats test_tags=full
@test "3.15: works" { works_for python3.15 1; }

@test "this machine: modules can be loaded, and stap and staprun tell their versions" {
	doctor 0
	jq -e '[.checks[] | select(.verdict == "FAIL")] == []' <<< "$json"
	for id in root capabilities staprun stap headers compiler modules signatures uprobes transport; do
		[ "$(verdict $id)" = OK ] || { echo "$id"; false; }
	done
	jq -r '.checks[] | select(.id == "staprun" or .id == "stap").text' <<< "$json"
	jq -e '.checks[] | select(.id == "stap").text | test("5\\.[0-9]")' <<< "$json"
	jq -e '.checks[] | select(.id == "staprun").text | test("5\\.[0-9]")' <<< "$json"
}

# bats test_tags=full
@test "sub-interpreters are counted" {
	mkdir "$BATS_TEST_TMPDIR/sub"
	python3.14 -c "
import sys, time
from concurrent import interpreters
kept = [interpreters.create() for i in range(3)]
open(sys.argv[1], 'w').close()
time.sleep(100)" "$BATS_TEST_TMPDIR/sub/ready" 3>&- &
	pid=$!
	wait_for "$BATS_TEST_TMPDIR/sub/ready"
	doctor 0 -p "$pid"
	[ "$(jq .target.interpreters <<< "$json")" = 4 ]
	[ "$(verdict sub-interpreters)" = WARN ]
}

# bats test_tags=full
@test "the JIT asked for: said" {
	PYTHON_JIT=1 python3.14 -c 'import time; time.sleep(100)' 3>&- &
	pid=$!
	sleep 1
	doctor 0 -p "$pid"
	works true
	[ "$(verdict jit)" = WARN ]
}

# bats test_tags=full
@test "libpython in another program" {
	gcc -o "$BATS_TEST_TMPDIR/host" -x c - -x none /usr/lib/x86_64-linux-gnu/libpython3.14.so <<-'EOF'
		int Py_BytesMain(int, char **);
		int main(int argc, char **argv) { return Py_BytesMain(argc, argv); }
	EOF
	"$BATS_TEST_TMPDIR/host" -c 'import time; time.sleep(100)' 3>&- &
	pid=$!
	sleep 3
	doctor 0 -p "$pid"
	works true
	[[ $(jq -r .target.file <<< "$json") == */libpython3.14.so* ]]
	[ "$(jq -c .target.interpreters <<< "$json")" = 1 ]
}

# bats test_tags=full
@test "a shell does not work" {
	doctor 1 -p $$
	works false
	run -3 --separate-stderr teletap watch gc -p $$ -n 1
}

# bats test_tags=full
@test "a Python without markers: the pages that need none" {
	bare=$BATS_TEST_TMPDIR/python-bare
	objcopy --remove-section .note.stapsdt "$(command -v python3.13)" "$bare"
	PYTHONHOME=/usr "$bare" -c 'import time; time.sleep(60)' 3>&- &
	pid=$!
	sleep 1
	doctor 0 -p "$pid"
	works true # from its memory
	[ "$(jq -c '[.pages[] | select(.page == 210) | .collector, (.collectors[] | [.name, .works])]' <<< "$json")" = \
		'["memory",["stap",false],["bpf",false],["memory",true]]' ]
	jq -e '.pages[] | select(.name == "stacks").works' <<< "$json"
	[ "$(verdict python)" = WARN ]
	run -3 --separate-stderr teletap watch gc -p "$pid" -n 1 --collector stap
}

# bats test_tags=full
@test "without stap: what has a module works, a Python that has none does not" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	ln -s "$(command -v teletap)" "$(command -v staprun)" "$BATS_TEST_TMPDIR/bin/"
	start python3.14 loop
	run -0 env "PATH=$BATS_TEST_TMPDIR/bin" teletap doctor -p "$pid"
	[[ $output == *'no stap on PATH'*'works: a module is ready'* ]]
	cp -r /var/cache/teletap "$BATS_TEST_TMPDIR/kept"
	rm -r /var/cache/teletap
	run -0 env "PATH=$BATS_TEST_TMPDIR/bin" teletap doctor -p "$pid"
	cp -r "$BATS_TEST_TMPDIR/kept" /var/cache/teletap
	[[ $output == *'does not work: '*'bring a pack'* ]]
}
