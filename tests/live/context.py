# SPDX-License-Identifier: GPL-2.0-or-later
"""A program that does a known bit of everything, to be run in odd places.

context.py FOLDER: makes two modules there; ready; after FOLDER/go it collects, imports
them, raises audit events, and lets a thread compute, in held, while two others want the
interpreter lock. FOLDER/done has what gc.get_stats() says and the process's own number.
Embedded in embed.c, the thread that computes is one of C.
"""
import gc
import json
import os
import sys
import threading
import time

try:
    from host import start
except ImportError:
    def start(call):
        threading.Thread(target=call).start()

folder = sys.argv[1]
stop = []


def held():
    n = 0
    while len(stop) < 2:
        n += sum(range(150000))  # in one go: nobody else gets the lock meanwhile
    stop.append(n)


def wanted():
    for _ in range(60):
        time.sleep(0.01)
    stop.append(0)


def stats():
    return [[s["collections"], s["collected"] + s["uncollectable"]] for s in gc.get_stats()]


def main():
    gc.disable()
    for name, text in (("context_a", "import context_b"), ("context_b", "import time; time.sleep(0.02)")):
        with open(os.path.join(folder, name + ".py"), "w") as f:
            f.write(text)
    sys.path.insert(0, folder)
    open(os.path.join(folder, "ready"), "w").close()
    while not os.path.exists(os.path.join(folder, "go")):
        time.sleep(0.02)
    before = stats()
    for _ in range(7):
        x = []
        x.append(x)
        gc.collect(1)
    __import__("context_a")
    for _ in range(123):
        sys.audit("context.event")
    start(held)
    for _ in range(2):
        threading.Thread(target=wanted).start()
    while len(stop) < 3:
        time.sleep(0.02)
    done = {"gc": [[a[0] - b[0], a[1] - b[1]] for a, b in zip(stats(), before)], "pid": os.getpid(),
            "held": held.__code__.co_firstlineno}
    with open(os.path.join(folder, "done.tmp"), "w") as f:
        json.dump(done, f)
    os.rename(os.path.join(folder, "done.tmp"), os.path.join(folder, "done"))
    time.sleep(600)


main()
