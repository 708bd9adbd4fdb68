#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Modules from a pack: what must not be loaded is refused, by a line that says why.

# shellcheck disable=SC2030,SC2031,SC2154 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper

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

# A compiler that says when it begins and ends. The first module of a kernel takes until the other
# kernel's has begun, if there is one.
@test "build: what stap finds out about a kernel, one module waits for another to find out" {
	[ "$(nproc)" -gt 1 ] || skip "one processor: nothing is compiled at once"
	mkdir "$BATS_TEST_TMPDIR/bin"
	cat >"$BATS_TEST_TMPDIR/bin/stap" <<-'EOF2'
		#!/bin/bash
		[ "$1" = -p4 ] || exec echo 'Systemtap translator/driver (version 5.6/0.196)'
		while [ $# -gt 0 ]; do
			case $1 in
			-r) release=$2 ;;
			-m) name=$2 ;;
			esac
			shift
		done
		module=${name#teletap_} module=${module%_*}
		echo "begin $module $release" >>"$STUB_LOG"
		[ $module != gc ] || for _ in {1..300}; do
			[ "$(grep -c "begin gc" "$STUB_LOG")" -lt "$KERNELS" ] || break
			sleep 0.1
		done
		# the others take until both have begun
		[ $module = gc ] || [ "$KERNELS" = 2 ] || for _ in {1..300}; do
			[ "$(grep -cE 'begin (faults|syscalls)' "$STUB_LOG")" -lt 2 ] || break
			sleep 0.1
		done
		sleep 0.2
		echo module >"$name.ko"
		echo "end $module $release" >>"$STUB_LOG"
	EOF2
	chmod 755 "$BATS_TEST_TMPDIR/bin/stap"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
	KERNELS=1 run -0 teletap build gc syscalls faults -e "$EXE" -k one -d "$BATS_TEST_TMPDIR/new"
	run -0 sed 's/ one$//' "$STUB_LOG"
	[ "${lines[*]:0:2}" = 'begin gc end gc' ]
	[ "$(printf '%s\n' "${lines[@]:2:2}" | sort | xargs)" = 'begin faults begin syscalls' ]

	rm "$STUB_LOG"
	KERNELS=2 run -0 teletap build gc syscalls -e "$EXE" -k one -k two -d "$BATS_TEST_TMPDIR/newer"
	run -0 head -n 2 "$STUB_LOG"
	[[ $output == 'begin gc '*'begin gc '* ]]
	for release in one two; do
		run -0 sed -n "s/ $release$//p" "$STUB_LOG"
		[ "${lines[*]}" = 'begin gc end gc begin syscalls end syscalls' ]
	done
}

