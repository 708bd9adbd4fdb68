# SPDX-License-Identifier: GPL-2.0-or-later
"""names.py run FIFO DONE imports|audit COUNT LENGTH: imports COUNT modules that there are not, or
raises as many audit events, each with a name of its own of LENGTH characters, when it has read from
FIFO; how many imports have failed, or events a hook has seen, goes to DONE. Then it reads on."""
import sys

fifo, done, kind, count, length = sys.argv[2], sys.argv[3], sys.argv[4], *map(int, sys.argv[5:])
raised = 0


class Nowhere:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return None


def hook(event, arguments):
    global raised
    raised += 1


with open(fifo, "rb", buffering=0) as asked:
    if kind == "audit":
        sys.addaudithook(hook)
    else:
        sys.meta_path[:] = [Nowhere]
    asked.read(1)
    for i in range(count):
        name = str(i).rjust(length, "n")
        if kind == "audit":
            sys.audit(name)
            continue
        try:
            __import__(name)
        except ModuleNotFoundError:
            raised += 1
    with open(done, "w") as f:  # an audit event, too
        f.write(str(raised))
    asked.read(1)
