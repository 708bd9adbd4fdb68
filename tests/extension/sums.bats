#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The extension (python/): sums of calls, their names and times. No module is loaded; catch.c
# takes its place. Run by tests/extension/check.
bats_require_minimum_version 1.5.0

load helper

@test "sums and markers tell what sys.setprofile does" {
	local python way
	for python in $ALL; do
		for way in profile sums frames calls; do
			timeout 60 "$python" "$OLDPWD/tests/extension/count.py" $way > "$python.$way"
		done
		[ "$(jq 'add' "$python.profile")" -gt 2000 ]
		diff "$python.profile" "$python.sums"
		diff "$python.profile" "$python.frames"
		diff "$python.profile" "$python.calls"
	done
}

@test "source paths that are no UTF-8, and names that cannot be encoded" {
	cat > paths.py <<-'PY'
		import os, time
		import catch, teletap
		path = os.fsencode(os.getcwd()) + b"/caf\xe9.py"
		with open(path, "w") as f:
		    f.write("def f():\n    return 1\n")
		space = {}
		exec(compile("def f():\n    return 1\n", os.fsdecode(path), "exec"), space)
		g = space["f"]
		odd = g.__code__.replace(co_name="a\ud800b", co_filename="x\ud800y")
		c = catch.Catch()
		for m in ("sums", "function__entry", "function__return"):
		    c.raise_(m)
		while not (teletap.status()["sums"] and teletap.status()["calls"]):
		    time.sleep(0.01)
		for i in range(3):
		    g()
		    exec(odd)
		c.settle()
		got = {(n.file, n.function): (n.calls, n.entries, n.returns) for n in c.names()}
		assert got[path, b"f"] == (3, 3, 3), got
		assert got[b"x\\ud800y", b"a\\ud800b"] == (3, 3, 3), got
	PY
	every paths.py
}

@test "100,000 code objects: bounded memory, nothing lost" {
	cat > many.py <<-'PY'
		import time
		import catch, teletap
		c = catch.Catch()
		c.raise_("sums")
		while not teletap.status()["sums"]:
		    time.sleep(0.01)
		def memory():
		    with open("/proc/self/statm") as f:
		        return int(f.read().split()[1]) * 4
		def f():
		    pass
		code = f.__code__
		for i in range(100000):
		    exec(code.replace(co_firstlineno=i % 50 + 1))
		    if i == 10000:
		        begun = memory()
		assert memory() - begun < 20000, (begun, memory())
		c.settle()
		assert sum(n.calls for n in c.names() if n.function == b"f") == 100000
		assert not c.number("lost")
	PY
	every many.py
}

@test "functions deeper than the stack that is kept: counted, not timed, and shown as lost" {
	cat > deep.py <<-'PY'
		import sys, threading, time
		import catch, teletap
		c = catch.Catch()
		c.raise_("sums")
		while not teletap.status()["sums"]:
		    time.sleep(0.01)
		def down(n):
		    return down(n - 1) if n else 0
		sys.setrecursionlimit(200000)
		threading.stack_size(1 << 30)
		t = threading.Thread(target=down, args=(70000,))
		t.start()
		t.join()
		c.settle()
		got = [n for n in c.names() if n.function == b"down"][0]
		assert got.calls == 70001 and got.inclusive > 0, got.calls
		assert 70001 - 65536 <= c.number("lost") < 70001 - 65536 + 10, c.number("lost")
	PY
	every deep.py
}

