#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Page 203 on a machine with a file system that never answers, and pressure that is made.

# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0
load helper

setup() {
	mkdir -p /tmp/dead
}

teardown() {
	jobs -p | xargs -r kill -9 2>/dev/null || true
	wait 2>/dev/null || true
	umount -l /tmp/dead 2>/dev/null || true
}

# bats test_tags=full
@test "a file system whose server is dead: not asked, and counted" {
	python3.14 "$HERE/dead_mount.py" /tmp/dead 3>&- > "$BATS_TEST_TMPDIR/ready" 2>&1 &
	await grep -q mounted "$BATS_TEST_TMPDIR/ready" || { cat "$BATS_TEST_TMPDIR/ready"; false; }
	# whoever asks it waits for ever
	run timeout 2 stat -f /tmp/dead
	[ "$status" -ne 0 ]
	run -0 --separate-stderr timeout 20 teletap watch host -i 0.5 -n 2 -o json
	tail -n 1 <<< "$output" > "$BATS_TEST_TMPDIR/page"
	[ "$(rows '.kind == "mounts"' .not_asked)" = 1 ]
	[ -z "$(rows '.name == "/tmp/dead"' .)" ]
	[ "$(rows '.name == "/"' .type)" = '"ext4"' ]
	[ "$(rows '.kind == "units"' .failed)" = null ]
}

# bats test_tags=full
@test "pressure: two processes for each processor" {
	for _ in 1 2 3 4; do (while :; do :; done) 3>&- & done
	teletap watch host -i 2 -n 1 -o json > "$BATS_TEST_TMPDIR/page"
	before=$(awk '/^some/ { sub("total=", "", $5); print $5 }' /proc/pressure/cpu)
	teletap watch host -i 2 -n 1 -o json > "$BATS_TEST_TMPDIR/page"
	after=$(awk '/^some/ { sub("total=", "", $5); print $5 }' /proc/pressure/cpu)
	stalled=$(rows '.kind == "pressure" and .name == "cpu"' .stalled_ns)
	share=$(rows '.kind == "pressure" and .name == "cpu"' .share)
	echo "$stalled ns, $share; the kernel: $(((after - before) * 1000))"
	[ "$stalled" -le $(((after - before) * 1000)) ]
	awk -v share="$share" 'BEGIN { exit !(share > 0.8 && share < 1.1) }'
}
