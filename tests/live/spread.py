# SPDX-License-Identifier: GPL-2.0-or-later
"""spread.py FILE: calls wait() 36 times, and writes how long it slept each time, in ns."""
import json
import sys
import time

times = []
at, now = times.append, time.monotonic_ns


def wait(s):
    at(now()), time.sleep(s), at(now())


def other():
    pass


for s in [0.02] * 30 + [0.2] * 5 + [1.1]:
    wait(s)
    other()
with open(sys.argv[1], "w") as f:
    json.dump([end - begin for begin, end in zip(times[::2], times[1::2])], f)
