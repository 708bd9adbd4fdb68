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

# lies PAGE: of a file whose notes say something else, what cannot be is lost, and said.
lies() {
	local genuine lost own=$BATS_TEST_TMPDIR/lying runs what
	genuine=$(readlink -f "$(command -v python3.13)")
	PYTHONHOME=$(python3.13 -c 'import sys; print(sys.base_prefix)')
	export PYTHONHOME
	for what in generation end beginning; do
		python3.13 "$HERE/mutate.py" --lie "$what" "$genuine" "$own"
		start "$own"
		teletap build "$1" -p "$pid"
		watch_page "$1" "$pid" --collector stap -o json -i 1
		go "$dir"
		unwatch
		# the first end may be that of a collection that had begun, the last beginning is under way
		lost=$(tail -n 1 "$tap_out" | jq .loss.skipped) runs=$(jq '[.[][0]] | add' "$dir/done")
		echo "$what: $lost of $runs"
		[ "$lost" -eq "$runs" ] || { [ "$what" != generation ] && [ "$lost" -eq $((runs - 1)) ]; }
		[ "$(tail -n 1 "$tap_out" | jq -c '[.rows[] | .runs_total // 0, has("tid")] | unique - [0, false]')" = '[]' ]
		kill -9 "$pid"
		rm "$own"
	done
}

# bats test_tags=full
@test "210: of a file whose notes say something else, what cannot be is lost, and said" { lies gc; }
# bats test_tags=full
@test "211: of a file whose notes say something else, what cannot be is lost, and said" { lies gc-events; }
# bats test_tags=full
@test "213: of a file whose notes say something else, what cannot be is lost, and said" { lies gc-cost; }

# bats test_tags=full
@test "of a file whose notes say that no collection comes, nothing is known, which its own counts show" {
	own=$BATS_TEST_TMPDIR/lying
	PYTHONHOME=$(python3.13 -c 'import sys; print(sys.base_prefix)')
	export PYTHONHOME
	python3.13 "$HERE/mutate.py" --lie neither "$(readlink -f "$(command -v python3.13)")" "$own"
	start "$own"
	teletap build gc -p "$pid"
	watch_page gc "$pid" --collector stap -o json -i 1
	go "$dir"
	unwatch
	[ "$(tail -n 1 "$tap_out" | jq -c .rows)" = '[]' ]
	[[ $(tail -n 1 "$tap_out" | jq -r '.notes[]') == *'that no marker tells of'* ]]
	expect_clean
}

# What a campaign does many times, see docs/lab.md.
# bats test_tags=full
@test "-e of a file whose user changes it, and runs it, while the module is loaded" {
	refused=$(mktemp /tmp/refused.XXXXXX)
	/src/tests/forge "$(readlink -f "$(command -v python3.13)")" "$refused" refused
	REFUSED=$refused python3.13 /src/tests/attack/modules.py user=4
	expect_clean
}
