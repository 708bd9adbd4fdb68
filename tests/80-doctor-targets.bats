#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# teletap doctor: targets of every kind.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load helper
load serve
load doctor

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
	[ "$(jq -c '[.pages[] | select(.page >= 210 and .page < 240 and .works) | .page]' <<<"$json")" = '[210,223,224,232,233,234,235,236]' ]
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

# Whose threads need no lock: its stacks are read from its memory, where that is known.
@test "a free-threaded build: page 223 by memory alone, page 232 not at all" {
	local why='.pages[] | select(.page == %d) | (.works | not) and (.why | test("%s"))' minor

	for minor in 13 14; do
		gcc -rdynamic -o "$BATS_TEST_TMPDIR/python" -x c - <<-EOF
			const unsigned long Py_Version = 0x030000f0 | ${minor}ul << 16;
			struct { char cookie[8]; unsigned long words[103]; } _PyRuntime = {
				"xdebugpy", { 0x030000f0 | ${minor}ul << 16, 1 } };
			char PyCode_Type[400] = "x", Py_BytesMain;
			int main(void) { return 0; }
		EOF
		doctor 0 -e "$BATS_TEST_TMPDIR/python"
		[ "$(target free_threaded)" = true ]
		# shellcheck disable=SC2059
		jq -e "$(printf "$why" 232 'threads need no GIL, which page 232 is about: page 235 has all waits')" <<<"$json"
		[ "$minor" = 13 ] || break
		# shellcheck disable=SC2059
		jq -e "$(printf "$why" 223 'are read from memory alone: name a process')" <<<"$json"
	done
	# shellcheck disable=SC2059
	jq -e "$(printf "$why" 223 'cannot be read yet: page 235 has waits')" <<<"$json"
	jq -e '.pages[] | select(.page == 235).works' <<<"$json"
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
	/usr/bin/python3 "$TOP/tests/live/truth.py" -p "$pid" "210-213,220-224,230-236,$any" ''
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

# What doctor says of hosts is in 80-doctor.bats.
@test "the JSON of all of these" {
	# shellcheck disable=SC2046
	every_json free-threaded sub-interpreters namespace jit $(teletap doctor -o json | jq -r '.checks[].id')
}
