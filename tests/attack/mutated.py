#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""mutated.py [COUNT [SEED [ONLY]]]: COUNT Pythons (200) with mutated notes of markers and one
build-id (tests/live/mutate.py; ONLY: words of a name), watched by root, page 210. Each is refused
in one line, or right: where readelf finds the genuine file's markers of collections in it, the page
has what the program says that it has collected; where it finds others, the page is right too, or says
that something was lost, or that nothing is known; if none ("other figures"), look at it: nobody but the file can know.
Either way the program computes what the genuine one does, its code and semaphores are whole, no
module is left and the kernel is silent.

Environment: COLLECTOR (stap), PYTHON (/usr/bin/python3.13)."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../live"))
import mutate
from common import GENUINE, Program, conclude, finish, harmed, log, totals, wait_for

COLLECTOR = os.environ.get("COLLECTOR", "stap")
COMPILING = re.compile(r": no module gc for .*: compiling it, |: compiled in [\d.]+ s$")


def markers(path):
    """What binutils read: name, address, base, semaphore and arguments of markers of collections."""
    out = subprocess.run(["readelf", "-nW", path], capture_output=True, text=True,
                         errors="replace").stdout
    return set(re.findall(r"Provider: python\n *Name: (gc__\w+)\n *Location: (\w+), Base: (\w+), "
                          r"Semaphore: (\w+)\n *Arguments: (.*)", out))


class Tap:
    """teletap at a process; its pages go to a file, so that one can look whether there is one."""

    def __init__(self, pid):
        self.pages = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            ["teletap", "watch", "gc", "-p", str(pid), "--collector", COLLECTOR, "-o", "json",
             "-i", "0.5"], stdout=self.pages, stderr=subprocess.PIPE, text=True)

    def started(self):
        return os.fstat(self.pages.fileno()).st_size or self.process.poll() is not None

    def end(self):
        """Its pages, its words, its status."""
        self.process.send_signal(signal.SIGINT)
        _, err, status = finish(self.process)
        self.pages.seek(0)
        return self.pages.read(), "\n".join(
            line for line in err.splitlines() if not COMPILING.search(line)), status


def lost(pages):
    return sum(json.loads(pages.splitlines()[-1])["loss"].values())


def round_of(path, truth):
    """What became of one file: a word, more about it, and what is wrong."""
    program = Program(path)
    if not wait_for(lambda: program.has("ready") or program.process.poll() is not None, 60) or \
            program.process.poll() is not None:
        program.end()
        return "does not run", "", []
    tap = Tap(program.pid)
    bad = [] if wait_for(tap.started, 180) else ["no page"]
    real = program.go()
    pages, err, status = tap.end()
    if not real or truth and real != truth:
        bad.append("the program computed %s" % real)
    if len(err.splitlines()) > 1:
        bad.append("more than one line")
    if status == 3 and err and not pages:
        word, more = "refused", re.sub(r"\d+", "N", err.replace(path, "FILE"))
    elif status != 130 or not pages or bad:
        word, more = "wrong", "status %s: %s" % (status, err)
        bad.append(more)
    elif (own := markers(path)) == markers(GENUINE):
        word, more = "right", err
        if totals(pages) != real:
            word = "wrong"
            bad.append("%s instead of %s" % (totals(pages), real))
    else:
        word, more = "other markers", "%s; page %s, lost %s, program %s; %s" % (
            sorted(own - markers(GENUINE)), totals(pages), lost(pages), real, err)
        if not totals(pages):
            word = "said to be unknown"
        elif totals(pages) != real and not lost(pages):
            word = "other figures"
    bad += harmed((program.pid, path), notes=GENUINE)
    program.end()
    return word, more, bad


def main():
    count, seed, only = (sys.argv[1:] + ["200", "1", ""][len(sys.argv) - 1:])[:3]
    log("seed %s, %s, %s" % (seed, COLLECTOR, os.uname().release))
    counts, problems, begin = Counter(), 0, time.monotonic()
    harmed()
    genuine = Program(GENUINE)
    truth = genuine.go()
    genuine.end()
    with open(GENUINE, "rb") as f:
        data = f.read()
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        for i, (name, changed) in enumerate(mutate.mutated(data, int(seed), int(count))):
            if only not in name:
                continue
            path = os.path.join(folder, name)
            mutate.write(path, changed)
            word, more, bad = round_of(path, truth)
            os.unlink(path)
            counts[word] += 1
            problems += bool(bad)
            log("%s %.0f s: %s: %s" % (name, time.monotonic() - begin, word, more),
                "PROBLEM %s" % bad if bad else "")
    conclude(counts, problems)


main()
