#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The extension (python/), in the lab's root tree, with this machine's kernel: no
# module is loaded; catch.c takes its place. Run by tests/extension/check.
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

# While the thread that measures is held up itself, their processor is somebody else's: that is
# no measurement.
@test "on within 0.2 s, off within 0.2 s, whatever the program does" {
	cat > switch.py <<-'PY'
		import os, threading, time
		os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
		import catch, teletap
		c = catch.Catch()
		def spin():
		    while True:
		        sum(range(100))
		threading.Thread(target=spin, daemon=True).start()
		def switched(want):
		    """Seconds until it is, and how much of them this thread was held up in one piece."""
		    c.raise_("sums", want)
		    begun = seen = time.monotonic()
		    held = 0
		    while teletap.status()["sums"] != bool(want):
		        time.sleep(0.005)
		        held, seen = max(held, time.monotonic() - seen), time.monotonic()
		    return seen - begun, held
		measured = 0
		while measured < 3:
		    (on, on_held), (off, off_held) = switched(1), switched(0)
		    if max(on_held, off_held) < 0.05:
		        assert on < 0.2 and off < 0.2, (on, off)
		        measured += 1
	PY
	every switch.py
}

@test "idle, it sets no events; on, it takes one number of sys.monitoring; off, it gives it back" {
	cat > idle.py <<-'PY'
		import sys, time
		import catch, teletap
		def busy():
		    if sys.version_info < (3, 12):
		        return sys.getprofile() is not None  # ours is none to Python
		    m = sys.monitoring
		    return [t for t in range(6) if m.get_tool(t) or m.get_events(t) if m.get_tool(t)]
		assert not busy(), busy()
		c = catch.Catch()
		c.raise_("sums")
		while not teletap.status()["sums"]:
		    time.sleep(0.01)
		assert sys.version_info < (3, 12) or busy() == [4], busy()
		c.raise_("sums", 0)
		while teletap.status()["sums"]:
		    time.sleep(0.01)
		assert not busy(), busy()
	PY
	every idle.py
}

@test "other tools of sys.monitoring, a debugger's trace and a profiler at the same time" {
	cat > tools.py <<-'PY'
		import cProfile, sys, time
		import catch, teletap
		def leaf():
		    return 1
		seen = []
		if sys.version_info >= (3, 12):
		    m = sys.monitoring
		    for tool in (4, 1):  # 4 is what we would take first
		        m.use_tool_id(tool, "other")
		        m.register_callback(tool, m.events.PY_START, lambda code, at: seen.append(code.co_name))
		        m.set_events(tool, m.events.PY_START)
		c = catch.Catch()
		c.raise_("sums")
		while not teletap.status()["sums"]:
		    time.sleep(0.01)
		lines = []
		def trace(frame, event, arg):
		    lines.append(event)
		    return trace
		sys.settrace(trace)
		for i in range(10):
		    leaf()
		sys.settrace(None)
		p = cProfile.Profile()
		p.enable()
		for i in range(10):
		    leaf()
		p.disable()
		assert lines.count("call") == 10, lines
		if sys.version_info >= (3, 12):
		    assert seen.count("leaf") == 40, seen.count("leaf")
		    m.free_tool_id(4)
		c.settle()
		calls = {n.function: n.calls for n in c.names()}
		# on 3.11, a thread has one profiler: the program's own comes first
		assert calls[b"leaf"] == (20 if sys.version_info >= (3, 12) else 10), calls[b"leaf"]
	PY
	every tools.py
}

@test "no number of sys.monitoring is free: nothing breaks, and it says why" {
	cat > full.py <<-'PY'
		import sys, time
		import catch, teletap
		if sys.version_info < (3, 12):
		    sys.exit()
		for tool in range(6):
		    sys.monitoring.use_tool_id(tool, "other")
		c = catch.Catch()
		c.raise_("sums")
		while not teletap.status()["why"]:
		    time.sleep(0.01)
		time.sleep(0.3)
		assert not teletap.status()["sums"] and "sys.monitoring" in teletap.status()["why"]
	PY
	every full.py
}

