# SPDX-License-Identifier: GPL-2.0-or-later
"""sleeps.py FILE: functions that sleep for 0.2 s, or as long as the machine makes of that:
each thread's sleeps go to FILE, one line of JSON for a thread, in ns and in order."""
import json
import sys
import threading
import time

mine = threading.local()
now = time.monotonic_ns


def leaf():
    mine.at(now()), time.sleep(0.2), mine.at(now())


def branch():
    leaf()
    mine.at(now()), time.sleep(0.2), mine.at(now())
    leaf()


def recursive(n):
    mine.at(now()), time.sleep(0.2), mine.at(now())
    if n:
        recursive(n - 1)


def ping(n):
    if n:
        mine.at(now()), time.sleep(0.2), mine.at(now())
        pong(n - 1)


def pong(n):
    ping(n)


def numbers():
    for i in range(3):
        mine.at(now()), time.sleep(0.2), mine.at(now())
        yield i


def consumer():
    for _ in numbers():
        mine.at(now()), time.sleep(0.2), mine.at(now())


def raises():
    mine.at(now()), time.sleep(0.2), mine.at(now())
    raise KeyError


def catcher():
    try:
        raises()
    except KeyError:
        pass


def guarded():
    try:
        yield
    except KeyError:
        leaf()
        yield


def thrower():
    g = guarded()
    next(g)
    g.throw(KeyError)


def main():
    branch()
    recursive(3)
    ping(2)
    consumer()
    catcher()
    thrower()


def run():
    times = []
    mine.at = times.append
    main()
    slept = [end - begin for begin, end in zip(times[::2], times[1::2])]
    with open(sys.argv[1], "a") as f:
        f.write(json.dumps(slept) + "\n")


threads = [threading.Thread(target=run) for _ in range(2)]
for t in threads:
    t.start()
run()
for t in threads:
    t.join()
