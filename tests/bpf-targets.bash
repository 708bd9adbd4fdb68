# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154
# For tests of pages by BPF programs: a Python whose collections are known, and a C program that
# does what it is told (tests/service.c).

setup_file() {
	need_bpf
	need_python
	need_uprobes
	export SERVICE=$BATS_FILE_TMPDIR/service
	export EXE=$BATS_FILE_TMPDIR/python3.11
	python_copy "$EXE"
	export python
	gcc -D_GNU_SOURCE -O2 -I"$TOP/include" -o "$SERVICE" "$TOP/tests/service.c" -pthread
}

totals() { q '[.rows[] | [.runs_total, .collected_total]]'; }

# start MODE...: a Python whose collections are known, until it is ready.
start() {
	"$EXE" "$LIVE/collect.py" "$dir" "$@" >"$dir/said" 2>&1 3>&- &
	pid=$!
	await [ -e "$dir/ready" ]
}

go() {
	touch "$dir/go"
	await [ -e "$dir/done" ]
}

# serve [LINE]: the service, until it has said that line.
serve() {
	mkfifo "$dir/commands"
	"$SERVICE" <"$dir/commands" >>"$dir/said" 3>&- &
	pid=$!
	exec 7>"$dir/commands"
	said "${1-ready}"
}

says() { [ "$(tail -n 1 "$dir/said")" = "$1" ]; }

said() {
	await says "$1"
	: >"$dir/said"
}

tell() {
	echo "$1" >&7
	said 'done'
}
