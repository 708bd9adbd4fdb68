# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# For the tests that need no kernel module. TELETAP_BUILD names another build
# (build/asan); UPDATE=1 rewrites the golden files instead of comparing.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${TELETAP_BUILD:-build}
[[ $BUILD == /* ]] || BUILD=$TOP/$BUILD
# /usr/bin before the shims of pyenv, which take a second for each python3
[[ ":$PATH:" == *":$BUILD/bin:"* ]] || PATH=$BUILD/bin:/usr/bin:$PATH
export TOP BUILD PATH LC_ALL=C.UTF-8
unset NO_COLOR PYTHONHOME PYTHONPATH
umask 022

# $output, whole, against a file in tests/data.
golden() {
	[ -z "${UPDATE-}" ] || printf '%s\n' "$output" >"$TOP/tests/data/$1"
	diff -u "$TOP/tests/data/$1" - <<<"$output"
}

# refused COMMAND...: it exits with 3, says one line, and prints nothing.
refused() {
	run -3 --separate-stderr "$@"
	one_line
}

# misused COMMAND...: it exits with 2; a line, then the usage.
misused() {
	run -2 --separate-stderr "$@"
	printf '%s\n' "${stderr_lines[@]:0:2}"
	[ -z "$output" ]
	[[ ${stderr_lines[0]} == teletap:* ]]
	[[ ${stderr_lines[1]} == Usage:\ teletap\ * ]]
}

one_line() {
	printf '%s\n' "$output" "$stderr"
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == teletap:* ]]
	lacks '[\x00-\x1f\x7f]' <<<"$stderr"
}

# lacks PATTERN: no line of the input has these bytes. ('! grep' would not fail a test.)
lacks() {
	if LC_ALL=C grep -aP "$1"; then return 1; fi
}

need_root() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
}

# The markers are switched on by way of perf's uprobes.
need_uprobes() {
	[ -r /sys/bus/event_source/devices/uprobe/type ] || skip "needs a kernel with uprobes for perf"
}

# The driver of the pure stages, see tests/draw.c.
draw() {
	"$BUILD/test/draw" "$@"
}

# says_unread PAGE: of three stacks in its session that could not be read it says so.
says_unread() {
	local session=$TOP/tests/data/$1/session.lines

	run draw -g "$1" -o json <"$session"
	lacks 'could be read in part' <<<"$(head -n 1 <<<"$output")"
	run draw -g "$1" -o json < <(sed $'0,/^stacks\t0\t[1-9]/s/^\\(stacks\t0\t[1-9][0-9]*\t[0-9]*\t\\)0/\\13/' "$session")
	grep -q '"3 stacks of this interval could be read in part or not at all' <<<"$output"
}

# Debian's python3.11 carries markers. Sets $python.
need_python() {
	python=/usr/bin/python3.11
	readelf -n "$python" 2>/dev/null | grep -q 'Name: gc__done' ||
		skip "needs $python with markers"
}

build_id() {
	readelf -n "$1" | awk '/Build ID:/ { print $3 }'
}

# python_copy FILE: a copy of $python with a build-id of its own, so that no other
# run of teletap on this host takes part.
python_copy() {
	/usr/bin/python3 - "$python" "$1" "$(build_id "$python")" <<-'EOF'
		import os, sys
		data, old = open(sys.argv[1], "rb").read(), bytes.fromhex(sys.argv[3])
		assert data.count(old) == 1
		open(sys.argv[2], "wb").write(data.replace(old, os.urandom(len(old))))
		os.chmod(sys.argv[2], 0o755)
	EOF
}

# What the tests with the stand-in for staprun (tests/stub) need.
need_stub() {
	need_root
	need_python
	need_uprobes
}

# For setup_file: $EXE is a copy of Python, $PACK a pack with its module, and the stand-in
# comes before staprun.
stub_begin() {
	need_stub
	export EXE=$BATS_FILE_TMPDIR/python3.11 PACK=$BATS_FILE_TMPDIR/pack
	python_copy "$EXE"
	pack_make "$PACK" "$EXE"
	PATH=$TOP/tests/stub:$PATH
	# A kernel that loads modules, so that they are taken before BPF programs.
	export TELETAP_HOST_ROOT=$BATS_FILE_TMPDIR/host
	mkdir -p "$TELETAP_HOST_ROOT/proc"
	touch "$TELETAP_HOST_ROOT/proc/modules"
}

# Removes what is left of sessions with the packs below: locks.
python_forget() {
	local sites

	while read -r sites; do
		rm -f "/run/teletap/$sites.lock"
	done <"$BATS_FILE_TMPDIR/sites"
}

# compiler DIR: a stap that makes a module which is none.
compiler() {
	mkdir -p "$1"
	cat >"$1/stap" <<-'EOF'
		#!/bin/sh
		[ "$1" = -p4 ] || exec echo 'Systemtap translator/driver (version 5.6/0.196)'
		while [ "$1" != -m ]; do shift; done
		echo "no module" >"$2.ko"
	EOF
	chmod 755 "$1/stap"
}

# pack_make DIR FILE [RELEASE]: a pack with a module for FILE that is none. Sets $ko.
pack_make() {
	compiler "$BATS_FILE_TMPDIR/compiler"
	rm -rf "$1"
	PATH=$BATS_FILE_TMPDIR/compiler:$PATH teletap build gc -e "$2" -k "${3-$(uname -r)}" -d "$1" >/dev/null
	# shellcheck disable=SC2034 # for the tests
	ko=$(find "$1" -name teletap_gc_0000000.ko)
	jq -r '.modules[0].sites' "$1/manifest.json" >>"$BATS_FILE_TMPDIR/sites"
}

# host_make DIR: a machine on which everything works, as 'teletap doctor' sees it. Of
# all that it looks at on the host, each path begins with what TELETAP_HOST_ROOT says
# (a variable for tests only), the folders of PATH too.
host_make() {
	local release=6.12.107+deb13-amd64 sys=$1/sys

	mkdir -p "$1"/{proc/self,proc/sys/kernel,usr/bin,var/cache,"lib/modules/$release/build"} \
		"$sys"/{kernel/security,module/module/parameters,bus/event_source/devices/uprobe}
	printf 'Name:\tx\nUid:\t0\t0\t0\t0\nCapEff:\t000001ffffffffff\n' >"$1/proc/self/status"
	echo '         0          0 4294967295' >"$1/proc/self/uid_map"
	mkdir "$1/proc/self/ns"
	ln -s 'pid:[4026531836]' "$1/proc/self/ns/pid"
	echo 'root=/dev/vda1 ro quiet' >"$1/proc/cmdline"
	echo 'proc /proc proc rw,nosuid 0 0' >"$1/proc/mounts"
	echo 'ext4 1011712 1 - Live 0x0000000000000000' >"$1/proc/modules"
	echo $release >"$1/proc/sys/kernel/osrelease"
	echo 0 >"$1/proc/sys/kernel/modules_disabled"
	echo '[none] integrity confidentiality' >"$sys/kernel/security/lockdown"
	echo N >"$sys/module/module/parameters/sig_enforce"
	echo 9 >"$sys/bus/event_source/devices/uprobe/type"
	touch "$1/lib/modules/$release/build/Makefile" "$1/usr/bin/gcc" "$1/usr/bin/make"
	host_program "$1" stap 'Systemtap translator/driver (version 5.6/0.196, Debian version 5.6-1)'
	host_program "$1" staprun 'Systemtap module loader/runner (version 5.6, Debian version 5.6-1)'
}

# host_program DIR NAME TEXT: a program that says TEXT, whatever it is asked.
host_program() {
	printf '#!/bin/sh\necho "%s"\n' "$3" >"$1/usr/bin/$2"
	chmod 755 "$1/usr/bin/$2"
}
