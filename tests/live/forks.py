# SPDX-License-Identifier: GPL-2.0-or-later
"""Forks with functions open, and starts many threads one after the other."""
import os
import sys
import threading


def leaf():
    pass


def child():
    for _ in range(10):
        leaf()


def parent(depth):
    if depth:
        return parent(depth - 1)
    for _ in range(3):
        pid = os.fork()
        if not pid:
            child()
            return
        os.waitpid(pid, 0)


def deep(n):
    if n:
        deep(n - 1)


me = os.getpid()
parent(5)
if os.getpid() == me:
    for _ in range(1500):
        t = threading.Thread(target=leaf)
        t.start()
        t.join()
    threading.stack_size(512 * 1024 * 1024)
    sys.setrecursionlimit(10000)
    t = threading.Thread(target=deep, args=(3000,))
    t.start()
    t.join()
