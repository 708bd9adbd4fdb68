#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What a Python program says of itself (python/teletap/_app.py, _errors.py, _log.py), as
# its ring and its markers tell it. No module is loaded: see sums.bats.
bats_require_minimum_version 1.5.0
load helper

# pages.py shows PAGE...: pages of this process, from outside.
setup() {
	cd "$BATS_TEST_TMPDIR" || return
	cat > pages.py <<-'PY'
		import json, os, subprocess
		def shows(*pages):
		    """Each page's rows. The ring's file is this program's, not its children's."""
		    os.environ.pop("TELETAP_RING", None)
		    out = subprocess.run([os.environ["TELETAP_CATCH"] + "/teletap", "watch", ",".join(pages), "-p",
		        str(os.getpid()), "-n", "1", "-i", "0.1", "-o", "json"], stdout=subprocess.PIPE, check=True).stdout
		    return [json.loads(line)["rows"] for line in out.decode().splitlines()]
	PY
	export PYTHONPATH=$PYTHONPATH:$BATS_TEST_TMPDIR
}

@test "pages of the ring: version, configuration, log, calculations, before anybody looked" {
	cat > ring.py <<-'PY'
		import logging, teletap
		from pages import shows
		teletap.start("1.2", "abc", 7)
		teletap.config("port", 8080)
		teletap.config("port", 8081)
		logging.getLogger().addHandler(teletap.LogHandler())
		log = logging.getLogger("mine")
		log.setLevel(1)
		for i in range(23):
		    log.warning("queue %d", i)
		log.debug("caf\u00e9 \ud800 %s", "a\0b\nc")
		try:
		    {}["key"]
		except KeyError:
		    log.exception("lookup")
		teletap.log(5, "x" * 1000)
		speed = teletap.Calculation("speed")
		assert speed.result(speed.step("half", speed.input("pulses", 23) / 2)) == 11.5
		teletap.stop("enough")
		about, config, lines, state = shows("about", "config", "log", "state")
		what = {row["what"]: row["value"] for row in about}
		assert (what["version"], what["commit"], what["build"], what["provider"]) == ("1.2", "abc", "7", "teletap_app")
		assert [(row["key"], row["value"]) for row in config] == [("port", "8081")], config
		assert [row["text"] for row in lines if row["level"] == "warning"] == ["mine: queue %d" % i for i in range(23)]
		text = {row["level"]: row["text"] for row in lines}
		assert text["debug"] == "mine: caf\u00e9 \\ud800 a\\x00b\nc", text
		assert text["error"] == "mine: lookup: KeyError: 'key'", text
		assert 400 < len(text["notice"]) < 470 and text["notice"].endswith("..."), text
		assert text["stop"] == "stopping: enough", text
		assert [(row["part"], row["item"], row["value"]) for row in state] == \
		    [("input", "pulses", "23"), ("step", "half", "11.5"), ("result", "", "11.5")], state
	PY
	every ring.py
	for python in $ALL; do
		TELETAP_RING=$PWD/ring.$python "$python" ring.py
		run -0 teletap replay "$PWD/ring.$python" log -o json
		[ "$(tail -n 1 <<< "$output" | jq -r '.rows[-1].text')" = 'stopping: enough' ]
	done
}

@test "23 events of each marker are 23, with every argument; before anybody listened: none" {
	cat > events.py <<-'PY'
		import asyncio, collections, time
		import catch, teletap
		@teletap.span("call")
		def call(fails):
		    if fails:
		        raise ValueError
		@teletap.span("await")
		async def wait():
		    await asyncio.sleep(0.001)
		async def waits():
		    await asyncio.gather(*(wait() for i in range(23)))
		def work():
		    for i in range(23):
		        teletap.counter("requests")
		        teletap.counter("bytes", -i)
		        teletap.gauge("queue", i << 70)
		        teletap.error("bad", "here.py:1", i % 2)
		        with teletap.span("block") as s:
		            s.status = i
		        try:
		            call(i < 5)
		        except ValueError:
		            pass
		    asyncio.run(waits())
		    for i in range(2300):
		        teletap.tally("rows", i)
		work()
		c = catch.Catch()
		markers = [k for k in catch.KINDS if k.startswith("teletap__")]
		work()
		assert not c.events()
		for m in markers:
		    c.raise_(m)
		work()
		teletap.tally("last")  # they go in order
		while not [e for e in c.events() if e[1] == b"last"]:
		    time.sleep(0.01)
		for m in markers:
		    c.raise_(m, 0)
		work()
		time.sleep(0.2)
		got = collections.defaultdict(list)
		for kind, name, a, b in c.events():
		    got[kind[9:], name.decode()].append((a, b))
		assert [a for a, b in got["counter", "requests"]] == [1] * 23
		assert [a for a, b in got["counter", "bytes"]] == [-i for i in range(23)]
		assert [a for a, b in got["gauge", "queue"]] == [0] + [(1 << 63) - 1] * 22
		assert [(a, b & 1) for a, b in got["error", "here.py:1"]] == [(b"bad", i % 2) for i in range(23)]
		for name in ("block", "call", "await"):
		    ids = [a for a, b in got["span__begin", name]]
		    assert len(set(ids)) == 23 and set(ids) == {a for a, b in got["span__end", name]}, name
		assert [b for a, b in got["span__end", "block"]] == list(range(23))
		assert sum(b for a, b in got["span__end", "call"]) == 5
		rows = got["tally", "rows"]
		assert sum(a for a, b in rows) == 2300 and sum(b for a, b in rows) == sum(range(2300)), rows
		assert len(rows) < 10, rows
	PY
	every events.py
}

