# SPDX-License-Identifier: GPL-2.0-or-later
"""A program whose functions make known system calls.

syscalls.py run FIFO DONE: waits for FIFO, works, writes DONE, waits again. DONE has what
each function has called, and how often.
syscalls.py check PAGES DONE STRACE: fails unless the last page has exactly that, and of each
call in all as many, and as many that failed, as strace -c has.
syscalls.py chosen PAGES PATTERN: fails unless the last page has calls of these names only.
"""
import fnmatch
import json
import os
import re
import select
import sys

from moved import unread

MISSING = "/nowhere/at/all"


def opens_nothing(n):
    for _ in range(n):
        try:
            os.open(MISSING, os.O_RDONLY)
        except OSError:
            pass


def asks_for_parent(n):
    for _ in range(n):
        os.getppid()


def writes(fd, n):
    for _ in range(n):
        os.write(fd, b"x")


def reads_and_writes(zero, null, n):
    for _ in range(n):
        os.read(zero, 16)
        writes(null, 2)


def sleeps(n):
    for _ in range(n):
        select.select([], [], [], 0.02)  # time.sleep is until a point in time: shorter


def work(zero, null):
    opens_nothing(300)
    asks_for_parent(500)
    reads_and_writes(zero, null, 100)
    writes(null, 50)
    sleeps(10)


# function -> call -> how often, how many fail; one of several names
EXPECTED = {
    "opens_nothing": [["openat", "open"], 300, 300],
    "asks_for_parent": [["getppid"], 500, 0],
    "reads_and_writes": [["read"], 100, 0],
    "writes": [["write"], 250, 0],
    "sleeps": [["select", "pselect6"], 10, 0],
}


def run(fifo, done):
    fifo = os.open(fifo, os.O_RDONLY)
    zero, null = os.open("/dev/zero", os.O_RDONLY), os.open("/dev/null", os.O_WRONLY)
    os.read(fifo, 1)
    work(zero, null)
    with open(done + ".tmp", "w") as f:
        json.dump(EXPECTED, f)
    os.rename(done + ".tmp", done)
    os.read(fifo, 1)


def last_page(path):
    with open(path) as f:
        page = json.loads(f.readlines()[-1])
    assert sum(page["loss"].values()) == 0, page["loss"]
    return page


def strace_sums(path):
    sums = {}
    for line in open(path):
        fields = line.split()
        if len(fields) >= 5 and re.match(r"[\d.]+$", fields[0]) and fields[-1] != "total":
            sums[fields[-1]] = [int(fields[3]), int(fields[4]) if len(fields) == 6 else 0]
    return sums


def check(pages, done, strace):
    page = last_page(pages)
    with open(done) as f:
        expected = json.load(f)
    # The kernel may be making a huge page of what would have to be read.
    spare = unread(map(json.loads, open(pages)))
    assert spare <= 5
    for function, (calls, count, errors) in expected.items():
        rows = [r for r in page["rows"] if r["function"] == function]
        print(function, [[r["call"], r["calls_total"], r["errors_total"], r["time_ns_total"]] for r in rows])
        # a function may wait for the lock, have an arena mapped and so on: once in a while
        mine = [r for r in rows if r["call"] in calls]
        missing = count - sum(r["calls_total"] for r in mine)
        assert 0 <= missing <= spare, missing
        spare -= missing
        assert 0 <= errors - sum(r["errors_total"] for r in mine) <= missing
        assert not errors or mine[0]["error"] == "ENOENT"
        assert mine[0]["file"].endswith("/syscalls.py")
        assert mine[0]["line"] == globals()[function].__code__.co_firstlineno
        assert all(r["open"] == 0 for r in rows)
        if function == "sleeps":
            time_ns = sum(r["time_ns_total"] for r in mine)
            assert 10 * 20e6 <= time_ns < 3 * 10 * 20e6, time_ns
    want, have = strace_sums(strace), {}
    for r in page["rows"]:
        sums = have.setdefault(r["call"], [0, 0])
        sums[0] += r["calls_total"]
        sums[1] += r["errors_total"]
    # The read that both found under way is strace's when it ends, but not the page's; that
    # in which the page left the program is not strace's.
    print("strace", sorted(want.items()))
    print("page  ", sorted(have.items()))
    assert have == want
    assert sum(r["open"] for r in page["rows"]) == 1


def chosen(pages, patterns):
    rows = last_page(pages)["rows"]
    print([[r["function"], r["call"], r["calls_total"]] for r in rows])
    assert all(any(fnmatch.fnmatch(r["call"], p) for p in patterns.split(",")) for r in rows)
    assert [r["calls_total"] for r in rows if r["function"] == "asks_for_parent"] == [500]
    assert [r["errors_total"] for r in rows if r["function"] == "opens_nothing"] == [300]
    assert not [r for r in rows if r["function"] == "writes"]


if __name__ == "__main__":
    {"run": run, "check": check, "chosen": chosen}[sys.argv[1]](*sys.argv[2:])
