# SPDX-License-Identifier: GPL-2.0-or-later
"""Watching compared with other tracers, in one run, on the machine it runs on.

live.py EMPTY1.ko EMPTY2.ko [ROUNDS [SECONDS]]: in each round every tracer looks at the
same work once, forth or back. A figure is the median of the rounds; a ratio is the
median of the rounds' own ratios. No round begins when SECONDS are over. Modules are
ready before; what they cost to compile is said by 'teletap build'.
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
EXTENDED = os.path.realpath("/usr/bin/python3.14")  # has no markers for calls: the extension's
HERE = os.path.dirname(os.path.abspath(__file__))
CALLS = 10000  # in one measurement
LIMIT = 100  # seconds until a tracer's first output
empty = sys.argv[1:3]
rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 4
budget = float(sys.argv[4]) if len(sys.argv) > 4 else 270
results = []  # one of {figure: value} for each round
remarks = []  # what could not be measured, and why


def note(name, value):
    results[-1][name] = value


def remark(words):
    if words not in remarks:
        remarks.append(words)


class Loop:
    """The program measured: loop.py."""

    def __init__(self, python=PYTHON, *modules):
        self.process = subprocess.Popen(
            [python, os.path.join(HERE, "loop.py"), *modules],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": os.path.join(HERE, "../../build/python")})
        self.made = 0
        self.pid = self.process.pid
        self.measure()

    def measure(self, calls=CALLS):
        print(calls, file=self.process.stdin, flush=True)
        ns, made = self.process.stdout.readline().split()
        self.made = int(made)
        return float(ns)

    def idle(self):
        return min(self.measure() for _ in range(20))

    def busy(self):
        """What else the machine does can only add: the best counts."""
        return min(self.measure() for _ in range(15))

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Tracer:
    """A tracer at work; first: seconds to the first output that says it is, or None."""

    def __init__(self, command, ready, path):
        self.path = path
        self.start = time.monotonic()
        with open(path, "w") as out:
            self.process = subprocess.Popen(
                command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                start_new_session=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})
        self.first = None
        while self.process.poll() is None and time.monotonic() - self.start < LIMIT:
            if re.search(ready, self.text()):
                self.first = time.monotonic() - self.start
                return
            time.sleep(0.005)
        if re.search(ready, self.text()):
            self.first = time.monotonic() - self.start

    def text(self):
        with open(self.path, errors="replace") as f:
            return f.read()

    def why(self):
        """What a tracer that has not come to work says last."""
        if self.process.poll() is None:
            return "printed nothing in %d s" % LIMIT
        wrong = re.findall(r"(?i).*\berror\b.*", self.text()) or self.text().splitlines() or [""]
        return "ended after %.0f s: %s" % (time.monotonic() - self.start, wrong[0].strip()[:160])

    def stop(self, sig=signal.SIGINT):
        """Its process alone is asked to end, as by kill; then all of them are made to."""
        try:
            self.process.send_signal(sig)
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            remark("%s did not end within 30 s of a SIGINT" % self.process.args[0])
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        return self.text()


@contextlib.contextmanager
def tracer(command, ready, needed=True):
    with tempfile.TemporaryDirectory() as folder:
        t = Tracer(command, ready, os.path.join(folder, "out"))
        try:
            if needed and t.first is None:
                sys.exit("bench: %s: %s" % (" ".join(command), t.why()))
            yield t
        finally:
            t.stop()


def memory(pid):
    """Of a process and its children: what is resident, and maps of BPF, in kB."""
    pids, total = [pid], 0
    while pids:
        pid = pids.pop()
        try:
            with open("/proc/%d/status" % pid) as f:
                total += sum(int(line.split()[1]) for line in f if line.startswith("VmRSS"))
            for fd in os.listdir("/proc/%d/fdinfo" % pid):
                with open("/proc/%d/fdinfo/%s" % (pid, fd)) as f:
                    text = f.read()
                if "map_type" in text:
                    total += int(re.search(r"memlock:\s*(\d+)", text)[1]) // 1024
            with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
                pids += map(int, f.read().split())
        except OSError:
            pass
    return total


def modules():
    """Memory of the modules that stap has made, in kB, without its buffers."""
    with open("/proc/modules") as f:
        return sum(int(line.split()[1]) for line in f
                   if line.startswith(("teletap_", "empty"))) // 1024


def watch(page, pid, *options):
    return ["teletap", "watch", page, "-p", str(pid), "-o", "json", "-i", "0.1", *options]


def bpftrace(program):
    """It says that it is ready when its probes are in place, by a probe of its own."""
    return ["bpftrace", "-e", 'BEGIN { printf("ready\\n"); } ' + program]


def pages(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def seen_by_teletap(text):
    return sum(row["calls_total"] for row in pages(text)[-1]["rows"] if row["function"] == "small")


def seen_by_bpftrace(text):
    return sum(int(n) for n in re.findall(r"^@n?\[small, .*\]: (\d+)$", text, re.M))


MARK = "usdt:%s:python:function__%%s" % PYTHON
KEY = "str(arg1), str(arg0), arg2"
COUNTS = MARK % "entry" + " { @[%s] = count(); }" % KEY
TIMES = (MARK % "entry" + " { @s[tid, @d[tid]] = nsecs; @d[tid]++; } " + MARK % "return" +
         " { @d[tid]--; @n[%s] = count(); @t[%s] = sum(nsecs - @s[tid, @d[tid]]); }" % (KEY, KEY))
TRACERS = [
    ("one empty probe", lambda pid: ["staprun", empty[0]], "ready", None),
    ("page 220 --counts", lambda pid: watch("calls", pid, "--counts"), '"page":220', seen_by_teletap),
    ("bpftrace, counts", lambda pid: bpftrace(COUNTS), "^ready", seen_by_bpftrace),
    ("two empty probes", lambda pid: ["staprun", empty[1]], "ready", None),
    ("page 220", lambda pid: watch("calls", pid), '"page":220', seen_by_teletap),
    ("bpftrace, times", lambda pid: bpftrace(TIMES), "^ready", seen_by_bpftrace),
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


def figure(name):
    """The rounds' values."""
    return [r[name] for r in results if name in r]


def over(one, other):
    """The rounds' ratios of two figures."""
    return [r[one] / r[other] for r in results if one in r and other in r]


def wanted(what, values, goal, more=False):
    goal_text = "wanted: %s %g" % ("at least" if more else "at most", goal)
    if not values:
        print("%-46s %26s   %s  not measured" % (what, "", goal_text))
        return
    value = statistics.median(values)
    print("%-46s %7.2f (%7.2f to %7.2f)   %s  %s" % (
        what, value, min(values), max(values), goal_text,
        "kept" if (value >= goal if more else value <= goal) else "MISSED"))


def main():
    begin = time.monotonic()
    loop, other, extended = Loop(), Loop(), Loop(EXTENDED, "teletap")
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

    print("%-62s %8s   %s" % ("%d rounds" % len(results), "median", "from - to"))
    print("%-62s %8.0f" % ("a call, nobody looking: ns", fresh))
    for name in dict.fromkeys(name for r in results for name in r):
        values = figure(name)
        print("%-62s %8.4g   %.4g - %.4g" % (name, statistics.median(values), min(values), max(values)))
    for words in remarks:
        print("note: " + words)
    print()
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
