# SPDX-License-Identifier: GPL-2.0-or-later
"""A program that waits in known places, so and so often, and measures how long.

offcpu.py run DONE: DONE has for each function for how long it waited, at least and at
most, by its own clocks.
offcpu.py check PAGES DONE: fails unless the last page says the same.
"""
import collections
import json
import multiprocessing
import os
import select
import signal
import sys
import threading
import time

measured = {}


def timed(function, *arguments):
    """Adds up how long each step of the function, a generator, takes, and how long of that
    its thread does not compute."""
    steps, took, computed = function(*arguments), 0, 0
    for _ in steps:
        before, before_cpu = time.perf_counter_ns(), time.thread_time_ns()
        next(steps)
        computed += time.thread_time_ns() - before_cpu
        took += time.perf_counter_ns() - before
    measured[function.__name__] = [took - computed, took]


def sleeps():
    for _ in range(10):
        yield
        time.sleep(0.05)
        yield


def helped(work, *arguments):
    """Runs work in a child, which ends with it."""
    pid = os.fork()
    if not pid:
        work(*arguments)
        os._exit(0)
    return pid


def releases(semaphore, asked):
    for _ in range(10):
        os.read(asked, 1)
        time.sleep(0.03)
        semaphore.release()


def locks(semaphore, ask):
    for _ in range(10):
        os.write(ask, b"x")
        yield
        semaphore.acquire()
        yield


def thread_releases(lock, asked):
    for _ in range(10):
        os.read(asked, 1)
        time.sleep(0.03)
        lock.release()


def thread_locks(lock, ask):
    for _ in range(10):
        os.write(ask, b"x")
        yield
        lock.acquire()
        yield


def sends(fd, asked):
    for _ in range(10):
        os.read(asked, 1)
        time.sleep(0.02)
        os.write(fd, b"x")


def reads(fd, ask):
    for _ in range(10):
        os.write(ask, b"x")
        yield
        os.read(fd, 1)
        yield


def polls():
    poll = select.poll()
    for _ in range(10):
        yield
        poll.poll(20)
        yield


def waits_for_child():
    pid = helped(time.sleep, 0.1)
    yield
    os.waitpid(pid, 0)
    yield


def burns(told):
    begin, computed = time.perf_counter_ns(), time.thread_time_ns()
    while time.perf_counter_ns() < begin + 400_000_000:
        pass
    put_off = time.perf_counter_ns() - begin - (time.thread_time_ns() - computed)
    os.write(told, b"%d\n" % put_off)


def run(done):
    asked, ask = os.pipe()
    out, into = os.pipe()
    timed(sleeps)
    semaphore = multiprocessing.get_context("fork").Semaphore(0)
    pid = helped(releases, semaphore, asked)
    timed(locks, semaphore, ask)
    os.waitpid(pid, 0)
    pid = helped(sends, into, asked)
    timed(reads, out, ask)
    os.waitpid(pid, 0)
    timed(polls)
    timed(waits_for_child)
    lock = threading.Lock()
    lock.acquire()
    thread = threading.Thread(target=thread_releases, args=(lock, asked))
    thread.start()
    timed(thread_locks, lock, ask)
    thread.join()
    tells, told = os.pipe()
    for pid in [helped(burns, told) for _ in range(2 * os.cpu_count())]:
        os.waitpid(pid, 0)
    measured["burns"] = sum(int(n) for n in os.read(tells, 65536).split())
    with open(done, "w") as f:
        json.dump(measured, f)


# function -> reason, how often
EXPECTED = {
    "sleeps": ["sleep", 10],
    "locks": ["futex", 10],
    "reads": ["read", 10],
    "polls": ["poll", 10],
    "waits_for_child": ["child", 1],
    "thread_locks": ["futex", None],
}


def check(pages, done):
    with open(pages) as f:
        page = json.loads(f.readlines()[-1])
    assert sum(page["loss"].values()) == 0, page["loss"]
    with open(done) as f:
        done = json.load(f)
    waits = [r for r in page["rows"] if r["kind"] == "wait"]
    ready = [r for r in page["rows"] if r["kind"] == "ready"]
    for r in waits + ready:
        print(r["reason"], r["call"], r["function"], r["waits_total"], r["time_ns_total"])
    for function, (reason, count) in EXPECTED.items():
        # select of 3.9's sleep is the kernel's poll, too
        mine = [r for r in waits if r["function"] == function and
                (r["reason"] == reason or function == "sleeps" and r["reason"] == "poll")]
        n, ns = sum(r["waits_total"] for r in mine), sum(r["time_ns_total"]["total"] for r in mine)
        print(function, n, ns, done[function])
        # a thread's lock: the one for the interpreter may have to be waited for behind it
        assert n == count or count is None and 10 <= n <= 40, (function, n)
        # the kernel's way to and from the wait is computing, too; on a busy machine the
        # thread has been put off its processor as well, there or between the clocks
        least, most = done[function]
        put_off = sum(r["time_ns_total"]["total"] for r in ready
                      if r["function"] in (function, "timed"))
        assert 0.9 * least <= ns + put_off and ns <= 1.01 * most, (function, ns, put_off, least, most)
        for r in mine:
            assert [f["function"] for f in r["stack"]][:3] == [function, "timed", "run"], r["stack"]
            assert r["file"].endswith("/offcpu.py")
            assert r["line"] == globals()[function].__code__.co_firstlineno
            assert 0 <= r["time_ns_total"]["ready"] <= r["time_ns_total"]["total"]
            assert r["open"] == 0
    # Twice as many threads that compute as there are processors: half of the time each, or
    # more where others compute, too. What a host takes from its virtual machine is no wait.
    ns = sum(r["time_ns_total"]["total"] for r in ready if r["function"] == "burns")
    print("burns", ns, done["burns"])
    assert 0.2 * 0.4e9 * 2 * os.cpu_count() <= ns
    assert 0.7 * done["burns"] <= ns <= 1.02 * done["burns"] + 4e6
    assert sum(r["time_ns_total"]["ready"] for r in ready if r["function"] == "burns") > 0.8 * ns
    assert not sum(r["time_ns_total"]["total"] for r in waits if r["function"] == "burns") > 0.05 * ns
    steps = collections.Counter()
    for r in page["rows"]:
        steps[r["kind"]] += r["waits_total"]
    print(steps)
    assert steps["histogram"] == steps["wait"] - sum(r["open"] for r in waits)


if __name__ == "__main__":
    {"run": run, "check": check}[sys.argv[1]](*sys.argv[2:])
