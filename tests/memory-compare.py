# SPDX-License-Identifier: GPL-2.0-or-later
"""
Compares page 224 with what the program itself says: memory-compare.py threads DUMP PID
[TIMES] | locals TRUTH PID | speed < lines of the protocol. Says nothing when they agree.
"""
import json
import os
import re
import signal
import subprocess
import sys
import time


def escape(text):
    """As faulthandler writes names."""
    return "".join(c if " " <= c <= "~" else "\\x%02x" % ord(c) if ord(c) < 256
                   else "\\u%04x" % ord(c) for c in text)


def pausing_at(pid, *calls):
    """Waits until its first thread stands in one of these calls."""
    while not open("/proc/%s/syscall" % pid).read().startswith(calls):
        time.sleep(0.01)


def pausing(pid):
    """Waits until its first thread stands in pause(2)."""
    pausing_at(pid, "34 ")


def dumped(path, pid):
    """The stacks that faulthandler writes when it is asked."""
    pausing(pid)
    os.truncate(path, 0)
    os.kill(pid, signal.SIGUSR1)
    text = ""
    while not text.rstrip().endswith("<module>"):
        time.sleep(0.01)
        text = open(path, errors="replace").read()
    pausing(pid)
    parts = re.split(r"(?m)^.*hread 0x.*$\n?", text)[1:]
    return [[(m[3], m[1], int(m[2])) for m in re.finditer(r'File "(.*)", line (\d+) in (.*)', part)]
            for part in parts]


def shown(pid):
    page = json.loads(subprocess.run(["teletap", "watch", "threads", "-p", str(pid), "-o", "json"],
                                     stdout=subprocess.PIPE, check=True).stdout.decode())
    assert all(row["stack"] is not None for row in page["rows"]), page["notes"]
    return [[(escape(f["function"].split(".")[-1]), escape(f["file"]), f["line"]) for f in row["stack"]]
            for row in page["rows"]], page


def still(stacks):
    """Without the line of the thread that computes."""
    return sorted([("compute",)] + stack[1:] if stack and stack[0][0] == "compute" else stack for stack in stacks)


def threads(path, pid, times="1"):
    for _ in range(int(times)):
        compare(path, pid)


def compare(path, pid):
    truth = still(dumped(path, int(pid)))
    stacks, page = shown(int(pid))
    ours = still(stacks)
    for stack in truth:
        if stack not in ours:
            print("faulthandler says", stack[:5])
    for stack in ours:
        if stack not in truth:
            print("the page says", stack[:5])
    assert len(truth) == len(ours) == 13, (len(truth), len(ours))
    waits = {row["stack"][0]["function"].split(".")[-1]: row["waits_for"] for row in page["rows"]}
    states = {row["stack"][0]["function"].split(".")[-1]: row["state"] for row in page["rows"]}
    assert waits["first"] == waits["second"] == "a lock (futex)", waits
    assert waits["select"].startswith("descriptors ("), waits
    assert waits["sleep"].startswith("time ("), waits
    assert waits["compute"] is None and states["compute"] == "R", (waits, states)
    # Who computes has the lock, or had to let it go for a moment.
    assert not any(row["holds_gil"] for row in page["rows"]
                   if row["stack"][0]["function"].split(".")[-1] != "compute")


def variables(truth, pid):
    """The variables of the frames are those that the program has written."""
    pausing_at(pid, "230 ", "270 ", "23 ")
    page = json.loads(subprocess.run(["teletap", "watch", "threads", "--locals", "-p", str(pid), "-o", "json"],
                                     stdout=subprocess.PIPE, check=True).stdout.decode())
    ours = [[f["function"].split(".")[-1], {v["name"]: v["value"] for v in f["locals"]}]
            for f in page["rows"][0]["stack"] if f["function"] != "<module>"]
    for (function, values), (name, shown) in zip(json.loads(truth), ours):
        assert function == name, (function, name)
        values = {k: v.replace("\\t", "\t").replace("\\x1b", "\x1b") for k, v in values.items()}
        shown.pop("told", None)
        for key in values.keys() | shown.keys():
            if values.get(key) != shown.get(key):
                print("%s, %s: %r, the page says %r" % (name, key, values.get(key), shown.get(key)))
    assert len(json.loads(truth)) == len(ours) == 3 and not page["notes"], page


def possible():
    a, b = ["leaf_a", "mid_a"], ["leaf_b", "mid_b"]
    chains = [a + ["top_a"], b + ["top_b"], a + ["gen_a"], a + ["nest"] * 4, b + ["nest"] * 6,
              a + ["made_a", "<module>"], b + ["made_b", "<module>"], a + ["<lambda>"]]
    return {tuple(chain[i:]) for chain in chains for i in range(len(chain) + 1)}


def speed():
    """Lines of the protocol: each snapshot's stacks must be possible ones."""
    ok, read, torn, seen = possible(), 0, 0, set()
    places, steps = {}, {}
    for line in sys.stdin:
        field = line.rstrip("\n").split("\t")
        if field[0] == "snap":
            places, steps = {}, {}
        elif field[0] == "place":
            places[field[1]] = field[2].split(".")[-1]
        elif field[0] == "step":
            steps[field[1]] = (field[2], field[3])
        elif field[0] == "thread":
            torn += field[10] != "0"
            names, step = [], field[11]
            while step != "0":
                step, place = steps[step]
                names.append(places[place])
            if field[10] != "0":
                continue
            read += 1
            while names and names.pop() != "endless":
                pass
            seen.add(tuple(names))
            if tuple(names) not in ok:
                print("no such stack:", names)
    print("%d read, %d not in one piece, %d different" % (read, torn, len(seen)))


if __name__ == "__main__":
    {"threads": threads, "speed": speed, "locals": variables}[sys.argv[1]](*sys.argv[2:])
