# SPDX-License-Identifier: GPL-2.0-or-later
"""Pages by BPF programs beside bpftrace, in one run, on this machine.

bpf.py PYTHON [ROUNDS]: PYTHON has markers for calls. In each round every tracer looks at the
same work once, forth or back. A figure is the median of the rounds; a ratio is the median
of the rounds' own ratios. Pages come every 0.1 s, which is taken off the time to the first.
"""
import os
import sys
import time

from tracers import (Loop, bpftrace, counts, figure, kernel_kb, note, over, report, results,
                     seen_by_bpftrace, seen_by_teletap, times, tracer, wanted, watch)

PYTHON = os.path.realpath(sys.argv[1])
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 4
INTERVAL = 0.1
TIMED = not PYTHON.endswith("3.11")  # which passes no marker for most entries
COUNTED = "entry" if TIMED else "return"
MARK = "usdt:%s:python:function__%%s" % PYTHON
EMPTY = MARK + " { }"
PAGES = ("gc", "gc-events", "calls", "call-times", "flow", "stacks", "imports", "audit", "gil", "syscalls",
         "faults", "off-cpu", "exec", "disk-io")


def page(name, *options):
    return lambda pid: watch(name, pid, "--collector", "bpf", *options)


def peer(program):
    return lambda pid: bpftrace(program, "-p", str(pid))


TRACERS = [
    ("one empty BPF uprobe", peer(EMPTY % COUNTED), "^ready", None),
    ("page 220 --counts", page("calls", "--counts"), '"page":220', seen_by_teletap),
    ("bpftrace, counts", peer(counts(MARK, COUNTED)), "^ready", seen_by_bpftrace),
] + TIMED * [
    ("two empty BPF uprobes", peer(EMPTY % "entry" + " " + EMPTY % "return"), "^ready", None),
    ("page 220", page("calls"), '"page":220', seen_by_teletap),
    ("bpftrace, times", peer(times(MARK)), "^ready", seen_by_bpftrace),
]


def cost_per_call(loop, name, command, ready, seen):
    off = loop.idle()
    with tracer(command(loop.pid), "(?m)" + ready) as t:
        before = loop.made
        note(name + ": ns per call", loop.busy() - off)
        note(name + ": s to its first output", t.first - (INTERVAL if seen == seen_by_teletap else 0))
        made = loop.made - before
        text = t.stop()
    if seen:
        note(name + ": calls lost of %d" % made, made - seen(text))


def bystander(loop, other):
    """What another process of the same binary pays, of which nothing is counted."""
    off = other.idle()
    with tracer(page("calls", "--counts")(loop.pid), '(?m)"page":220'):
        note("bystander of page 220 --counts: ns per call", other.busy() - off)


def memory_of_pages(loop):
    for name in PAGES:
        with tracer(page(name)(loop.pid), '"page":2', needed=False) as t:
            if t.first is not None:
                note("page %s: kB of kernel memory" % name, kernel_kb(t.process.pid))


def first_outputs(loop):
    collections = "usdt:%s:python:gc__start { @ = count(); }" % PYTHON
    for name, command, ready, interval in (
            ("page 210", page("gc"), '"page":210', INTERVAL),
            ("bpftrace, collections", peer(collections), "^ready", 0)):
        with tracer(command(loop.pid), "(?m)" + ready) as t:
            note(name + ": s to its first output", t.first - interval)


def main():
    loop, other = Loop(PYTHON), Loop(PYTHON)
    begin = time.monotonic()
    for number in range(ROUNDS):
        print("round %d of %d, after %.0f s" % (number + 1, ROUNDS, time.monotonic() - begin),
              file=sys.stderr, flush=True)
        results.append({})
        for row in TRACERS[::-1 if number % 2 else 1]:
            cost_per_call(loop, *row)
        bystander(loop, other)
        first_outputs(loop)
    memory_of_pages(loop)
    loop.close()
    other.close()
    report()
    cost, first = "%s: ns per call", "%s: s to its first output"
    wanted("page 220 --counts / one empty BPF uprobe",
           over(cost % "page 220 --counts", cost % "one empty BPF uprobe"), 1.15)
    wanted("page 220 --counts / bpftrace's counts",
           over(cost % "page 220 --counts", cost % "bpftrace, counts"), 1)
    wanted("bystander of page 220 --counts / one empty BPF uprobe",
           over(cost % "bystander of page 220 --counts", cost % "one empty BPF uprobe"), 1.15)
    if TIMED:
        wanted("page 220 / two empty BPF uprobes", over(cost % "page 220", cost % "two empty BPF uprobes"), 1.25)
        wanted("page 220 / bpftrace's times", over(cost % "page 220", cost % "bpftrace, times"), 1)
    for name in "page 210", "page 220 --counts":
        wanted("%s: s to its first output" % name, figure(first % name), 0.15)
    wanted("first output: bpftrace / page 210",
           over(first % "bpftrace, collections", first % "page 210"), 5, more=True)
    wanted("first output: bpftrace / page 220 --counts",
           over(first % "bpftrace, counts", first % "page 220 --counts"), 5, more=True)
    wanted("kernel memory of a page, MB",
           [v / 1024 for r in results for name, v in r.items() if name.endswith("kB of kernel memory")], 8)


main()
