# SPDX-License-Identifier: GPL-2.0-or-later
"""green.py FOLDER: a thread that goes on in another stack in the middle of a function, 20 times, by
the extension of tests/turns.c, which is in FOLDER."""
import sys
sys.path.insert(0, sys.argv[1])
import turns


def leaf():
    pass


def inside():
    for _ in range(20):
        leaf()
        turns.back()


def outer():
    turns.begin(inside)
    for _ in range(20):
        leaf()
        turns.on()


outer()
