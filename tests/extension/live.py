# SPDX-License-Identifier: GPL-2.0-or-later
"""live.py DIR [MODE...]: a program for the tests that load modules. Writes DIR/ready,
waits for DIR/go, runs work.py, writes DIR/done, waits to be killed. While it waits to go,
DIR/on is there when the extension counts. Modes: import (imports it), leave (ends after its work), exit (ends by os._exit 0.3 s
after it), fork (a child does the work too), stop (right after
it sends a SIGINT to the process whose number is in DIR/go)."""
import os
import signal
import sys
import time

folder, modes = sys.argv[1], sys.argv[2:]
if "import" in modes:
    import teletap  # noqa: F401
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import work  # noqa: E402


def write(name):
    with open(os.path.join(folder, name), "w"):
        pass


def remove(name):
    os.unlink(os.path.join(folder, name))


write("ready")
while not os.path.exists(os.path.join(folder, "go")):
    time.sleep(0.02)
    if "import" in modes and teletap.status()["sums"] != os.path.exists(folder + "/on"):
        (write if teletap.status()["sums"] else remove)("on")
if "fork" in modes:
    child = os.fork()
    work.work()
    if not child:
        sys.exit()
    os.waitpid(child, 0)
else:
    work.work()
if "exit" in modes:
    time.sleep(0.3)
    os._exit(0)
if "stop" in modes:
    os.kill(int(open(folder + "/go").read()), signal.SIGINT)
if "leave" not in modes:
    time.sleep(0.3)
    write("done")
    time.sleep(1000)
