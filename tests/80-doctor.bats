#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# teletap doctor: each verdict about a host, on made-up ones; and targets of every kind.

# shellcheck disable=SC2016,SC2030,SC2031,SC2154
bats_require_minimum_version 1.5.0
load helper
load serve

setup_file() {
	# Not in the folder of bats, which only its owner may enter.
	D=$(mktemp -d /tmp/teletap-doctor.XXXXXX)
	chmod 755 "$D"
	export D
	cp "$BUILD/bin/teletap" "$D/teletap"
	host_make "$D/good"
}

teardown_file() {
	rm -rf "$D"
}

setup() {
	PLAIN=(env)
	[ "$(id -u)" -ne 0 ] || PLAIN=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	ROOT=$BATS_TEST_TMPDIR/root
	cp -a "$D/good" "$ROOT"
	export TELETAP_HOST_ROOT=$ROOT
	SECURITY=$ROOT/sys/kernel/security
	VERSION=$ROOT/proc/sys/kernel/osrelease
	PIDS=()
}

teardown() {
	local pid

	for pid in "${PIDS[@]}"; do
		pkill -KILL -P "$pid" || true
		kill -KILL "$pid"
		wait "$pid" || true
	done 2>/dev/null
}

# doctor STATUS ARGUMENT...: sets $json; the last test looks at all of them.
doctor() {
	run "-$1" --separate-stderr "${AS[@]}" teletap doctor -o json "${@:2}"
	json=$output
	printf '%s\n' "$json" >>"$BATS_FILE_TMPDIR/all"
	[ -z "$stderr" ]
}

# check ID VERDICT TEXT: a line of the last doctor; TEXT is a pattern.
check() {
	local got text

	read -r got text < <(jq -r --arg id "$1" \
		'.checks[] | select(.id == $id) | "\(.verdict) \(.text)"' <<<"$json")
	echo "$1: $got $text"
	[ "$got" = "$2" ]
	# shellcheck disable=SC2053
	[[ $text == $3 ]]
}

# remedy ID: it is to sign the modules.
remedy() {
	jq -e --arg id "$1" '.checks[] | select(.id == $id).remedy | test("build --key KEY.pem --cert CERT")' <<<"$json"
}

# page TRUE|FALSE WHY: page 210 of the last doctor.
page() {
	local works why

	read -r works why < <(jq -r '.pages[] | select(.page == 210) | "\(.works) \(.why)"' <<<"$json")
	echo "210: $works $why"
	[ "$works" = "$1" ]
	# shellcheck disable=SC2053
	[[ $why == $2 ]]
}

target() {
	jq -r ".target.$1" <<<"$json"
}

# A host on which nothing can be loaded: FAIL ID TEXT.
fails() {
	doctor 1
	check "$1" FAIL "$2"
	page false "$2"
}

# A host that may do, although: ID TEXT.
warns() {
	doctor 0
	check "$1" WARN "$2"
	page true '*target*'
}

# Starts a command; sets $pid.
launch() {
	"$@" 3>&- &
	pid=$!
	PIDS+=("$pid")
}

# The same, and waits until it sleeps.
start() {
	launch "$@"
	settled "$pid"
}

settled() {
	for _ in {1..200}; do
		[[ $(cat "/proc/$1/wchan") != *nanosleep* ]] || return 0
		sleep 0.02
	done
	false
}

SLEEP=(-c 'import time; time.sleep(100)')

@test "without a target: pages that need no module are said to need none" {
	rm "$ROOT/usr/bin/staprun"
	doctor 1
	for page in 201 202 240 245; do
		[ "$(jq -r --argjson page $page '.pages[] | select(.page == $page) | "\(.works) \(.why)"' <<<"$json")" = "true read from the program's memory; no module is needed: a target (-p) would tell whether it has a ring" ]
	done
	[ "$(jq -r '.pages[] | select(.page == 210).works' <<<"$json")" = false ]
}

@test "a good host: all is OK" {
	doctor 0
	[ "$(jq -r '.checks[].verdict' <<<"$json" | sort -u)" = OK ]
	[ "$(jq -r '.checks[].remedy' <<<"$json" | sort -u)" = null ]
	[ "$(jq -c .target <<<"$json")" = null ]
	page true '*target*'
	check staprun OK 'staprun 5.6 (/usr/bin/staprun)'
	check stap OK 'stap 5.6, with no known trouble on kernel 6.12.107+deb13-amd64'
}

