#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Page 211: each collection with its stack, and whether it was automatic, against what
# the program itself has noted by gc.callbacks and sys._getframe().

bats_require_minimum_version 1.5.0
load helper

# exact PYTHON [ARGUMENT...]: the program under page 211
exact() {
	teletap watch gc-events -i 60 -o json -c "$1 $HERE/events.py $BATS_TEST_TMPDIR/truth" "${@:2}" \
		> "$BATS_TEST_TMPDIR/pages"
	"$HERE/compare-events" "$BATS_TEST_TMPDIR/pages" "$BATS_TEST_TMPDIR/truth"
	expect_clean
}

# bats test_tags=full
@test "3.9: every collection, its stack and its cause" { exact python3.9; }
# bats test_tags=full
@test "3.11: every collection, its stack and its cause" { exact python3.11; }
# bats test_tags=full
@test "3.13: every collection, its stack and its cause" { exact python3.13; }
# bats test_tags=others
@test "3.14: every collection, its stack and its cause" { exact python3.14; }
# bats test_tags=full
@test "3.15: every collection, its stack and its cause" { exact python3.15; }

# bats test_tags=full
@test "libpython in a program that embeds it" {
	echo '#include <Python.h>
	      int main(int argc, char **argv) { return Py_BytesMain(argc, argv); }' > "$BATS_TEST_TMPDIR/embed.c"
	# shellcheck disable=SC2046
	gcc -o "$BATS_TEST_TMPDIR/embed" $(python3.14-config --includes) "$BATS_TEST_TMPDIR/embed.c" \
		$(python3.14-config --embed --ldflags)
	exact "$BATS_TEST_TMPDIR/embed" -e /usr/lib/*/libpython3.14.so.1.0
}

# bats test_tags=full
@test "a chroot, in a PID namespace of its own" {
	root=$BATS_TEST_TMPDIR/root
	mkdir "$root"
	exact "unshare --mount --pid --fork bash -c 'mount --bind / $root && mount --bind /tmp $root/tmp &&
		exec chroot $root python3.14 \$0 \$1'" -e "$(command -v python3.14)"
}

# bats test_tags=full
@test "a collection in a forked child says so" {
	cat > "$BATS_TEST_TMPDIR/fork.py" <<-'EOF'
		import gc, os
		gc.disable()
		gc.collect(0)
		if not os.fork():
		    gc.collect(1)
		    os._exit(0)
		os.wait()
		gc.collect(0)
		os._exit(0)
	EOF
	teletap watch gc-events -i 60 -o json -c "python3.14 $BATS_TEST_TMPDIR/fork.py" > "$BATS_TEST_TMPDIR/pages"
	run jq -sc 'map(.rows[]) | sort_by(.event) | .[-3:] | map([.generation, .forked])' "$BATS_TEST_TMPDIR/pages"
	[ "$output" = '[[0,false],[1,true],[0,false]]' ]
}

# bats test_tags=full
@test "more collections than are kept: the last ones, and how many there were" {
	echo 'import gc, os
gc.disable()
for i in range(1000): gc.collect(0)
os._exit(0)' > "$BATS_TEST_TMPDIR/many.py"
	teletap watch gc-events -i 60 -c "python3.14 $BATS_TEST_TMPDIR/many.py" > "$BATS_TEST_TMPDIR/page"
	grep -E '^Note: 10[0-9][0-9] collections in this interval: only the last 256 are kept' "$BATS_TEST_TMPDIR/page" ||
		{ tail -n 12 "$BATS_TEST_TMPDIR/page"; false; }
}

@test "a process that describes itself otherwise than its version should: no stacks, and a note" {
	cp "$(command -v python3.14)" "$BATS_TEST_TMPDIR/python"
	# _Py_DebugOffsets begins with its name; the 33rd word is where a frame has its caller
	python3.14 - "$BATS_TEST_TMPDIR/python" <<-'EOF'
		import struct, sys
		with open(sys.argv[1], "r+b") as f:
		    at = f.read().index(b"xdebugpy" + struct.pack("<I", sys.hexversion))
		    f.seek(at + 32 * 8)
		    assert struct.unpack("<Q", f.read(8)) == (8,)
		    f.seek(at + 32 * 8)
		    f.write(struct.pack("<Q", 16))
	EOF
	PYTHONHOME=/usr teletap watch gc-events -i 60 -o json -c "$BATS_TEST_TMPDIR/python -c 'import gc; gc.collect()'" \
		> "$BATS_TEST_TMPDIR/pages"
	run jq -c '[(.rows | length > 3), (.rows | map([.stack, .automatic, .exit]) | unique), (.notes | map(select(startswith("no Python stacks"))))]' \
		"$BATS_TEST_TMPDIR/pages"
	echo "$output"
	[ "$output" = '[true,[[[],null,null]],["no Python stacks: the process describes itself otherwise than its version of CPython should"]]' ]
}
