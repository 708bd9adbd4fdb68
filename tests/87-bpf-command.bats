#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What -c gives the extension to, however it is started: calls of page 220 against what whoever
# asks the program has asked for. Debian's Python has markers of its own, which do not know times.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load helper
load bpf

setup_file() {
	need_bpf
	need_python
	need_uprobes
	with_extension "$python"
}

# The program, its sitecustomize, and a venv.
told_make() {
	mkdir "$dir/site"
	echo 'import builtins; builtins.customized = 23' >"$dir/site/sitecustomize.py"
	cat >"$dir/told.py" <<-'PY'
		import builtins, json, sys
		def told(): pass
		for i in range(23): told()
		with open(sys.argv[1], "w") as f:
		    json.dump(["teletap" in sys.modules, getattr(builtins, "customized", 0),
		               any("teletap" in p for p in sys.path)], f)
	PY
	cd "$dir" || return
	/usr/bin/python3.11 -m venv --without-pip venv
	{ echo '#!/usr/bin/env python3.11'; cat told.py; } >by_env
	{ echo "#!$dir/venv/bin/python"; cat told.py; } >by_venv
	{ printf '%s\n' '#!/bin/sh' "'''exec' \"$dir/venv/bin/python\" \"\$0\" \"\$@\"" "' '''"; cat told.py; } >by_sh
	chmod +x by_*
	export PYTHONPATH=$dir/site
}

# counted OPTION... -c COMMAND: calls of told(), whether they are timed, and what the program says
counted() {
	rm -f said
	teletap watch calls --collector bpf -i 60 -o json "$@" >"$out" 2>"$err"
	page=$(tail -n 1 "$out")
	[ "$(q '.loss | add')" -eq 0 ]
	calls=$(q '[.rows[] | select(.function == "told") | .calls_total, .exclusive_ns_total != null]')
	echo "$* $calls $(cat said 2>&1) $(q .notes)"
}

@test "a script, a module, a venv, '#!' lines, env: each has it, and its own sitecustomize" {
	local command

	told_make
	for command in 'python3.11 told.py' 'python3.11 -m told' 'venv/bin/python told.py' ./by_env ./by_venv \
		./by_sh 'nice env A=b python3.11 told.py'; do
		counted -c "$command said"
		[ "$calls" = '[23,true]' ]
		[ "$(<said)" = '[true, 23, false]' ]
		[[ $(q .notes) == *"by teletap's extension, which the command was given"* ]]
	done
}

@test "python -I, -E and -S, another PYTHONPATH: it goes on without, and the page says so" {
	local command

	told_make
	for command in 'python3.11 -I told.py' 'python3.11 -E told.py' 'python3.11 -S told.py' \
		'env PYTHONPATH=/ python3.11 told.py'; do
		counted -c "$command said"
		[ "$calls$(q .rows)" = '[][]' ]
		[[ $(<said) == '[false, 0, '* ]]
		[[ $(q .notes) == *"has not loaded teletap's extension, so nothing is known"*--no-extension* ]]
	done
	counted --no-extension -c 'python3.11 -I told.py said'
	[ "$calls" = '[23,false]' ]
}

@test "from the packages: python3-teletap has it, and teletap finds it there" {
	local from to

	told_make
	mkdir -p root/usr/lib/python3/dist-packages root/usr/share/teletap/python root/usr/bin
	cp "$BUILD/bin/teletap" root/usr/bin/
	cp -r "$TOP/build/share/teletap/bpf" root/usr/share/teletap/
	cp -r "$BATS_FILE_TMPDIR/share/teletap/python/teletap" root/usr/lib/python3/dist-packages/
	read -r from to < <(grep start "$TOP/packaging/debian/python3-teletap.install")
	install -D -t "root/$to" "$TOP/$from"
	read -r from to <"$TOP/packaging/debian/python3-teletap.links"
	ln -s "$dir/root/$from" "root/$to"
	PATH=$dir/root/usr/bin:$PATH
	counted -c 'python3.11 told.py said'
	[ "$calls" = '[23,true]' ]
}

# A fork in C, of which CPython is not told, as uWSGI's.
@test "a child that CPython does not know of: its calls, once" {
	cat >"$dir/forks.py" <<-'PY'
		import ctypes, os
		def told(): pass
		for i in range(23): told()
		pid = ctypes.PyDLL(None).fork()
		for i in range(100): told()
		if pid: os.waitpid(pid, 0)
	PY
	cd "$dir"
	counted -c 'python3.11 forks.py'
	[ "$calls" = '[223,true]' ]
}

# A WSGI application: work(5) is 15 calls.
application_make() {
	cat >"$dir/served.py" <<-'PY'
		def work(n):
		    return n if n < 2 else work(n - 1) + work(n - 2)
		def application(environ, start_response):
		    body = str(work(5)).encode()
		    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
		    return [body]
	PY
	cd "$dir" || return
}

# answers PATH: 5 for each
answers() { curl --unix-socket "$dir/socket" -sf "http://x/$1"; }

# served OPTION... -c COMMAND: 100 requests, from when it answers, are counted
served() {
	application_make
	setsid teletap watch calls --collector bpf -i 60 -o json "$@" >"$out" 2>"$err" 3>&- &
	tap=$!
	await answers
	[ "$(answers '[1-99]' | tr -d 5)" = '' ]
	sleep 0.3 # the extension hands over every 0.1 s
	kill -INT "$tap"
	wait "$tap" || [ $? -eq 130 ]
	kill -TERM -- "-$tap"
	last
	[ "$(q '[.rows[] | select(.file | endswith("served.py")) | select(.function != "<module>")
		| [.function, .calls_total, .exclusive_ns_total > 0]] | sort')" = '[["application",100,true],["work",1500,true]]' ]
}

@test "gunicorn: two workers" {
	served -c "gunicorn -w 2 -b unix:$dir/socket served:application"
}

@test "uWSGI: two workers, which it forks itself" {
	served -e /usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0 \
		-c "uwsgi_python3 --http-socket $dir/socket -p 2 --master --enable-threads --die-on-term --wsgi-file served.py"
}

@test "Celery: two workers of its pool" {
	cat >"$dir/tasks.py" <<-'PY'
		import os
		from celery import Celery
		app = Celery("tasks", broker="filesystem://", broker_transport_options={
		    "data_folder_in": "queue", "data_folder_out": "queue"})
		def work(n):
		    return n if n < 2 else work(n - 1) + work(n - 2)
		@app.task
		def add(name):
		    work(5)
		    os.close(os.open("made/%s" % name, os.O_CREAT))
		if __name__ == "__main__":
		    for n in range(100): app.send_task("tasks.add", (n,))
	PY
	cd "$dir"
	mkdir queue made
	python3.11 tasks.py
	setsid teletap watch calls --collector bpf -i 60 -o json \
		-c 'python3.11 -m celery -q -A tasks worker -c 2' >"$out" 2>"$err" 3>&- &
	tap=$!
	all_made() { [ "$(find made -type f | wc -l)" -eq 100 ]; }
	await all_made
	kill -TERM "$(pgrep -o -P "$tap" -f celery)"
	wait "$tap"
	grep '^{' "$out" >pages
	cp pages "$out"
	last
	[ "$(q '[.rows[] | select(.file | endswith("tasks.py")) | select(.function == "add" or .function == "work")
		| [.function, .calls_total]] | sort')" = '[["add",100],["work",1500]]' ]
}
