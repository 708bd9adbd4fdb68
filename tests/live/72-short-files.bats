#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Page 252, by a module and by a BPF program, against programs that know which files they
# make, and for how long.

# shellcheck disable=SC2154,SC2016
bats_require_minimum_version 1.5.0
load helper

setup() {
	tmpfs=$(mktemp -d /tmp/short.XXXXXX)
	ext4=$(mktemp -d /root/short.XXXXXX)
	[ "$(stat -f -c %T "$tmpfs") $(stat -f -c %T "$ext4")" = "tmpfs ext2/ext3" ]
}

@test "each of 50 files of a shell loop, on tmpfs and on ext4" {
	for by in stap bpf; do
		echo "$by"
		watch_host short-files --collector $by
		for dir in "$tmpfs" "$ext4"; do
			bash -c 'echo $$ > "$0.pid"
				for i in {1..50}; do
					printf "%${i}s" "" > "$0/$i"
					rm "$0/$i"
				done' "$dir"
		done
		last_page
		for dir in "$tmpfs" "$ext4"; do
			pid=$(cat "$dir.pid")
			for i in {1..50}; do echo "[\"$dir/$i\",$i,$pid,\"bash\",\"rm\",false]"; done > "$BATS_TEST_TMPDIR/want"
			rows ".path | startswith(\"$dir/\")" '[.path,.size,.pid,.program,.deleted_by,.replaced]' |
				sort -t, -k2n | diff - "$BATS_TEST_TMPDIR/want"
		done
	done
}

# bats test_tags=full
@test "every way to make and to delete one; what is none; how long each lived" {
	for by in stap bpf; do
		echo "$by"
		watch_host short-files --collector $by
		for dir in "$tmpfs" "$ext4"; do
			python3.14 "$HERE/short_files.py" "$dir" > "$dir.told"
		done
		last_page
		python3.14 - "$BATS_TEST_TMPDIR/page" "$tmpfs" "$ext4" <<-'EOF'
			import json, sys
			rows = json.load(open(sys.argv[1]))["rows"]
			for folder in sys.argv[2:]:
			    told = json.load(open(folder + ".told"))
			    mine = [r for r in rows if r["pid"] == told["pid"]]
			    assert len(mine) == len(told["files"]), (len(mine), [r["path"] for r in mine])
			    for row, file in zip(sorted(mine, key=lambda r: r["number"]), told["files"]):
			        assert row["path"] == file["path"], (row, file)
			        assert row["size"] == file["size"], (row, file)
			        assert row["replaced"] == file["replaced"], (row, file)
			        assert row["deleted_by_pid"] == told["pid"], (row, file)
			        assert file["least"] <= row["lifetime_ns"] <= file["most"], (row, file)
		EOF
	done
}

# bats test_tags=full
@test "a long path: its end; a hostile one: escaped" {
	for by in stap bpf; do
		echo "$by"
		watch_host short-files --collector $by
		deep=$tmpfs/$(printf 'd%.0s' {1..200})/$(printf 'e%.0s' {1..200})/$(printf 'f%.0s' {1..200})
		mkdir -p "$deep"
		: > "$deep/end"; rm "$deep/end"
		: > "$tmpfs/middle-$(printf 'm%.0s' {1..240})"; rm "$tmpfs"/middle-*
		hostile=$'a\tb\nc\e[2J\\\x7f\xff'
		: > "$tmpfs/$hostile"; rm "$tmpfs/$hostile"
		last_page
		[ "$(rows '.path | endswith("/end")' .path)" = '".../end"' ]
		[[ "$(rows '.path | endswith("mmm")' .path)" == '"...mmmmm'*'mmm"' ]]
		[ "$(rows '.path | endswith("mmm")' '.path | length')" = 224 ]
		rows '.path | contains("\u001b")' .path
		# JSON has no byte that is no UTF-8
		jq -e --arg want "$tmpfs/"$'a\tb\nc\e[2J\\\x7f\xef\xbf\xbd' 'any(.rows[]; .path == $want)' "$BATS_TEST_TMPDIR/page"
	done
}

# bats test_tags=full
@test "-p: files of that process and its children, whoever deletes them" {
	for by in stap bpf; do
		echo "$by"
		rm -f "$BATS_TEST_TMPDIR/fifo"
		mkfifo "$BATS_TEST_TMPDIR/fifo"
		bash -c 'read -r; for i in {1..20}; do (: > "$0/in$i"; rm "$0/in$i"); done; : > "$0/left"; echo > "$0/done"; read -r' \
			"$ext4" 3>&- < "$BATS_TEST_TMPDIR/fifo" &
		shell=$!
		exec 7> "$BATS_TEST_TMPDIR/fifo"
		watch_host short-files --collector $by -p "$shell"
		: > "$ext4/outside"; rm "$ext4/outside"
		echo >&7
		wait_for "$ext4/done"
		rm "$ext4/left"
		last_page
		[ "$(rows .pid .path | wc -l)" = 21 ]
		[ "$(rows ".path == \"$ext4/left\"" '[.pid,.deleted_by]')" = "[$shell,\"rm\"]" ]
		[ -z "$(rows ".path == \"$ext4/outside\"" .)" ]
		exec 7>&-
		rm "$ext4/done"
	done
}

# Another process deletes each file as soon as its name is there, as its creation is being looked at.
# bats test_tags=full
@test "files that are deleted while they are created are rows, or lost" {
	cat > "$BATS_TEST_TMPDIR/race.py" <<-'EOF'
		import os, sys
		names = ["%s/race%d" % (sys.argv[1], i) for i in range(500)]
		if os.fork():
		    for name in names:
		        os.close(os.open(name, os.O_CREAT | os.O_EXCL))
		    os.wait()
		else:
		    for name in names:
		        while True:
		            try:
		                os.unlink(name)
		                break
		            except FileNotFoundError:
		                pass
		    os._exit(0)
	EOF
	for by in stap bpf; do
		watch_host short-files --collector $by
		python3.14 -S "$BATS_TEST_TMPDIR/race.py" "$tmpfs"
		unwatch
		expect_clean
		rows=$(jq -s "[.[].rows[] | select(.path | startswith(\"$tmpfs/race\")).path] | unique | length" "$tap_out")
		lost=$(tail -n 1 "$tap_out" | jq '.loss | add')
		echo "$by: $rows rows, $lost lost"
		[ "$((rows + lost))" = 500 ]
	done
}