@test "errors: consumed, raised again, by every hook, each once, and the hooks before still work" {
	cat > errors.py <<-'PY'
		import asyncio, sys, threading
		from pages import shows
		said = []
		def main_hook(kind, *args):
		    (said.append("main") if kind is not AssertionError else sys.__excepthook__(kind, *args))
		sys.excepthook = main_hook
		threading.excepthook = lambda args: said.append("thread")
		sys.unraisablehook = lambda args: said.append("unraisable")
		import teletap
		for i in range(2):
		    teletap.install()
		@teletap.reports(consume=True, value=-1)
		def consumed():
		    raise ValueError("consumed")
		@teletap.reports()
		@teletap.reports()
		def again(what="again"):
		    raise ValueError(what)
		@teletap.reports(consume=True, value=-2)
		async def waited():
		    raise ValueError("waited")
		@teletap.reports(consume=True, kinds=KeyError)
		def other():
		    raise ValueError("other")
		class Bad(Exception):
		    def __str__(self):
		        raise TypeError
		assert consumed() == -1
		for function in (again, other):
		    try:
		        function()
		        assert False
		    except ValueError:
		        pass
		with teletap.reports(consume=True):
		    raise Bad
		thread = threading.Thread(target=again, args=("thread",))
		thread.start()
		thread.join()
		class Dies:
		    def __del__(self):
		        raise OSError("dies")
		Dies()
		async def main():
		    assert await waited() == -2
		    loop = asyncio.get_running_loop()
		    loop.set_exception_handler(lambda loop, context: said.append("loop"))
		    loop.call_soon(again, "loop")
		    await asyncio.sleep(0.01)
		    teletap.install(loop=loop)
		    loop.call_soon(again, "loop 2")
		    await asyncio.sleep(0.01)
		asyncio.run(main())
		try:
		    1 / 0
		except ZeroDivisionError:
		    teletap.report()
		    sys.excepthook(*sys.exc_info())
		teletap.error("plain")
		sys.excepthook(KeyError, KeyError("main"), None)
		rows = [(row["level"], row["text"].split(": ", 1)[1]) for row in shows("log")[0]]
		assert rows == [
		    ("handled", "ValueError: consumed"), ("unhandled", "ValueError: again"),
		    ("handled", "Bad: <Bad without text: TypeError>"), ("unhandled", "ValueError: thread"),
		    ("unhandled", "OSError: dies"), ("handled", "ValueError: waited"), ("unhandled", "ValueError: loop"),
		    ("unhandled", "ValueError: loop 2"), ("handled", "ZeroDivisionError: division by zero"),
		    ("unhandled", "plain"), ("unhandled", "KeyError: 'main'")], rows
		assert said == ["thread", "unraisable", "loop", "loop", "main", "main"], said
		assert all(row["text"].startswith(__file__ + ":") for row in shows("log")[0][:-1])
	PY
	every errors.py
}

@test "a wrong type is a TypeError, and nothing else is any error" {
	cat > wrong.py <<-'PY'
		import teletap
		class Bad:
		    def __str__(self):
		        raise KeyError
		class Name(str):
		    def __hash__(self):
		        raise KeyError
		wrong = [(teletap.counter, b"x"), (teletap.counter, "x", 1.5), (teletap.counter, "x", "1"), (teletap.gauge, "x", None),
		    (teletap.counter,), (teletap.gauge, "x"), (teletap.tally, 1), (teletap.tally, "x", 1.0), (teletap.span, 1),
		    (teletap.stop, None), (teletap.start, 1), (teletap.config, 1, 2), (teletap.log, "info", "x"), (teletap.log, 1, 2),
		    (teletap.error, 1), (teletap.error, "x", 2), (teletap.report, "x"), (teletap.Calculation, 1),
		    (teletap.reports, False, None, 3), (teletap.span("x"), (lambda: (yield))), (teletap.page, "301", "x"),
		    (teletap.page, 301, 5)]
		for function, *args in wrong:
		    try:
		        function(*args)
		    except TypeError:
		        continue
		    assert False, (function, args)
		for number in (299, 400):
		    try:
		        teletap.page(number, "x")
		        assert False
		    except ValueError:
		        pass
		teletap.config("key", Bad())
		teletap.Calculation("x").result(10 ** 10000)
		teletap.log(1000, "")
		teletap.log(-1000, "\0")
		teletap.counter("\ud800\0", -10 ** 30)
		teletap.counter("x", True)
		for i in range(2000):
		    teletap.tally("name %d" % i)
		    teletap.tally(Name("x"))
		try:
		    teletap.nothing
		except AttributeError:
		    pass
		assert set(teletap.__all__) <= set(dir(teletap))
		from teletap import *
	PY
	every wrong.py
}

@test "forks: a child says who it is, and hands over none of its parent's tallies" {
	cat > forks.py <<-'PY'
		import os, time
		import catch, teletap
		from pages import shows
		c = catch.Catch()
		teletap.log(6, "parent")
		c.raise_("teletap__tally")
		teletap.tally("rows")
		pid = os.fork()
		if not pid:
		    before = len(c.events())
		    teletap.log(6, "child")
		    teletap.tally("rows", 5)
		    while len(c.events()) == before:
		        time.sleep(0.01)
		    time.sleep(0.3)
		    assert [e[2:] for e in c.events()[before:]] == [(1, 5)], c.events()
		    rows = shows("log")[0]
		    assert [(row["text"], row["pid"]) for row in rows] == [("parent", os.getppid()), ("child", os.getpid())], rows
		    os._exit(0)
		assert os.waitpid(pid, 0)[1] == 0
		time.sleep(0.2)
		assert [e[2:] for e in c.events()] == [(1, 0)], c.events()
	PY
	every forks.py
}
