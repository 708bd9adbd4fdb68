# SPDX-License-Identifier: GPL-2.0-or-later
"""Functions that take known times: each sleep is 0.2 s."""
import threading
import time


def leaf():
    time.sleep(0.2)


def branch():
    leaf()
    time.sleep(0.2)
    leaf()


def recursive(n):
    time.sleep(0.2)
    if n:
        recursive(n - 1)


def ping(n):
    if n:
        time.sleep(0.2)
        pong(n - 1)


def pong(n):
    ping(n)


def numbers():
    for i in range(3):
        time.sleep(0.2)
        yield i


def consumer():
    for _ in numbers():
        time.sleep(0.2)


def raises():
    time.sleep(0.2)
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


threads = [threading.Thread(target=main) for _ in range(2)]
for t in threads:
    t.start()
main()
for t in threads:
    t.join()
