#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Containers, and a program with Python inside: pages 210, 223, 230, 231 and 232 of a
# program (context.py) whose work is known.

# shellcheck disable=SC2154,SC2030,SC2031,SC2015,SC2258
bats_require_minimum_version 1.5.0
load helper

teardown() {
	jobs -p | xargs -r kill -9 2>/dev/null || true
	pkill -9 -f context.py || true
	umount --lazy "$BATS_TEST_TMPDIR"/{merged,layers} 2> /dev/null || true
	wait 2>/dev/null || true
}

PAGES=gc,stacks,imports,audit,gil

# A folder of its own for a program, $dir; the script lies in it.
place() {
	dir=$(mktemp -d "$BATS_TEST_TMPDIR/XXXXXX")
	cp "$HERE/context.py" "$dir"
}

# begin PID: its pages come
begin() {
	watch "$PAGES" -p "$1" -o json -i 2
	first_page
}

# check PID VERSION: the last pages of $tap_out say what the program has done
check() {
	local page=$BATS_TEST_TMPDIR/last
	jq -c 'select(.last)' "$tap_out" > "$page"
	[ "$(wc -l < "$page")" = 5 ] || { cat "$tap_err"; return 1; }
	jq -c '[.name, .target, .loss]' "$page"
	cat "$dir/done"
	[ "$(jq -c '[.target.pid, .target.python[:4], (.loss | add)]' "$page" | sort -u)" = "[$1,\"$2\",0]" ]
	[ "$(jq -c 'select(.name == "gc") | [.rows[] | [.runs_total, .collected_total]]' "$page")" = \
		"$(jq -c .gc "$dir/done")" ]
	[ "$(jq -c 'select(.name == "audit") | .rows[] | select(.event == "context.event") | .events_total' "$page")" = 123 ]
	[ "$(jq -c 'select(.name == "imports") | (.rows[] | select(.module == "context_a") | .node) as $a |
		.rows[] | select(.module == "context_b") | [.parent == $a, .imports_total]' "$page")" = '[true,1]' ]
	# the thread that computes; the main thread waits in a loop, as long as it takes
	jq -c 'select(.name == "stacks") | .rows[] | select(.kind == "function") | [.function, .samples_total]' "$page" | head -n 5
	[ "$(jq 'select(.name == "stacks") | [.rows[] | select(.kind == "function")] |
		(.[] | select(.function == "held").samples_total) as $held |
		([.[] | select(.function == "wanted").samples_total] | add // 0) as $wanted |
		$held > 20 and $held > 2 * $wanted' "$page")" = true ]
	jq -c 'select(.name == "gil") | .rows[] | select(.kind != "histogram") | [.kind, .tid, .pid, .waits_total, .function, .line, .samples_total]' "$page"
	[ "$(jq -c 'select(.name == "gil") | [.rows[] | select(.kind == "thread").pid] | unique' "$page")" = "[$1]" ]
	[ "$(jq 'select(.name == "gil") | [.rows[] | select(.kind == "thread" and .waits_total > 20)] | length >= 2' "$page")" = true ]
	[ "$(jq --argjson line "$(jq .held "$dir/done")" 'select(.name == "gil") |
		([.rows[] | select(.kind == "holder").samples_total] | add) as $all |
		.rows[] | select(.kind == "holder" and .function == "held") |
		.line == $line and .samples_total > 0.8 * $all' "$page")" = true ]
}

# finish PID VERSION
finish() {
	go "$dir"
	kill -INT "$tap"
	expect_end 130
	check "$1" "$2"
	expect_clean
}

# The number that the program in $dir has here.
outer() { pgrep -f "context.py $dir" | tail -n 1; }

# A root folder with a Python of its own: $root/usr/bin/python, a copy.
root() {
	root=$(mktemp -d "$BATS_TEST_TMPDIR/XXXXXX")
	mkdir -p "$root"/{usr/bin,usr/lib,usr/lib64,proc,tmp,dev}
	ln -s usr/lib usr/lib64 "$root"
	cp "$(readlink -f "$(command -v "$1")")" "$root/usr/bin/python"
}

# contain ROOT: the program in namespaces of its own, with that root; sets $inner, its
# number here
contain() {
	unshare --mount --pid --fork bash -c "
		for folder in usr/lib usr/lib64 tmp; do mount --bind /\$folder $1/\$folder; done
		mount -t proc proc $1/proc
		PYTHONHOME=/usr exec chroot $1 /usr/bin/python $dir/context.py $dir" 3>&- > "$dir.out" 2>&1 &
	wait_for "$dir/ready" || { cat "$dir.out"; return 1; }
	inner=$(outer)
}

# bats test_tags=full
@test "a container: another root, mount and PID namespace, a copied Python" {
	place
	root python3.14
	contain "$root"
	begin "$inner"
	finish "$inner" 3.14
	# its own number is another one
	[ "$(jq .pid "$dir/done")" != "$inner" ]
	kill -9 "$inner"
}

# bats test_tags=full
@test "two containers with different Pythons at the same path, watched at once" {
	place; one_dir=$dir
	root python3.14
	contain "$root"; one=$inner
	place; two_dir=$dir
	root python3.15
	contain "$root"; two=$inner
	run ! cmp "/proc/$one/root/usr/bin/python" "/proc/$two/root/usr/bin/python"
	dir=$one_dir; begin "$one"; one_tap=$tap one_out=$tap_out
	dir=$two_dir; begin "$two"; two_tap=$tap two_out=$tap_out
	go "$one_dir"
	go "$two_dir"
	kill -INT "$one_tap" "$two_tap"
	wait "$one_tap" "$two_tap" || true
	dir=$one_dir tap_out=$one_out; check "$one" 3.14
	dir=$two_dir tap_out=$two_out; check "$two" 3.15
	expect_clean
	kill -9 "$one" "$two"
}

# bats test_tags=full
@test "a container on an overlay file system, as images are, its Python in the image" {
	modprobe overlay || true
	place
	root python3.14
	mkdir "$BATS_TEST_TMPDIR"/{layers,merged}
	mount -t tmpfs tmpfs "$BATS_TEST_TMPDIR/layers"
	mkdir "$BATS_TEST_TMPDIR"/layers/{upper,work}
	mount -t overlay -o "lowerdir=$root,upperdir=$BATS_TEST_TMPDIR/layers/upper,workdir=$BATS_TEST_TMPDIR/layers/work" \
		overlay "$BATS_TEST_TMPDIR/merged"
	contain "$BATS_TEST_TMPDIR/merged"
	begin "$inner"
	finish "$inner" 3.14
	kill -9 "$inner"
}

# bats test_tags=full
@test "Python inside of a program of C, its lock held by a thread of C" {
	place
	# shellcheck disable=SC2046
	gcc -o "$BATS_TEST_TMPDIR/embed" $(python3.14-config --includes) "$HERE/embed.c" \
		$(python3.14-config --embed --ldflags)
	"$BATS_TEST_TMPDIR/embed" "$dir/context.py" "$dir" 3>&- > "$dir.out" 2>&1 &
	pid=$!
	wait_for "$dir/ready"
	begin "$pid"
	finish "$pid" 3.14
}