@test "forks, with and without threads, and pools: counted once, no warning, a switch in each" {
	cat > forks.py <<-'PY'
		import multiprocessing, os, subprocess, sys, threading, time
		at_fork = []  # what the child was forked with: noted before teletap's own function for forks
		os.register_at_fork(after_in_child=lambda: at_fork.append(calls()))
		import catch, teletap
		def leaf(x):
		    return x
		c = catch.Catch()
		def calls():
		    return {n.function: n.calls for n in c.names()}.get(b"leaf", 0)
		def counted(n):
		    """Waits until leaf's calls are n, and sees that they stay it."""
		    while calls() < n:
		        time.sleep(0.01)
		    time.sleep(0.3)
		    return calls()
		def child():
		    for i in range(7):
		        leaf(i)
		    os._exit(0 if counted(at_fork[-1] + 7) == at_fork[-1] + 7 and teletap.status()["helper"] else 1)
		if __name__ == "__main__":
		    for i in range(5):  # idle
		        pid = os.fork()
		        if not pid:
		            time.sleep(0.01)
		            os._exit(0 if teletap.status()["helper"] else 1)
		        assert os.waitpid(pid, 0)[1] == 0
		    c.raise_("sums")
		    while not teletap.status()["sums"]:
		        time.sleep(0.01)
		    for i in range(100):
		        leaf(i)
		    assert counted(100) == 100, calls()
		    for i in range(1000):
		        leaf(i)  # most often still on its way to the parent's next batch
		    for handed in (False, True):  # the second time, the parent's batch has been handed over
		        while handed and calls() < 1100:
		            time.sleep(0.01)
		        pid = os.fork()
		        if not pid:
		            child()
		        assert os.waitpid(pid, 0)[1] == 0
		    assert counted(1100) == 1100, calls()
		    subprocess.run(["true"], check=True)
		    subprocess.run(["true"], check=True, preexec_fn=lambda: leaf(1))
		    with multiprocessing.get_context("fork").Pool(2) as pool:
		        assert pool.map(leaf, range(9)) == list(range(9))
		    assert teletap.status()["helper"] and teletap.status()["sums"]
	PY
	every forks.py
}

# CPython is not told of them: uWSGI's workers go on, the children of subprocess only exec.
@test "forks in C: no thread in a child that runs no Python; one that does is counted, once" {
	cat > forks_in_c.py <<-'PY'
		import ctypes, os, subprocess, sys, time
		import catch, teletap
		c = catch.Catch()
		def leaf():
		    pass
		def calls():
		    return {n.function: n.calls for n in c.names()}.get(b"leaf", 0)
		def count(n, until):
		    for i in range(n):
		        leaf()
		    while calls() < until:
		        time.sleep(0.01)
		    assert calls() == until, calls()
		assert c.lib.catch_fork() == 1, c.lib.catch_fork()
		c.raise_("sums")
		while not teletap.status()["sums"]:
		    time.sleep(0.01)
		count(100, 100)
		assert c.lib.catch_fork() == 1, c.lib.catch_fork()
		subprocess.run(["true"], check=True, user=os.getuid())
		pid = ctypes.PyDLL(None).fork()
		if not pid:
		    count(7, 107)
		    again = os.fork()
		    if not again:
		        count(7, 114)
		        sys.exit(0 if teletap.status()["helper"] else 1)
		    sys.exit(os.waitpid(again, 0)[1] or (0 if teletap.status()["helper"] else 1))
		assert os.waitpid(pid, 0)[1] == 0
		count(100, 200)
	PY
	every forks_in_c.py
}

# What it calls runs the program's own code: here an audit hook, which waits for the main thread.
@test "the helper waits for the program: neither a fork nor the end waits for the helper" {
	cat > waits.py <<-'PY'
		import os, sys, threading, time, warnings
		import catch, teletap
		warnings.simplefilter("ignore")  # the fork is beside a thread
		c = catch.Catch()
		held, waits = threading.Lock(), threading.Event()
		def hook(event, args):
		    if event in ("sys.setprofile", "sys.monitoring.register_callback"):
		        if threading.get_native_id() != os.getpid():
		            waits.set()
		            with held:
		                pass
		sys.addaudithook(hook)
		held.acquire()
		c.raise_("sums")
		waits.wait()
		if sys.argv[1] == "fork":
		    pid = os.fork()
		    if not pid:
		        os._exit(0 if teletap.status()["helper"] else 1)
		    assert os.waitpid(pid, 0)[1] == 0
		    assert not teletap.status()["sums"]
		    held.release()
		    while not teletap.status()["sums"]:
		        time.sleep(0.01)
	PY
	every waits.py fork
	every waits.py exit
}

