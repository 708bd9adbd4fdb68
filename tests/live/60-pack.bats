#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A production host: no compiler, no stap, an empty cache. A pack is all there is.

# shellcheck disable=SC2030,SC2031 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper

setup() {
	mkdir "$BATS_TEST_TMPDIR/bin"
	ln -s "$(command -v staprun)" "$(command -v teletap)" "$BATS_TEST_TMPDIR/bin/"
	cp -r /var/cache/teletap "$BATS_TEST_TMPDIR/pack"
	mv /var/cache/teletap /var/cache/teletap.away
	start python3.14
}

teardown() {
	rm -rf /var/cache/teletap
	mv /var/cache/teletap.away /var/cache/teletap
	jobs -p | xargs -r kill -9 2>/dev/null || true
	wait 2>/dev/null || true
}

bare() { env "PATH=$BATS_TEST_TMPDIR/bin" "$(command -v teletap)" "$@"; }

# bats test_tags=others
@test "watch works from a pack alone, exactly" {
	# not through a function: the signal below has to reach teletap itself
	env "PATH=$BATS_TEST_TMPDIR/bin" "$(command -v teletap)" watch gc -p "$pid" \
		--pack "$BATS_TEST_TMPDIR/pack" -o json -i 1 > "$BATS_TEST_TMPDIR/out" 3>&- &
	tap=$!
	await raised "$pid"
	go "$dir"
	kill -INT "$tap"
	wait "$tap" || [ $? = 130 ]
	[ "$(totals "$BATS_TEST_TMPDIR/out")" = "$(jq -c . "$dir/done")" ]
	expect_clean "$pid"
}

# bats test_tags=full
@test "without the pack it says what is missing" {
	run -3 --separate-stderr bare watch gc -p "$pid" --collector stap
	[ "${#stderr_lines[@]}" = 1 ]
	[[ "$stderr" == *"no stap here"*"--pack"* ]]
	expect_clean "$pid"
}

@test "a flipped byte is found before the kernel sees it" {
	ko=$(find "$BATS_TEST_TMPDIR/pack/$(uname -r)" -name 'teletap_gc_0*.ko' \
		-path "*$(readelf -n "$(command -v python3.14)" | awk '/Build ID/ { print $3 }')*")
	printf '\377' | dd of="$ko" bs=1 seek=5000 conv=notrunc 2> /dev/null
	run -3 --separate-stderr bare watch gc -p "$pid" --pack "$BATS_TEST_TMPDIR/pack"
	[ "${#stderr_lines[@]}" = 1 ]
	[[ "$stderr" == *"sha256"*"build the pack again"* ]]
	expect_clean "$pid"
}

# signed_pack: signs the pack's module for python3.14, with a key made here.
signed_pack() {
	openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj '/CN=Example signer' \
		-keyout "$BATS_TEST_TMPDIR/key" -out "$BATS_TEST_TMPDIR/cert" 2> /dev/null
	run -0 teletap build gc -e "$(command -v python3.14)" -d "$BATS_TEST_TMPDIR/pack" \
		--key "$BATS_TEST_TMPDIR/key" --cert "$BATS_TEST_TMPDIR/cert"
	[[ "$output" == *": signed, "* ]]
	ko=$(jq -r '.modules[] | select(.signer) | "\(.release)/\(.build_id)/\(.sites)/teletap_\(.name)_0000000.ko"' \
		"$BATS_TEST_TMPDIR/pack/manifest.json")
	[ "$(/usr/sbin/modinfo -F signer "$BATS_TEST_TMPDIR/pack/$ko")" = 'Example signer' ]
}

# bats test_tags=kernels
@test "a signed module works, exactly, though the kernel does not know the key" {
	signed_pack
	watch_pid "$pid" --pack "$BATS_TEST_TMPDIR/pack" -o json -i 1
	[ "$(modules)" = teletap_gc_0000000 ]
	# unknown key: loaded, and the kernel notes it ("E": unsigned)
	[[ "$(cat /sys/module/teletap_gc_0000000/taint)" == *E* ]]
	go "$dir"
	kill -INT "$tap"
	expect_end 130
	[ "$(totals "$tap_out")" = "$(jq -c . "$dir/done")" ]
	expect_clean "$pid"
}

# bats test_tags=full
@test "a signed module runs once at a time: the second one is told" {
	signed_pack
	watch_pid "$pid" --pack "$BATS_TEST_TMPDIR/pack" -i 1
	run -3 --separate-stderr teletap watch gc -p "$pid" --pack "$BATS_TEST_TMPDIR/pack" -n 1
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" = 1 ]
	[[ "$stderr" == *"another teletap has the module teletap_gc_0000000"*"end that one first" ]]
	run teletap doctor
	[[ "$output" != *"left behind, idle"* ]]
	# one that is not signed does not mind
	run -0 teletap watch gc -p "$pid" --pack /var/cache/teletap.away -n 1 -i 0.5
	kill -INT "$tap"
	expect_end 130
	# and now it is free
	run -0 teletap watch gc -p "$pid" --pack "$BATS_TEST_TMPDIR/pack" -n 1 -i 0.5
	expect_clean "$pid"
}

# bats test_tags=full
@test "a signed module of a killed teletap is waited for until it has gone" {
	signed_pack
	watch_pid "$pid" --pack "$BATS_TEST_TMPDIR/pack" -i 1
	kill -KILL "$(pgrep stapio)" "$tap"
	wait "$tap" || true
	run -0 --separate-stderr teletap watch gc -p "$pid" --pack "$BATS_TEST_TMPDIR/pack" -n 1 -i 0.5
	[ -z "$stderr" ]
	expect_clean "$pid"
}

# bats test_tags=kernels
@test "a signed module that three killed programs left is swept away" {
	signed_pack
	watch_pid "$pid" --pack "$BATS_TEST_TMPDIR/pack" -i 1
	kill -KILL "$(pgrep stapio)" "$(pgrep teletap-reaper)" "$tap"
	wait "$tap" || true
	[ "$(modules)" = teletap_gc_0000000 ]
	run teletap doctor
	[[ "$output" == *"left behind, idle (teletap_gc_0000000)"* ]]
	run -0 --separate-stderr teletap watch gc -p "$pid" --pack "$BATS_TEST_TMPDIR/pack" -n 1 -i 0.5
	[[ "$stderr" == *"removed 1 module that a killed teletap had left"* ]]
	expect_clean "$pid"
}

# bats test_tags=full
@test "doctor: what the pack holds for this kernel and target" {
	signed_pack
	run -0 teletap doctor -p "$pid" --pack "$BATS_TEST_TMPDIR/pack" -o json
	[ "$(jq -r '.pages[] | select(.page == 210).why' <<< "$output")" = \
		"a module is ready in $BATS_TEST_TMPDIR/pack, signed" ]
	run teletap doctor -p $$ --pack "$BATS_TEST_TMPDIR/pack" -o json
	[[ "$(jq -r '.pages[] | select(.page == 210).why' <<< "$output")" == *"no markers of python"* ]]
	sed -i "s/$(uname -r)/6.1.0-0-other/" "$BATS_TEST_TMPDIR/pack/manifest.json"
	run teletap doctor -p "$pid" --pack "$BATS_TEST_TMPDIR/pack" -o json
	[[ "$(jq -r '.pages[] | select(.page == 210).collectors[] | select(.name == "stap").why' <<< "$output")" == *"its module gc is for kernel "*", this is $(uname -r)"* ]]
}
