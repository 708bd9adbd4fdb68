# SPDX-License-Identifier: GPL-2.0-or-later
"""Functions that are made and dropped, so that the next one's code and texts lie where those of
the one before did, with other names, files or first lines.

reused.py [FILE]: with FILE under sys.setprofile, whose counts go there: calls, function, line and
file of each, sorted.
"""
import sys

FUNCTIONS = 3000
calls, places = {}, [set(), set(), set()]


def profile(frame, event, arg):
    code = frame.f_code
    if event == "call" and code.co_filename.startswith("<made"):
        key = code.co_name, code.co_firstlineno, code.co_filename
        calls[key] = calls.get(key, 0) + 1


def make(n):
    source = "\n" * (n % 7) + "def made%04d():\n    return\nfunction = made%04d\n" % (n // 2, n // 2)
    code = compile(source, "<made%d>" % (n // 3 % 10), "exec")
    there = {}
    exec(code, there)
    del there[code.co_names[0]]  # no cycle keeps it
    for where, what in zip(places, (there["function"].__code__, code.co_names[0], code.co_filename)):
        where.add(id(what))
    return there.pop("function")


if len(sys.argv) > 1:
    sys.setprofile(profile)
for number in range(FUNCTIONS):
    made = make(number)
    for _ in range(number % 3 + 1):
        made()
    del made
sys.setprofile(None)
if len(sys.argv) > 1:
    with open(sys.argv[1], "w") as f:
        f.writelines(sorted("%d %s %d %s\n" % (n, *key) for key, n in calls.items()))
elif "teletap" not in sys.modules:  # the extension keeps what it has seen
    # Names are immortal from CPython 3.12 on.
    assert len(places[0]) < 100 and len(places[2]) < 100, [len(where) for where in places]
    assert sys.version_info >= (3, 12) or len(places[1]) < 100, len(places[1])