@test "text: a line each, the remedy below" {
	rm "$ROOT/usr/bin/stap"
	run -0 --separate-stderr teletap doctor
	[ -z "$stderr" ]
	[[ ${lines[0]} == 'This host, kernel 6.12.107+deb13-amd64' ]]
	[[ ${lines[1]} == 'OK    running as root' ]]
	grep -A1 '^WARN  there is no stap' <<<"$output" | grep '^      -> .*install systemtap 5.6'
	grep '^210  gc            works: ' <<<"$output"
	lacks '^(?!(OK  |WARN|FAIL)  \S|      -> |This host|Pages|\d{3}  |$)' <<<"$output"
}

@test "text: a reason that several pages have is said once, and the others name that page" {
	sleep 100 3>&- &
	run teletap doctor -p $!
	kill $!
	[ "$(grep -c 'has no markers of python' <<<"$output")" = 1 ]
	grep '^210  .*  does not work: .* has no markers of python' <<<"$output"
	for page in 211 212 213 220 221 222 230 231; do
		grep "^$page  .*  does not work, for the reason of page 210$" <<<"$output"
	done
}

@test "not root" {
	sed -i 's/^Uid:.*/Uid:\t1000\t1000\t1000\t1000/' "$ROOT/proc/self/status"
	warns root '*not root*'
}

@test "a container without rights" {
	sed -i 's/^CapEff:.*/CapEff:\t00000000a80425fb/' "$ROOT/proc/self/status"
	fails capabilities '*no CAP_SYS_MODULE*'
	sed -i 's/^CapEff:.*/CapEff:\t0000000000010000/' "$ROOT/proc/self/status"
	fails capabilities '*no CAP_PERFMON*'
}

@test "root of a user namespace" {
	echo '0 1000 1' >"$ROOT/proc/self/uid_map"
	fails capabilities '*user namespace*'
}

@test "another PID namespace than the host's" {
	ln -sfn 'pid:[4026532201]' "$ROOT/proc/self/ns/pid"
	fails pid-namespace '*another PID namespace*'
	jq -e '.checks[] | select(.id == "pid-namespace").remedy | test("on the host itself")' <<<"$json"
	# whose modules are loaded cannot be seen from there
	echo 'teletap_gc_000_777 40960 0 - Live 0x0' >>"$ROOT/proc/modules"
	doctor 1
	check leftovers OK '*'
}

@test "rights that cannot be seen" {
	sed -i '/^CapEff/d' "$ROOT/proc/self/status"
	warns capabilities '*cannot be seen*'
}

@test "the reason of a page is what no package cures, when there is such" {
	rm "$ROOT/usr/bin/staprun"
	run teletap doctor -o json
	[[ $(jq -r '.pages[] | select(.page == 232).why' <<<"$output") == *staprun* ]]
	echo 'root=/dev/vda1 nomodule' >"$ROOT/proc/cmdline"
	rm "$ROOT/proc/modules"
	run teletap doctor -o json
	[[ $(jq -r '.pages[] | select(.page == 232).why' <<<"$output") == *nomodule* ]]
}

@test "staprun: missing, or mute" {
	host_program "$ROOT" staprun ''
	doctor 0
	check staprun OK '*not tell its version'
	rm "$ROOT/usr/bin/staprun"
	fails staprun '*no staprun*'
}

@test "stap: missing, mute, and the pairs that do not compile" {
	rm "$ROOT/usr/bin/stap"
	warns stap '*no stap on PATH*'
	host_program "$ROOT" stap 'what?'
	warns stap '*does not tell*'
	while read -r stap kernel expected; do
		host_program "$ROOT" stap "Systemtap translator/driver (version $stap/0.188, Debian version $stap)"
		echo "$kernel" >"$VERSION"
		doctor 0
		check stap "$expected" "stap $stap*$kernel*"
	done <<-'EOF'
		4.8 6.1.192-1-amd64 WARN
		5.1 6.12.107+deb13-amd64 WARN
		5.5 6.1.0 WARN
		4.8 5.10.0-30-amd64 OK
		5.6 6.1.192 OK
		5.10 7.2.12+deb14-cloud-amd64 OK
	EOF
	check headers WARN '*no headers of kernel 7.2.12*'
}

