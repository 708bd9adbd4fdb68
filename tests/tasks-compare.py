# SPDX-License-Identifier: GPL-2.0-or-later
"""
Compares page 236 with what programs say of themselves, and, from 3.14 on, with CPython's own reader
of tasks ("python -m asyncio ps"): tasks-compare.py PYTHON... (a command). Says nothing when they agree.
"""
import json
import os
import re
import subprocess
import sys

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tasks.py")


class Program:
    def __init__(self, *what):
        self.child = subprocess.Popen([*sys.argv[1:], PROGRAM, *what], stdout=subprocess.PIPE)
        self.pid = self.child.pid
        self.truth = json.loads(self.child.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()
        self.child.stdout.close()


def page(pid):
    said = subprocess.run(["teletap", "watch", "tasks", "-p", str(pid), "-o", "json"],
                          stdout=subprocess.PIPE, check=True).stdout
    return json.loads(said.decode())


def rows(page):
    return sorted([row["task"], row["coroutine"], sorted(row["awaited_by"]),
                   [[f["function"], f["line"]] for f in row["stack"]]]
                  for row in page["rows"] if row["coroutine"] not in MAINS)


def notes(page):
    """Those but the one that says what is not known to 3.13."""
    old = [note for note in page["notes"] if note.startswith("before CPython 3.14 a task does not keep")]
    assert len(old) == (VERSION < (3, 14)), page["notes"]
    return [note for note in page["notes"] if note not in old]


VERSION = tuple(json.loads(subprocess.run([*sys.argv[1:], "-c", "import sys; print(list(sys.version_info[:2]))"],
                                          check=True, stdout=subprocess.PIPE).stdout.decode()))
ALONE = os.environ.get("TASKS") == "alone"
MAINS = "kinds", "circle", "pure", "many", "spin", "other.<locals>.main", "main"


def same(what, *argument):
    with Program(what, *argument) as program:
        shown = page(program.pid)
        assert rows(shown) == sorted(program.truth), (rows(shown), sorted(program.truth))
        return shown


def kinds():
    with Program("kinds") as program:
        for _ in range(3):
            shown = page(program.pid)
            assert rows(shown) == sorted(program.truth), (rows(shown), sorted(program.truth))
            assert notes(shown) == [], shown["notes"]
        by = {row["task"]: row for row in shown["rows"]}
        assert len(by) == len(shown["rows"]) == len(program.truth) + 2
        assert by["left behind"]["tid"] is None and by["left behind"]["state"] == "new"
        assert by["in another thread"]["tid"] == by["Task-2"]["tid"] != program.pid
        assert by["shared"]["tid"] == program.pid and by["shared"]["state"] == "waiting"
        if VERSION < (3, 14) or ALONE:
            return
        asked = """import sys, json, asyncio.tools as t
print(json.dumps([[row[2], row[5]] for row in t.build_task_table(t.get_all_awaited_by(int(sys.argv[1])))]))"""
        theirs = json.loads(subprocess.run([*sys.argv[1:], "-c", asked, str(program.pid)], check=True,
                                           stdout=subprocess.PIPE).stdout.decode())
        ours = [[row["task"], other] for row in shown["rows"] for other in row["awaited_by"] or [""]]
        assert len(theirs) >= 13 and all(pair in ours for pair in theirs), (theirs, ours)


def circle():
    shown = same("circle")
    assert len(notes(shown)) == 1, shown["notes"]
    assert re.search("in a circle: (A, awaited by B, awaited by A|B, awaited by A, awaited by B)", notes(shown)[0]), shown["notes"]


def pure():
    shown = same("pure")
    assert VERSION >= (3, 14) and not ALONE or [n.partition(",")[0] for n in notes(shown)] == [
        "tasks of a class that does not derive from asyncio's own"] and notes(shown)[0].endswith(": 1"), shown["notes"]


def many():
    shown = same("many", "3000")
    assert notes(shown) == [], shown["notes"]


TURN = "spin.<locals>.turn" if VERSION >= (3, 11) else "turn"


def spin():
    """A loop that never rests: what is shown is possible, and what is not shown is said."""
    ran = 0
    with Program("spin", "50") as program:
        for _ in range(30):
            shown = page(program.pid)
            assert len(shown["rows"]) == 51 or notes(shown), (len(shown["rows"]), shown["notes"])
            for row in shown["rows"]:
                if row["task"] == "Task-1":
                    continue
                assert row["coroutine"] == TURN, row
                names = [f["function"] for f in row["stack"]]
                if row["state"] == "running":
                    ran += 1
                else:
                    assert row["state"] in ("ready", "new"), row
                assert names in ([TURN], ["sleep", TURN],
                                 ["__sleep0", "sleep", TURN]), row
            assert sum(row["state"] == "running" for row in shown["rows"]) <= 2, shown["rows"]
    assert ran, "no task was ever seen to run"


if __name__ == "__main__":
    for check in kinds, circle, pure, many, spin:
        check()