@test "a program whose clock is not the kernel's: it is counted, not timed, and ends" {
	cat > still.c <<-'C'
		#include <time.h>
		int clock_gettime(clockid_t id, struct timespec *t)
		{
			(void)id;
			*t = (struct timespec){ 1000, 0 };
			return 0;
		}
	C
	gcc -shared -fPIC -o still.so still.c
	cat > still.py <<-'PY'
		import time
		import catch, teletap
		def leaf():
		    pass
		c = catch.Catch()
		c.raise_("sums")
		while not teletap.status()["sums"]:
		    time.sleep(0.01)
		for i in range(7):
		    leaf()
		while not [n for n in c.names() if n.function == b"leaf"]:
		    time.sleep(0.01)
		assert [(n.calls, n.inclusive) for n in c.names() if n.function == b"leaf"] == [(7, 0)]
		with open("/sys/devices/system/clocksource/clocksource0/current_clocksource") as f:
		    assert (c.number("untimed") > 0) == (f.read() == "tsc\n")
	PY
	LD_PRELOAD=$PWD/still.so every still.py
}

@test "a program that forks all the time: on, counted, and off as in others" {
	cat > often.py <<-'PY'
		import os, sys, threading, time
		import catch, teletap
		def fork():
		    pid = os.fork()
		    if not pid:
		        os._exit(0)
		    assert os.waitpid(pid, 0)[1] == 0
		    time.sleep(0.03)
		def fork_until(good):
		    while not good():
		        fork()
		def others():
		    fork_until(lambda: over)
		over = False
		c = catch.Catch()
		thread = threading.Thread(target=others)
		if sys.version_info < (3, 12):  # later ones complain about forks beside threads
		    thread.start()
		c.raise_("sums")
		fork_until(lambda: teletap.status()["sums"])
		fork()
		fork_until(lambda: b"fork" in {n.function for n in c.names()})
		c.raise_("sums", 0)
		fork_until(lambda: not teletap.status()["sums"])
		over = True
		if thread.ident:
		    thread.join()
	PY
	every often.py
}

@test "switched off while it forks: it is off then, in parent and child" {
	cat > late.py <<-'PY'
		import os, time
		def off():
		    if falls:
		        c.raise_("sums", 0)
		os.register_at_fork(before=off)  # after teletap's own function for forks
		import catch, teletap
		c = catch.Catch()
		falls = False
		c.raise_("sums")
		while not teletap.status()["sums"]:
		    time.sleep(0.01)
		falls = True
		pid = os.fork()
		while teletap.status()["sums"]:
		    time.sleep(0.01)
		if not pid:
		    os._exit(0)
		assert os.waitpid(pid, 0)[1] == 0
	PY
	every late.py
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
		if way == "same":  # functions of one code: frames tell them apart
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
		if way == "nested":
		    turns(a, b, b, a)
		else:
		    turns(a, b, a, b)
		names = {}
		while one.__name__.encode() not in names:
		    time.sleep(0.01)
		    names = {n.function: n for n in c.names()}
		assert sum(n.calls for f, n in names.items() if f in (b"one", b"two")) == 2
		if way == "nested":
		    assert not c.number("untimed") and names[b"one"].inclusive > 0
		else:
		    assert c.number("untimed") and not names[b"one"].inclusive
	PY
	every stacks.py nested
	every stacks.py other
	every stacks.py same
}

@test "audit events: those that sys.addaudithook tells, from when somebody listens" {
	cat > audit.py <<-'PY'
		import collections, sys, time
		import catch, teletap
		c = catch.Catch()
		open("/dev/null").close()
		assert not c.events()
		c.raise_("audit")
		while not teletap.status()["audit"]:
		    time.sleep(0.01)
		told, listening = collections.Counter(), True
		def hook(event, arguments):
		    if listening:
		        told[event] += 1
		sys.addaudithook(hook)
		begun = len(c.events())
		for i in range(23):
		    open("/dev/null").close()
		for i in range(7):
		    compile("1", "x", "eval")
		listening = False
		c.raise_("audit", 0)
		open("/dev/null").close()
		seen = collections.Counter(name.decode() for kind, name, a, b in c.events()[begun:])
		for counted in (told, seen):  # ctypes, by which they are read here, has some, too
		    assert counted["open"] == 23 and counted["compile"] == 7, (told, seen)
	PY
	every audit.py
}

