#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A kernel that takes signed modules only. There is no way back but a boot: this is
# the last file.

bats_require_minimum_version 1.5.0
load helper

setup() {
	echo 1 > /sys/module/module/parameters/sig_enforce
	start python3.14
}

@test "an unsigned module is refused, and doctor says how to sign it" {
	run -3 --separate-stderr teletap watch gc -p "$pid" -n 1 --collector stap
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" = 1 ]
	echo "$stderr"
	[[ "$stderr" == *"the kernel refuses unsigned modules"*"teletap build gc --key KEY.pem --cert CERT"* ]]
	expect_clean "$pid"
	run -0 teletap doctor -p "$pid" -o json
	jq -e '.checks[] | select(.id == "signatures" and .verdict == "FAIL").remedy | test("build --key")' <<< "$output"
	[ "$(jq -c '.pages[] | select(.page == 210) | [.collector, (.collectors[] | .works)]' <<< "$output")" = \
		'["bpf",false,true,true]' ]
	run -0 teletap watch gc -p "$pid" -n 1 -i 1 -o json
	[ "$(jq -r .collector <<< "$output")" = bpf ]
}

@test "a module signed with a key the kernel does not know is refused, too" {
	cp -r /var/cache/teletap "$BATS_TEST_TMPDIR/pack"
	openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj '/CN=Example signer' \
		-keyout "$BATS_TEST_TMPDIR/key" -out "$BATS_TEST_TMPDIR/cert" 2> /dev/null
	teletap build gc -e "$(command -v python3.14)" -d "$BATS_TEST_TMPDIR/pack" \
		--key "$BATS_TEST_TMPDIR/key" --cert "$BATS_TEST_TMPDIR/cert"
	run -0 teletap doctor -p "$pid" --pack "$BATS_TEST_TMPDIR/pack"
	[[ "$output" == *"works: a module is ready in $BATS_TEST_TMPDIR/pack, signed, which does when the kernel knows the key"* ]]
	run -3 --separate-stderr teletap watch gc -p "$pid" --pack "$BATS_TEST_TMPDIR/pack" -n 1
	echo "$stderr"
	[ "${#stderr_lines[@]}" = 1 ]
	[[ "$stderr" == *"does not know the key that signed the module"*"mokutil --import"* ]]
	expect_clean "$pid"
}
