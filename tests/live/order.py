# SPDX-License-Identifier: GPL-2.0-or-later
"""A few calls, whose order, files and lines are known (15-calls.bats)."""


def first():
    second(1)
    second(2)


def second(n):
    return third(n)


def third(n):
    return n


class Body:
    def method(self):
        first()


def outcome():
    try:
        fails()
    except ValueError:
        third(0)


def fails():
    raise ValueError


Body().method()
outcome()