@test "imports and collections: only while somebody listens is anything of the program another" {
	cat > beside.py <<-'PY'
		import gc, sys, time
		import importlib._bootstrap as bootstrap
		import catch, teletap
		def mine(phase, info):
		    phases.append(phase)
		gc.disable()
		phases, function = [], bootstrap._find_and_load
		gc.callbacks.append(mine)
		c = catch.Catch()
		def switch(what, marker, wanted):
		    c.raise_(marker, wanted)
		    while teletap.status()[what] != bool(wanted):
		        time.sleep(0.01)
		for i in range(3):
		    switch("imports", "import__find__load__start", 1)
		    assert bootstrap._find_and_load is not function
		    try:
		        import absent_module
		    except ImportError as e:
		        assert e.__traceback__.tb_next is None and e.name == "absent_module"
		    switch("imports", "import__find__load__start", 0)
		    assert bootstrap._find_and_load is function
		assert [e[1] for e in c.events()] == [b"absent_module"] * 3, c.events()
		for i in range(3):
		    switch("gc", "gc__start", 1)
		    assert gc.callbacks[0] is mine and len(gc.callbacks) == 2
		    gc.collect()
		    assert gc.callbacks[1] is mine and len(gc.callbacks) == 3
		    gc.collect()
		    switch("gc", "gc__start", 0)
		    gc.collect()
		    assert gc.callbacks == [mine]
		assert phases == ["start", "stop"] * 9, phases
	PY
	every beside.py
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

@test "ends: normal, sys.exit, os._exit, a signal, daemon threads, atexit functions" {
	cat > ends.py <<-'PY'
		import atexit, os, signal, sys, threading, time
		import catch, teletap
		c = catch.Catch()
		c.raise_("sums")
		c.raise_("function__entry")
		while not teletap.status()["sums"]:
		    time.sleep(0.01)
		def spin():
		    while True:
		        sum(map(abs, (1, 2)))
		def last():
		    return 1
		atexit.register(last)
		class Late:
		    def __del__(self):
		        last()
		sys.late = Late()
		for i in range(3):
		    threading.Thread(target=spin, daemon=True).start()
		how = sys.argv[1]
		if how == "exit":
		    sys.exit(3)
		if how == "_exit":
		    os._exit(3)
		if how == "signal":
		    os.kill(os.getpid(), signal.SIGKILL)
	PY
	local python
	for python in $ALL; do
		run -0 timeout 20 "$python" ends.py normal
		[ -z "$output" ]
		run -3 timeout 20 "$python" ends.py exit
		run -3 timeout 20 "$python" ends.py _exit
		run -137 timeout 20 "$python" ends.py signal
	done
}

@test "sub-interpreters are refused, and not disturbed" {
	cat > sub.py <<-'PY'
		import sys
		import teletap
		try:
		    import _interpreters
		except ImportError:
		    import _xxsubinterpreters as _interpreters
		run = getattr(_interpreters, "exec", None) or _interpreters.run_string
		code = """
		try:
		    import teletap
		except ImportError:
		    pass
		else:
		    raise SystemError("no refusal")
		def f():
		    return 1
		for i in range(1000):
		    f()
		"""
		i = _interpreters.create()
		bad = run(i, code)
		assert not bad, bad
		_interpreters.destroy(i)
		assert teletap.status()["helper"]
	PY
	every sub.py
}

@test "installed as a wheel: TELETAP_PYTHON=1 imports it, and nothing else does" {
	cp -rL "$OLDPWD/python" source
	for python in python3.11 python3.13; do
		(cd source && PYTHONPATH=/usr/lib/python3/dist-packages "$python" setup.py -q bdist_wheel)
	done
	ls source/dist
	for python in $ALL; do
		wheel=(source/dist/*-cp312-abi3-*.whl)
		[ "$python" != python3.11 ] || wheel=(source/dist/*-cp311-cp311-*.whl)
		"$python" -m zipfile -e "${wheel[0]}" "site-$python"
		load="import site, sys; site.addsitedir('site-$python'); print('teletap' in sys.modules)"
		run -0 env -u PYTHONPATH TELETAP_PYTHON=1 "$python" -c "$load"
		[ "$output" = True ]
		run -0 env -u PYTHONPATH "$python" -c "$load"
		[ "$output" = False ]
	done
}

