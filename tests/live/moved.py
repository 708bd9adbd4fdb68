# SPDX-License-Identifier: GPL-2.0-or-later
"""A program whose memory the kernel moves while it makes system calls.

moved.py run FIFO DONE: waits for FIFO; one function makes system calls while a thread lets the
kernel make a huge page of the memory with its code object, again and again; writes DONE, waits.
moved.py check PAGES DONE: fails unless all calls are on the last page, some without a function,
and the pages have said of at least as many that they could not be read; NOT_HIT: there is none.
"""
import ctypes
import json
import mmap
import os
import re
import sys
import threading
import time

CALLS = 1000  # at once
MOVES = 500
TIME_S = 15  # at most
NOT_HIT = 77  # status: no call came while its function was away, as happens on a busy machine
HUGE = 2 << 20
MADV_COLD, MADV_COLLAPSE = 20, 25  # include/uapi/asm-generic/mman-common.h

SOURCE = """
def asks(getppid, n):
    for _ in range(n):
        getppid()
"""
libc = ctypes.CDLL(None, use_errno=True)
libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]


def collapse(start):
    return libc.madvise(start, HUGE, MADV_COLLAPSE) == 0


def function():
    """One of many equal functions, the memory around whose code can be a huge page."""
    made = []
    while len(made) < 200000:
        for _ in range(1000):
            scope = {}
            exec(SOURCE, scope)
            made.append(scope["asks"])
        code = id(made[-500].__code__)
        if collapse(code & -HUGE):
            return made, made[-500], code & -HUGE
    raise MemoryError("no huge page")


def run(fifo, done):
    fifo = os.open(fifo, os.O_RDONLY)
    made, asks, start = function()
    over = []
    collapsed = []

    def move():
        while not over:
            libc.madvise(start, mmap.PAGESIZE, MADV_COLD)  # of a part: small pages again
            collapsed.append(collapse(start))
            time.sleep(0.001)

    os.read(fifo, 1)
    thread = threading.Thread(target=move)
    thread.start()
    calls = 0
    end = time.monotonic() + TIME_S
    while sum(collapsed) < MOVES and time.monotonic() < end:
        asks(os.getppid, CALLS)
        calls += CALLS
    over.append(True)
    thread.join()
    with open(done + ".tmp", "w") as f:
        json.dump({"calls": calls, "moves": sum(collapsed)}, f)
    os.rename(done + ".tmp", done)
    os.read(fifo, 1)


def unread(pages):
    """How many stacks the pages say could not be read."""
    return sum(int(m.group(1)) for page in pages for note in page["notes"]
               for m in [re.match(r"(\d+) stacks of this interval could be read in part", note)]
               if m)


def check(path, done):
    with open(path) as f:
        pages = [json.loads(line) for line in f]
    with open(done) as f:
        done = json.load(f)
    calls = {}
    for r in pages[-1]["rows"]:
        if r["call"] == "getppid":
            calls[r["function"]] = calls.get(r["function"], 0) + r["calls_total"]
    print(done, calls, unread(pages))
    assert sum(pages[-1]["loss"].values()) == 0, pages[-1]["loss"]
    assert sum(calls.values()) == done["calls"]
    if not unread(pages) and None not in calls:
        sys.exit(NOT_HIT)
    assert calls.get(None, 0) <= unread(pages) < done["calls"] / 10


if __name__ == "__main__":
    {"run": run, "check": check}[sys.argv[1]](*sys.argv[2:])
