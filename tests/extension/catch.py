# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the extension's markers from inside the process (see catch.c)."""
import ctypes
import json
import os
import subprocess
import sys
import time

FOLDER = os.environ["TELETAP_CATCH"]  # with catch.so and teletap
REGISTERS = ["r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rdi", "rsi", "rbp", "rbx",
             "rdx", "rax", "rcx", "rsp"]  # in the order of ucontext's gregs
KINDS = ["sums", "function__entry", "function__return", "teletap__counter", "teletap__gauge",
         "teletap__tally", "teletap__span__begin", "teletap__span__end", "teletap__error",
         "import__find__load__start", "import__find__load__done", "audit"]
SHORT = {"e" + r[1:]: i for i, r in enumerate(REGISTERS) if r[1] not in "123456789"}
SHORT.update({r + "d": i for i, r in enumerate(REGISTERS) if r[1] in "123456789"})


class Name(ctypes.Structure):
    _fields_ = [("file", ctypes.c_char * 200), ("function", ctypes.c_char * 100)] + [
        (n, ctypes.c_int64)
        for n in ("line", "calls", "inclusive", "exclusive", "entries", "returns")]


class Event(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char * 200), ("text", ctypes.c_char * 100),
                ("kind", ctypes.c_int64), ("a", ctypes.c_int64), ("b", ctypes.c_int64)]


class Catch:
    """Markers of the mapped extension; before it is imported there are none."""

    def __init__(self):
        self.lib = ctypes.CDLL(os.path.join(FOLDER, "catch.so"))
        with open("/proc/self/maps") as f:
            maps = [line.split(None, 5) for line in f]
        maps = [m for m in maps if len(m) == 6 and "teletap/_native." in m[5]]
        base = int(maps[0][0].split("-")[0], 16)
        out = subprocess.run([os.path.join(FOLDER, "teletap"), "probes", "-o", "json", "-e",
                              maps[0][5].strip()], stdout=subprocess.PIPE, check=True).stdout
        self.semaphores = {}
        kinds = KINDS
        for marker in map(json.loads, out.decode().splitlines()):
            self.semaphores[marker["name"]] = base + marker["semaphore"]
            # An operand in memory is not read here: such a marker is seen by no test.
            if marker["name"] not in KINDS or "(" in marker["arguments"]:
                continue
            reg, number = (ctypes.c_int * 4)(-1, -1, -1, -1), (ctypes.c_int64 * 4)()
            for i, word in enumerate(marker["arguments"].split()):
                place = word.split("@")[1]
                if place.startswith("$"):
                    number[i] = int(place[1:])
                else:
                    name = place[1:]
                    reg[i] = REGISTERS.index(name) if name in REGISTERS else SHORT[name]
            assert not self.lib.catch_site(ctypes.c_void_p(base + marker["pc"]),
                                           kinds.index(marker["name"]), reg, number)

    def raise_(self, name, value=1):
        ctypes.c_uint16.from_address(self.semaphores[name]).value = value

    def settle(self):
        """Waits until all sums of before have been handed over."""
        def marks():
            return sum(n.calls for n in self.names() if n.function == b"mark")

        for _ in range(2):  # the first batch may have been under way
            before = marks()
            while marks() == before:
                mark()
                time.sleep(0.01)

    def names(self):
        n = ctypes.c_int.in_dll(self.lib, "n_names").value
        return (Name * n).in_dll(self.lib, "names")

    def events(self):
        """Of teletap.h's markers: (marker's name, first argument, second, third)."""
        n = ctypes.c_int.in_dll(self.lib, "n_events").value
        return [(KINDS[e.kind], e.name, e.text if KINDS[e.kind] == "teletap__error" else e.a, e.b)
                for e in (Event * n).in_dll(self.lib, "events")]

    def number(self, name):
        return ctypes.c_int64.in_dll(self.lib, name).value


def mark():
    """See Catch.settle."""


def prefix(path):
    """Where a program of the tests may be found."""
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
