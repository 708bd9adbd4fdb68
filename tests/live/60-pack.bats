#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A production host: no compiler, no stap, an empty cache. A pack is all there is.

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

@test "watch works from a pack alone, exactly" {
	# not through a function: the signal below has to reach teletap itself
	env "PATH=$BATS_TEST_TMPDIR/bin" "$(command -v teletap)" watch gc -p "$pid" \
		--pack "$BATS_TEST_TMPDIR/pack" -o json -i 1 > "$BATS_TEST_TMPDIR/out" 3>&- &
	tap=$!
	while [ "$("$HERE/semaphores" "$pid")" = 0 ]; do
		kill -0 "$tap"
		sleep 0.1
	done
	go "$dir"
	kill -INT "$tap"
	wait "$tap" || [ $? = 130 ]
	[ "$(totals "$BATS_TEST_TMPDIR/out")" = "$(jq -c . "$dir/done")" ]
	expect_clean "$pid"
}

@test "without the pack it says what is missing" {
	run -3 --separate-stderr bare watch gc -p "$pid"
	[ "${#stderr_lines[@]}" = 1 ]
	[[ "$stderr" == *"no stap here"*"--pack"* ]]
	expect_clean "$pid"
}

@test "a flipped byte is found before the kernel sees it" {
	ko=$(find "$BATS_TEST_TMPDIR/pack/$(uname -r)" -name '*.ko' \
		-path "*$(readelf -n "$(command -v python3.14)" | awk '/Build ID/ { print $3 }')*")
	printf '\377' | dd of="$ko" bs=1 seek=5000 conv=notrunc 2> /dev/null
	run -3 --separate-stderr bare watch gc -p "$pid" --pack "$BATS_TEST_TMPDIR/pack"
	[ "${#stderr_lines[@]}" = 1 ]
	[[ "$stderr" == *"sha256"*"build the pack again"* ]]
	expect_clean "$pid"
}
