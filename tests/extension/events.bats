#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Events of audit, of imports and collections, by the extension.
bats_require_minimum_version 1.5.0

load helper

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
