#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Modules from a pack: what must not be loaded is refused, by a line that says why.

# shellcheck disable=SC2030,SC2031,SC2154 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper

setup_file() {
	need_python
	export EXE=$BATS_FILE_TMPDIR/python3.11
	python_copy "$EXE"
}

teardown_file() {
	python_forget "$EXE"
}

setup() {
	need_root
	need_python
	pack=$BATS_TEST_TMPDIR/pack
	pack_make "$pack" "$EXE"
	id=$(build_id "$EXE")
	PATH=$TOP/tests/stub:$PATH
	export STUB_LOG=$BATS_TEST_TMPDIR/log STUB='exit 1'
}

watch_pack() {
	timeout 20 teletap watch gc -e "$EXE" --pack "$pack" -n 1 -i 0.1
}

# pack_refused TEXT: the pack is, and its module has gone nowhere.
pack_refused() {
	refused watch_pack
	[ ! -e "$STUB_LOG" ]
	# shellcheck disable=SC2053 # a pattern
	[[ $stderr == "teletap: watch: "$1 ]]
}

# edit PYTHON: changes the manifest m.
edit() {
	/usr/bin/python3 - "$pack/manifest.json" "$1" <<-'EOF2'
		import json, sys
		m = json.load(open(sys.argv[1]))
		exec(sys.argv[2])
		json.dump(m, open(sys.argv[1], "w"))
	EOF2
}

# Whatever else is refused, this is not.
accepted() {
	need_uprobes
	run -3 --separate-stderr watch_pack
	echo "$stderr"
	[ "$(cut -d' ' -f2- "$STUB_LOG")" = "-R -b 1 $pack/$(uname -r)/$id/teletap_gc_0000000.ko teletap_pid=0" ]
	rm "$STUB_LOG"
}

@test "a good pack: staprun gets its module" {
	accepted
	chmod 555 "$pack" "$pack/$(uname -r)"
	chmod 444 "$ko" "$pack/manifest.json"
	accepted
	edit 'm["modules"].insert(0, dict(m["modules"][0], release="6.1.0"))'
	edit 'm["modules"].insert(0, dict(m["modules"][0], build_id="00"))'
	edit 'm["modules"].insert(0, dict(m["modules"][0], name="other"))'
	accepted
	ln -s pack "$BATS_TEST_TMPDIR/link"
	pack=$BATS_TEST_TMPDIR/link
	accepted
}

@test "a module of which one bit was flipped, one longer, one shorter, an empty one" {
	printf o | dd of="$ko" conv=notrunc status=none
	pack_refused "$ko: not the file the manifest describes (sha256 $(sha256sum <"$ko" | head -c 12), not $(echo no module | sha256sum | head -c 12)): build the pack again"
	for content in 'no module\nx' 'no modul' ''; do
		# shellcheck disable=SC2059
		printf "$content" >"$ko"
		pack_refused "$ko: not the file the manifest describes (sha256 *"
	done
}

@test "a manifest whose hash is another, no hash, or none at all" {
	for change in '["sha256"] = "0" * 64' '["sha256"] = m["modules"][0]["sha256"][:-1]' '["sha256"] = ""' \
		'["sha256"] = None' '["sha256"] = 7' '.pop("sha256")'; do
		pack_make "$pack" "$EXE"
		edit "m['modules'][0]$change"
		pack_refused "$ko: not the file the manifest describes (sha256 *"
	done
}

@test "a module for another kernel" {
	edit 'm["modules"][0]["release"] = "6.1.0-0-other"'
	pack_refused "$pack: its module gc is for kernel 6.1.0-0-other, this is $(uname -r): build it with 'teletap build gc -k $(uname -r)'"
}

@test "a module for another build" {
	edit 'm["modules"][0]["build_id"] = "0123456789abcdef"'
	pack_refused "$pack: its module gc is for the build 0123456789ab of $EXE, $EXE is ${id:0:12}: build it with 'teletap build gc -e $EXE'"
}

@test "a module for another kernel and another build" {
	edit 'm["modules"][0].update(release="6.1.0-0-other", build_id="0123456789abcdef")'
	pack_refused "$pack: no module gc for $EXE (build ${id:0:12}) and kernel $(uname -r): build it with 'teletap build gc -e $EXE -k $(uname -r)'"
}

@test "a pack without this module, an empty one, a folder that is no pack" {
	for change in '["modules"][0]["name"] = "other"' '["modules"] = []' '.pop("modules")' '["modules"] = 7' \
		'["modules"] = [7, None, "gc", []]'; do
		pack_make "$pack" "$EXE"
		edit "m$change"
		pack_refused "$pack: no module gc for $EXE *"
	done
	rm "$pack/manifest.json"
	pack_refused "$pack: no manifest.json in it: name a folder that 'teletap build -d' has made"
}

