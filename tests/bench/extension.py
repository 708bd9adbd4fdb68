# SPDX-License-Identifier: GPL-2.0-or-later
"""What calls of a small function cost, by who looks at them, in one run: nobody,
with and without the extension; the extension's sums; cProfile; and the traps that a
tracer needs at CPython 3.15's own markers, one at entry and one at return.

The traps are uprobes of the kernel that count and do nothing else (perf_event_open):
what SystemTap and bpftrace do in theirs comes on top, so they are the least that either
can cost. No module is loaded. All programs take turns, the best of the rounds counts, and of the
programs of a mode, which differ by where things come to lie in their memory.
Run by tests/bench/extension. Fails when a limit is not kept."""
import ctypes
import json
import os
import struct
import subprocess
import sys

PROGRAMS, ROUNDS, CALLS = 4, 20, 20000
LOOP = """
import sys, time
mode = sys.argv[1]
def leaf():
    pass
def loop(n):
    for _ in range(n):
        leaf()
if mode in ("idle", "sums", "off"):
    import teletap
if mode in ("sums", "off"):
    import catch
    c = catch.Catch()
    c.raise_("sums")
    while not teletap.status()["sums"]:
        time.sleep(0.01)
if mode == "off":
    loop(1000)
    c.raise_("sums", 0)
    while teletap.status()["sums"]:
        time.sleep(0.01)
if mode == "profile":
    import cProfile
    p = cProfile.Profile()
    p.enable()
print("ready", flush=True)
for line in sys.stdin:
    begun = time.perf_counter_ns()
    loop(int(line))
    print((time.perf_counter_ns() - begun) / int(line), flush=True)
"""
failed = False


class Program:
    def __init__(self, python, mode):
        self.process = subprocess.Popen([python, "-c", LOOP, mode], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"
        self.times = []

    def round(self):
        self.process.stdin.write("%d\n" % CALLS)
        self.process.stdin.flush()
        self.times.append(float(self.process.stdout.readline()))

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def measure(python, modes):
    """The best cost per call in each mode, and how much two of the first one's programs differ."""
    programs = [(mode, Program(python, mode)) for _ in range(PROGRAMS) for mode in modes]
    for _ in range(ROUNDS):
        for _, p in programs:
            p.round()
    for _, p in programs:
        p.end()
    costs = {mode: [min(p.times) for m, p in programs if m == mode] for mode in modes}
    first = sorted(costs[modes[0]])
    noise = max(first[PROGRAMS // 2] - first[0], 0.05 * first[0])
    return [min(costs[mode]) for mode in modes], noise


class Traps:
    """Uprobes at the markers for calls of a Python, with their semaphores raised."""

    def __init__(self, python):
        self.fds = []
        with open("/sys/bus/event_source/devices/uprobe/type") as f:
            self.type = int(f.read())
        out = subprocess.run(["teletap", "probes", "-o", "json", "-e", python],
                             stdout=subprocess.PIPE, check=True).stdout
        self.path = ctypes.create_string_buffer(os.fsencode(python))
        self.segments = self.read_segments(python)
        for marker in map(json.loads, out.decode().splitlines()):
            if marker["provider"] == "python" and marker["name"].startswith("function__"):
                self.place(marker)
        assert self.fds

    def read_segments(self, python):
        with open(python, "rb") as f:
            data = f.read(4096)
        at, size, n = (struct.unpack_from("<Q", data, 32)[0],
                       *struct.unpack_from("<HH", data, 54))
        parts = [struct.unpack_from("<IIQQQQQQ", data, at + i * size) for i in range(n)]
        return [(p[3], p[2], p[5]) for p in parts if p[0] == 1]

    def offset(self, address):
        return next(address - a + o for a, o, size in self.segments if a <= address < a + size)

    def place(self, marker):
        attr = struct.pack("<IIQQQQQIIQQ", self.type, 72, self.offset(marker["semaphore"]) << 32,
                           0, 0, 0, 0, 0, 0, ctypes.addressof(self.path),
                           self.offset(marker["pc"]))
        buffer = ctypes.create_string_buffer(attr, 72)
        libc = ctypes.CDLL(None, use_errno=True)
        fd = libc.syscall(298, buffer, -1, 0, -1, 0)  # perf_event_open, x86-64
        if fd < 0:
            raise OSError(ctypes.get_errno(), "perf_event_open")
        self.fds.append(fd)

    def end(self):
        for fd in self.fds:
            os.close(fd)


def say(what, cost, base):
    print("  %-40s %7.1f ns per call, %7.1f more" % (what, cost, cost - base), flush=True)


def limit(what, good):
    global failed
    print("  %s: %s" % (what, "kept" if good else "NOT KEPT"), flush=True)
    failed |= not good


for version in ("3.11", "3.13", "3.14", "3.15"):
    python = "python" + version
    print(python)
    (base, idle, off, sums, profile), noise = measure(
        python, ("bare", "idle", "off", "sums", "profile"))
    say("nobody looks", base, base)
    say("extension imported, nobody looks", idle, base)
    say("switched on and off again", off, base)
    say("sums", sums, base)
    say("cProfile", profile, base)
    limit("idle and off within twice what programs that are the same differ by (%.1f ns)" % noise,
          max(idle, off) - base <= 2 * noise)
    limit("sums less than cProfile: %.0f %%" % (100 * (sums - base) / (profile - base)),
          sums < profile)
traps = Traps(os.path.realpath("/usr/bin/python3.15"))
(trapped,), _ = measure("python3.15", ("bare",))
traps.end()
say("python3.15, two traps per call", trapped, base)
limit("sums at most a tenth of that: %.1f %%" % (100 * (sums - base) / (trapped - base)),
      10 * (sums - base) <= trapped - base)
sys.exit(failed)
