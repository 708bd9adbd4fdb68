#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Page 242 of a command, to which -c brings the extension with spans of frameworks: against what
# whoever asks the program has sent. And of what has markers of its own, which stays what it was.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load helper
load bpf
load spans

setup_file() {
	need_bpf
	need_python
	need_uprobes
	with_extension "$python"
}

# served OPTION... -c COMMAND: it answers once, and from there on
served() {
	cd "$dir" || return
	setsid teletap watch spans -i 0.3 -o json "$@" >"$out" 2>"$err" 3>&- &
	tap=$!
	await answers
}

# counts ROWS: that is what has been counted at the end, by whom the command was given
counts() {
	await shows "$1" || { counted; false; }
	kill -INT "$tap"
	wait "$tap" || [ $? -eq 130 ]
	kill -KILL -- "-$tap" 2>/dev/null || true # what goes on without teletap
	last
	[ "$(counted)" = "$1" ]
	[[ $(q .notes) == *"by teletap's extension, which the command was given: spans are of Django, Flask, "* ]]
}

# One request for none has come before the others.
ITEMS='["GET (no route)",24,0],["GET /item/<int:n>",100,1],["POST /item/<int:n>",23,1]'
QUERIES='["default SELECT",121,0],["default SELECT sqlite_master",121,0]'

@test "gunicorn with two workers: Flask" {
	flask_app
	served -c "gunicorn -w 2 -b unix:$dir/socket app"
	asked
	counts "[$ITEMS]"
}

@test "python -m gunicorn: Django's requests and queries" {
	django_app
	served -c "python3.11 -m gunicorn -b unix:$dir/socket app"
	asked
	counts "[$ITEMS,$QUERIES]"
}

@test "uvicorn: Django by ASGI" {
	django_app
	served -c "python3.11 -m uvicorn --uds $dir/socket app:asynchronous"
	asked
	counts "[$ITEMS,$QUERIES]"
}

@test "uvicorn: FastAPI, which TELETAP_APP names" {
	cat >"$dir/app.py" <<-'PY'
		import fastapi
		application = fastapi.FastAPI()
		@application.get("/item/{n}")
		@application.post("/item/{n}")
		async def item(n: int):
		    if n == 13: raise ValueError
		    return n
	PY
	export TELETAP_APP=app:application
	served -c "python3.11 -m uvicorn --uds $dir/socket --factory teletap:asgi"
	asked
	counts '[["GET (no route)",24,0],["GET /item/{n}",100,1],["POST /item/{n}",23,1]]'
}

@test "uWSGI, whose Python is a library: Flask" {
	flask_app
	served -e /usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0 -c "uwsgi_python3 --http-socket $dir/socket \
		-p 2 --master --enable-threads --die-on-term --wsgi-file app.py"
	asked
	counts "[$ITEMS]"
}

@test "Celery: tasks by name" {
	celery_tasks
	setsid teletap watch spans -i 0.3 -o json -c 'python3.11 -m celery -q -A tasks worker -c 2' \
		>"$out" 2>"$err" 3>&- &
	tap=$!
	/usr/bin/python3.11 tasks.py
	counts '[["tasks.add",100,1]]'
}

# A program that says what its environment is, and has a span of its own in each of 23 turns.
own_spans() {
	cat >"$dir/own.py" <<-'PY'
		import os, sys, teletap
		from sqlalchemy import create_engine, text
		with create_engine("sqlite://").connect() as connection:
		    for n in range(23):
		        with teletap.span("turn"):
		            connection.execute(text("SELECT 1"))
		print(os.environ["TELETAP_PYTHON"], teletap.__file__, file=open(sys.argv[1], "w"))
	PY
	cd "$dir" || return
}

OWN='[["sqlite SELECT",23,0],["turn",23,0]]'

@test "a venv that has the extension, and wants it itself: each span once" {
	own_spans
	python3.11 -m venv --without-pip --system-site-packages venv
	cp -r "$BATS_FILE_TMPDIR/share/teletap/python/teletap" "$TOP/python/teletap.pth" venv/lib/python3.11/site-packages
	for wanted in '' 1 spans; do
		TELETAP_PYTHON=$wanted teletap watch spans -i 60 -o json -c "venv/bin/python own.py said" >"$out"
		last
		[ "$(counted)" = "$OWN" ]
		[[ $(<said) == "given,spans${wanted:+,$wanted} $(realpath "$BATS_FILE_TMPDIR")/share/"* ]]
	done
	# the calls of one that wants spans itself, too
	TELETAP_PYTHON=spans teletap watch calls,spans -i 60 -o json -c "venv/bin/python own.py said" >"$out"
	page=$(grep '"page":220' "$out" | tail -n 1)
	[ "$(q '[.rows[] | select(.function == "text") | .calls_total]')" = '[23]' ]
	last
	[ "$(counted)" = "$OWN" ]
}

