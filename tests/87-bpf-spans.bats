#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Page 242 of frameworks, without code: TELETAP_PYTHON=spans. Against what the client has sent.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load helper
load bpf

# A venv with the extension, as pip leaves it there.
setup_file() {
	local site=$BATS_FILE_TMPDIR/venv/lib/python3.11/site-packages

	need_bpf
	need_python
	need_uprobes
	with_extension "$python"
	"$python" -m venv --without-pip --system-site-packages "$BATS_FILE_TMPDIR/venv"
	cp -r "$BATS_FILE_TMPDIR/share/teletap/python/teletap" "$TOP/python/teletap.pth" "$site"
	export PY=$BATS_FILE_TMPDIR/venv/bin/python TELETAP_PYTHON=spans
}

# ask CURL-ARGUMENT...: requests, four at a time; prints the status of each
ask() { curl -sZ --parallel-max 4 --unix-socket "$dir/socket" -o /dev/null -w '%{http_code}\n' "$@" 2>/dev/null; }

answers() { [ "$(ask http://x/none)" = 404 ]; }

# served: by gunicorn, application of app.py; the page is that of all requests from there on
served() {
	cd "$dir" || return
	setsid "$PY" -m gunicorn -w 2 -b "unix:$dir/socket" app:application >log 2>&1 3>&- &
	pid=$!
	await answers
	watch spans -p "$pid" -i 0.3
	attached
	{
		ask 'http://x/item/[1-100]'
		ask -X POST 'http://x/item/[1-23]'
		ask -X HOSTILE 'http://x/item/1'
		ask 'http://x/none/[1-23]'
	} >status
	[ "$(grep -c '^500$' status)" -eq 2 ]
	finish
	kill -TERM -- "-$pid"
	[ "$(q '[.rows[] | .open, (.time_ns_total.total > 0)] | unique')" = '[true,0]' ]
	ended=$(q '[.rows[] | [.operation, .ended_total, .failed_total]] | sort')
}

@test "Flask: requests by method and route" {
	cat >"$dir/app.py" <<-'PY'
		import flask
		application = flask.Flask("app")
		@application.route("/item/<int:n>", methods=["GET", "POST"])
		def item(n):
		    if n == 13: raise ValueError
		    return str(n)
	PY
	served
	[ "$ended" = '[["GET (no route)",23,0],["GET /item/<int:n>",100,1],["POST /item/<int:n>",23,1],["other (no route)",1,0]]' ]
}

@test "Django: requests by method and route, and queries" {
	cat >"$dir/app.py" <<-'PY'
		from django.conf import settings
		settings.configure(ROOT_URLCONF="app", ALLOWED_HOSTS=["*"], SECRET_KEY="x", DATABASES={
		    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}})
		import django
		from django.core.wsgi import get_wsgi_application
		from django.db import connection
		from django.http import HttpResponse
		from django.urls import path
		def item(request, n):
		    if n == 13: raise ValueError
		    with connection.cursor() as cursor:
		        cursor.execute("select %s", [n])
		        cursor.execute("SELECT 1")
		    return HttpResponse(str(n))
		urlpatterns = [path("item/<int:n>", item)]
		application = get_wsgi_application()
	PY
	served
	# of 124 requests for items two have failed before they asked
	[ "$ended" = '[["GET (no route)",23,0],["GET /item/<int:n>",100,1],["POST /item/<int:n>",23,1],["default SELECT",244,0],["other /item/<int:n>",1,0]]' ]
}

@test "Celery: tasks by name" {
	cat >"$dir/tasks.py" <<-'PY'
		import os
		from celery import Celery
		app = Celery("tasks", broker="filesystem://", broker_transport_options={
		    "data_folder_in": "queue", "data_folder_out": "queue"})
		@app.task
		def add(name):
		    os.close(os.open("finished/%s" % name, os.O_CREAT))
		    if name == 13: raise ValueError
		if __name__ == "__main__":
		    for n in range(100): app.send_task("tasks.add", (n,))
	PY
	cd "$dir"
	mkdir queue finished
	setsid "$PY" -m celery -q -A tasks worker -c 2 >log 2>&1 3>&- &
	pid=$!
	await grep -q teletap/_native "/proc/$pid/maps"
	watch spans -p "$pid" -i 0.3
	attached
	"$PY" tasks.py
	all_done() { [ "$(q '.rows[0].ended_total')" = 100 ]; }
	look() { page=$(tail -n 1 "$out"); all_done; }
	await look
	finish
	kill -TERM -- "-$pid"
	[ "$(q '[.rows[] | [.operation, .ended_total, .failed_total]]')" = '[["tasks.add",100,1]]' ]
}

@test "nobody has asked for spans: nothing waits for libraries, and a call in code brings it" {
	cd "$dir"
	count='import sys; print(len(sys.meta_path))'
	[ "$(TELETAP_PYTHON=1 "$PY" -c "$count")" -eq "$(TELETAP_PYTHON="" "$PY" -c "$count")" ]
	run -0 env TELETAP_PYTHON=1 "$PY" -c 'import flask, sys, teletap
before = len(sys.meta_path)
for _ in range(2): teletap.spans()
print(len(sys.meta_path) - before, len(flask.request_started.receivers))'
	[ "$output" = "1 1" ]
}
