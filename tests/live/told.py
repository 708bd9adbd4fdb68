# SPDX-License-Identifier: GPL-2.0-or-later
"""told.py DIR: a program that says 23 of everything about itself, between DIR/go and
DIR/done, and before as often, when nobody is there to count it."""
import asyncio
import logging
import os
import sys
import threading
import time

import teletap

folder = sys.argv[1]
log = logging.getLogger("told")
log.addHandler(teletap.LogHandler())
threading.excepthook = lambda args: None
teletap.install()


@teletap.reports(consume=True)
def consumed():
    raise ValueError("consumed")


def dies():
    raise OSError("thread")


@teletap.span("await")
async def wait():
    await asyncio.sleep(0.001)


async def waits():
    await asyncio.gather(*(wait() for _ in range(23)))


def tell(lines):
    for i in range(23):
        teletap.counter("requests")
        teletap.counter("bytes", 100)
        teletap.gauge("queue", i)
        with teletap.span("fetch") as fetch:
            fetch.status = i < 5
        consumed()
        thread = threading.Thread(target=dies)
        thread.start()
        thread.join()
        if lines:
            log.warning("line %d", i)
        for _ in range(1000):
            teletap.tally("rows", 2)
    asyncio.run(waits())


tell(False)
with open(os.path.join(folder, "ready"), "w"):
    pass
while not os.path.exists(os.path.join(folder, "go")):
    time.sleep(0.02)
tell(True)
speed = teletap.Calculation("speed")
speed.result(speed.input("pulses", 23) / 2)
time.sleep(0.5)
with open(os.path.join(folder, "done"), "w"):
    pass
time.sleep(1000)