@test "headers and compiler" {
	rm "$ROOT/usr/bin/make"
	warns compiler 'no make*'
	rm "$ROOT/usr/bin/gcc"
	warns compiler 'no gcc and no make*'
	rm -r "$ROOT/lib/modules"
	warns headers '*no headers*'
}

@test "a kernel without modules" {
	rm "$ROOT/proc/modules"
	fails modules '*no module support*'
	echo 'quiet nomodule' >"$ROOT/proc/cmdline"
	fails modules '*nomodule*'
	touch "$ROOT/proc/modules"
	echo 'nomodules x.nomodule' >"$ROOT/proc/cmdline"
	doctor 0
}

@test "modules_disabled" {
	echo 1 >"$ROOT/proc/sys/kernel/modules_disabled"
	fails modules-disabled '*next boot*'
}

@test "lockdown" {
	echo 'none [integrity] confidentiality' >"$SECURITY/lockdown"
	fails lockdown '*integrity*'
	echo 'none integrity [confidentiality]' >"$SECURITY/lockdown"
	fails lockdown '*confidentiality*'
	remedy lockdown
	rm "$SECURITY/lockdown"
	warns lockdown '*cannot be seen*'
	echo capability,yama >"$SECURITY/lsm"
	doctor 0
	check lockdown OK '*knows no lockdown*'
}

@test "Secure Boot" {
	local vars=$ROOT/sys/firmware/efi/efivars
	mkdir -p "$vars"
	warns secure-boot '*cannot be seen*'
	printf '\6\0\0\0\1' >"$vars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
	warns secure-boot 'Secure Boot is on*'
	remedy secure-boot
	printf '\6\0\0\0\0' >"$vars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
	doctor 0
	check secure-boot OK 'Secure Boot is off'
}

@test "forced signatures" {
	echo Y >"$ROOT/sys/module/module/parameters/sig_enforce"
	fails signatures '*signed modules only*'
	remedy signatures
}

@test "no uprobes" {
	rm -r "$ROOT/sys/bus"
	fails uprobes '*no uprobes*'
}

@test "transport" {
	echo 'proc /proc proc ro,nosuid 0 0' >"$ROOT/proc/mounts"
	fails transport '*read-only*'
	rm "$ROOT/proc/mounts"
	warns transport '*cannot be seen*'
}

@test "the cache: little room, and others may write" {
	need_root
	mkdir -m 777 "$ROOT/var/cache/teletap"
	warns cache-owner '*written by others*'
	rmdir "$ROOT/var/cache/teletap"
	AS=(unshare -m sh -c 'mount -t tmpfs -o size=1m none "$1" && shift && exec "$@"' sh "$ROOT/var/cache")
	warns cache '? MB free*'
}

@test "modules left behind, and those in use" {
	mkdir "$ROOT/proc/77"
	echo stapio >"$ROOT/proc/77/comm"
	echo 'teletap_gc_0000_77 40960 2 - Live 0x0' >>"$ROOT/proc/modules"
	doctor 0
	check leftovers OK '*'
	echo bash >"$ROOT/proc/77/comm"
	warns leftovers '1 module that*teletap_gc_0000_77*'
	echo 'teletap_gc_000_777 40960 0 - Live 0x0' >>"$ROOT/proc/modules"
	warns leftovers '2 modules*'
}

@test "a signed module, which keeps its name: in use while a teletap holds its lock" {
	echo 'teletap_gc_0000000 40960 2 - Live 0x0' >>"$ROOT/proc/modules"
	warns leftovers '1 module that*teletap_gc_0000000*'
	mkdir -p "$ROOT/run/teletap"
	touch "$ROOT/run/teletap/teletap_gc_0000000.lock"
	warns leftovers '1 module that*teletap_gc_0000000*'
	exec 6<"$ROOT/run/teletap/teletap_gc_0000000.lock"
	flock 6
	doctor 0
	check leftovers OK '*'
}

@test "an empty machine: everything that cannot be seen is said" {
	TELETAP_HOST_ROOT=$BATS_TEST_TMPDIR/empty
	mkdir "$TELETAP_HOST_ROOT"
	doctor 1
	check root WARN '*'
	check transport WARN '*'
	page false '*'
}

@test "this host: it says what it finds, and changes nothing" {
	unset TELETAP_HOST_ROOT
	mkdir "$BATS_TEST_TMPDIR/home"
	HOME=$BATS_TEST_TMPDIR/home run --separate-stderr teletap doctor -o json
	[ "$status" -le 1 ]
	[ -z "$stderr" ]
	jq -e '.checks | length > 10' <<<"$output"
	[ -z "$(ls -A "$BATS_TEST_TMPDIR/home")" ]
}

