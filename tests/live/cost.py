# SPDX-License-Identifier: GPL-2.0-or-later
"""Collections in a forked child, with what the kernel itself says they cost.

cost.py FILE: a child with a heap of its parent's collects once; writes {faults, copied} of
that collection (by getrusage and smaps), and how many pages it has written to outside of
it, to FILE. The child leaves without a collection, the parent as programs do.
"""
import gc
import json
import os
import resource
import sys

PAGE = 4096
OUTSIDE = 700  # pages


def private_dirty():
    with open("/proc/self/smaps_rollup") as f:
        for line in f:
            if line.startswith("Private_Dirty:"):
                return int(line.split()[1]) * 1024 // PAGE


def faults():
    return resource.getrusage(resource.RUSAGE_THREAD).ru_minflt


gc.disable()
heap = [[i] for i in range(150000)]
block = bytearray(b"x" * (OUTSIDE * PAGE))
gc.collect()
if not os.fork():
    private_dirty(), faults()
    before = private_dirty(), faults()
    gc.collect()
    after = faults(), private_dirty()
    for at in range(0, len(block), PAGE):
        block[at] = 1
    with open(sys.argv[1], "w") as f:
        json.dump({"faults": after[0] - before[1], "copied": after[1] - before[0],
                   "outside": OUTSIDE}, f)
    os._exit(0)
os.wait()
