# SPDX-License-Identifier: GPL-2.0-or-later
"""profiled.py PROGRAM FILE: runs PROGRAM, and writes what sys.setprofile counts of it.

One line per function of PROGRAM's own: calls, function, first line; sorted.
"""
import sys
import threading

program, out = sys.argv[1:]
counts = {}  # by thread, so that no count is lost


def profile(frame, event, arg):
    code = frame.f_code
    if event == "call" and code.co_filename == program:
        mine = counts.setdefault(threading.get_ident(), {})
        key = code.co_name, code.co_firstlineno
        mine[key] = mine.get(key, 0) + 1


with open(program) as f:
    code = compile(f.read(), program, "exec")
sys.argv = [program]
threading.setprofile(profile)
sys.setprofile(profile)
exec(code, {"__name__": "__main__", "__file__": program})
sys.setprofile(None)

total = {}
for mine in counts.values():
    for key, n in mine.items():
        total[key] = total.get(key, 0) + n
with open(out, "w") as f:
    for key, n in sorted(total.items()):
        print(n, *key, file=f)
