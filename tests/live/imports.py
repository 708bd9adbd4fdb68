# SPDX-License-Identifier: GPL-2.0-or-later
"""A program whose imports are known, and what the interpreter says of them.

imports.py run FOLDER [attach]: imports what it has made in FOLDER: packages, modules
that import others, that fail, and that threads import; attach: waits for FOLDER/go
before, in the middle of an import. To be run with -X importtime.
imports.py check FOLDER...: each has a run's imports as -X importtime has printed them
(told), and its pages. Fails unless the last page has the same imports, nested alike;
exits with 9 unless the times of each differ by less than 10 % or 50 us in one run.
(Between the two clocks the machine may do something else for a while.)
"""
import json
import os
import sys
import threading
import time

MODULES = {
    "one": "import two\nimport three",
    "two": "import time; time.sleep(0.05)",
    "three": "import pack.inner\nimport time; time.sleep(0.02)",
    "pack/__init__": "import pack.outer",
    "pack/outer": "import time; time.sleep(0.01)",
    "pack/inner": "from . import outer\ntry:\n    import not_there\nexcept ImportError:\n    pass",
    "broken": "import time; time.sleep(0.01)\nraise ValueError('on purpose')",
    "caught": "try:\n    import broken\nexcept ValueError:\n    pass\ntry:\n    import broken\nexcept ValueError:\n    pass",
    "by_thread": "import by_thread_below",
    "by_thread_below": "import time; time.sleep(0.03)",
    "m\u00f6dule": "pass",
    "waiting": "import os, sys, time\nopen(os.path.join(sys.argv[2], 'ready'), 'w').close()\n"
               "while not os.path.exists(os.path.join(sys.argv[2], 'go')):\n    time.sleep(0.02)\n"
               "import waiting_below",
    "waiting_below": "pass",
}


def run(folder, attach):
    for name, text in MODULES.items():
        path = os.path.join(folder, name + ".py")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)
    sys.path.insert(0, folder)
    if attach:
        __import__("waiting")
    __import__("one")
    __import__("caught")
    __import__("m\u00f6dule")
    thread = threading.Thread(target=__import__, args=("by_thread",))
    thread.start()
    thread.join()
    __import__("json.tool")
    __import__("xml.dom.minidom")
    __import__("one")  # not an import any more
    sys.stdout.flush()
    sys.stderr.flush()
    if attach:
        open(os.path.join(folder, "done"), "w").close()
        time.sleep(600)


def told(path):
    """What -X importtime has printed: path of names -> [imports, self us, cumulative us]."""
    waiting, tree = {}, {}

    def hang(node, above):
        name, own, total, below = node
        place = above + (name,)
        sums = tree.setdefault(place, [0, 0, 0])
        for i, n in enumerate((1, own, total)):
            sums[i] += n
        for child in below:
            hang(child, place)

    with open(path, encoding="utf-8") as f:
        for line in f:
            if not line.startswith("import time:") or "self [us]" in line:
                continue
            own, total, name = line[len("import time:"):].rstrip("\n").split("|")
            level = (len(name) - len(name.lstrip())) // 2
            node = (name.strip(), int(own), int(total), waiting.pop(level + 1, []))
            waiting.setdefault(level, []).append(node)
    for level in waiting.values():
        for node in level:
            hang(node, ())
    return tree


def seen(path):
    """What the page has: path of names -> [imports, self us, cumulative us, failed]."""
    with open(path) as f:
        page = json.loads(f.readlines()[-1])
    assert page["loss"] == {"skipped": 0, "dropped": 0, "table_full": 0, "lines": 0}, page["loss"]
    rows = {r["node"]: r for r in page["rows"]}
    tree = {}
    for row in rows.values():
        place, r = (), row
        while r:
            place = (r["module"],) + place
            r = rows[r["parent"]] if r["parent"] else None
        tree[place] = [row["imports_total"], row["self_ns_total"] / 1000,
                       row["cumulative_ns_total"] / 1000, row["failed_total"]]
        assert row["depth"] == len(place) - 1 and row["unfinished"] == 0, row
    return tree, page


def close(a, b):
    return abs(a - b) <= max(50, 0.1 * max(a, b))


def compare(folder):
    """The places whose times differ."""
    want, (have, page) = told(os.path.join(folder, "told")), seen(os.path.join(folder, "page"))
    assert len(want) > 40, len(want)
    print("told, not seen:", sorted(set(want) - set(have)))
    print("seen, not told:", sorted(set(have) - set(want)))
    assert set(want) == set(have)
    failed = {place[-1]: n[3] for place, n in have.items() if n[3]}
    print(len(want), "imports; failed:", failed)
    assert failed["broken"] == 2 and failed["not_there"] == 1
    assert ("one", "three", "pack.inner", "pack", "pack.outer") in have
    assert ("by_thread", "by_thread_below") in have
    differ = set()
    for place, (count, own, total) in want.items():
        assert have[place][0] == count, place
        if not close(own, have[place][1]) or not close(total, have[place][2]):
            differ.add(place)
            print("differs:", place, want[place], have[place])
    return differ


def check(folders):
    differ = [compare(folder) for folder in folders]
    sys.exit(9 if set.intersection(*differ) else 0)


if sys.argv[1] == "run":
    run(sys.argv[2], "attach" in sys.argv)
else:
    check(sys.argv[2:])
