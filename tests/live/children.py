# SPDX-License-Identifier: GPL-2.0-or-later
"""children.py FILE COUNT: so many forked children, one after the other, that collect once and touch
40 pages each; FILE says how many page faults they and their parent had, in all, and without what the children
had behind their collection."""
import gc
import mmap
import os
import resource
import sys

def minor():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


gc.disable()
begin = minor()
gc.collect()
gc.freeze()  # a collection does not write to all of the memory, which takes its time
read, write = os.pipe()
for i in range(int(sys.argv[2])):
    if not os.fork():
        gc.collect()
        os.write(write, b"%8d" % minor())
        m = mmap.mmap(-1, 40 * 4096)
        m.madvise(mmap.MADV_NOHUGEPAGE)
        for k in range(40):
            m[k * 4096] = 1
        os._exit(0)
    os.wait()
before = sum(int(os.read(read, 8)) for _ in range(int(sys.argv[2]))) + minor() - begin
faults = minor() + resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt
with open(sys.argv[1], "w") as f:
    f.write("%d %d\n" % (faults, before))
os._exit(0)
