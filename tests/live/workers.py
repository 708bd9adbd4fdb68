# SPDX-License-Identifier: GPL-2.0-or-later
"""Processes that each say themselves what they have collected.

As an application of gunicorn (workers:application, with FOLDER in the environment):
/work collects, and writes what this worker has collected by now to FOLDER/PID.
workers.py ask URL COUNT: asks for work until so many processes have done some, and prints
their numbers.
workers.py pool METHOD FOLDER: two children by multiprocessing, ready, and after FOLDER/go
two more; all of them and the parent work, and write likewise. FOLDER/others has the
processes that multiprocessing itself has started.
"""
import gc
import json
import os
import sys
import time
import urllib.request

before = None


def stats():
    return [[s["collections"], s["collected"] + s["uncollectable"]] for s in gc.get_stats()]


def work(folder, rounds=3):
    """Collects, automatically, too, and writes what this process has collected."""
    for _ in range(rounds):
        gc.collect(0)
        for _ in range(5):
            x = []
            x.append(x)
        gc.collect(1)
        gc.collect(2)
    gc.enable()
    for _ in range(5000):
        x = []
        x.append(x)
    gc.disable()
    place = os.path.join(folder, str(os.getpid()))
    with open(place + ".tmp", "w") as f:
        json.dump([[a[0] - b[0], a[1] - b[1]] for a, b in zip(stats(), before)], f)
    os.rename(place + ".tmp", place)


def application(environ, start_response):
    global before
    if before is None:
        before = stats()
    if environ["PATH_INFO"] == "/work":
        work(os.environ["FOLDER"], 1 + os.getpid() % 3)
    body = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def ask(url, count):
    seen = set()
    for _ in range(500):
        with urllib.request.urlopen(url, timeout=60) as answer:
            seen.add(int(answer.read()))
        if len(seen) >= int(count):
            print(*seen)
            return
    sys.exit("only %s have answered" % seen)


def child(folder, late):
    global before
    gc.disable()
    before = [[0, 0]] * 3 if late else stats()
    place = os.path.join(folder, "ready-%d" % os.getpid())
    open(place, "w").close()
    while not os.path.exists(os.path.join(folder, "go")):
        time.sleep(0.02)
    work(folder, 1 + os.getpid() % 3)
    time.sleep(600)


def pool(method, folder):
    global before
    import multiprocessing
    from multiprocessing import resource_tracker
    context = multiprocessing.get_context(method)

    def start(late):
        context.Process(target=child, args=(folder, late), daemon=True).start()

    def count(what):
        return len([name for name in os.listdir(folder) if what(name)])

    gc.disable()
    before = stats()
    for _ in range(2):
        start(False)
    while count(lambda name: name.startswith("ready-")) < 2:
        time.sleep(0.02)
    open(os.path.join(folder, "ready"), "w").close()
    while not os.path.exists(os.path.join(folder, "go")):
        time.sleep(0.02)
    for _ in range(2):
        start(method == "spawn")
    work(folder)
    while count(str.isdecimal) < 5:
        time.sleep(0.02)
    with open(os.path.join(folder, "others"), "w") as f:
        json.dump([resource_tracker._resource_tracker._pid], f)
    open(os.path.join(folder, "done"), "w").close()
    time.sleep(600)


if __name__ == "__main__":
    gc.disable()
    {"ask": ask, "pool": pool}[sys.argv[1]](*sys.argv[2:])
