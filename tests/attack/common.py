# SPDX-License-Identifier: GPL-2.0-or-later
"""What the campaigns of this folder have in common; they run in the lab, as root."""

import functools
import json
import os
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
told = set()
COLLECT = os.path.join(HERE, "../live/collect.py")
GENUINE = os.path.realpath(os.environ.get("PYTHON", "/usr/bin/python3.13"))


def log(*words):
    print(*words, flush=True)


def wait_for(what, seconds):
    end = time.monotonic() + seconds
    while not (found := what()) and time.monotonic() < end:
        time.sleep(0.02)
    return found


def modules():
    """Those that are loaded; a kernel that cannot load any has none."""
    try:
        with open("/proc/modules") as f:
            return [line.split()[0] for line in f if line.startswith("teletap_")]
    except FileNotFoundError:
        return []


def named(*names):
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/comm" % pid) as f:
                if f.read().strip() in names:
                    found.append(int(pid))
        except OSError:
            pass
    return found


def runners():
    """SystemTap's; where no module can be loaded there are but stand-ins of other tests."""
    return named("stapio", "staprun") if os.path.exists("/proc/modules") else []


def kernel_says():
    """What the kernel has complained about since it was last asked."""
    out = subprocess.run(["dmesg"], capture_output=True, text=True).stdout
    lines = re.findall(r".*(?:BUG|Oops|WARNING|ref_ctr|lockup|leak).*", out)
    new = [line for line in lines if line not in told]
    told.update(new)
    return new


def mappings(pid, path):
    with open("/proc/%d/maps" % pid) as f:
        for line in f:
            words = line.split(None, 5)
            if len(words) == 6 and words[5].strip() == path:
                begin, end = (int(x, 16) for x in words[0].split("-"))
                yield begin, end, words[1], int(words[2], 16)


@functools.lru_cache
def places_of(path):
    notes = subprocess.run(["readelf", "-nW", path], capture_output=True, text=True).stdout
    places = {int(a, 16) for a in re.findall(r"Semaphore: 0x([0-9a-f]+)", notes)} - {0}
    with open(path, "rb") as f:
        return places, f.read(18)[16] == 3


def semaphores(pid, path, notes=None):
    """The sum of the program's semaphores; notes: another file that tells where they are."""
    places, moves = places_of(notes or path)
    base = min(m[0] for m in mappings(pid, path)) if moves else 0
    total = 0
    with open("/proc/%d/mem" % pid, "rb", 0) as mem:
        for place in places:
            mem.seek(base + place)
            total += int.from_bytes(mem.read(2), "little")
    return total


def changed(pid, path):
    """How many bytes of the program's code in memory are not those of its file."""
    n = 0
    with open(path, "rb", 0) as f, open("/proc/%d/mem" % pid, "rb", 0) as mem:
        for begin, end, rights, offset in mappings(pid, path):
            if "x" not in rights:
                continue
            mem.seek(begin)
            f.seek(offset)
            a, b = mem.read(end - begin), f.read(end - begin)
            if a[:len(b)] != b:
                n += sum(x != y for x, y in zip(a, b))
    return n


class Program:
    """tests/live/collect.py, run by a Python."""

    def __init__(self, path, *modes):
        self.path, self.folder = path, tempfile.mkdtemp()
        self.process = subprocess.Popen([path, COLLECT, self.folder, *modes],
                                        env={**os.environ, "PYTHONHOME": "/usr"},
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.pid = self.process.pid

    def has(self, name):
        return os.path.exists(os.path.join(self.folder, name))

    def go(self):
        open(os.path.join(self.folder, "go"), "w").close()
        if not wait_for(lambda: self.has("done"), 60):
            return None
        with open(os.path.join(self.folder, "done")) as f:
            return json.load(f)

    def end(self):
        self.process.kill()
        self.process.wait()


def totals(pages):
    last = json.loads(pages.splitlines()[-1])
    return [[r["runs_total"], r["collected_total"]] for r in last["rows"]]


def teletap(*words):
    return subprocess.Popen(["teletap", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True)


def finish(tap, seconds=30):
    """Its pages, its one line (it must not say more), its status."""
    try:
        out, err = tap.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        tap.kill()
        out, err = tap.communicate()
        err = "TIMEOUT " + err
    return out, err.strip(), tap.returncode


def is_whole(pid, path, notes, state):
    """Leaves what is wrong with the program in state; what has let it go may still be at it."""
    try:
        raised, other = semaphores(pid, path, notes), changed(pid, path)
        state[:] = ["semaphores %d, %d bytes changed" % (raised, other)] if raised or other else []
    except (OSError, ValueError) as e:
        state[:] = [str(e)]
    return not state


def harmed(*programs, notes=None):
    """What is wrong after a round; an empty list: nothing."""
    bad = []
    if not wait_for(lambda: not modules() and not runners(), 30):
        bad.append("left: %s %s" % (modules(), runners()))
    for pid, path in programs:
        state = []
        wait_for(lambda: is_whole(pid, path, notes, state), 1)
        if state:
            bad.append("process %d: %s" % (pid, state[0]))
    return bad + kernel_says()


def conclude(counts, problems):
    for what, n in sorted(counts.items()):
        log("%5d  %s" % (n, what))
    log("PROBLEMS: %d" % problems)
    sys.exit(bool(problems))