@test "calls alone bring no spans, and --no-extension nothing: refused" {
	own_spans
	teletap watch calls -i 60 -o json -c "python3.11 own.py said" >"$out"
	[[ $(<said) == "given "* ]]
	refused teletap watch spans --no-extension -c "python3.11 own.py said"
	[[ $stderr == *"/python3.11 has no marker teletap__span__begin of teletap.h"* ]]
}

@test "python -I and -E: it goes on without, and the page says so" {
	echo 'import sys; open(sys.argv[1], "w").write(str("teletap" in sys.modules))' >"$dir/told.py"
	cd "$dir"
	for ignores in -I -E; do
		teletap watch spans -i 60 -o json -c "python3.11 $ignores told.py said" >"$out"
		last
		[ "$(<said)" = False ]
		[ "$(q .rows)" = '[]' ]
		[[ $(q .notes) == *"has not loaded teletap's extension, so nothing is known"* ]]
	done
}

# counts_c OPTION...: the C program's 23 spans, and no word of the extension
counts_c() {
	teletap watch spans --collector bpf -i 60 -o json "$@" >"$out"
	last
	[ "$(counted)" = '[["of C",23,0]]' ]
	[ "$(q '[.notes[] | select(test("extension"))]')" = '[]' ]
}

c_spans() {
	cat >"$dir/spans.h" <<-'C'
		#define TELETAP_PROVIDER shop
		#include "teletap.h"
		void spans(void)
		{
			for (int i = 0; i < 23; i++) {
				TELETAP_SPAN_BEGIN("of C", i);
				TELETAP_SPAN_END("of C", i, 0);
			}
		}
	C
	cd "$dir" || return
}

@test "a C program with markers is left as it is, with a Python in it, too" {
	c_spans
	cat >plain.c <<-'C'
		#include "spans.h"
		int main(void) { spans(); return getenv("TELETAP_PYTHON") != NULL; }
	C
	cat >embeds.c <<-'C'
		#include <Python.h>
		#include "spans.h"
		int main(void)
		{
			Py_Initialize();
			PyRun_SimpleString("import sys; 'teletap' in sys.modules and sys.exit(1)");
			spans();
			return getenv("TELETAP_PYTHON") != NULL;
		}
	C
	gcc -O2 -include stdlib.h -I "$TOP/include" -o plain plain.c
	gcc -O2 -include stdlib.h -I "$TOP/include" -I /usr/include/python3.11 -o embeds embeds.c -lpython3.11
	counts_c -c ./plain
	counts_c -c ./embeds
	# and a Python that only starts it
	counts_c -e plain -c "python3.11 -c 'import subprocess; subprocess.run([\"./plain\"], check=True)'"
}

@test "spans of C and of the extension in one process: each once, and what is not counted is said" {
	c_spans
	echo '#include "spans.h"' >library.c
	gcc -O2 -shared -fPIC -include stdlib.h -I "$TOP/include" -o library.so library.c
	cat >both.py <<-'PY'
		import ctypes, sys, teletap
		library = ctypes.CDLL("./library.so")
		open("there", "w").close()
		sys.stdin.read(1)
		library.spans()
		for n in range(23):
		    with teletap.span("turn"): pass
		sys.stdin.read()
	PY
	mkfifo go
	PYTHONPATH=$BATS_FILE_TMPDIR/share/teletap/python python3.11 both.py <go 3>&- &
	pid=$!
	exec 7>go
	await [ -e there ]
	watch spans -p "$pid" -i 0.3
	attached
	echo >&7
	await shows '[["of C",23,0],["turn",23,0]]'
	finish
	exec 7>&-
	wait "$pid"
	[ "$(counted)" = '[["of C",23,0],["turn",23,0]]' ]

	teletap watch spans --collector bpf -i 0.3 -o json -c 'python3.11 both.py' <go >"$out" 2>"$err" 3>&- &
	tap=$!
	exec 7>go
	echo >&7
	said() { page=$(tail -n 1 "$out"); [[ $(q .notes) == *"has loaded $dir/library.so since, which has these markers, too"* ]]; }
	await said
	exec 7>&-
	wait "$tap"
	last
	[ "$(counted)" = '[["turn",23,0]]' ]
}
