# SPDX-License-Identifier: GPL-2.0-or-later
"""Watching compared with other tracers, in one run, on the machine it runs on.

live.py EMPTY1.ko EMPTY2.ko [ROUNDS]: the tracers take turns at the same work; what
counts is the median of all rounds, and the ratios. Modules are ready before; what
they cost to compile is printed by 'teletap build'.
"""
import contextlib
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

PYTHON = os.path.realpath("/usr/bin/python3.15")
HERE = os.path.dirname(os.path.abspath(__file__))
CALLS = 20000  # in one measurement
empty = sys.argv[1:3]
rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
results = {}


def note(name, value):
    results.setdefault(name, []).append(value)


class Loop:
    """The program measured: loop.py."""

    def __init__(self):
        self.process = subprocess.Popen(
            [PYTHON, os.path.join(HERE, "loop.py")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.measure(CALLS)
        self.pid = self.process.pid

    def measure(self, calls=CALLS):
        print(calls, file=self.process.stdin, flush=True)
        ns, made = self.process.stdout.readline().split()
        return float(ns), int(made)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


@contextlib.contextmanager
def tracer(command, ready, stop=signal.SIGINT):
    """A tracer at work: what it prints goes to a file; ready is a text in it."""
    with tempfile.TemporaryFile("w+") as out:
        start = time.monotonic()
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT,
                                   stdin=subprocess.DEVNULL,
                                   env={**os.environ, "PYTHONUNBUFFERED": "1"})
        try:
            while not re.search(ready, text(out)):
                if process.poll() is not None or time.monotonic() - start > 180:
                    sys.exit("bench: %s: %s" % (" ".join(command), text(out)))
                time.sleep(0.005)
            process.first = time.monotonic() - start
            process.text = lambda: text(out)
            yield process
        finally:
            process.send_signal(stop)
            process.wait()


def text(out):
    out.seek(0)
    return out.read()


def memory(pid):
    """Resident memory of a process and its children, in kB."""
    pids, total = [pid], 0
    while pids:
        pid = pids.pop()
        try:
            with open("/proc/%d/status" % pid) as f:
                total += sum(int(line.split()[1]) for line in f if line.startswith("VmRSS"))
            with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
                pids += map(int, f.read().split())
        except OSError:
            pass
    return total


def modules():
    """Memory of the modules that stap has made, in kB."""
    with open("/proc/modules") as f:
        return sum(int(line.split()[1]) for line in f
                   if line.startswith(("teletap_", "empty"))) // 1024


def watch(page, pid, *options):
    return ["teletap", "watch", page, "-p", str(pid), "-o", "json", "-i", "0.1", *options]


def bpftrace(program):
    return ["bpftrace", "-e", program]


MARK = "usdt:%s:python:function__%%s" % PYTHON
KEY = "str(arg1), str(arg0), arg2"
COUNTS = MARK % "entry" + " { @[%s] = count(); }" % KEY
TIMES = (MARK % "entry" + " { @s[tid, @d[tid]++] = nsecs; } " + MARK % "return" +
         " { $d = --@d[tid]; @n[%s] = count(); @t[%s] = sum(nsecs - @s[tid, $d]); }" % (KEY, KEY))
TRACERS = [
    ("teletap watch calls", lambda pid: watch("calls", pid), '"page":220'),
    ("teletap watch calls --counts", lambda pid: watch("calls", pid, "--counts"), '"page":220'),
    ("one empty stap probe", lambda pid: ["staprun", empty[0]], "ready"),
    ("two empty stap probes", lambda pid: ["staprun", empty[1]], "ready"),
    ("bpftrace, counts", lambda pid: bpftrace(COUNTS), "Attached"),
    ("bpftrace, times", lambda pid: bpftrace(TIMES), "Attached"),
]


def cost_per_call(loop, name, command, ready):
    """Nanoseconds per call, above those without a tracer."""
    off = min(loop.measure()[0] for _ in range(3))
    with tracer(command(loop.pid), ready) as process:
        time.sleep(1.5)
        on = statistics.median(loop.measure()[0] for _ in range(5))
        note(name + ": ns per call", on - off)
        note(name + ": memory, kB", memory(process.pid) + modules())
    note("nobody: ns per call", off)


def first_output(loop):
    note("teletap watch gc: s to the first page",
         once(watch("gc", loop.pid, "-n", "1"), '"page":210'))
    note("bpftrace: s to its first output",
         once(bpftrace("usdt:%s:python:gc__start { @ = count(); } interval:ms:100 { exit(); }"
                       % PYTHON), "Attached"))
    note("bcc pythongc: s to its first output",
         once(["pythongc-bpfcc", str(loop.pid)], "START|TIME|Tracing"))


def once(command, ready):
    with tracer(command, ready) as process:
        return process.first


def losses(loop):
    """Calls made while a tracer looks, against calls counted."""
    before = loop.measure()[1]
    with tracer(watch("calls", loop.pid), '"page":220') as process:
        time.sleep(1)
        for _ in range(5):
            made = loop.measure()[1]
        process.send_signal(signal.SIGINT)
        process.wait()
        last = json.loads(process.text().strip().splitlines()[-1])
    counted = sum(row["calls_total"] for row in last["rows"] if row["function"] == "small")
    note("teletap watch calls: calls lost of %d" % (made - before), made - before - counted)


def bystander(loop, other):
    off = min(other.measure()[0] for _ in range(3))
    for page in "gc", "calls":
        with tracer(watch(page, loop.pid), '"page":2'):
            time.sleep(1)
            on = statistics.median(other.measure()[0] for _ in range(5))
        note("another process while %s is watched: times its cost alone" % page, on / off)


loop, other = Loop(), Loop()
for number in range(rounds):
    print("round %d of %d" % (number + 1, rounds), file=sys.stderr, flush=True)
    first_output(loop)
    for name, command, ready in TRACERS:
        cost_per_call(loop, name, command, ready)
    losses(loop)
    bystander(loop, other)
loop.close()
other.close()

print("%-58s %10s   %s" % ("median of %d rounds" % rounds, "median", "from - to"))
for name, values in results.items():
    print("%-58s %10.3g   %.3g - %.3g" % (name, statistics.median(values), min(values), max(values)))


def ratio(what, over, under, wanted, more=False):
    value = statistics.median(results[over]) / statistics.median(results[under])
    good = value >= wanted if more else value <= wanted
    print("%-62s %6.2f  (wanted: %s %g)%s" % (what, value, "at least" if more else "at most",
                                            wanted, "" if good else "  MISSED"))


COST = "%s: ns per call"
print("\nratios")
ratio("page 220, counts / one empty probe", COST % "teletap watch calls --counts", COST % "one empty stap probe", 1.3)
ratio("page 220, with times / two empty probes", COST % "teletap watch calls", COST % "two empty stap probes", 1.4)
ratio("page 220, counts / bpftrace's counts", COST % "teletap watch calls --counts", COST % "bpftrace, counts", 0.4)
ratio("page 220, with times / bpftrace's times", COST % "teletap watch calls", COST % "bpftrace, times", 0.4)
ratio("bpftrace's first output / teletap's", "bpftrace: s to its first output",
      "teletap watch gc: s to the first page", 10, more=True)
ratio("bcc's first output / teletap's", "bcc pythongc: s to its first output",
      "teletap watch gc: s to the first page", 10, more=True)
