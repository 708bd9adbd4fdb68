# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# For the tests of teletap probes: a folder, a program with markers, another user.

# Makes the folder $D with a copy of teletap and, where they can be compiled, prog
# and libdemo.so. Not in the folder of bats, which only its owner may enter.
markers_setup() {
	D=$(mktemp -d /tmp/teletap-markers.XXXXXX)
	SOURCES=$TOP/tests/data/elf
	export D SOURCES
	chmod 755 "$D"
	cp "$(command -v teletap)" "$D/teletap"
	if can_compile; then
		gcc -O2 -o "$D/prog" "$SOURCES/prog.c" "$SOURCES/lib.c"
		gcc -O2 -shared -fPIC -o "$D/libdemo.so" "$SOURCES/lib.c"
	fi
}

can_compile() {
	gcc -E - <<<'#include <sys/sdt.h>' >/dev/null 2>&1
}

need_compiler() {
	can_compile || skip "needs gcc and sys/sdt.h"
}

# Sets PLAIN; in front of a command it runs that as somebody who is not root.
# shellcheck disable=SC2034
plain_setup() {
	PLAIN=(env)
	[ "$(id -u)" -ne 0 ] || PLAIN=(setpriv --reuid=65534 --regid=65534 --clear-groups)
}
