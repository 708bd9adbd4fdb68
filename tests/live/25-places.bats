#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Wherever the interpreter lies: in a library, deleted, in a chroot, in a container's
# namespaces. The module is found by the build-id of what the process has mapped.

# shellcheck disable=SC2030,SC2031
bats_require_minimum_version 1.5.0
load helper

# expect_exact PID DIR: page 210 of the process says what gc.get_stats() says
expect_exact() {
	watch gc -p "$1" -o json -i 1
	first_page
	go "$2"
	kill -INT "$tap"
	expect_end 130
	totals "$tap_out"
	[ "$(totals "$tap_out")" = "$(jq -c . "$2/done")" ]
	kill -0 "$1"
	expect_clean
}

@test "libpython in a program that embeds it" {
	echo '#include <Python.h>
	      int main(int argc, char **argv) { return Py_BytesMain(argc, argv); }' > "$BATS_TEST_TMPDIR/embed.c"
	# shellcheck disable=SC2046
	gcc -o "$BATS_TEST_TMPDIR/embed" $(python3.14-config --includes) "$BATS_TEST_TMPDIR/embed.c" \
		$(python3.14-config --embed --ldflags)
	start "$BATS_TEST_TMPDIR/embed"
	expect_exact "$pid" "$dir"
}

# bats test_tags=full
@test "an interpreter that was deleted after its start" {
	cp "$(command -v python3.14)" "$BATS_TEST_TMPDIR/python"
	PYTHONHOME=/usr start "$BATS_TEST_TMPDIR/python"
	rm "$BATS_TEST_TMPDIR/python"
	expect_exact "$pid" "$dir"
}

# bats test_tags=full
@test "an interpreter that was replaced after its start" {
	cp "$(command -v python3.14)" "$BATS_TEST_TMPDIR/python"
	PYTHONHOME=/usr start "$BATS_TEST_TMPDIR/python"
	cp "$(command -v python3.13)" "$BATS_TEST_TMPDIR/new"
	mv "$BATS_TEST_TMPDIR/new" "$BATS_TEST_TMPDIR/python"
	expect_exact "$pid" "$dir"
}

# bats test_tags=full
@test "a chroot" {
	root=$BATS_TEST_TMPDIR/root
	mkdir "$root"
	dir=$(mktemp -d "$BATS_TEST_TMPDIR/XXXXXX")
	# in a mount namespace of its own, so that nothing stays mounted
	unshare --mount bash -c "mount --bind / $root && mount --bind /tmp $root/tmp &&
		exec chroot $root python3.14 $HERE/collect.py $dir" 3>&- > "$dir/out" 2>&1 &
	wait_for "$dir/ready"
	expect_exact "$!" "$dir"
}

@test "mount and PID namespaces of a container" {
	dir=$(mktemp -d "$BATS_TEST_TMPDIR/XXXXXX")
	cp "$(command -v python3.14)" "$BATS_TEST_TMPDIR/inside"
	mkdir "$BATS_TEST_TMPDIR/opt"
	# another file at the path that the host knows as Python 3.13
	unshare --mount --pid --fork --mount-proc bash -c "
		mount --bind $BATS_TEST_TMPDIR/inside $(readlink -f "$(command -v python3.13)")
		exec python3.13 $HERE/collect.py $dir" 3>&- > "$dir/out" 2>&1 &
	wait_for "$dir/ready"
	inner=$(pgrep -f "python3.13 $HERE/collect.py $dir" | tail -n 1)
	expect_exact "$inner" "$dir"
	kill -9 "$inner"
}

@test "two files with one build-id: each has its own module, also at once" {
	own=$BATS_TEST_TMPDIR/forged
	/src/tests/forge "$(readlink -f "$(command -v python3.13)")" "$own"
	PYTHONHOME=$(python3.13 -c 'import sys; print(sys.base_prefix)') start "$own" loop
	forged=$pid
	teletap build gc -p "$forged"
	# its end is where its beginning is said to be: so no collection has both
	watch_page gc "$forged" -o json -i 1
	first_page
	unwatch
	start python3.13
	watch_pid "$pid" -o json -i 1
	genuine=$tap genuine_out=$tap_out
	watch_page gc "$forged" -o json -i 1
	go "$dir"
	unwatch
	tap=$genuine
	unwatch
	[ "$(totals "$genuine_out")" = "$(jq -c . "$dir/done")" ]
	kill -0 "$forged"
	expect_clean "$pid" "$forged"
}

# bats test_tags=full
@test "210: a generation that there is not counts as skipped" {
	PYTHONPATH=$HERE python3.13 - "$(readlink -f "$(command -v python3.13)")" "$BATS_TEST_TMPDIR/lying" <<-'EOF'
		import mutate, sys
		with open(sys.argv[1], "rb") as f:
		    file = mutate.File(f.read())
		note = next(n for n in file.notes if file.data[n[1] + 24:].startswith(b"python\0gc__start\0"))
		at = file.strings(note)[2]
		end = file.data.index(b"\0", at)
		file.data[at:end] = b"4@$-" + b"1".rjust(end - at - 4, b"0")
		mutate.write(sys.argv[2], file.data)
	EOF
	PYTHONHOME=$(python3.13 -c 'import sys; print(sys.base_prefix)') start "$BATS_TEST_TMPDIR/lying"
	teletap build gc -p "$pid"
	watch_page gc "$pid" --collector stap -o json -i 1
	go "$dir"
	unwatch
	[ "$(totals "$tap_out")" = '[[0,0],[0,0],[0,0]]' ]
	[ "$(tail -n 1 "$tap_out" | jq .loss.skipped)" = "$(jq '[.[][0]] | add' "$dir/done")" ]
}

# What a campaign does many times, see docs/lab.md.
# bats test_tags=full
@test "-e of a file whose user changes it, and runs it, while the module is loaded" {
	refused=$(mktemp /tmp/refused.XXXXXX)
	/src/tests/forge "$(readlink -f "$(command -v python3.13)")" "$refused" refused
	REFUSED=$refused python3.13 /src/tests/attack/modules.py user=4
	expect_clean
}