@test "Python with markers, by -p and -e" {
	need_python
	start "$python" "${SLEEP[@]}"
	doctor 0 -p "$pid"
	check python OK "CPython 3.11.*with markers, in $python, build-id $(build_id "$python")"
	check utf8-paths OK '*cannot be seen*'
	check jit OK '*not asked for*'
	check free-threaded OK '*'
	check sub-interpreters OK 'one interpreter, *'
	page true '*module*'
	[ "$(target pid)" = "$pid" ]
	[ "$(target deleted)" = false ]
	[ "$(target foreign_namespace)" = false ]
	[ "$(target python)" = "$("$python" -c 'import platform; print(platform.python_version())')" ]
	doctor 0 -e "$python"
	[ "$(target pid)" = null ]
	[ "$(target deleted)" = null ]
	[ "$(target jit)" = null ]
	page true '*module*'
}

@test "no way to a module: the page does not work" {
	need_python
	python_copy "$BATS_TEST_TMPDIR/python" # whatever the cache holds, not for it
	rm "$ROOT/usr/bin/stap"
	doctor 0 -e "$BATS_TEST_TMPDIR/python"
	page false '*none can be compiled here*bring a pack*'
}

@test "import markers that cannot be bypassed: page 230 is refused, with the option" {
	local imports='[.pages[] | select(.page == 230).why] | first'
	need_python
	doctor 0 -e "$python"
	[[ "$(jq -r "$imports" <<<"$json")" != *encode* ]]
	# the name by which the code is recognised
	sed 's/PyUnicode_AsUTF8\x00/PyUnicode_AsUTFx\x00/g' "$python" > "$BATS_TEST_TMPDIR/python"
	doctor 0 -e "$BATS_TEST_TMPDIR/python"
	[[ "$(jq -r "$imports" <<<"$json")" = *'raise a SystemError'*'--encode-names accepts that' ]]
}

@test "a host that loads nothing says so for a target as well" {
	need_python
	rm "$ROOT/proc/modules"
	doctor 0 -e "$python"
	page false '*no module support*'
}

# Of the pages about Python, those that read its memory alone work in the last doctor.
need_none() {
	page true "read from the program's memory*part of its figures*"
	[ "$(jq -c '[.pages[] | select(.page >= 210 and .page < 240 and .works) | .page]' <<<"$json")" = '[210,223,224,232,233,234,235]' ]
}

@test "Python without markers" {
	need_python
	objcopy --remove-section .note.stapsdt "$python" "$BATS_TEST_TMPDIR/bare"
	start "$BATS_TEST_TMPDIR/bare" "${SLEEP[@]}"
	doctor 0 -p "$pid"
	check python WARN 'CPython 3.11.* carries no markers'
	jq -e '.pages[] | select(.page == 211).why | test("no markers of python.*pages 210, 223, 224 and 232 to 236 need none.*--with-dtrace")' <<<"$json"
	[ "$(target markers)" = false ]
	need_none
}

@test "a version whose stacks nobody can read: page 223 does not work" {
	need_python
	/usr/bin/python3 - "$python" "$BATS_TEST_TMPDIR/python" <<-'EOF'
		import re, subprocess, sys
		table = subprocess.run(["readelf", "-W", "--dyn-syms", sys.argv[1]], capture_output=True, text=True).stdout
		sections = subprocess.run(["readelf", "-WS", sys.argv[1]], capture_output=True, text=True).stdout
		line = next(l.split() for l in table.splitlines() if l.endswith(" Py_Version"))
		at, section = int(line[1], 16), line[6]
		addr, offset = re.search(r"\[ *%s\] \S+ +\S+ +(\S+) (\S+)" % section, sections).groups()
		data = bytearray(open(sys.argv[1], "rb").read())
		at += int(offset, 16) - int(addr, 16)
		assert data[at + 2:at + 4] == b"\x0b\3"
		data[at + 2] = 12
		open(sys.argv[2], "wb").write(data)
	EOF
	doctor 0 -e "$BATS_TEST_TMPDIR/python"
	[ "$(target python)" = "$("$python" -c 'import sys; print("3.12.%d" % sys.version_info[2])')" ]
	jq -e '.pages[] | select(.page == 223) | (.works | not) and (.why | test("stacks cannot be read by a module.*name a process"))' <<<"$json"
	jq -e '.pages[] | select(.page == 232).works' <<<"$json"
}

