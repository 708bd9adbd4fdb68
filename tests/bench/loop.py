# SPDX-License-Identifier: GPL-2.0-or-later
"""What one call costs: for each line read, a line "nanoseconds calls" comes back:
the time of one call of a small function, and the calls made since the beginning. Its arguments
are modules to import before."""
import importlib
import sys
import time

for name in sys.argv[1:]:
    importlib.import_module(name)


def small(x):
    return x


def calls(n):
    for i in range(n):
        small(i)


made = 0
for line in sys.stdin:
    n = int(line)
    start = time.perf_counter_ns()
    calls(n)
    took = time.perf_counter_ns() - start
    made += n
    print(took / n, made, flush=True)
