# SPDX-License-Identifier: GPL-2.0-or-later
"""children.py FILE COUNT [together]: so many forked children, one after the other or all together, that collect once
and touch 40 pages each; how many page faults they and their parent had goes to FILE."""
import gc
import mmap
import os
import resource
import sys

gc.disable()
gc.collect()
gc.freeze()  # a collection does not write to all of the memory, which takes its time
together = "together" in sys.argv
(ready, is_ready), (over, is_over) = os.pipe(), os.pipe()
for i in range(int(sys.argv[2])):
    if not os.fork():
        gc.collect()
        m = mmap.mmap(-1, 40 * 4096)
        m.madvise(mmap.MADV_NOHUGEPAGE)
        for k in range(40):
            m[k * 4096] = 1
        if together:
            os.close(is_over)
            os.write(is_ready, b"x")
            os.read(over, 1)  # until all are there
        os._exit(0)
    if together:
        os.read(ready, 1)
    else:
        os.wait()
os.close(is_over)
try:
    while os.wait():
        pass
except ChildProcessError:
    pass
faults = [resource.getrusage(who).ru_minflt for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
with open(sys.argv[1], "w") as f:
    f.write("%d\n" % sum(faults))
os._exit(0)
