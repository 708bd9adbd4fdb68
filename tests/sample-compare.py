# SPDX-License-Identifier: GPL-2.0-or-later
"""
Compares page 223 with what the program itself says: sample-compare.py shares BEFORE AFTER < page |
stacks < page. Says nothing when they agree.
"""
import importlib.util
import json
import os
import sys


def of(page, function, key):
    return sum(row[key] for row in page["rows"] if row["kind"] == "function" and row["function"] == function)


def shares(before, after):
    """The functions' parts of the processor time, by the program's own clock."""
    page = json.load(sys.stdin)
    took = {name: json.loads(after)[name] - json.loads(before)[name] for name in "abc"}
    counted = {name: of(page, name, "self_total") for name in "abc"}
    for name in "abc":
        truth, shown = took[name] / sum(took.values()), counted[name] / max(sum(counted.values()), 1)
        if abs(truth - shown) > 0.06:
            print("%s has %.3f of the time and %.3f of %d samples" % (name, truth, shown, sum(counted.values())))
    # As many samples as there was time for, those that are said to be missing included.
    due = sum(took.values()) / 1e9 * page["sampling"]["rate"]
    if not 20 < sum(counted.values()) < due + 10:
        print("%d samples, %d due" % (sum(counted.values()), due))
    wrong = [row for row in page["rows"] if row["kind"] == "stack"
             and row["stack"] and row["stack"][0]["function"] in "abc"
             and ([f["function"] for f in row["stack"][1:]] != ["turn", "burn", "<module>"]
                  or row["stack"][0]["line"] not in lines_of(row["stack"][0]["function"]))]
    for row in wrong:
        print("no such stack:", row["stack"])


def lines_of(function):
    """The lines that can be executing in it."""
    source = open(os.path.join(os.path.dirname(__file__), "sample.py")).read().split("\n")
    at = source.index("def %s(end):" % function) + 1
    return {at, at + 1, at + 2}


def stacks():
    """Each stack is one that memory.py speed can have."""
    spec = importlib.util.spec_from_file_location("compare", os.path.join(os.path.dirname(__file__), "memory-compare.py"))
    compare = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(compare)
    page, possible = json.load(sys.stdin), compare.possible()
    rows = [row for row in page["rows"] if row["kind"] == "stack" and row["stack"]]
    for row in rows:
        names = [frame["function"].split(".")[-1] for frame in row["stack"]]
        while names and names.pop() != "endless":
            pass
        if tuple(names) not in possible:
            print("no such stack:", names)


if __name__ == "__main__":
    {"shares": shares, "stacks": stacks}[sys.argv[1]](*sys.argv[2:])
