# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154
# For tests of pages by BPF programs, on this host's own kernel.

need_bpf() {
	need_root
	[ -r /sys/kernel/btf/vmlinux ] || skip "needs a kernel with BTF"
	export LIVE=$TOP/tests/live
}

# For setup_file: $EXE is a copy of Debian's Python, whose markers no other test's are.
need_python_copy() {
	need_bpf
	need_python
	need_uprobes
	export EXE=$BATS_FILE_TMPDIR/python3.11
	python_copy "$EXE"
	export python
}

# CPythons without markers: those of pyenv, where there are some.
shopt -s nullglob
BARE=("$HOME"/.pyenv/versions/3.{9,10,11,12,13}.*/bin/python3)
shopt -u nullglob

# with_extension PYTHON...: for setup_file: a teletap with the extension beside it, built for these.
with_extension() {
	local at=$BATS_FILE_TMPDIR version
	declare -A built

	mkdir -p "$at/bin" "$at/share/teletap"
	cp "$BUILD/bin/teletap" "$at/bin/"
	cp -r "$TOP/build/share/teletap/bpf" "$at/share/teletap/"
	for python; do
		version=$("$python" -c 'import sys; print(min(sys.version_info[:2], (3, 12)))')
		[ -z "${built[$version]-}" ] || continue
		built[$version]=1
		PYTHONPATH=/usr/lib/python3/dist-packages make -s -C "$TOP" python B="$at" \
			PYTHON="$python" >"$at/log" 2>&1 || { cat "$at/log"; return 1; }
	done
	mv "$at/python" "$at/share/teletap/"
	export PATH=$at/bin:$PATH
}

# goes_with_teletap PAGE NUMBER: SIGKILL to teletap leaves no collector, and doctor tries the page.
goes_with_teletap() {
	local child exe
	exe=$(realpath /usr/bin/python3)
	watch "$1" -e "$exe" -i 0.5
	attached
	child=$(pgrep -x teletap-bpf -P "$tap")
	kill -KILL "$tap"
	await [ ! -e "/proc/$child" ]
	run -0 --separate-stderr teletap doctor -e "$exe" -o json
	[ "$(jq -c ".pages[] | select(.page == $2).collectors[] | select(.name == \"bpf\").works" <<<"$output")" = true ]
}

setup() {
	out=$BATS_TEST_TMPDIR/out err=$BATS_TEST_TMPDIR/err dir=$BATS_TEST_TMPDIR
	tap='' pid=''
}

teardown() {
	jobs -p | xargs -r kill -9 2>/dev/null || true
	pkill -KILL -f "collect.py $dir" || true
	wait 2>/dev/null || true
	[ -n "$BATS_TEST_COMPLETED" ] || { head -c 3000 "$out"; head -c 2000 "$err"; } 2>/dev/null || true
}

# await COMMAND...: waits until it succeeds.
await() {
	for _ in {1..600}; do
		if "$@"; then return; fi
		sleep 0.05
	done
	echo "in vain: $*"
	false
}

lowered() { [ "$("$LIVE/semaphores" "$1")" -eq 0 ]; }

# watch PAGE ARGUMENT...: in the background; its objects go to $out.
watch() {
	: >"$out"
	teletap watch "$1" --collector bpf -o json "${@:2}" >"$out" 2>"$err" 3>&- 7>&- &
	tap=$!
}

# Until it counts: the first object has come.
attached() { await [ -s "$out" ]; }

# finish: Ctrl-C; the last object becomes $page, and nothing was lost.
finish() {
	local status=0

	kill -INT "$tap"
	wait "$tap" || status=$?
	cat "$err"
	[ "$status" -eq 130 ]
	last
}

last() {
	page=$(tail -n 1 "$out")
	[ "$(q '[.collector, .last, .loss]')" = '["bpf",true,{"skipped":0,"dropped":0,"table_full":0,"lines":0}]' ]
}

# q FILTER: of the last page.
q() { jq -c "$1" <<<"$page"; }

# The system's Python, and pyenv's where there are some, which carry no markers.
shopt -s nullglob
PYTHONS=(/usr/bin/python3 "$HOME"/.pyenv/versions/3.{8,9,10,11,12,13}.*/bin/python3)
shopt -u nullglob

# library PYTHON: sets $file, the file that its interpreter is in.
library() {
	file=$(ldd "$1" | awk '/libpython/ { print $3 }')
	file=${file:-$(realpath "$1")}
}

# Whether the program waits for its input.
reads() { [ "$(cut -d' ' -f1 "/proc/$pid/syscall" 2>/dev/null)" = 0 ]; }

# begin_live FILE PYTHON: runs a program of tests/live, which reads from descriptor 7.
begin_live() {
	library "$2"
	echo "$2, in $file"
	rm -f "$dir"/{fifo,done,out}
	mkfifo "$dir/fifo"
	"$2" "$LIVE/$1" run "$dir/fifo" "$dir/done" 3>&- &
	pid=$!
	exec 7>"$dir/fifo"
	await reads
}

# work_live PAGE ARGUMENT...: it works while the page is watched, and reads again.
work_live() {
	watch "$@" -p "$pid" -i 0.3
	attached
	echo -n x >&7
	await [ -e "$dir/done" ]
	await reads
}

# reused_as_profiled PYTHON OPTION...: page 220 of reused.py, against sys.setprofile.
reused_as_profiled() {
	"$1" "$LIVE/reused.py" "$dir/profile"
	teletap watch calls --collector bpf -o json -c "$1 $LIVE/reused.py" "${@:2}" >"$out"
	last
	reused_rows
}

reused_rows() {
	[ "$(wc -l <"$dir/profile")" -gt 3000 ]
	diff <(sort "$dir/profile") <(q '.rows[] | select(.file | startswith("<made")) |
		"\(.calls_total) \(.function) \(.line) \(.file)"' | jq -r . | sort)
}
