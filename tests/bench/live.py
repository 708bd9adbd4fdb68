# SPDX-License-Identifier: GPL-2.0-or-later
"""Watching compared with other tracers, in one run, on the machine it runs on.

live.py EMPTY1.ko EMPTY2.ko [ROUNDS [SECONDS]]: in each round every tracer looks at the
same work once, forth or back. A figure is the median of the rounds; a ratio is the
median of the rounds' own ratios. No round begins when SECONDS are over. Modules are
ready before; what they cost to compile is said by 'teletap build'.
"""
import os
import sys
import time

from tracers import (Loop, bpftrace, counts, figure, memory, note, over, remark, report, results,
                     seen_by_bpftrace, seen_by_teletap, times, tracer, wanted, watch)

PYTHON = os.path.realpath("/usr/bin/python3.15")
EXTENDED = os.path.realpath("/usr/bin/python3.14")  # has no markers for calls: the extension's
empty = sys.argv[1:3]
rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 4
budget = float(sys.argv[4]) if len(sys.argv) > 4 else 270


def modules():
    """Memory of the modules that stap has made, in kB, without its buffers."""
    with open("/proc/modules") as f:
        return sum(int(line.split()[1]) for line in f
                   if line.startswith(("teletap_", "empty"))) // 1024


MARK = "usdt:%s:python:function__%%s" % PYTHON
TRACERS = [
    ("one empty probe", lambda pid: ["staprun", empty[0]], "ready", None),
    ("page 220 --counts", lambda pid: watch("calls", pid, "--counts"), '"page":220', seen_by_teletap),
    ("bpftrace, counts", lambda pid: bpftrace(counts(MARK)), "^ready", seen_by_bpftrace),
    ("two empty probes", lambda pid: ["staprun", empty[1]], "ready", None),
    ("page 220", lambda pid: watch("calls", pid), '"page":220', seen_by_teletap),
    ("bpftrace, times", lambda pid: bpftrace(times(MARK)), "^ready", seen_by_bpftrace),
]


def cost_per_call(loop, name, command, ready, seen):
    """Nanoseconds per call, above those without a tracer; what it takes; what it loses."""
    off = loop.idle()
    with tracer(command(loop.pid), "(?m)" + ready) as t:
        time.sleep(1)  # its other processes have come to rest; the extension counts
        before = loop.made
        note(name + ": ns per call", loop.busy() - off)
        note(name + ": memory, kB", memory(t.process.pid) + modules())
        note(name + ": s to its first output", t.first)
        made = loop.made - before
        text = t.stop()
    if seen:
        note(name + ": calls lost of %d" % made, made - seen(text))
    if name.startswith("page"):
        note(name + ": a call when it is off again / before", loop.idle() / off)


def first_of_peers(loop):
    """bcc's tools, which are for one process; once, at the end, for they take long."""
    for name, command, ready in (
            ("page 210", watch("gc", loop.pid), '"page":210'),
            ("bcc ugc", ["/usr/sbin/ugc", "-l", "python", str(loop.pid)], "START"),
            ("bcc ucalls", ["/usr/sbin/ucalls", "-l", "python", str(loop.pid), "1"], "METHOD")):
        with tracer(command, ready, needed=name == "page 210") as t:
            if t.first is None:
                remark("%s gives no figure: it %s" % (name, t.why()))
            else:
                note(name + ": s to its first output", t.first)


def bystander(loop, other):
    """Another process of the same binary, while this one is watched."""
    off = other.idle()
    for page in "gc", "calls":
        with tracer(watch(page, loop.pid), '"page":2'):
            time.sleep(1)
            note("bystander of page %s: times its cost alone" % page, other.busy() / off)


def main():
    begin = time.monotonic()
    loop, other, extended = Loop(PYTHON), Loop(PYTHON), Loop(EXTENDED, "teletap")
    fresh = loop.idle()
    for number in range(rounds):
        if time.monotonic() - begin > budget:
            remark("no more than %d rounds in %.0f s" % (number, budget))
            break
        print("round %d of %d, after %.0f s" % (number + 1, rounds, time.monotonic() - begin),
              file=sys.stderr, flush=True)
        results.append({})
        for row in TRACERS[::-1 if number % 2 else 1]:
            cost_per_call(loop, *row)
        cost_per_call(extended, "page 220, sums", lambda pid: watch("calls", pid),
                      '"page":220', seen_by_teletap)
        bystander(loop, other)
    first_of_peers(loop)
    for program in loop, other, extended:
        program.close()

    print("%-62s %8.0f" % ("a call, nobody looking: ns", fresh))
    report()
    cost, first = "%s: ns per call", "%s: s to its first output"
    wanted("page 220 --counts / one empty probe",
           over(cost % "page 220 --counts", cost % "one empty probe"), 1.3)
    wanted("page 220 --counts / bpftrace's counts",
           over(cost % "page 220 --counts", cost % "bpftrace, counts"), 0.4)
    wanted("page 220 / two empty probes", over(cost % "page 220", cost % "two empty probes"), 1.4)
    wanted("page 220 / bpftrace's times", over(cost % "page 220", cost % "bpftrace, times"), 0.4)
    for trap in "one empty probe", "bpftrace, counts":
        wanted("page 220, sums / %s" % trap, over(cost % "page 220, sums", cost % trap), 0.1)
    wanted("first output: bpftrace / page 220 --counts",
           over(first % "bpftrace, counts", first % "page 220 --counts"), 10, more=True)
    wanted("first output: bcc ugc / page 210", over(first % "bcc ugc", first % "page 210"), 10,
           more=True)
    off = "%s: a call when it is off again / before"
    wanted("a call when pages are off again / before",
           figure(off % "page 220 --counts") + figure(off % "page 220"), 1.05)


main()
