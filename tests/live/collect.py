# SPDX-License-Identifier: GPL-2.0-or-later
"""A program whose collections are known: it asks the interpreter itself.

collect.py DIR [MODE...]: writes DIR/ready, waits for DIR/go,
collects, writes what gc.get_stats() says has happened to DIR/done, waits to be
killed. Modes: now (does not wait, leaves without a last collection), leave (leaves
likewise after its work), loop (collects for ever), older and younger (forks children
before and after ready, which do the same work), spawn (starts new interpreters).
"""
import gc
import json
import os
import subprocess
import sys
import time

folder = sys.argv[1]
modes = sys.argv[2:]


def write(name, text=""):
    path = os.path.join(folder, name)
    with open(path + ".tmp", "w") as f:
        f.write(text)
    os.rename(path + ".tmp", path)


def wait(name):
    while not os.path.exists(os.path.join(folder, name)):
        time.sleep(0.02)


def stats():
    return [[s["collections"], s["collected"] + s["uncollectable"]] for s in gc.get_stats()]


def minus(a, b):
    return [[x[0] - y[0], x[1] - y[1]] for x, y in zip(a, b)]


def plus(a, b):
    return [[x[0] + y[0], x[1] + y[1]] for x, y in zip(a, b)]


def garbage(n):
    for _ in range(n):
        x = []
        x.append(x)


def work():
    """Explicit collections of each generation, and automatic ones."""
    gc.disable()
    for _ in range(7):
        gc.collect(0)
    for _ in range(5):
        garbage(3)
        gc.collect(1)
    for _ in range(3):
        garbage(2)
        gc.collect(2)
    gc.enable()
    garbage(20000)
    gc.disable()


def child(name):
    """In a forked child: works, and tells what it did."""
    before = stats()
    work()
    write(name, json.dumps(minus(stats(), before)))
    time.sleep(600)


if "spawned" in modes:  # started by another one of us: everything since its start counts
    work()
    write(modes[1], json.dumps(stats()))
    time.sleep(600)

if "now" in modes:
    work()
    write("done", json.dumps(stats()))
    os._exit(0)

if "leave" in modes:
    before = stats()
    write("ready")
    wait("go")
    work()
    write("done", json.dumps(minus(stats(), before)))
    os._exit(0)

if "loop" in modes:
    write("ready")
    while True:
        gc.collect()
        time.sleep(0.05)

children = []
if "older" in modes:
    for i in range(2):
        if os.fork() == 0:
            wait("go")
            child("older%d" % i)
        children.append("older%d" % i)

gc.disable()
before = stats()
write("ready")
wait("go")
work()
total = minus(stats(), before)
if "younger" in modes:
    for i in range(2):
        if os.fork() == 0:
            child("younger%d" % i)
        children.append("younger%d" % i)
if "spawn" in modes:
    for i in range(4):
        subprocess.run(["/bin/true"])
    for i in range(2):
        subprocess.Popen([os.readlink("/proc/self/exe"), __file__, folder, "spawned", "spawned%d" % i])
        children.append("spawned%d" % i)
for name in children:
    wait(name)
    with open(os.path.join(folder, name)) as f:
        total = plus(total, json.load(f))
write("done", json.dumps(total))
time.sleep(600)
