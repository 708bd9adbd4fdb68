# SPDX-License-Identifier: GPL-2.0-or-later
"""busy.py DIR [tell]: a program that does all the time whatever a page about Python shows;
with tell, it imports teletap and says something of each kind, and has a page of its own.
Writes DIR/ready when it has begun."""
import gc
import mmap
import os
import sys
import threading
import time

folder, *modes = sys.argv[1:]


def called(n):
    return n + 1


def compute():
    while True:
        n = 0
        for _ in range(2000):
            n = called(n)
        with mmap.mmap(-1, 1 << 16) as m:
            for i in range(0, 1 << 16, 4096):
                m[i] = 1
        time.sleep(0.01)


def collect():
    while True:
        x = []
        x.append(x)
        gc.collect()
        sys.audit("busy.event", 1)
        try:
            import no_such_module_of_busy  # noqa: F401
        except ImportError:
            pass
        os.stat("/")
        if "tell" in modes:
            tell()
        time.sleep(0.02)


def tell():
    teletap.counter("requests")
    teletap.tally("rows", 2)
    with teletap.span("fetch"):
        pass
    teletap.error("nothing", "busy.py:1")
    teletap.log(6, "a line")
    speed = teletap.Calculation("speed")
    speed.result(speed.input("pulses", 23) / 2)


if "tell" in modes:
    import teletap

    teletap.start("1.0")
    teletap.config("port", 80)

    @teletap.page(301, "busy", "What it is busy with")
    def busy():
        return "calls\n"


for work in compute, compute, collect:
    threading.Thread(target=work, daemon=True).start()
with open(os.path.join(folder, "ready"), "w"):
    pass
time.sleep(1000)
