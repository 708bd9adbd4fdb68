# SPDX-License-Identifier: 0BSD
"""Lets 'teletap watch' see the calls of this program's Python functions.

Importing it is all a program needs to do. It costs nothing until somebody looks at
page 220, 221 or 222 from outside, and switches itself off when he does not any more.
"""
import sys

if sys.version_info < (3, 11) or sys.implementation.name != "cpython":
    raise ImportError("teletap needs CPython 3.11 or later")

from teletap._native import only, status  # noqa: E402

__all__ = ["only", "status"]
