# SPDX-License-Identifier: GPL-2.0-or-later
"""What live.py and bpf.py share: a program that makes calls, tracers at work, and figures."""
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

HERE = os.path.dirname(os.path.abspath(__file__))
CALLS = 10000  # in one measurement
LIMIT = 100  # seconds until a tracer's first output
results = []  # one of {figure: value} for each round
remarks = []  # what could not be measured, and why


def note(name, value):
    results[-1][name] = value


def remark(words):
    if words not in remarks:
        remarks.append(words)


class Loop:
    """The program measured: loop.py."""

    def __init__(self, python, *modules):
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


def family(pid):
    """A process, its children and theirs."""
    yield pid
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
            children = f.read().split()
    except OSError:
        return
    for child in children:
        yield from family(int(child))


def kernel_kb(pid):
    """What the kernel says that BPF maps and programs of a process and its children take, in kB."""
    total = 0
    for one in family(pid):
        with contextlib.suppress(OSError):
            for fd in os.listdir("/proc/%d/fdinfo" % one):
                with open("/proc/%d/fdinfo/%s" % (one, fd)) as f:
                    total += sum(int(n) for n in re.findall(r"^memlock:\s*(\d+)", f.read(), re.M))
    return total // 1024


def memory(pid):
    """The same, and what of them is resident, in kB."""
    total = kernel_kb(pid)
    for one in family(pid):
        with contextlib.suppress(OSError), open("/proc/%d/status" % one) as f:
            total += sum(int(line.split()[1]) for line in f if line.startswith("VmRSS"))
    return total


def watch(page, pid, *options):
    return ["teletap", "watch", page, "-p", str(pid), "-o", "json", "-i", "0.1", *options]


def bpftrace(program, *options):
    """It says that it is ready when its probes are in place, by a probe of its own."""
    return ["bpftrace", *options, "-e", 'BEGIN { printf("ready\\n"); } ' + program]


def pages(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def seen_by_teletap(text):
    return sum(row["calls_total"] for row in pages(text)[-1]["rows"] if row["function"] == "small")


def seen_by_bpftrace(text):
    return sum(int(n) for n in re.findall(r"^@n?\[small, .*\]: (\d+)$", text, re.M))


KEY = "str(arg1), str(arg0), arg2"


def counts(mark, marker="entry"):
    """bpftrace's program that counts calls by function."""
    return mark % marker + " { @[%s] = count(); }" % KEY


def times(mark):
    """The one that times them."""
    return (mark % "entry" + " { @s[tid, @d[tid]] = nsecs; @d[tid]++; } " + mark % "return" +
            " { @d[tid]--; @n[%s] = count(); @t[%s] = sum(nsecs - @s[tid, @d[tid]]); }" % (KEY, KEY))


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


def report():
    """All figures, and what could not be measured."""
    print("%-62s %8s   %s" % ("%d rounds" % len(results), "median", "from - to"))
    for name in dict.fromkeys(name for r in results for name in r):
        values = figure(name)
        print("%-62s %8.4g   %.4g - %.4g" % (name, statistics.median(values), min(values), max(values)))
    for words in remarks:
        print("note: " + words)
    print()
