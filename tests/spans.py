# SPDX-License-Identifier: GPL-2.0-or-later
"""Applications and cursors with teletap around them do what they do without, and each span that
has begun ends once. What the extension is told is kept here, and nobody watches."""
import asyncio
import contextlib
import sqlite3
import threading
import wsgiref.util

import teletap
from teletap import _native, _operation
from teletap._app import _native as _same

began, ended = {}, []


class Told:
    def _span_begin(self, name):
        number = _native._span_begin(name)
        began[number] = name
        return number

    def _span_end(self, name, number, failed):
        assert began.pop(number) == name  # once, by the name that it has begun with
        ended.append((name, failed))


assert _same is _native
_operation._native = Told()
ENVIRON = {"REQUEST_METHOD": "GET", "wsgi.file_wrapper": wsgiref.util.FileWrapper}


def spans():
    assert not began, began
    found, ended[:] = list(ended), []
    return found


def raises(kind, function, *args):
    try:
        function(*args)
    except kind as failure:
        return failure
    raise AssertionError("no " + kind.__name__)


def answer(body, status="200 OK", environ=ENVIRON, **options):
    def application(given, start_response):
        assert given is environ
        assert start_response(status, [], None) == "write"
        return body
    return teletap.wsgi(application, **options)(environ, lambda status, headers, exc_info: "write")


class Body:
    closed = 0

    def __init__(self, *parts):
        self.parts = parts

    def __iter__(self):
        return iter(self.parts)

    def close(self):
        self.closed += 1


def wsgi_bodies():
    for body in [b"a"], (), wsgiref.util.FileWrapper(open("spans.py", "rb")), open("spans.py", "rb"):
        assert answer(body) is body
        assert spans() == [("GET (no route)", False)]
    body = Body(b"a", b"b")
    given = answer(body)
    assert not hasattr(given, "__len__") and given.parts is body.parts and not ended
    assert list(given) == [b"a", b"b"] and not ended
    given.close()
    assert spans() == [("GET (no route)", False)] and body.closed == 1
    given.close()
    assert body.closed == 2 and spans() == []
    sized = type("Sized", (Body,), {"__len__": lambda self: 2})
    assert len(answer(sized(b"a", b"b"))) == 2  # and then nobody has it
    assert spans() == [("GET (no route)", True)]


def wsgi_failures():
    answer(Body(b"a"), "503 Busy").close()
    answer(Body(b"a", b"b"), environ=dict(ENVIRON, REQUEST_METHOD="HEAD")).close()
    answer([], environ=dict(ENVIRON, REQUEST_METHOD="get' \x1b[2J"))
    answer([], route=lambda environ: "/a" * 1000)
    answer([], route=lambda environ: 1 / 0)
    answer([], route=lambda environ: b"/x")
    assert spans() == [("GET (no route)", True), ("HEAD (no route)", False), ("other (no route)", False),
                       (("GET " + "/a" * 100)[:120], False)] + [("GET (no route)", False)] * 2
    failure, done = SystemExit(), []

    def application(environ, start_response):
        raise failure
    assert raises(SystemExit, teletap.wsgi(application), ENVIRON, None) is failure

    def parts():
        try:
            yield b"a"
            raise failure
        finally:
            done.append(1)
    given = answer(parts())
    assert raises(SystemExit, list, given) is failure
    given.close()
    given = answer(parts())  # a client that has gone
    assert next(given) == b"a"
    given.close()
    assert len(done) == 2 and spans() == [("GET (no route)", True)] * 3
    raises(RuntimeError, teletap.wsgi)  # TELETAP_APP is not set


def asgi_application(gate, failure):
    async def application(scope, receive, send):
        assert receive == "receive"
        if scope["type"] != "http":
            return await send(scope)
        await send({"type": "http.response.start", "status": scope["status"], "headers": []})
        if scope["path"] == "/raises":
            raise failure
        if scope["path"] == "/waits":
            await gate.wait()
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await send({"type": "http.response.body"})
        return "result"
    return application


