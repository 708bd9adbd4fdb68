#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""truth.py TARGET-OPTION TARGET WORKING [WATCHED]: what 'teletap doctor' says of each page
of a target, against what page 255 says and 'teletap watch' then does.

WORKING, "210,223-235", are the pages, other than those of the host, that are known to
work; no others may. Those of WATCHED (default: all) are watched at once: each has to come,
and those about what the program does (busy.py does all of it) have to show something.
Each page that doctor says does not work has to be refused, in one line. Prints what doctor
said, and what is wrong; exits with 1 if there is anything. With PLAIN in the environment
teletap does not run as root.
"""
import json
import os
import subprocess
import sys
import time

HOST = {200, 203, 204, 205, 250, 251, 252}  # of every target
QUIET = HOST | {236, 247, 261}  # may have nothing to show
PLAIN = []
if "PLAIN" in os.environ:  # not root
    HOST = {200, 203, 204, 205}
    PLAIN = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]

option, target, known, *watched = sys.argv[1:]
bad = 0


def wrong(*words):
    global bad
    bad += 1
    print("WRONG:", *words)


def teletap(*arguments):
    p = subprocess.run(PLAIN + ["teletap", *arguments], capture_output=True, text=True)
    return p.returncode, p.stdout, p.stderr


def numbers(text):
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def shows_something(page):
    """Whether a sum is not 0; rows, on pages without sums."""
    sums = [v for row in page["rows"] for k, v in row.items()
            if k.endswith("_total") and isinstance(v, (int, float))]
    return any(sums) if sums else bool(page["rows"])


status, out, err = teletap("doctor", option, target, "-o", "json")
if err or status > 1:
    wrong("doctor:", status, err)
pages = {p["page"]: p for p in json.loads(out)["pages"]}
listed = [json.loads(line)["page"] for line in teletap("list", "-o", "json")[1].splitlines()]
if set(listed) - {255} - set(pages):
    wrong("not in doctor's list:", set(listed) - set(pages))
working = [n for n, p in pages.items() if p["works"]]
for p in pages.values():
    print(f'{p["page"]:3} {p["name"]:12} {str(p["works"]):5} {p["why"]}')
expected = {n for n in numbers(known) if n in pages} | HOST
if expected != set(working):
    wrong("works, and ought not:", sorted(set(working) - expected),
          "does not, and ought to:", sorted(expected - set(working)))

# Page 255 says the same. It asks the process for its list only when it is asked itself.
if not PLAIN:
    port = str(20000 + os.getpid() % 10000)
    server = subprocess.Popen(["teletap", "serve", "--port", port, option, target])
    contents = {}
    for _ in range(100):
        status, out, err = teletap("page", "255", "127.0.0.1:" + port, "-t", "5", "-o", "json")
        if not status:
            contents = {row["page"]: row for row in json.loads(out)["rows"]}
        if not pages.keys() - contents.keys():
            break
        time.sleep(0.1)
    server.terminate()
    server.wait()
    if contents.keys() != pages.keys():
        wrong("doctor and page 255 list others:", contents.keys() ^ pages.keys())
    for n in contents.keys() & pages.keys():
        row, page = contents[n], pages[n]
        if (row["state"] == "can work") != page["works"] or \
                row["why"] != (None if page["works"] else page["why"]):
            wrong(f"page {n}: doctor says {page}, page 255 {row}")

chosen = [n for n in numbers(watched[0]) if n in working] if watched else working
status, out, err = 0, "", ""
if chosen:
    status, out, err = teletap("watch", ",".join(str(n) for n in chosen if n < 300), option,
                               target, "-n", "2", "-i", "1.5", "-o", "json")
shown = {}
for line in out.splitlines():
    page = json.loads(line)
    shown[page["page"]] = page
if status:
    wrong("watch:", status, err)
elif err:
    print(err)
for n in chosen:
    if n >= 300:
        status, out, err = teletap("watch", str(n), option, target, "-n", "1", "-o", "json")
        if status or not json.loads(out)["rows"][0]["text"]:
            wrong(f"page {n} works, and does not:", status, err)
    elif n not in shown:
        wrong(f"page {n} works, and does not come")
    elif option == "-p" and n not in QUIET and not shows_something(shown[n]):
        wrong(f"page {n} works, and shows nothing: {shown[n]}")
for n in pages.keys() - set(working):
    status, out, err = teletap("watch", str(n), option, target, "-n", "1", "-i", "1", "-o", "json")
    if status != 3 or out or err.count("\n") != 1:
        wrong(f"page {n} does not work, and watch says:", status, repr(out), repr(err))
    elif not PLAIN and pages[n]["why"] not in err:
        wrong(f"page {n}: doctor says {pages[n]['why']!r}, watch {err!r}")
sys.exit(bad > 0)
