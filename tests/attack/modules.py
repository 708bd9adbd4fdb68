#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""modules.py [KIND=ROUNDS]... [SEED]: attacks on the loading of modules, page 210 of Python 3.13.
After each round the machine lives, no module is left, no semaphore is raised, no byte of a
program's code has changed, and the programs compute what they should. Kinds:

  kill    stapio is killed while SystemTap registers its probes in 41 processes
  forged  a file with the genuine one's build-id and other sites, and then the genuine one
  user    -e of a user's file, which the user changes and runs while the module is loaded
  rpath   a file that patchelf has changed, and the genuine one, both at once

FORGED, RPATH and REFUSED are such files (environment; tests/forge makes the first and last)."""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter

from common import (GENUINE, Program, conclude, finish, harmed, log, modules, named, semaphores,
                    teletap, totals, wait_for)

FORGED = os.environ.get("FORGED", "/src/build/python3.13-forged")
REFUSED = os.environ.get("REFUSED", "/src/build/python3.13-refused")
RPATH = os.environ.get("RPATH", "/src/build/python3.13-rpath")
counts = Counter()


def raised(program):
    return wait_for(lambda: semaphores(program.pid, program.path), 30)


def watched(*programs):
    """Watches the programs at once, lets them work, and compares. What was wrong."""
    taps = [teletap("watch", "gc", "-p", str(p.pid), "-o", "json", "-i", "1") for p in programs]
    bad, done = [], []
    for p, tap in zip(programs, taps):
        if not raised(p):
            bad.append("not on: %s" % p.path)
    for p in programs:
        done.append(p.go())
    for p, tap, real in zip(programs, taps, done):
        tap.send_signal(signal.SIGINT)
        out, err, status = finish(tap)
        if status != 130 or err or not real:
            bad.append("%s: status %s, '%s', done %s" % (p.path, status, err, real))
        elif p.path != FORGED and totals(out) != real:
            bad.append("%s: %s instead of %s" % (p.path, totals(out), real))
    return bad


def once(path):
    p = Program(path)
    return p if wait_for(lambda: p.has("ready"), 60) else None


class Kill:
    def __init__(self):
        self.target = Program(GENUINE, "loop")
        self.more = [subprocess.Popen([GENUINE, "-S", "-c", "import time; time.sleep(10000)"])
                     for _ in range(40)]
        time.sleep(10)
        self.first = True

    def round(self):
        all_of = [(p.pid, GENUINE) for p in [self.target.process, *self.more]]
        if self.first:
            log("before:", harmed(*all_of))
            self.first = False
        tap = teletap("watch", "gc", "-p", str(self.target.pid), "-i", "60")
        bad = [] if wait_for(modules, 120) else ["no module"]
        time.sleep(random.uniform(0, 0.6))
        for pid in named("stapio", "staprun"):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        out, err, status = finish(tap)
        counts["kill: status %d: %s" % (status, err)] += 1
        if status != 3 or len(err.splitlines()) != 1:
            bad.append("status %d: %s" % (status, err))
        if self.target.process.poll() is not None:
            bad.append("the target has ended")
        return bad + harmed(*[(p.pid, GENUINE) for p in
                              [self.target.process, *random.sample(self.more, 3)]])

    def end(self):
        bad = harmed(*[(p.pid, GENUINE) for p in [self.target.process, *self.more]])
        self.target.end()
        for p in self.more:
            p.kill()
            p.wait()
        fresh = once(GENUINE)
        bad += watched(fresh) + harmed((fresh.pid, GENUINE))
        fresh.end()
        return bad


class Forged:
    def round(self):
        forged, genuine, refused = once(FORGED), once(GENUINE), once(REFUSED)
        out, err, status = finish(teletap("watch", "gc", "--collector", "stap", "-p", str(refused.pid),
                                          "-n", "1", "-i", "0.1"))
        counts["forged: a site that cannot be probed: status %d: %s" % (status, err)] += 1
        bad = [] if status == 3 and len(err.splitlines()) == 1 else ["status %d: %s" % (status, err)]
        bad += random.choice([lambda: watched(forged) + watched(genuine),
                              lambda: watched(forged, genuine)])()
        bad += harmed(*[(p.pid, p.path) for p in (forged, genuine, refused)])
        for p in (forged, genuine, refused):
            p.end()
        counts["forged: %s" % (bad or "genuine exact")] += 1
        return bad

    def end(self):
        return []


class Rpath:
    def round(self):
        other, genuine = once(RPATH), once(GENUINE)
        bad = watched(*random.sample([other, genuine], 2))
        bad += harmed((other.pid, other.path), (genuine.pid, GENUINE))
        for p in (other, genuine):
            p.end()
        counts["rpath: %s" % (bad or "both exact")] += 1
        return bad

    def end(self):
        return []


# What the user does when staprun is there: writes bytes that cannot be probed over the sites,
# or another file's notes over his own, and runs the file.
USER = """
import os, subprocess, sys, time
path, other, how = sys.argv[1:]
def loading():
    for p in os.listdir("/proc"):
        if p.isdigit():
            try:
                if open("/proc/%s/comm" % p).read().strip() in ("staprun", "stapio"): return True
            except OSError: pass