# Rows handed over at different times are converted to nanoseconds with a clock that is
# measured ever better: they agree to a thousandth.
@test "times: inclusive, exclusive, recursion counted once" {
	cat > times.py <<-'PY'
		import time
		import catch, teletap
		c = catch.Catch()
		c.raise_("sums")
		while not teletap.status()["sums"]:
		    time.sleep(0.01)
		def inner():
		    time.sleep(0.2)
		def outer():
		    inner()
		    time.sleep(0.1)
		def again(n):
		    time.sleep(0.05)
		    if n:
		        again(n - 1)
		begun = time.monotonic()
		outer()
		again(3)
		took = (time.monotonic() - begun) * 1e9
		c.settle()
		got = {n.function: n for n in c.names()}
		inner, outer, again = got[b"inner"], got[b"outer"], got[b"again"]
		assert inner.inclusive == inner.exclusive and 1.999e8 <= inner.inclusive, inner.inclusive
		assert outer.inclusive >= inner.inclusive + 0.999e8
		assert abs(outer.inclusive - outer.exclusive - inner.inclusive) < 1e-3 * took
		assert 1.999e8 <= again.inclusive <= again.exclusive + 1e-3 * took, (again.inclusive, again.exclusive)
		assert 0.98 * took < outer.inclusive + again.inclusive < 1.02 * took
	PY
	every times.py
}

# Events in the order in which greenlets cause them.
@test "a thread that changes stacks has no times, and all its calls" {
	cat > stacks.py <<-'PY'
		import sys, time
		import catch, teletap
		def one(): pass
		def two(): pass
		way, c = sys.argv[1], catch.Catch()
		if sys.version_info < (3, 12):
		    sys.exit()
		if way in ("same", "inside", "called"):  # functions of one code: frames tell them apart
		    sys.modules["greenlet"] = sys
		c.raise_("sums")
		while not teletap.status()["sums"]:
		    time.sleep(0.01)
		m = sys.monitoring
		tool = [t for t in range(6) if m.get_tool(t) == "teletap"][0]
		events = ["PY_START", "PY_RETURN", "PY_YIELD", "PY_RESUME", "PY_THROW", "PY_UNWIND"]
		begin, end = [m.register_callback(tool, getattr(m.events, e), None) for e in events][:2]
		def stack(function):  # each has a frame of its own
		    begin(function.__code__, 0)
		    yield
		    end(function.__code__, 0)
		    yield
		def turns(*stacks):
		    for s in stacks:
		        next(s)
		a, b = stack(one), stack(one if way == "same" else two)
		if way in ("nested", "inside"):
		    turns(a, b, b, a)
		elif way == "called":
		    def inner():
		        begin(two.__code__, 0)
		        end(two.__code__, 0)
		    begin(one.__code__, 0)
		    inner()
		    end(one.__code__, 0)
		else:
		    turns(a, b, a, b)
		names = {}
		while one.__name__.encode() not in names:
		    time.sleep(0.01)
		    names = {n.function: n for n in c.names()}
		assert sum(n.calls for f, n in names.items() if f in (b"one", b"two")) == 2
		if way in ("nested", "called"):
		    assert not c.number("untimed") and names[b"one"].inclusive > 0
		else:
		    assert c.number("untimed") and not names[b"one"].inclusive
	PY
	every stacks.py nested
	every stacks.py other
	every stacks.py same
	every stacks.py inside  # one's whole life in the other's wait
	every stacks.py called  # by others
}

@test "filters: what does not match is not counted" {
	cat > only.py <<-'PY'
		import time
		import catch, teletap
		teletap.only(["want*"])
		def wanted():
		    return other()
		def other():
		    return 1
		def fails():
		    raise KeyError
		c = catch.Catch()
		c.raise_("sums")
		while not teletap.status()["sums"]:
		    time.sleep(0.01)
		def work():
		    for i in range(10):
		        wanted()
		        try:
		            fails()
		        except KeyError:
		            pass
		work()
		teletap.only([])  # what was counted before is not lost by it
		assert {n.function: n.calls for n in c.names()} == {b"wanted": 10}
		while not teletap.status()["sums"]:
		    time.sleep(0.01)
		work()
		c.settle()
		got = {n.function: n.calls for n in c.names()}
		assert got[b"wanted"] == 20 and got[b"other"] == 10 and got[b"fails"] == 10, got
	PY
	every only.py
}
