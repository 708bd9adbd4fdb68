#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The extension in programs that fork, by Python and by C.
bats_require_minimum_version 1.5.0

load helper

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
