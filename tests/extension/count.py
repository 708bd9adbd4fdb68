# SPDX-License-Identifier: GPL-2.0-or-later
"""count.py WAY: runs work.py, and prints how often each function of it was called, as
JSON {"function:line": calls}. WAY: profile (sys.setprofile), sums, calls, frames (sums of a
program that could change stacks)."""
import collections
import json
import os
import sys
import threading
import time

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, FOLDER)
way = sys.argv[1]
counts = collections.Counter()

import work  # noqa: E402


def ours(file):
    return file == work.__file__ or file == "<string>"


if way == "profile":
    def count(frame, event, arg):
        if event == "call" and ours(frame.f_code.co_filename):
            counts["%s:%d" % (frame.f_code.co_name, frame.f_code.co_firstlineno)] += 1

    threading.setprofile(count)
    sys.setprofile(count)
    work.work()
    sys.setprofile(None)
else:
    import catch
    import teletap
    c = catch.Catch()
    if way == "frames":
        way, sys.modules["greenlet"] = "sums", sys
    markers = ["sums"] if way == "sums" else ["function__entry", "function__return"]
    for m in markers:
        c.raise_(m)
    while not teletap.status()[way]:
        time.sleep(0.01)
    work.work()
    if way == "sums":
        c.settle()
    for m in markers:
        c.raise_(m, 0)
    while teletap.status()[way]:
        time.sleep(0.01)
    assert not c.number("lost") and not c.number("malformed") and not c.number("untimed")
    for n in c.names():
        if ours(n.file.decode()):
            key = "%s:%d" % (n.function.decode(), n.line)
            counts[key] += n.calls if way == "sums" else n.entries
            if way == "calls" and n.entries != n.returns:
                counts[key + " returns"] = n.returns
print(json.dumps(counts, sort_keys=True))