async def asgi():
    sent, gate, failure = [], asyncio.Event(), KeyError("x")
    application = asgi_application(gate, failure)

    async def send(message):
        sent.append(message)

    app = teletap.asgi(application, route=lambda scope: scope["path"])

    def ask(path="/", sort="http", status=200, through=app, send=send):
        return through({"type": sort, "method": "GET", "path": path, "status": status}, "receive", send)

    for sort in "lifespan", "websocket":
        await ask(sort=sort)
        assert sent.pop() == {"type": sort, "method": "GET", "path": "/", "status": 200} and not ended
    assert await ask() == "result"
    plain = list(sent)
    sent.clear()
    assert await ask(through=application) == "result" and sent == plain
    await ask("/bad", status=500)
    try:
        await ask("/raises")
    except KeyError as seen:
        assert seen is failure
    assert spans() == [("GET /", False), ("GET /bad", True), ("GET /raises", True)]

    # three at a time in one thread: one is cancelled, others end later than one that came later
    tasks = [asyncio.ensure_future(ask("/waits")) for _ in range(3)]
    await asyncio.sleep(0)
    assert len(began) == 3
    await ask("/later")
    assert ended == [("GET /later", False)]
    tasks[1].cancel()
    gate.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert results[0] == results[2] == "result" and isinstance(results[1], asyncio.CancelledError)
    assert sorted(spans()) == [("GET /later", False), ("GET /waits", False), ("GET /waits", False),
                               ("GET /waits", True)]

    async def gone(message):
        raise OSError("gone")
    with contextlib.suppress(OSError):
        await ask("/gone", send=gone)
    dropped = ask("/dropped").__await__()
    gate.clear()
    held = ask("/waits").__await__()
    held.send(None)
    held.close()
    dropped.close()  # has not begun
    assert spans() == [("GET /gone", True), ("GET /waits", True)]


def queries():
    threads = [threading.Thread(target=lambda: answer([b"a"])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(spans()) == 8
    connection = teletap.queries(sqlite3.Connection)
    assert issubclass(connection, sqlite3.Connection) and connection.__name__ == "Connection"
    with contextlib.closing(connection(":memory:")) as db:
        plain = db.cursor(sqlite3.Cursor)
        assert type(plain) is sqlite3.Cursor
        assert raises(TypeError, db.execute) and raises(sqlite3.OperationalError, db.execute, "x")
        db.row_factory = sqlite3.Row
        assert db.executescript("create table t (n); insert into t values (1)")
        assert tuple(db.execute("select n from t where n = ?", (1,)).fetchone()) == (1,)
    raises(TypeError, teletap.queries, dict)


NAMES = """
select 1: SELECT
SELECT a, 'x FROM y', "b FROM c" FROM t WHERE z = 'q': SELECT t
SELECT "item"."id", "item"."n" FROM "item" WHERE 1: SELECT item
insert into `db`.`t` (a) values (1): INSERT db.t
SELECT EXTRACT(YEAR FROM d), (select x from y) FROM main.t2, u: SELECT main.t2
SELECT a IS DISTINCT FROM b FROM t: SELECT t
SELECT /* FROM z */ a FROM t;: SELECT t
SELECT $from, @from, :from FROM t: SELECT t
SELECT ARRAY['a]', 'b FROM c'] FROM t: SELECT t
update t set a = 1: UPDATE t
UPDATE ONLY t SET a = 1: UPDATE
SELECT 1; SELECT * FROM x: SELECT
SELECT 'it\\'s FROM x': SELECT
SELECT $$ FROM a $$ FROM b: SELECT
SELECT q'[it's FROM x]': SELECT
SELECT /* /* */ FROM a */ FROM b: SELECT
SELECT 'a FROM b: SELECT
SELECT * FROM f(1): SELECT
SELECT * FROM (SELECT 1 FROM b): SELECT
SELECT * FROM "a""b": SELECT
SELECT * FROM 5: SELECT
WITH x AS (SELECT 1) SELECT * FROM x: WITH
secret: other
"""


def names():
    for line in NAMES.strip().splitlines():
        statement, _, name = line.rpartition(": ")
        assert _operation.statement_name("db", statement) == "db " + name, line
    long = "SELECT " + "a, " * 1330 + " FROM "
    assert _operation.statement_name("d" * 200, long + "t" * 9000) == "d" * 120
    for odd in None, 5, b"\xff", "", long + "t" * 9000:
        assert _operation.statement_name("db", odd) in ("db other", "db SELECT"), odd
    assert _operation.statement_name("db", b"DELETE FROM t") == "db DELETE t"


wsgi_bodies()
wsgi_failures()
asyncio.run(asgi())
queries()
names()