@test "libpython in another program, with markers and without" {
	local lib=/usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0

	need_root
	need_python
	[ -e "$lib" ] || skip "needs $lib"
	gcc -o "$BATS_TEST_TMPDIR/host" -x c - -x none "$lib" <<-'EOF'
		int Py_BytesMain(int, char **);
		int main(int argc, char **argv) { return Py_BytesMain(argc, argv); }
	EOF
	start "$BATS_TEST_TMPDIR/host" "${SLEEP[@]}"
	doctor 0 -p "$pid"
	check python OK "CPython 3.11.* in $lib, build-id $(build_id "$lib")"
	[ "$(target exe)" != "$(target file)" ]
	page true '*'
	objcopy --remove-section .note.stapsdt "$lib" "$BATS_TEST_TMPDIR/libpython3.11.so.1.0"
	start env "LD_LIBRARY_PATH=$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/host" "${SLEEP[@]}"
	doctor 0 -p "$pid"
	check python WARN "CPython 3.11.* in $BATS_TEST_TMPDIR/lib* carries no markers"
	[ "$(target build_id)" = "$(build_id "$lib")" ]
	jq -e '.pages[] | select(.page == 211).why | test("no markers")' <<<"$json"
	need_none
}

@test "a target, and not root: what needs a module does not work" {
	need_python
	sed -i 's/^Uid:.*/Uid:\t1000\t1000\t1000\t1000/' "$ROOT/proc/self/status"
	doctor 0 -e "$python"
	page false 'not root: loading a kernel module needs it (for root: *module*)'
	jq -e '.pages[] | select(.name == "host").works' <<<"$json"
	jq -e '.pages[] | select(.name == "exec") | .works | not' <<<"$json"
}

@test "markers of a provider called python make no Python" {
	gcc -E - <<<'#include <sys/sdt.h>' >/dev/null 2>&1 || skip "needs gcc and sys/sdt.h"
	gcc -x c -o "$BATS_TEST_TMPDIR/false" - <<-'EOF'
		#include <sys/sdt.h>
		#include <unistd.h>
		int main(void) { DTRACE_PROBE1(python, line, 1); sleep(100); }
	EOF
	start "$BATS_TEST_TMPDIR/false"
	doctor 1 -p "$pid"
	[ "$(jq -c '[.pages[] | select(.page >= 210 and .page < 240 and .works) | .page]' <<<"$json")" = '[]' ]
}

@test "semaphores that have no place to be raised from: said beforehand" {
	gcc -E - <<<'#include <sys/sdt.h>' >/dev/null 2>&1 || skip "needs gcc and sys/sdt.h"
	gcc -x c -I "$TOP/include" -o "$BATS_TEST_TMPDIR/dense" - <<-'EOF'
		#define TELETAP_PROVIDER dense
		#include "teletap.h"
		int main(void) { for (;;) TELETAP_COUNTER("turns", 1); }
	EOF
	doctor 0 -e "$BATS_TEST_TMPDIR/dense"
	# all of it in some section, and the header's padding used
	/usr/bin/python3 - "$BATS_TEST_TMPDIR/dense" <<-'EOF'
		import struct, sys
		data = bytearray(open(sys.argv[1], "rb").read())
		start, = struct.unpack_from("<Q", data, 40)
		count, = struct.unpack_from("<H", data, 60)
		for i in range(count):
		    at = start + 64 * i
		    if struct.unpack_from("<IQ", data, at + 4) == (1, 0x30): # .comment
		        struct.pack_into("<QQ", data, at + 24, 0, len(data))
		data[9:16] = b"x" * 7
		data[48:52] = b"x" * 4
		open(sys.argv[1], "wb").write(data)
	EOF
	doctor 1 -e "$BATS_TEST_TMPDIR/dense"
	jq -c '.pages[] | select(.page == 241)' <<<"$json"
	jq -e '.pages[] | select(.page == 241) | (.works | not) and (.why | test("unused bytes, and it has 0: .*separate-loadable-segments"))' <<<"$json"
}

