#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pages 241 and 246 of a command, whose markers are those of the extension, which -c brings along,
# or of a library that comes later: against what the program says itself.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load helper
load bpf

shopt -s nullglob
BARE=("$HOME"/.pyenv/versions/3.{9,12,13}.*/bin/python3)
shopt -u nullglob

setup_file() {
	need_bpf
	need_python
	need_uprobes
	with_extension "$python" "${BARE[@]}"
}

# A program that counts 23 times, fails five, and says what its environment is.
counting() {
	cat >"$dir/app.py" <<-'PY'
		import os, sys, teletap
		for n in range(23):
		    teletap.counter("requests", 2)
		    teletap.gauge("queue", n)
		    teletap.tally("hot", 1)
		for n in range(5):
		    teletap.error("refused", "gate", handled=n < 3)
		print(os.environ.get("TELETAP_PYTHON"), file=open(sys.argv[1], "w"))
	PY
	cd "$dir" || return
}

COUNTED='[["counter","requests",23,46],["gauge","queue",23,null],["tally","hot",23,23]]'

# both ARGUMENT...: the last objects of pages 241 and 246 of one run
both() {
	teletap watch counters,errors --collector bpf -i 60 -o json "$@" >"$out" 2>"$err"
	for number in 241 246; do
		page=$(jq -c "select(.page == $number and .last)" "$out")
		echo "$* $page"
		[ "$(q '.loss | add')" -eq 0 ]
		[[ $(q .notes) == *"$note"* ]]
		case $number in
		241) [ "$(q '[.rows[] | [.kind, .name, .events_total, .change_total]] | sort')" = "$counted" ] ;;
		246) [ "$(q '[.rows[] | [.what, .place, .errors_total, .unhandled_total]]')" = "$failed" ] ;;
		esac
	done
}

@test "a program that imports the extension: what it counts, and no spans of frameworks" {
	counting
	counted=$COUNTED failed='[["refused","gate",5,2]]'
	note="by teletap's extension, which the command was given: from when it was loaded"
	for python in python3.11 "${BARE[@]}"; do
		both -c "$python app.py said"
		[ "$(<said)" = given ]
	done
	teletap watch counters,spans -i 60 -o json -c "python3.11 app.py said" >"$out"
	[ "$(<said)" = given,spans ]
}

@test "one that has the extension itself, in a venv: each once" {
	counting
	counted=$COUNTED failed='[["refused","gate",5,2]]' note="by teletap's extension"
	python3.11 -m venv --without-pip venv
	cp -r "$BATS_FILE_TMPDIR/share/teletap/python/teletap" "$TOP/python/teletap.pth" venv/lib/python3.11/site-packages
	for wanted in '' 1; do
		TELETAP_PYTHON=$wanted both -c "venv/bin/python app.py said"
	done
}

@test "python -I: it goes on without, and the page says so" {
	cd "$dir"
	counted='[]' failed='[]' note="has not loaded teletap's extension, so nothing is known"
	both -c "python3.11 -I -c pass"
}

@test "--no-extension: one line names the remedy, which works" {
	counting
	export PYTHONPATH=$BATS_FILE_TMPDIR/share/teletap/python
	refused teletap watch counters --no-extension -c 'python3.11 app.py said'
	[[ $stderr == *"/python3.11 has no marker teletap__counter of teletap.h"*"-e FILE beside -c names "* ]]
	counted=$COUNTED failed='[["refused","gate",5,2]]' note=''
	both --no-extension -e "$(python3.11 -c 'import teletap._native as n; print(n.__file__)')" \
		-c 'python3.11 app.py said'
	[ "$(<said)" = None ]
}

# The library's marker is of another provider, and its file is not known before.
library_make() {
	cat >library.c <<-'C'
		#define TELETAP_PROVIDER shop
		#include "teletap.h"
		void sell(void) { for (int n = 0; n < 23; n++) TELETAP_COUNTER("sold", 1); }
	C
	gcc -O2 -shared -fPIC -I "$TOP/include" -o library.so library.c
	cat >loads.c <<-'C'
		#include <dlfcn.h>
		int main(void) { ((void (*)(void))dlsym(dlopen("./library.so", RTLD_NOW), "sell"))(); }
	C
	gcc -O2 -o loads loads.c
}

@test "a library that comes later: a program in C is refused, a Python goes on; -e is the remedy" {
	local python

	cd "$dir"
	library_make
	refused teletap watch counters -c ./loads
	[[ $stderr == *"loads has no marker teletap__counter of teletap.h"*"in a library that is loaded later"*"-e FILE beside -c names "* ]]

	mkfifo go
	python="import ctypes, sys; ctypes.CDLL('./library.so').sell(); sys.stdin.read()"
	teletap watch counters --collector bpf -i 0.3 -o json -c "python3.11 -c \"$python\"" <go >"$out" 2>"$err" 3>&- &
	tap=$!
	exec 7>go
	said() { page=$(tail -n 1 "$out"); [[ $(q .notes) == *"has loaded $dir/library.so since, which has these markers, too"*"-e"* ]]; }
	await said
	exec 7>&-
	wait "$tap"

	for command in ./loads "python3.11 -c \"$python\""; do
		teletap watch counters --collector bpf -i 60 -o json -e library.so -c "$command" </dev/null >"$out"
		last
		[ "$(q '[.rows[] | [.kind, .name, .events_total, .change_total]]')" = '[["counter","sold",23,23]]' ]
	done
}
