# SPDX-License-Identifier: GPL-2.0-or-later
"""A program whose threads wait for the interpreter lock.

gil.py run FIFO DONE: one thread computes, in holds_the_lock, while four others sleep 60
times for 10 ms and then want the lock; before and after, all wait for FIFO. Writes the
threads' numbers to DONE, and for how much longer than told each has slept.
gil.py calls ELF STRACE PAGES DONE [BIAS]: STRACE has the program's futex calls, by strace -f;
fails unless the last page has as many calls with a timeout at addresses in _PyRuntime,
and as many of them that timed out, thread by thread. BIAS is added to ELF's addresses.
gil.py waits PAGES DONE: fails unless the last page has the waits that the program knows
of: one for each sleep, as long as it overslept, and what the holder ran.
"""
import collections
import json
import os
import re
import subprocess
import sys
import threading
import time

SLEEPS = 60
THREADS = 4


def holds_the_lock(stop):
    n = 0
    while not stop:
        n += sum(range(150000))  # in one go: nobody else gets the lock meanwhile
    return n


def wants_the_lock(overslept):
    late = 0.0
    for _ in range(SLEEPS):
        before = time.perf_counter()
        time.sleep(0.01)
        late += time.perf_counter() - before - 0.01
    overslept[threading.get_native_id()] = late


def run(fifo, done):
    fifo = os.open(fifo, os.O_RDONLY)
    os.read(fifo, 1)
    stop, overslept = [], {}
    holder = threading.Thread(target=holds_the_lock, args=(stop,))
    waiters = [threading.Thread(target=wants_the_lock, args=(overslept,)) for _ in range(THREADS)]
    for thread in waiters + [holder]:
        thread.start()
    for thread in waiters:
        thread.join()
    stop.append(1)
    holder.join()
    with open(done + ".tmp", "w") as f:
        json.dump({"overslept": overslept}, f)
    os.rename(done + ".tmp", done)
    os.read(fifo, 1)


def runtime(elf):
    """Where _PyRuntime lies."""
    for line in subprocess.check_output(["readelf", "-W", "--dyn-syms", elf], text=True).splitlines():
        fields = line.split()
        if len(fields) == 8 and fields[7] == "_PyRuntime":
            return int(fields[1], 16), int(fields[2], 0)
    raise SystemExit("no _PyRuntime in " + elf)


def traced(path, first, size):
    """thread -> [calls, timed out]; strace writes a call in one line or in two."""
    sums, waiting = collections.defaultdict(lambda: [0, 0]), {}
    start = re.compile(r"(\d+) +futex\((0x[0-9a-f]+), FUTEX_WAIT\w*(?:\|\w+)?, \d+, (NULL|\{)")
    for line in open(path):
        tid = int(line.split()[0])
        begun = start.match(line)
        if begun:
            waiting[tid] = first <= int(begun.group(2), 16) < first + size and begun.group(3) == "{"
        elif not re.match(r"\d+ +<\.\.\. futex resumed>", line):
            continue
        if re.search(r"\) += +(-?\d+|\?)", line) and waiting.pop(tid, False):
            sums[tid][0] += 1
            sums[tid][1] += "ETIMEDOUT" in line
    return sums


def last_page(path):
    with open(path) as f:
        page = json.loads(f.readlines()[-1])
    assert sum(page["loss"].values()) == 0, page["loss"]
    return page, {r["tid"]: r for r in page["rows"] if r["kind"] == "thread"}


def check_calls(elf, strace, pages, done, bias="0"):
    page, have = last_page(pages)
    first, size = runtime(elf)
    want = traced(strace, first + int(bias, 0), size)
    for tid in sorted(set(want) | set(have)):
        row = have.get(tid)
        print(tid, want.get(tid), row and [row["calls_total"], row["forced_total"]])
    assert {tid: [r["calls_total"], r["forced_total"]] for tid, r in have.items()} == want
    assert len(want) >= THREADS


def check_waits(pages, done):
    page, have = last_page(pages)
    with open(done) as f:
        done = json.load(f)
    for tid, late in done["overslept"].items():
        row = have[int(tid)]
        print(tid, late, row["wait_ns_total"] / 1e9, row["waits_total"], row["calls_total"], row["forced_total"])
    for tid, late in done["overslept"].items():
        row = have[int(tid)]
        # a sleep may end just when the lock is free; one that has been woken may find it taken
        # an emulated machine that is stopped between two calls of a wait makes two waits of it
        assert 0.7 * SLEEPS <= row["waits_total"] <= max(2 * SLEEPS, row["calls_total"] / 4), row
        assert row["waits_total"] < row["calls_total"]
        # to wake up takes some time, too, on a busy machine
        assert row["wait_ns_total"] / 1e9 < 1.02 * late, row
    late = sum(done["overslept"].values())
    waited = sum(have[int(tid)]["wait_ns_total"] for tid in done["overslept"]) / 1e9
    print("overslept", late, "waited", waited)
    assert 0.5 * late < waited
    waits = sum(r["waits_total"] for r in have.values())
    steps = sum(r["waits_total"] for r in page["rows"] if r["kind"] == "histogram")
    assert steps == waits, (steps, waits)
    holders, times = collections.Counter(), collections.Counter()
    for r in page["rows"]:
        if r["kind"] == "holder":
            holders[r["function"]] += r["samples_total"]
            times[r["function"]] += r["wait_ns_total"]
    print(holders, times)
    assert holders.total() == sum(r["calls_total"] for r in have.values())
    # the waiters wait for one another, too, and the faster the machine is the more often, but not long
    assert times["holds_the_lock"] > 0.9 * times.total()
    for r in page["rows"]:
        if r["function"] == "holds_the_lock":
            assert r["file"].endswith("/gil.py") and r["line"] == holds_the_lock.__code__.co_firstlineno


{"run": run, "calls": check_calls, "waits": check_waits}[sys.argv[1]](*sys.argv[2:])