@test "a path that is no UTF-8 in another process of the binary: pages of calls do not work" {
	need_root
	need_python
	python_copy "$BATS_TEST_TMPDIR/python"
	start "$BATS_TEST_TMPDIR/python" "${SLEEP[@]}"
	doctor 0 -p "$pid"
	jq -e '.pages[] | select(.page == 220).works' <<<"$json"
	start "$BATS_TEST_TMPDIR/python" "${SLEEP[@]}" $'/srv/\xff.py'
	for target in -p "${PIDS[0]}" -e "$BATS_TEST_TMPDIR/python"; do
		[[ $target == -* ]] && { option=$target; continue; }
		doctor 0 "$option" "$target"
		jq -e --arg pid "process $pid " '.pages[] | select(.page == 220) |
			(.works | not) and (.why | startswith($pid) and test("no UTF-8"))' <<<"$json"
		page true '*module*'
	done
}

@test "bash" {
	launch bash -c 'sleep 100; :'
	until_true pgrep -P "$pid" -x sleep
	doctor 1 -p "$pid"
	check python WARN 'no CPython was found in */bash, which has 0 markers'
	page false '*no markers of python*'
	[ "$(target python)" = null ]
}

@test "a C program with markers" {
	gcc -E - <<<'#include <sys/sdt.h>' >/dev/null 2>&1 || skip "needs gcc and sys/sdt.h"
	gcc -x c -o "$BATS_TEST_TMPDIR/demo" - <<-'EOF'
		#include <sys/sdt.h>
		#include <unistd.h>
		int main(void) { DTRACE_PROBE1(demo, begin, 1); DTRACE_PROBE(demo, end); sleep(100); }
	EOF
	start "$BATS_TEST_TMPDIR/demo"
	doctor 1 -p "$pid"
	check python WARN '*2 markers of other kinds'
	page false '*no markers of python*'
}

@test "a program of another machine" {
	need_python
	cp "$python" "$BATS_TEST_TMPDIR/arm"
	printf '\267\0' | dd of="$BATS_TEST_TMPDIR/arm" bs=1 seek=18 conv=notrunc status=none
	doctor 1 -e "$BATS_TEST_TMPDIR/arm"
	check machine WARN '*not for x86-64*'
	page false '*not for x86-64*'
}

@test "no build-id" {
	need_python
	objcopy --remove-section .note.gnu.build-id "$python" "$BATS_TEST_TMPDIR/anonymous"
	if [ -n "$(build_id "$BATS_TEST_TMPDIR/anonymous")" ]; then
		skip "objcopy keeps the build-id"
	fi
	doctor 0 -e "$BATS_TEST_TMPDIR/anonymous"
	page false '*no build-id*'
}

@test "an interpreter deleted after its start" {
	need_root
	need_python
	cp "$python" "$BATS_TEST_TMPDIR/gone"
	start "$BATS_TEST_TMPDIR/gone" "${SLEEP[@]}"
	rm "$BATS_TEST_TMPDIR/gone"
	doctor 0 -p "$pid"
	check python OK "*in $BATS_TEST_TMPDIR/gone,*deleted or replaced*"
	[ "$(target deleted)" = true ]
	page true '*'
}

@test "in a mount and PID namespace, and in a chroot" {
	need_root
	need_python
	local outer

	launch unshare --mount --pid --fork --kill-child --mount-proc "$python" "${SLEEP[@]}"
	outer=$pid
	until pid=$(pgrep -P "$outer"); do sleep 0.02; done
	settled "$pid"
	doctor 0 -p "$pid"
	check namespace OK '*another mount namespace*'
	check python OK "CPython 3.11.*$python*"
	page true '*'
	mkdir "$BATS_TEST_TMPDIR/jail"
	start unshare --mount sh -c 'mount --bind / "$1" && shift && exec chroot "$@"' sh \
		"$BATS_TEST_TMPDIR/jail" "$BATS_TEST_TMPDIR/jail" "$python" "${SLEEP[@]}"
	doctor 0 -p "$pid"
	[ "$(target foreign_namespace)" = true ]
	check python OK 'CPython 3.11.*'
	page true '*'
}