print("ready", flush=True)
while not loading(): pass
if how == "write":
    sites = eval(sys.stdin.readline())
    with open(path, "r+b", 0) as f:
        for at in sites: os.pwrite(f.fileno(), b"\\6\\6\\6\\6", at)
elif how == "replace":
    with open(path, "r+b", 0) as f: f.write(open(other, "rb").read())
os.environ["PYTHONHOME"] = "/usr"
running = [subprocess.Popen([path, "-S", "-c", "import time; time.sleep(3)"], stderr=subprocess.DEVNULL) for _ in range(10)]
for p in running: p.wait()
"""


class User:
    n = 0

    def round(self):
        folder = "/tmp/user"
        os.makedirs(folder, exist_ok=True)
        self.n += 1
        own = "%s/python%d" % (folder, self.n)
        how, start = [("run", GENUINE), ("write", GENUINE), ("replace", GENUINE),
                      ("run", REFUSED)][self.n % 4]
        shutil.copy(start, own)
        os.chown(own, 1000, 1000)
        user = subprocess.Popen([GENUINE, "-c", USER, own, REFUSED, how], user=1000, group=1000,
                                extra_groups=[], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                text=True)
        user.stdout.readline()
        tap = teletap("watch", "gc", "-e", own, "-n", "2", "-i", "0.5")
        user.stdin.write("%s\n" % self.sites())
        user.stdin.flush()
        out, err, status = finish(tap, 60)
        counts["user: %s: status %d: %s" % (how + (" refused" if start == REFUSED else ""), status,
                                            err.replace(own, "FILE"))] += 1
        bad = []
        if status not in (0, 3) or len(err.splitlines()) > 1 or (status == 3) != bool(err):
            bad.append("status %d: %s" % (status, err))
        user.kill()
        user.wait()
        subprocess.run(["pkill", "-9", "-x", "python%d" % self.n])
        bad += harmed()
        os.unlink(own)
        return bad

    def sites(self):
        """The sites' offsets in the genuine file, which is at fixed addresses or begins at 0."""
        notes = subprocess.run(["readelf", "-nW", GENUINE], capture_output=True, text=True).stdout
        pcs = [int(x, 16) for x in re.findall(r"Name: gc__\w+\n.*Location: (\w+),", notes)]
        load = [line.split() for line in subprocess.run(
            ["readelf", "-lW", GENUINE], capture_output=True, text=True).stdout.splitlines()
            if line.startswith("  LOAD")]
        return [pc - int(at, 16) + int(off, 16) for pc in pcs for _, off, at, _, size, *_ in load
                if 0 <= pc - int(at, 16) < int(size, 16)]

    def end(self):
        return []


KINDS = {"kill": Kill, "forged": Forged, "user": User, "rpath": Rpath}


def main():
    problems, words = 0, sys.argv[1:] or ["kill=40", "forged=20", "user=20", "rpath=20"]
    random.seed(next((w for w in words if "=" not in w), "1"))
    harmed()
    log(os.uname().release, *words)
    for kind, n in (w.split("=") for w in words if "=" in w):
        begin, attack = time.monotonic(), KINDS[kind]()
        for i in range(int(n)):
            bad = attack.round()
            problems += bool(bad)
            if bad:
                log(kind, i, "PROBLEM", bad)
            if i % 5 == 4:
                log("%s: %d of %s, %.0f s" % (kind, i + 1, n, time.monotonic() - begin))
        bad = attack.end()
        problems += bool(bad)
        log("%s: %s rounds, %.0f s" % (kind, n, time.monotonic() - begin), bad or "")
    conclude(counts, problems)


main()
