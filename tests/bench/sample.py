# SPDX-License-Identifier: GPL-2.0-or-later
"""Sampling by memory and by austin, and the first output of page 224, in one run: sample.py SECONDS PYTHON."""
import json
import os
import resource
import shutil
import subprocess
import sys
import time

SECONDS, PYTHON = sys.argv[1:]
HERE = os.path.dirname(os.path.abspath(__file__))


class Program:
    def __init__(self):
        self.process = subprocess.Popen([PYTHON, os.path.join(HERE, "../sample.py"), "burn", "9"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()

    def spent(self):
        print(file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())


def measure(program, name, command, counts):
    """The share of a processor that it took, its samples of each function, and those due."""
    before, used = program.spent(), resource.getrusage(resource.RUSAGE_CHILDREN)
    out = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    after, now = program.spent(), resource.getrusage(resource.RUSAGE_CHILDREN)
    took = {name: after[name] - before[name] for name in before}
    cost = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
    samples, words = counts(out)
    error = max(abs(samples[name] / max(sum(samples.values()), 1) - took[name] / sum(took.values())) for name in took)
    print("  %-8s %5.1f %% of a processor, %5d samples of %5.2f s, shares off by %4.1f points%s" % (
        name, 100 * cost / float(SECONDS), sum(samples.values()), sum(took.values()) / 1e9,
        100 * error, words))


def of_page(out):
    page = json.loads(out.splitlines()[-1])
    samples = {name: sum(row["self_total"] for row in page["rows"]
                         if row["kind"] == "function" and row["function"] == name) for name in "abc"}
    s = page["sampling"]
    return samples, "; the collector alone %.1f %%, %d of %d turns late, %d missed, %d torn" % (
        100 * s["cost_share"], s["late"], s["turns"], s["missed"], s["torn"])


def of_austin(out):
    samples = dict.fromkeys("abc", 0)
    for line in out.splitlines():
        frames = line.rpartition(" ")[0].split(";")
        for name in samples:
            samples[name] += any(frame.startswith((name + " (", name + ":")) or (":" + name + ":") in frame
                                 for frame in frames[-2:])
    return samples, ""


def first_page(threads, times=7):
    """How long page 224 takes from the start of teletap, of a program with so many threads."""
    program = subprocess.Popen([PYTHON, os.path.join(HERE, "../memory.py"), "equal", str(threads - 1)],
                               stdout=subprocess.PIPE)
    program.stdout.readline()
    took = []
    for _ in range(times):
        begun = time.monotonic()
        subprocess.run(["teletap", "watch", "threads", "-p", str(program.pid)], stdout=subprocess.DEVNULL, check=True)
        took.append(1000 * (time.monotonic() - begun))
    program.kill()
    program.wait()
    took.sort()
    print("  %5d threads %5.0f ms, at best %.0f" % (threads, took[times // 2], took[0]))


def main():
    print("page 224, from the start of teletap to its end:")
    for threads in 10, 1000:
        first_page(threads)
    program = Program()
    for rate in (100, 1000):
        print("%d turns a second:" % rate)
        measure(program, "teletap", ["teletap", "watch", "stacks", "--rate=%d" % rate, "--collector", "memory",
                                     "-p", str(program.process.pid), "-i", SECONDS, "-n", "1", "-o", "json"], of_page)
        if shutil.which("austin"):
            measure(program, "austin", ["timeout", "-s", "INT", SECONDS, "austin", "-s", "-i%d" % (1000000 // rate),
                                        "-p", str(program.process.pid)], of_austin)
    program.process.kill()


main()