@test "a manifest of another format" {
	for format in 2 0 -1 4294967297 '"1"' 1.0 null; do
		sed -i "s/\"format\": .*/\"format\": $format,/" "$pack/manifest.json"
		pack_refused "$pack/manifest.json: format *, this teletap reads 1: build the pack with this version"
	done
	edit 'm.pop("format")'
	pack_refused "$pack/manifest.json: format *"
	echo '[]' >"$pack/manifest.json"
	pack_refused "$pack/manifest.json: format *"
}

@test "a manifest cut off anywhere" {
	cp "$pack/manifest.json" "$BATS_TEST_TMPDIR/whole"
	for part in 0 1 2 10 15 40 100 300 -3; do
		head -c "$part" "$BATS_TEST_TMPDIR/whole" >"$pack/manifest.json"
		pack_refused "$pack/manifest.json:*: build the pack again"
	done
}

@test "a manifest that is no JSON" {
	for content in 'hello' '\x7fELF\x02\x01\x01' '{"format": 1, "format": 1}' '\xff\xfe' '{"format": 1}x' \
		'{"\e[2J\n": 1,,}' "{'format': 1}"; do
		# shellcheck disable=SC2059
		printf "$content" >"$pack/manifest.json"
		pack_refused "$pack/manifest.json:*: build the pack again"
	done
	/usr/bin/python3 -c 'print("[" * 100000)' >"$pack/manifest.json"
	pack_refused "$pack/manifest.json:*: build the pack again"
}

@test "names in a manifest that are out to do harm" {
	edit 'm["modules"][0]["release"] = "\x1b[2J\nteletap: all is well\u202e"'
	pack_refused "$pack: its module gc is for kernel \\\\x1b\\[2J\\\\x0ateletap: all is well\\\\xe2\\\\x80\\\\xae, this is *"
}

@test "others can write the folder, the manifest, the module or what is between" {
	for what in "$pack" "$pack/$(uname -r)" "${ko%/*}" "$pack/manifest.json" "$ko"; do
		for mode in o+w g+w; do
			chmod "$mode" "$what"
			pack_refused "$what can be written by others: 'chmod go-w' it once you trust it"
			chmod go-w "$what"
		done
	done
}

@test "another user owns the folder, the manifest, the module or what is between" {
	for what in "$pack" "$pack/$(uname -r)" "${ko%/*}" "$pack/manifest.json" "$ko"; do
		chown 65534 "$what"
		pack_refused "$what belongs to user 65534, who could have changed it: 'chown root' it once you trust it"
		chown root "$what"
	done
}

@test "a link where the folder, the manifest or the module should be" {
	for what in "$pack/$(uname -r)" "${ko%/*}" "$pack/manifest.json" "$ko"; do
		mv "$what" "$BATS_TEST_TMPDIR/away"
		ln -s "$BATS_TEST_TMPDIR/away" "$what"
		pack_refused "$what: a symbolic link, which a pack has none of: build the pack again"
		rm "$what"
		mv "$BATS_TEST_TMPDIR/away" "$what"
	done
}

@test "the module is missing" {
	rm "$ko"
	pack_refused "$ko: No such file or directory: build the pack again"
	rmdir "${ko%/*}"
	pack_refused "${ko%/*}: No such file or directory: build the pack again"
}

@test "a folder or a pipe where the manifest or the module should be" {
	for what in "$pack/manifest.json" "$ko"; do
		mv "$what" "$BATS_TEST_TMPDIR/away"
		mkdir "$what"
		pack_refused "$what: no regular file: build the pack again"
		rmdir "$what"
		mkfifo "$what"
		pack_refused "$what: no regular file: build the pack again"
		rm "$what"
		mv "$BATS_TEST_TMPDIR/away" "$what"
	done
}

@test "no folder of that name, and no folder at all" {
	pack=$BATS_TEST_TMPDIR/nowhere
	pack_refused "--pack $pack: No such file or directory: name a folder that 'teletap build -d' has made"
	touch "$pack"
	pack_refused "$pack: no manifest.json in it: name a folder that 'teletap build -d' has made"
	pack=
	pack_refused "--pack *"
}

@test "the system's own Python is as good as a copy" {
	pack_make "$pack" "$python"
	echo x >>"$ko"
	EXE=$python pack_refused "$ko: not the file the manifest describes (sha256 *"
}
