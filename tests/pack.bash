# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154
# For the tests of modules in packs: a pack with a module that is none.

setup_file() {
	need_python
	export EXE=$BATS_FILE_TMPDIR/python3.11
	python_copy "$EXE"
}

teardown_file() {
	python_forget
}

setup() {
	need_root
	need_python
	pack=$BATS_TEST_TMPDIR/pack
	pack_make "$pack" "$EXE"
	id=$(build_id "$EXE") sites=$(manifest sites)
	PATH=$TOP/tests/stub:$PATH
	export STUB_LOG=$BATS_TEST_TMPDIR/log STUB='exit 1'
}

watch_pack() {
	timeout 20 teletap watch gc --collector stap -e "$EXE" --pack "$pack" -n 1 -i 0.1
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

manifest() { jq -r ".modules[0].$1" "$pack/manifest.json"; }

# Whatever else is refused, this is not.
accepted() {
	need_uprobes
	run -3 --separate-stderr watch_pack
	echo "$stderr"
	[ "$(cut -d' ' -f2- "$STUB_LOG")" = "-R -b 1 /run/teletap/$sites/teletap_gc_0000000.ko teletap_pid=0" ]
	rm "$STUB_LOG"
}

# keys NAME...: NAME.key and NAME.pem, and NAME.der.
keys() {
	local name

	cd "$BATS_TEST_TMPDIR" || return
	for name; do
		openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj "/O=Example/CN=$name" \
			-keyout "$name.key" -out "$name.pem" 2>/dev/null
		openssl x509 -in "$name.pem" -outform DER -out "$name.der"
	done
}

# build ARGUMENT...: into a new pack, by a compiler that makes no module.
build() {
	mkdir -p "$BATS_TEST_TMPDIR/bin"
	cat >"$BATS_TEST_TMPDIR/bin/stap" <<-'EOF2'
		#!/bin/sh
		[ "$1" = -p4 ] || exec echo 'Systemtap translator/driver (version 5.6/0.196)'
		while [ "$1" != -m ]; do shift; done
		echo module >"$2.ko"
	EOF2
	chmod 755 "$BATS_TEST_TMPDIR/bin/stap"
	pack=$BATS_TEST_TMPDIR/signed
	ko=$pack/$(uname -r)/$id/$sites/teletap_gc_0000000.ko
	PATH=$BATS_TEST_TMPDIR/bin:$PATH run --separate-stderr teletap build gc -e "$EXE" -d "$pack" "$@"
	printf '%s\n' "$output" "$stderr"
}
