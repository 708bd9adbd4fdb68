# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154
# For tests of page 242 of frameworks: applications, and who asks them.

# ask CURL-ARGUMENT...: requests, four at a time; prints the status of each
ask() { curl -sZ --parallel-max 4 --unix-socket "$dir/socket" -o /dev/null -w '%{http_code}\n' "$@" 2>/dev/null; }

answers() { [ "$(ask http://x/none)" = 404 ]; }

# asked: requests, of which two fail
asked() {
	{
		ask 'http://x/item/[1-100]'
		ask -X POST 'http://x/item/[1-23]'
		ask 'http://x/none/[1-23]'
	} >status
	[ "$(grep -c '^500$' status)" -eq 2 ]
}

counted() { q '[.rows[] | [.operation, .ended_total, .failed_total]] | sort'; }

# shows ROWS: the last page does
shows() {
	page=$(tail -n 1 "$out")
	[ "$(counted)" = "$1" ]
}

flask_app() {
	cat >"$dir/app.py" <<-'PY'
		import flask
		application = flask.Flask("app")
		@application.route("/item/<int:n>", methods=["GET", "POST"])
		def item(n):
		    if n == 13: raise ValueError
		    return str(n)
	PY
}

django_app() {
	cat >"$dir/app.py" <<-'PY'
		from django.conf import settings
		settings.configure(ROOT_URLCONF="app", ALLOWED_HOSTS=["*"], SECRET_KEY="x", DATABASES={
		    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}})
		import django
		from django.core.asgi import get_asgi_application
		from django.core.wsgi import get_wsgi_application
		from django.db import connection
		from django.http import HttpResponse
		from django.urls import path
		def item(request, n):
		    if n == 13: raise ValueError
		    with connection.cursor() as cursor:
		        cursor.execute("select %s", [n])
		        cursor.execute("SELECT 'FROM x' FROM sqlite_master WHERE name = 'no %s'" % n)
		    return HttpResponse(str(n))
		urlpatterns = [path("item/<int:n>", item)]
		application = get_wsgi_application()
		asynchronous = get_asgi_application()
	PY
}

# 100 tasks, of which one fails; run, the program sends them
celery_tasks() {
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
	cd "$dir" || return
	mkdir queue finished
}
