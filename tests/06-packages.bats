#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What packages are made from fits the tree, and the unit's confinement what serve needs.
# 'make packages' builds them; that takes minutes, so no test does.

# shellcheck disable=SC2030,SC2031,SC2154
bats_require_minimum_version 1.5.0
load helper
load serve

setup() {
	export PORT=25397
	UNIT=$TOP/packaging/teletap@.service.in
}

teardown() {
	kill_server
	[ -z "${pid-}" ] || kill -9 "$pid"
}

@test "all of them are of this version" {
	version=$(cat "$TOP/VERSION")
	[[ $(head -n 1 "$TOP/packaging/debian/changelog") == "teletap ($version-1) "* ]]
	grep -qx "Version: *$version" "$TOP/packaging/teletap.spec"
	grep -q -- " - $version-1\$" "$TOP/packaging/teletap.spec"
}

@test "all that is installed is in a Debian package, and all that they name is installed" {
	cd "$TOP"
	make -s VERSION=x B="$BUILD" -o all DESTDIR="$BATS_TEST_TMPDIR" PREFIX=/usr install
	cd "$BATS_TEST_TMPDIR"
	awk '$1 !~ "^debian/" { print $1 }' "$TOP"/packaging/debian/*.install "$TOP/packaging/debian/not-installed" >names
	while read -r name; do
		compgen -G "$name" || [ -e "$TOP/$name" ] || echo "$name: not installed" >>wrong
	done <names >covered
	find usr -type f -not -path 'usr/share/teletap/python/*' |
		awk 'NR == FNR { covered[$0]; next }
			{ for (name in covered) if ($0 == name || index($0, name "/") == 1) next
			  print $0 ": in no package" }' covered - >>wrong
	diff /dev/null wrong
}

@test "pkg-config finds the header" {
	make -s -C "$TOP" VERSION=x B="$BUILD" -o all DESTDIR= PREFIX="$BATS_TEST_TMPDIR" install
	export PKG_CONFIG_PATH=$BATS_TEST_TMPDIR/share/pkgconfig
	[ "$(pkg-config --modversion teletap)" = "$(cat "$TOP/VERSION")" ]
	printf '#define TELETAP_PROVIDER x\n#include <teletap.h>\nint main(void) { TELETAP_COUNTER("x", 1); return 0; }\n' \
		>"$BATS_TEST_TMPDIR/x.c"
	# shellcheck disable=SC2046 # several words
	gcc $(pkg-config --cflags teletap) -o "$BATS_TEST_TMPDIR/x" "$BATS_TEST_TMPDIR/x.c"
	run -0 teletap probes -e "$BATS_TEST_TMPDIR/x"
	[[ $output == *teletap__counter* ]]
}

# As systemd starts it: with these capabilities, and no new privileges.
@test "the unit's capabilities are enough for serve, and its end is a success" {
	need_root
	need_python
	need_uprobes
	capabilities=$(sed -n 's/^CapabilityBoundingSet=//p' "$UNIT" | tr ' ' '\n' | sed 's/^CAP_/+/' | tr '[:upper:]' '[:lower:]' | paste -sd,)
	[[ $capabilities == *+sys_ptrace*+bpf* ]]
	"$python" -c 'import gc, time
while not time.sleep(0.01): gc.collect()' 3>&- &
	pid=$!
	printf '#!/bin/sh\nexec setpriv --bounding-set=-all,%s --no-new-privs %s "$@"\n' \
		"$capabilities" "$BUILD/bin/teletap" >"$BATS_TEST_TMPDIR/teletap"
	chmod 755 "$BATS_TEST_TMPDIR/teletap"
	PATH=$BATS_TEST_TMPDIR:$PATH serve -p "$pid" -i 0.2
	for name in 210:bpf 224:memory 204:proc; do
		until_true says ", by ${name#*:}" page "${name%:*}"
	done
	[ "$(grep -c nobody <(ps -o user= -p "$frontend"))" = 1 ]
	stop_server 143
	grep -qw 143 <(sed -n 's/^SuccessExitStatus=//p' "$UNIT")
}
