# SPDX-License-Identifier: GPL-2.0-or-later
"""Collections of every kind, and what the program itself says of each of them.

events.py FILE: writes a list of [generation, automatic, enabled, stack] to FILE, one for
each collection from gc.callbacks on, until it switches the collector off; the stack is
that of sys._getframe(), innermost first, as [function, file, first line].
"""
import asyncio
import ctypes
import gc
import json
import os
import sys
import threading

truth = []
asked = False


def stack(frame):
    frames = []
    while frame:
        code = frame.f_code
        frames.append([code.co_name, code.co_filename, code.co_firstlineno])
        frame = frame.f_back
    return frames


def note(phase, info):
    if phase == "start":
        truth.append([info["generation"], not asked, gc.isenabled(), stack(sys._getframe(1))])


class Node:
    def __init__(self):
        self.me = self


def ask(generation=2):
    global asked
    asked = True
    gc.collect(generation)
    asked = False


def ask_in_c():
    global asked
    asked = True
    ctypes.pythonapi.PyGC_Collect()
    asked = False


def work(n):
    for _ in range(n):
        Node()


def deep(n):
    if n:
        deep(n - 1)
    else:
        ask(0)


def generator():
    ask(0)
    yield 1
    work(2500)
    yield 2


class Meta(type):
    def __new__(cls, *args):
        ask(1)
        return super().__new__(cls, *args)


class Context:
    def __init__(self):
        ask(0)

    def __enter__(self):
        work(2500)

    def __exit__(self, *args):
        ask(1)


async def coroutine():
    ask(0)
    await asyncio.sleep(0)
    work(2500)


def häßlich():
    ask(0)


def 日本語():
    ask(1)


def due():
    """Asked for while a collection is due, or while the collector is off."""
    for how in (ask, ask_in_c, lambda: ask(0), lambda: ask(1)):
        gc.disable()
        work(2500)
        gc.enable()
        how()
    gc.disable()
    work(2500)
    ask(0)
    gc.enable()


def mixed():
    for i in range(3):
        work(900)
        ask(i)
        work(1300)
        [Node() for _ in range(2500)]


# A program of its own in another interpreter. (In 3.9, gc.callbacks is the same list in
# all of them.)
INNER = """
import gc, json, sys
truth = []
def stack(frame):
    frames = []
    while frame:
        code = frame.f_code
        frames.append([code.co_name, code.co_filename, code.co_firstlineno])
        frame = frame.f_back
    return frames
def ask(generation):
    truth.append([generation, False, gc.isenabled(), stack(sys._getframe())])
    gc.collect(generation)
def inner(n):
    if n:
        inner(n - 1)
    else:
        ask(1)
gc.disable()
ask(0)
inner(3)
with open(%r, "w") as f:
    json.dump(truth, f)
"""


def other_interpreter(path):
    try:
        import _interpreters as interpreters
    except ImportError:
        import _xxsubinterpreters as interpreters
    number = interpreters.create()
    interpreters.run_string(number, INNER % path)
    with open(path) as f:
        return json.load(f)


gc.set_threshold(2000, 10, 10)
gc.callbacks.append(note)
for _ in range(2):
    ask(0)
    ask_in_c()
due()
work(5000)
deep(7)
deep(150)  # deeper than what is kept
list(generator())
Meta("Class", (), {})
with Context():
    pass
for _ in range(20):
    Context()  # the call is specialised after some
asyncio.run(coroutine())
häßlich()
日本語()
exec(compile("\n\ndef 𝒳𝓎(ask):\n    ask(0)\n", "/tmp/dateï 𝒳\t.py", "exec"), globals())
next(f for name, f in globals().items() if name.lower() == "xy" or name == "𝒳𝓎")(ask)
sorted([3, 2, 1], key=lambda x: ask(0) or x)
mixed()
threads = [threading.Thread(target=mixed) for _ in range(1)]
for t in threads:
    t.start()
for t in threads:
    t.join()
gc.disable()
gc.callbacks.remove(note)
part = len(truth)
truth += other_interpreter(sys.argv[1] + ".inner")
with open(sys.argv[1], "w") as f:
    json.dump({"events": truth, "outer": part}, f)
