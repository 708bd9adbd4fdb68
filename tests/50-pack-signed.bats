#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Signed modules: who signs them, who checks them, and what only looks signed.

# shellcheck disable=SC2030,SC2031,SC2154 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper
load pack

# verifies CERT: $ko is 'module' and a signature by it, as OpenSSL and the kernel's own
# description of the format (include/linux/module_signature.h) see it.
verifies() {
	/usr/bin/python3 - "$ko" "$BATS_TEST_TMPDIR" <<-'EOF2'
		import struct, sys
		data = open(sys.argv[1], "rb").read()
		magic = b"~Module signature appended~\n"
		assert data.endswith(magic)
		data = data[:-len(magic)]
		algo, hash, kind, signer, key, size = struct.unpack(">BBBBB3xI", data[-12:])
		assert (algo, hash, kind, signer, key) == (0, 0, 2, 0, 0)
		open(sys.argv[2] + "/signature", "wb").write(data[-12 - size:-12])
		open(sys.argv[2] + "/content", "wb").write(data[:-12 - size])
	EOF2
	[ "$(cat "$BATS_TEST_TMPDIR/content")" = module ]
	openssl cms -verify -binary -inform DER -in "$BATS_TEST_TMPDIR/signature" -content "$BATS_TEST_TMPDIR/content" \
		-certfile "$1" -nointern -noverify -out /dev/null
}

@test "build --key signs, the manifest says by whom, and the hash is that of the signed module" {
	keys one two
	build --key one.key --cert one.pem
	[ "$status" = 0 ]
	verifies one.pem
	run ! verifies two.pem
	[ "$(manifest signer)" = CN=one,O=Example ]
	[ "$(manifest certificate)" = "$(sha256sum <one.der | cut -d' ' -f1)" ]
	[ "$(manifest sha256)" = "$(sha256sum <"$ko" | cut -d' ' -f1)" ]
	build --key one.key --cert one.der
	[ "$output" = 'all modules are ready' ]
	build
	[ "$output" = 'all modules are ready' ]
}

@test "build --key signs what is there, and replaces another's signature" {
	keys one two
	build
	[ "$(manifest signer)" = null ]
	[ "$(cat "$ko")" = module ]
	build --key one.key --cert one.der
	[[ $output == '[1/1] gc for '*': signed, '* ]]
	verifies one.pem
	[ "$(manifest stap)" = 5.6 ]
	build --key two.key --cert two.pem
	[[ $output == *': signed, '* ]]
	verifies two.pem
	[ "$(manifest signer)" = CN=two,O=Example ]
	[ "$(jq '.modules | length' "$pack/manifest.json")" = 1 ]
}

@test "a signed module goes to staprun without -R; one bit of it flipped, nowhere" {
	keys one
	build --key one.key --cert one.pem
	if [ -r /sys/bus/event_source/devices/uprobe/type ]; then
		run -3 --separate-stderr watch_pack
		echo "$stderr"
		[ "$(cut -d' ' -f2- "$STUB_LOG")" = "-b 1 /run/teletap/$sites/${ko##*/} teletap_pid=0" ]
		rm "$STUB_LOG" "/run/teletap/teletap_gc_0000000.lock"
	fi
	printf n | dd of="$ko" conv=notrunc status=none
	pack_refused "$ko: not the file the manifest describes (sha256 *"
}

@test "build: keys and certificates that are none, or do not belong together" {
	keys one two
	misused teletap build gc -e "$EXE" --key one.key
	[[ ${stderr_lines[0]} == 'teletap: build: --key: give --key and --cert together' ]]
	misused teletap build gc -e "$EXE" --cert one.pem
	[[ ${stderr_lines[0]} == 'teletap: build: --cert: give --key and --cert together' ]]
	refused teletap build gc -e "$EXE" -d "$pack" --key one.key --cert two.pem
	[[ $stderr == *'--key one.key and --cert two.pem do not belong together'* ]]
	refused teletap build gc -e "$EXE" -d "$pack" --key one.pem --cert one.pem
	[[ $stderr == *'--key one.pem: no private key'* ]]
	for file in one.key /dev/null /bin/sh; do
		refused teletap build gc -e "$EXE" -d "$pack" --key one.key --cert "$file"
		[[ $stderr == *"--cert $file: no certificate"* ]]
	done
	refused teletap build gc -e "$EXE" -d "$pack" --key nowhere --cert one.pem
	[[ $stderr == *'--key nowhere: No such file'* ]]
	refused teletap build gc -e "$EXE" -d "$pack" --key one.key --cert nowhere
	[[ $stderr == *'--cert nowhere: No such file'* ]]
}

@test "files that only look signed are signed, not cut" {
	keys one
	build
	for end in '\0\0\0\0\0\0\0\0\377\377\377\377' '\0\0\2\0\0\0\0\0\0\0\1\0' ''; do
		# shellcheck disable=SC2059
		printf "long enough $end~Module signature appended~\n" >"$ko"
		edit "m['modules'][0]['sha256'] = '$(sha256sum <"$ko" | cut -d' ' -f1)'; m['modules'][0].pop('certificate', 0)"
		size=$(stat -c %s "$ko")
		build --key one.key --cert one.pem
		[ "$status" = 0 ]
		[ "$(head -c 12 "$ko")" = 'long enough ' ]
		[ "$(stat -c %s "$ko")" -gt "$size" ]
	done
}

@test "doctor --pack: what it holds for this target" {
	need_root
	why() { jq -r '.pages[] | select(.page == 210) | "\(.works) \(.why)"' <<<"$output"; }
	host_make "$BATS_TEST_TMPDIR/host"
	export TELETAP_HOST_ROOT=$BATS_TEST_TMPDIR/host
	run teletap doctor -e "$EXE" --pack "$pack" -o json
	[ "$(why)" = "true a module is ready in $pack" ]
	edit 'm["modules"][0]["release"] = "6.1.0-0-other"'
	run teletap doctor -e "$EXE" --pack "$pack" -o json
	[[ $(why) == "false $pack: its module gc is for kernel 6.1.0-0-other, this is $(uname -r)"* ]]
	run teletap doctor -e "$EXE" --pack "$BATS_TEST_TMPDIR/nowhere" -o json
	[[ $(why) == "false --pack $BATS_TEST_TMPDIR/nowhere: No such file"* ]]
	misused teletap doctor --pack "$pack"
	# a kernel that takes signed modules only
	pack_make "$pack" "$EXE"
	echo Y >"$BATS_TEST_TMPDIR/host/sys/module/module/parameters/sig_enforce"
	run teletap doctor -e "$EXE" --pack "$pack" -o json
	[ "$(why)" = 'false the kernel takes signed modules only (module.sig_enforce)' ]
	keys one
	build --key one.key --cert one.pem
	run teletap doctor -e "$EXE" --pack "$pack" -o json
	[ "$(why)" = "true a module is ready in $pack, signed, which does when the kernel knows the key" ]
	rm "$BATS_TEST_TMPDIR/host/proc/modules"
	run teletap doctor -e "$EXE" --pack "$pack" -o json
	[[ $(why) == 'false this kernel has no module support'* ]]
}
