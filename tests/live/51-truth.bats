#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What doctor says about every page of a target, against what watch then does (truth.py).

# shellcheck disable=SC2154,SC2030,SC2031,SC2015,SC2046
bats_require_minimum_version 1.5.0
load helper

teardown() {
	jobs -p | xargs -r kill -9 2>/dev/null || true
	pkill -9 -f busy.py || true
	umount --lazy "$BATS_TEST_TMPDIR"/*/root 2> /dev/null || true
	wait 2>/dev/null || true
}

PYTHON=210-213,223,224,230-235,247,261
TASKS=236 # of 3.14 and later
CALLS=220-222
BARE=210,223,224,232-235,247,261
ANY=247,261
APP=201,202,240-242,245,246

# busy COMMAND...: runs busy.py by it until it is ready; sets $pid and $dir.
busy() {
	dir=$(mktemp -d "$BATS_TEST_TMPDIR/XXXXXX")
	"$@" "$HERE/busy.py" "$dir" "${modes[@]}" 3>&- > "$dir/out" 2>&1 &
	pid=$!
	wait_for "$dir/ready" || { cat "$dir/out"; return 1; }
}

truth() { python3.14 "$HERE/truth.py" "$@"; }

# some TARGET-OPTION TARGET WORKING: of the pages that work, one with markers of Python and
# one without are watched.
some() { truth "$@" 210,223; }

# The same without: other tests watch these (50-doctor.bats, 27-containers.bats).
said() { truth "$@" ''; }

# extended [WATCHED]: 3.14 with the extension, and a page of its own
extended() {
	export PYTHONPATH=$HERE/../../build/python PYTHONDONTWRITEBYTECODE=1
	modes=(tell)
	busy python3.14
	truth -p "$pid" $PYTHON,$TASKS,$CALLS,$APP,301 "$@"
}

@test "3.14 with the extension, and a page of its own" { extended 210,220,236,301; }

# Loads twenty modules at once: in an emulated machine that takes longer than all the others.
# bats test_tags=full
@test "all pages: 3.14 with the extension, and a page of its own" { extended; }

# bats test_tags=full
@test "3.9" { busy python3.9; said -p "$pid" $PYTHON,$CALLS; }
# bats test_tags=full
@test "3.11" { busy python3.11; said -p "$pid" $PYTHON,$CALLS; }
# bats test_tags=full
@test "3.13" { busy python3.13; said -p "$pid" $PYTHON; }
# bats test_tags=full
@test "3.14" { busy python3.14; said -p "$pid" $PYTHON,$TASKS; }
# bats test_tags=full
@test "3.15" { busy python3.15; said -p "$pid" $PYTHON,$TASKS,$CALLS; }

# bats test_tags=full
@test "a Python without markers" {
	bare=$BATS_TEST_TMPDIR/python-bare
	objcopy --remove-section .note.stapsdt "$(command -v python3.13)" "$bare"
	PYTHONHOME=/usr busy "$bare"
	some -p "$pid" $BARE
	said -e "$bare" 223,224,232-235,247
}

# bats test_tags=full
@test "bash" {
	bash -c 'while :; do sleep 0.1; done' 3>&- &
	said -p $! $ANY
}

# bats test_tags=full
@test "a program of C with markers" {
	mkfifo "$BATS_TEST_TMPDIR/in"
	"$HERE/../../build/test/service" < "$BATS_TEST_TMPDIR/in" > /dev/null 3>&- &
	pid=$!
	while :; do echo all 5; sleep 0.3; done > "$BATS_TEST_TMPDIR/in" 3>&- &
	sleep 1
	truth -p "$pid" $APP,$ANY $APP
	said -e "$HERE/../../build/test/service" 241,242,246,247
}

# bats test_tags=full
@test "in a chroot" {
	root=$BATS_TEST_TMPDIR/jail/root
	mkdir -p "$root"
	mount --rbind / "$root"
	mount --make-rslave "$root"
	busy chroot "$root" python3.14
	[ "$(readlink "/proc/$pid/root")" = "$root" ]
	some -p "$pid" $PYTHON,$TASKS
}

# bats test_tags=full
@test "in a mount and PID namespace" {
	busy unshare --mount --pid --fork --kill-child --mount-proc python3.14
	said -p "$(pgrep -P "$pid")" $PYTHON,$TASKS
}

# bats test_tags=full
@test "its interpreter deleted, or never there" {
	cp "$(realpath "$(command -v python3.14)")" "$BATS_TEST_TMPDIR/gone"
	PYTHONHOME=/usr busy "$BATS_TEST_TMPDIR/gone"
	rm "$BATS_TEST_TMPDIR/gone"
	said -p "$pid" $PYTHON,$TASKS
	kill -9 "$pid"
	export PYTHONHOME=/usr
	busy python3.14 -c 'import os, sys
fd = os.memfd_create("python")
with open(sys.executable, "rb") as f: os.write(fd, f.read())
os.execve(fd, ["python", *sys.argv[1:]], os.environ)'
	[[ $(readlink "/proc/$pid/exe") == /memfd:python* ]]
	some -p "$pid" $PYTHON,$TASKS
}

# bats test_tags=full
@test "a program with Python inside" {
	gcc -o "$BATS_TEST_TMPDIR/embed" $(python3.14-config --includes) "$HERE/embed.c" \
		$(python3.14-config --embed --ldflags)
	busy "$BATS_TEST_TMPDIR/embed"
	said -p "$pid" $PYTHON,$TASKS
}

@test "not root: pages that need no module work, and no others" {
	folder=$(mktemp -d /tmp/truth.XXXXXX)
	chmod 777 "$folder"
	mkfifo "$folder/in"
	chmod 666 "$folder/in"
	plain=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	"${plain[@]}" "$HERE/../../build/test/service" < "$folder/in" > /dev/null 3>&- &
	pid=$!
	while :; do echo all 5; sleep 0.3; done > "$folder/in" 3>&- &
	sleep 1
	PLAIN=1 truth -p "$pid" 201,202,240,245
	rm -r "$folder"
}
