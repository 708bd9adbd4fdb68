#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The extension is switched on and off, whatever the program does and whoever else traces it.
bats_require_minimum_version 1.5.0

load helper

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