# SystemTap then takes a variable of the program that is called arg1.
@test "build: an argument that SystemTap cannot read is refused, with its marker" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	cat >"$BATS_TEST_TMPDIR/bin/stap" <<-'EOF2'
		#!/bin/sh
		[ "$1" = -p4 ] || exec echo 'Systemtap translator/driver (version 5.6/0.196)'
		while [ "$1" != -m ]; do shift; done
		echo "WARNING: Can't parse SDT_V3 operand '$OPERAND' [man error::sdt]: identifier '\$arg1'" >&2
		echo module >"$2.ko"
	EOF2
	chmod 755 "$BATS_TEST_TMPDIR/bin/stap"
	OPERAND=$(teletap probes -e "$EXE" -o json |
		jq -r 'select(.provider == "python" and .name == "gc__start").arguments' | head -n 1)
	export OPERAND=${OPERAND#*@}
	PATH=$BATS_TEST_TMPDIR/bin:$PATH run teletap build gc -e "$EXE" -k one -d "$BATS_TEST_TMPDIR/new"
	[ "$status" = 3 ]
	[[ $output == *"$EXE: SystemTap cannot read the argument $OPERAND of the marker python:gc__"*", which the module gc needs: "* ]]
	[ -z "$(find "$BATS_TEST_TMPDIR/new" -name '*.ko')" ]
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

@test "build: a path that is no UTF-8, whoever may write, a damaged manifest" {
	odd=$BATS_TEST_TMPDIR/caf$'\xe9'
	mkdir "$odd"
	cp "$EXE" "$odd/python3.11"
	EXE=$odd/python3.11 build
	[ "$status" = 0 ]
	[ "$(manifest path)" = "$BATS_TEST_TMPDIR/caf\\xe9/python3.11" ]
	EXE=$odd/python3.11 build
	[ "$output" = 'all modules are ready' ]

	rm -r "$pack"
	umask 000
	build
	umask 022
	[ "$status" = 0 ]
	[ "$(stat -c %a "$pack/manifest.json")" = 644 ]
	build
	[ "$output" = 'all modules are ready' ]

	for content in '' '{"format": 2' '{"format": 2, "modules": 5}' '{"format": 1, "modules": []}'; do
		echo "$content" >"$pack/manifest.json"
		build
		[ "$status" = 0 ]
		[ "$(manifest sha256)" = "$(sha256sum <"$ko" | cut -d' ' -f1)" ]
	done
}

@test "build: what is in the way is said before anything is compiled" {
	printf '#!/bin/sh\ntouch "%s/compiled"\n' "$BATS_TEST_TMPDIR" >"$BATS_TEST_TMPDIR/stap"
	chmod 755 "$BATS_TEST_TMPDIR/stap"
	PATH=$BATS_TEST_TMPDIR:$PATH
	mkdir -m 777 "$BATS_TEST_TMPDIR/open"
	run -3 --separate-stderr teletap build gc -e "$EXE" -d "$BATS_TEST_TMPDIR/open"
	[[ $stderr == *"$BATS_TEST_TMPDIR/open can be written by others"* ]]
	ln -s /run "$BATS_TEST_TMPDIR/run"
	for folder in /run /boot "$BATS_TEST_TMPDIR/run"; do
		TMPDIR=$folder run -3 --separate-stderr teletap build gc -e "$EXE" -d "$BATS_TEST_TMPDIR/new"
		[[ $stderr == *"TMPDIR $folder: nothing can be compiled below /run or /boot: name another folder"* ]]
	done
	TMPDIR=nowhere run -3 --separate-stderr teletap build gc -e "$EXE" -d "$BATS_TEST_TMPDIR/new"
	[[ $stderr == *"TMPDIR nowhere: No such file or directory: name a folder that is there"* ]]
	[ ! -e "$BATS_TEST_TMPDIR/compiled" ]
	cd "$BATS_TEST_TMPDIR"
	mkdir below
	TMPDIR=below build
	[ "$status" = 0 ]
	[ -z "$(ls below)" ]
}

@test "build: what the running kernel would refuse is not compiled" {
	need_uprobes
	printf '#!/bin/sh\ntouch "%s/compiled"\n' "$BATS_TEST_TMPDIR" >"$BATS_TEST_TMPDIR/stap"
	chmod 755 "$BATS_TEST_TMPDIR/stap"
	"$TOP/tests/forge" "$EXE" "$BATS_TEST_TMPDIR/forged" refused
	PYTHONHOME=/usr "$BATS_TEST_TMPDIR/forged" -c 'import time; time.sleep(60)' 3>&- &
	pid=$!
	until readlink "/proc/$pid/exe" | grep -q forged; do sleep 0.1; done
	sleep 1
	PATH=$BATS_TEST_TMPDIR:$PATH run -3 --separate-stderr teletap build gc -p "$pid" -d "$BATS_TEST_TMPDIR/new"
	echo "$stderr"
	kill "$pid"
	[ ! -e "$BATS_TEST_TMPDIR/compiled" ]
	[ ! -e "$BATS_TEST_TMPDIR/new" ]
}

@test "build: into a folder of somebody else, or over what he has laid there, nothing is written" {
	build
	for folder in "$pack" "$pack/$(uname -r)" "${ko%/*/*}" "${ko%/*}"; do
		rm -r "$pack"
		mkdir -p "${ko%/*}"
		chown 65534 "$folder"
		build
		[ "$status" = 3 ]
		[[ $stderr == *"$folder belongs to user 65534"* ]]
		[ -z "$(find "$pack" -type f)" ]
	done
	rm -r "$pack"
	mkdir "$pack"
	ln -s "$BATS_TEST_TMPDIR/prey" "$pack/.lock"
	build
	[ "$status" = 3 ]
	[ ! -e "$BATS_TEST_TMPDIR/prey" ]
}

@test "build: a module is compiled again when a header of the tapsets has changed" {
	mkdir -p "$BATS_TEST_TMPDIR/own/"{bin,share/teletap}
	cp "$BUILD/bin/teletap" "$BATS_TEST_TMPDIR/own/bin"
	cp -r "$TOP/"{stp,tapsets} "$BATS_TEST_TMPDIR/own/share/teletap"
	BUILD=$BATS_TEST_TMPDIR/own
	PATH=$BUILD/bin:$PATH
	build
	[[ $output == *': built,'* ]]
	build
	[[ $output != *': built,'* ]]
	echo >>"$BUILD/share/teletap/tapsets/teletap_name.h"
	build
	[[ $output == *': built,'* ]]
}

# Then the kernel tells nobody that a child has ended.
@test "build: started by somebody who ignores SIGCHLD" {
	build # makes the compiler
	rm -r "$pack"
	run -0 timeout 20 /usr/bin/python3 - "$BATS_TEST_TMPDIR/bin:$PATH" "$EXE" "$pack" <<-'EOF2'
		import os, signal, sys
		signal.signal(signal.SIGCHLD, signal.SIG_IGN)
		os.environ["PATH"] = sys.argv[1]
		os.execvp("teletap", ["teletap", "build", "gc", "-e", sys.argv[2], "-d", sys.argv[3]])
	EOF2
	[[ $output == *": built, "* ]]
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
