#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Page 242 of frameworks, without code: TELETAP_PYTHON=spans. Against what the client has sent.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load helper
load bpf
load spans

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

# serve COMMAND...: it answers, and the page is that of all requests from there on
serve() {
	cd "$dir" || return
	setsid "$@" >log 2>&1 3>&- &
	pid=$!
	await answers
	watch spans -p "$pid" -i 0.3
	attached
}

gunicorn() { serve "$PY" -m gunicorn -w 2 -b "unix:$dir/socket" "$@"; }
uvicorn() { serve "$PY" -m uvicorn --uds "$dir/socket" "$@"; }

# left N: as many clients read the beginning of an answer without end, and go
left() {
	/usr/bin/python3 - "$dir/socket" "$1" <<-'PY'
		import socket, sys
		for _ in range(int(sys.argv[2])):
		    with socket.socket(socket.AF_UNIX) as client:
		        client.connect(sys.argv[1])
		        client.sendall(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
		        while b"part" not in client.recv(65536):
		            pass
	PY
}

# all_of OPERATION N: as many have ended
all_of() {
	page=$(tail -n 1 "$out")
	[ "$(q ".rows[] | select(.operation == \"$1\").ended_total")" = "$2" ]
}

# comes_to ROWS: the page does, and stays what it is
comes_to() {
	await shows "$1" || { counted; false; }
	finish
	kill -TERM -- "-$pid"
	wait "$pid" || true
	[ "$(counted)" = "$1" ]
	[ "$(q '[.rows[] | .open, (.time_ns_total.total > 0)] | unique')" = '[true,0]' ]
}

@test "Flask: requests by method and route" {
	flask_app
	gunicorn app
	asked
	ask -X HOSTILE 'http://x/item/1'
	comes_to '[["GET (no route)",23,0],["GET /item/<int:n>",100,1],["POST /item/<int:n>",23,1],["other (no route)",1,0]]'
}

@test "Django: requests by method and route, and queries" {
	django_app
	gunicorn app
	asked
	ask -X HOSTILE 'http://x/item/1'
	# of 124 requests for items two have failed before they asked
	comes_to '[["GET (no route)",23,0],["GET /item/<int:n>",100,1],["POST /item/<int:n>",23,1],["default SELECT",122,0],["default SELECT sqlite_master",122,0],["other /item/<int:n>",1,0]]'
}

@test "Django by ASGI: the same" {
	django_app
	uvicorn app:asynchronous
	asked
	comes_to '[["GET (no route)",23,0],["GET /item/<int:n>",100,1],["POST /item/<int:n>",23,1],["default SELECT",121,0],["default SELECT sqlite_master",121,0]]'
}

@test "FastAPI: requests that wait for each other in one thread, clients that go" {
	cat >"$dir/app.py" <<-'PY'
		import asyncio, fastapi, teletap
		from fastapi.responses import StreamingResponse
		application, inner = fastapi.FastAPI(), fastapi.FastAPI()
		application.add_middleware(teletap.asgi)
		application.mount("/inner", inner)
		waiting, gate = [], asyncio.Event()
		@application.get("/item/{n}")
		@application.post("/item/{n}")
		@inner.get("/{n}")
		async def item(n: int):
		    await asyncio.sleep(0)
		    if n == 13: raise ValueError
		    return n
		@application.get("/wait")
		async def wait():
		    waiting.append(1)
		    if len(waiting) == 4:
		        open("waiting", "w").close()
		    await gate.wait()
		@application.get("/open")
		async def open_gate(): gate.set()
		@application.get("/stream")
		async def stream():
		    async def parts():
		        while True:
		            yield b"part"
		            await asyncio.sleep(0)
		    return StreamingResponse(parts())
	PY
	uvicorn app:application
	ask --parallel-immediate 'http://x/wait?[1-4]' >waited &
	asking=$!
	await [ -e waiting ]
	asked
	ask 'http://x/inner/[1-11]' 'http://x/inner/none/x' >/dev/null
	left 5
	await all_of "GET /stream" 5
	[ "$(q '.rows[] | select(.operation == "GET /wait") | [.ended_total, .open]')" = '[0,4]' ]
	ask http://x/open >/dev/null
	wait "$asking"
	comes_to '[["GET (no route)",23,0],["GET /inner/{n}",11,0],["GET /inner/{path}",1,0],["GET /item/{n}",100,1],["GET /open",1,0],["GET /stream",5,5],["GET /wait",4,0],["POST /item/{n}",23,1]]'
}

# Not of any framework: the pattern of a route is its own function's.
plain_app() {
	cat >"$dir/app.py" <<-'PY'
		def application(environ, start_response):
		    path = environ["PATH_INFO"]
		    if path == "/item/13":
		        raise ValueError
		    known = path.startswith(("/item/", "/stream"))
		    start_response("200 OK" if known else "404 Not Found", [("Content-Type", "text/plain")])
		    if path == "/stream":
		        return iter(lambda: b"part" * 1000, None)
		    return (part for part in [b"a", b"b"])
		def route(environ):
		    return "/" + environ["PATH_INFO"].split("/")[1]
	PY
	printf 'import app, teletap\napplication = teletap.wsgi(app.application, app.route)\n' >"$dir/with_route.py"
}

@test "an application of WSGI by gunicorn: one that raises, and clients that go" {
	plain_app
	gunicorn with_route
	asked
	left 5
	await all_of "GET /stream" 5
	comes_to '[["GET /item",100,1],["GET /none",23,0],["GET /stream",5,5],["POST /item",23,1]]'
}

@test "TELETAP_APP names the application: gunicorn and uvicorn, without code" {
	plain_app
	cp "$dir/app.py" "$dir/plain.py"
	export TELETAP_APP=plain:application
	gunicorn 'teletap:wsgi()'
	asked
	ask -X HOSTILE 'http://x/item/1'
	comes_to '[["GET (no route)",123,1],["POST (no route)",23,1],["other (no route)",1,0]]'
	rm -f socket
	cat >plain_asgi.py <<-'PY'
		async def application(scope, receive, send):
		    assert scope["type"] == "http"
		    status = 404 if scope["path"].startswith("/none") else 200
		    await send({"type": "http.response.start", "status": status, "headers": []})
		    if scope["path"] == "/item/13": raise ValueError
		    await send({"type": "http.response.body", "body": b"x"})
	PY
	TELETAP_APP=plain_asgi uvicorn --factory teletap:asgi
	run -18 ask 'http://x/item/[1-100]' http://x/none # one answer is cut off
	comes_to '[["GET (no route)",101,1]]'
}

# asks ROWS: queries.py, which waits for a line before its queries; the page comes to that
asks() {
	mkfifo go
	"$PY" queries.py "$dir" <go 3>&- &
	pid=$!
	exec 7>go
	await grep -q teletap/_native "/proc/$pid/maps"
	watch spans -p "$pid" -i 0.3
	attached
	echo >&7
	await shows "$1" || { counted; false; }
	finish
	exec 7>&-
	wait "$pid"
	[ "$(counted)" = "$1" ]
}

@test "SQLAlchemy and sqlite3: queries by table" {
	cd "$dir"
	cat >queries.py <<-'PY'
		import sqlite3, sys, teletap
		from sqlalchemy import create_engine, text
		def fails(function, *args):
		    try: function(*args)
		    except Exception as failure: return type(failure)
		input()
		engine = create_engine("sqlite://")
		with engine.connect() as connection:
		    connection.execute(text("CREATE TABLE item (n INT)"))
		    for n in range(23):
		        connection.execute(text("INSERT INTO item VALUES (:n)"), {"n": n})
		    assert fails(connection.execute, text("SELECT 1 FROM nowhere WHERE s = 'secret FROM x'"))
		    assert len(connection.execute(text('SELECT * FROM "item"')).all()) == 23
		db = sqlite3.connect(":memory:", factory=teletap.queries(sqlite3.Connection))
		assert isinstance(db, sqlite3.Connection)
		db.execute("CREATE TABLE t (n INT)")
		assert db.executemany("INSERT INTO t VALUES (?)", [(n,) for n in range(5)]).rowcount == 5
		assert fails(db.execute, "SELECT 1 FROM none") is sqlite3.OperationalError
		assert db.cursor().execute("SELECT count(*) FROM t").fetchone() == (5,)
		for n in range(120):
		    fails(db.execute, "SELECT 1 FROM many_%d" % n)
		sys.stdin.read()
	PY
	# 100 tables, those above among them
	local rows many n
	rows='[["sqlite CREATE",1,0],["sqlite INSERT item",23,0],["sqlite SELECT item",1,0],["sqlite SELECT nowhere",1,1]'
	rows+=',["sqlite3 CREATE",1,0],["sqlite3 INSERT t",1,0],["sqlite3 SELECT (another table)",24,24]'
	for n in {0..95}; do many+=",[\"sqlite3 SELECT many_$n\",1,1]"; done
	asks "$(jq -c 'sort' <<<"$rows$many,[\"sqlite3 SELECT none\",1,1],[\"sqlite3 SELECT t\",1,0]]")"
}

# Where there is a PostgreSQL.
for bin in /usr/lib/postgresql/*/bin; do
	if [ -x "$bin/postgres" ]; then
		POSTGRES=$bin
	fi
done
if [ -n "${POSTGRES-}" ]; then
	@test "psycopg2: queries by table" {
		cd "$dir"
		db=$(mktemp -d /tmp/postgres.XXXXXX) # not in the folder of bats, which only root may enter
		chown postgres "$db"
		as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
		"${as[@]}" "$POSTGRES/initdb" --no-sync --no-instructions --no-locale -A trust -D "$db" >log
		"${as[@]}" "$POSTGRES/postgres" -D "$db" -k "$db" -c listen_addresses= >log 2>&1 3>&- &
		server=$!
		await "$POSTGRES/pg_isready" -q -h "$db"
		cat >queries.py <<-PY
			import psycopg2, psycopg2.extensions, sys, teletap
			input()
			db = psycopg2.connect(host="$db", user="postgres", dbname="postgres",
			                      cursor_factory=teletap.queries(psycopg2.extensions.cursor))
			db.autocommit = True
			with db.cursor() as cursor:
			    cursor.execute("CREATE TABLE item (n INT)")
			    for n in range(23):
			        cursor.execute(query="INSERT INTO item VALUES (%s)", vars=[n])
			    try: cursor.execute("SELECT 1/(n - n) FROM item")
			    except psycopg2.errors.DivisionByZero: pass
			    cursor.execute("SELECT count(*) FROM public.item")
			    assert cursor.fetchone() == (23,)
			sys.stdin.read()
		PY
		asks '[["psycopg2 CREATE",1,0],["psycopg2 INSERT item",23,0],["psycopg2 SELECT item",1,1],["psycopg2 SELECT public.item",1,0]]'
		kill -INT "$server"
		wait "$server"
		rm -r "$db"
	}
fi

@test "what is wrapped computes the same, and each span ends once" {
	cd "$dir"
	cp "$TOP/tests/spans.py" .
	"$PY" spans.py
}

@test "Celery: tasks by name" {
	celery_tasks
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