@test "paths that are no UTF-8: said; page 210 works all the same" {
	need_root
	need_python
	mkdir "$BATS_TEST_TMPDIR/"$'caf\xe9'
	start env PYTHON_JIT=1 PYTHONPATH="$BATS_TEST_TMPDIR/"$'caf\xe9' "$python" "${SLEEP[@]}"
	doctor 0 -p "$pid"
	check jit OK '*' # 3.11 has none
	check utf8-paths WARN '*PYTHONPATH=*'
	page true '*'
	[ "$(target bad_paths)" = true ]
	run -0 teletap doctor -p "$pid"
	[[ $output == *'caf\xe9'* ]]
	lacks '[^\x0a\x20-\x7e]' <<<"$output"
	start env -C "$BATS_TEST_TMPDIR/"$'caf\xe9' "$python" "${SLEEP[@]}"
	doctor 0 -p "$pid"
	check utf8-paths WARN '*folder*'
	start "$python" "${SLEEP[@]}" $'/srv/\xff.py'
	doctor 0 -p "$pid"
	check utf8-paths WARN '*argument*'
}

@test "as somebody else: what cannot be seen is said" {
	need_root
	need_python
	unset TELETAP_HOST_ROOT
	start "$python" "${SLEEP[@]}"
	PATH=$D:$PATH
	AS=("${PLAIN[@]}")
	doctor 1 -p "$pid"
	check root WARN '*not root*'
	check target WARN "process $pid: *denied*"
	page false '*run as root*'
	start "${PLAIN[@]}" "$python" "${SLEEP[@]}"
	run --separate-stderr "${PLAIN[@]}" teletap doctor -p "$pid" -o json
	json=$output
	check python OK 'CPython 3.11.*'
}

# With modules: tests/live/51-truth.bats.
@test "page 255 says the same, and watch refuses what does not work for the same reason" {
	need_root
	need_python
	local any=247

	if teletap probes -e "$(ldd "$python" | awk '/libc.so/ { print $3 }')" | grep -q memory_arena_new; then
		any+=,261
	fi
	start "$python" "${SLEEP[@]}"
	/usr/bin/python3 "$TOP/tests/live/truth.py" -p "$pid" "210-213,220-224,230-235,$any" ''
	mkfifo "$BATS_TEST_TMPDIR/in"
	exec 7<>"$BATS_TEST_TMPDIR/in"
	"$TOP/build/test/service" <"$BATS_TEST_TMPDIR/in" >/dev/null 3>&- 7>&- &
	pid=$!
	PIDS+=("$pid")
	echo all 2 >&7
	until_true [ "/proc/$pid/exe" -ef "$TOP/build/test/service" ]
	/usr/bin/python3 "$TOP/tests/live/truth.py" -p "$pid" "201,202,240-242,245,246,$any" ''
}

@test "no such process, a thread, no such file, no ELF file" {
	refused teletap doctor -p 4194303
	[[ $stderr == *'no process 4194303'* ]]
	refused teletap doctor -e /nonexistent
	refused teletap doctor -e /etc/passwd
}

@test "wrong usage" {
	misused teletap doctor -p 1 -e /bin/sh
	misused teletap doctor -e /bin/sh -e /bin/bash
	misused teletap doctor gc
	misused teletap doctor -c true
	misused teletap doctor -o xml
}

@test "a full disk" {
	[ -w /dev/full ] || skip "needs /dev/full"
	run -3 --separate-stderr sh -c 'teletap doctor >/dev/full'
	[[ $stderr == *'standard output'* ]]
}

@test "the JSON of all of these" {
	/usr/bin/python3 - "$BATS_FILE_TMPDIR/all" <<-'EOF'
		import json, sys
		lines = open(sys.argv[1], encoding="utf-8").read().splitlines()
		assert len(lines) > 40, len(lines)
		verdicts = {}
		for d in map(json.loads, lines):
		    assert list(d) == ["checks", "pages", "target"], list(d)
		    for c in d["checks"]:
		        assert list(c) == ["id", "verdict", "text", "remedy"], c
		        assert c["verdict"] in ("OK", "WARN", "FAIL") and c["text"], c
		        assert c["verdict"] != "FAIL" or c["remedy"], c
		        verdicts.setdefault(c["id"], set()).add(c["verdict"])
		    ids = [c["id"] for c in d["checks"]]
		    assert len(ids) == len(set(ids)), ids
		    for p in d["pages"]:
		        assert list(p) == ["page", "name", "works", "why", "collector", "collectors"], p
		        assert isinstance(p["works"], bool) and p["why"], p
		once = {"groups": {"OK"}, "cache-owner": {"WARN"}, "machine": {"WARN"}, "target": {"WARN"}}
		for name, found in verdicts.items():
		    assert len(found) > 1 or once.get(name) == found or \
		        name in ("free-threaded", "sub-interpreters", "namespace", "jit"), (name, found)
	EOF
}
