# SPDX-License-Identifier: GPL-2.0-or-later
"""
Compares page 223 with what the program itself says: sample-compare.py shares BEFORE AFTER < page |
stacks < page | svg FILE FOLDED. Says nothing when they agree.
"""
import importlib.util
import json
import os
import re
import sys
import xml.etree.ElementTree as tree


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


def plain(text):
    """Without what the one or the other file cannot have."""
    return re.sub("[\ufffd;\x00-\x1f\u202a-\u202e]", "_", text)


def svg(path, folded):
    """The boxes of a flame graph are the frames of the folded lines, and as wide."""
    truth = {}
    for line in open(folded):
        names, count = line.rstrip("\n").rpartition(" ")[::2]
        frames = ["all"] + names.split(";")
        for depth in range(len(frames)):
            key = depth, plain(frames[depth])
            truth[key] = truth.get(key, 0) + int(count)
    root, shown, space = tree.parse(path).getroot(), {}, "{http://www.w3.org/2000/svg}"
    boxes = root.findall(space + "g")
    rows = sorted({float(box.find(space + "rect").get("y")) for box in boxes}, reverse=True)
    for box in boxes:
        name = box.find(space + "title").text.rpartition("\n")[0]
        key = rows.index(float(box.find(space + "rect").get("y"))), plain(name)
        shown[key] = shown.get(key, 0) + int(box.get("data-n"))
    for key in truth.keys() | shown.keys():
        if truth.get(key) != shown.get(key):
            print(key, truth.get(key), shown.get(key))
    for element in root.iter():
        for name, value in element.attrib.items():
            if "href" in name or value.startswith("http"):
                print("a request:", element.tag, name, value)


if __name__ == "__main__":
    {"shares": shares, "stacks": stacks, "svg": svg}[sys.argv[1]](*sys.argv[2:])
