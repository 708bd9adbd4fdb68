#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Modules from a pack: what must not be loaded is refused, by a line that says why.

# shellcheck disable=SC2030,SC2031,SC2154 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper
load pack

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

@test "a module for another file with the same build-id" {
	"$TOP/tests/forge" "$EXE" "$BATS_TEST_TMPDIR/forged"
	genuine=$EXE EXE=$BATS_TEST_TMPDIR/forged
	pack_refused "$pack: its module gc is for a file with the same build-id ($genuine), but not the same contents, as $EXE: build it with 'teletap build gc' for this one"
	build
	[ "$status" = 0 ]
	EXE=$genuine build
	[ "$status" = 0 ]
	[ "$(jq '.modules | length' "$pack/manifest.json")" = 2 ]
	[ "$(manifest build_id)" = "$id" ]
	[ "$(find "$pack" -name teletap_gc_0000000.ko | wc -l)" = 2 ]
	# what no module holds makes no difference
	objcopy --remove-section .comment "$genuine" "$EXE"
	EXE=$EXE build
	[ "$output" = 'all modules are ready' ]
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
	for format in 1 0 -1 4294967298 '"1"' 1.0 null; do
		sed -i "s/\"format\": .*/\"format\": $format,/" "$pack/manifest.json"
		pack_refused "$pack/manifest.json: format *, this teletap reads 2: build the pack with this version"
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
	for content in 'hello' '\x7fELF\x02\x01\x01' '{"format": 2, "format": 2}' '\xff\xfe' '{"format": 2}x' \
		'{"\e[2J\n": 1,,}' "{'format': 1}"; do
		# shellcheck disable=SC2059
		printf "$content" >"$pack/manifest.json"
		pack_refused "$pack/manifest.json:*: build the pack again"
	done
	/usr/bin/python3 -c 'print("[" * 100000)' >"$pack/manifest.json"
	pack_refused "$pack/manifest.json:*: build the pack again"
}

# shellcheck disable=SC2016
@test "with few open files: why, not that the pack is to be built again" {
	local n
	for n in $(seq 8 24); do
		run -3 bash -c 'ulimit -n "$1" && shift && exec "$@"' - "$n" teletap watch gc -e "$EXE" --pack "$pack" -n 1
		[[ $output != *'build the pack again'* ]]
		[[ $output == *"allow more, 'ulimit -n 256'" && $output != *"256'"*"256'"* ]]
	done
}

@test "names in a manifest that are out to do harm" {
	edit 'm["modules"][0]["release"] = "\x1b[2J\nteletap: all is well\u202e"'
	pack_refused "$pack: its module gc is for kernel \\\\x1b\\[2J\\\\x0ateletap: all is well\\\\xe2\\\\x80\\\\xae, this is *"
}

@test "others can write the folder, the manifest, the module or what is between" {
	for what in "$pack" "$pack/$(uname -r)" "${ko%/*}" "${ko%/*/*}" "$pack/manifest.json" "$ko"; do
		for mode in o+w g+w; do
			chmod "$mode" "$what"
			pack_refused "$what can be written by others: 'chmod go-w' it once you trust it"
			chmod go-w "$what"
		done
	done
}

@test "another user owns the folder, the manifest, the module or what is between" {
	for what in "$pack" "$pack/$(uname -r)" "${ko%/*}" "${ko%/*/*}" "$pack/manifest.json" "$ko"; do
		chown 65534 "$what"
		pack_refused "$what belongs to user 65534, who could have changed it: 'chown root' it once you trust it"
		chown root "$what"
	done
}

@test "a link where the folder, the manifest or the module should be" {
	for what in "$pack/$(uname -r)" "${ko%/*}" "${ko%/*/*}" "$pack/manifest.json" "$ko"; do
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
		pack_refused "$what: not a regular file: build the pack again"
		rmdir "$what"
		mkfifo "$what"
		pack_refused "$what: not a regular file: build the pack again"
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

@test "Ctrl-C ends the wait for another session that starts with the same files" {
	PATH=$BATS_FILE_TMPDIR/compiler:$PATH run -0 teletap build exec -d "$BATS_TEST_TMPDIR/host"
	lock=/run/teletap/$(jq -r '.modules[0].sites' "$BATS_TEST_TMPDIR/host/manifest.json").lock
	mkdir -p /run/teletap && chmod 700 /run/teletap
	exec 6>"$lock"
	flock 6
	timeout -k 30 20 teletap watch exec --pack "$BATS_TEST_TMPDIR/host" 6>&- 3>&- &
	sleep 2
	pkill -INT -P $! teletap
	status=0
	wait $! || status=$?
	rm "$lock"
	[ "$status" = 130 ]
	[ ! -e "$STUB_LOG" ]
}
