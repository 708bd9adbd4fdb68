# SPDX-License-Identifier: 0BSD
"""Diagnostic pages for this program, shown by 'teletap watch' from outside.

Importing it is all a program needs to do for the pages about its functions (220 to 222), and,
where CPython has no markers of its own, collections and imports (210 to 213, 230).
It costs nothing until somebody looks, and switches itself off when he does not any more.
What the program says of itself by the functions below has pages 201, 202 and 240 to 246,
and pages 300 to 399 are those that it draws itself. See teletap-python(3).
"""
import sys

if sys.version_info < (3, 9) or sys.implementation.name != "cpython":
    raise ImportError("teletap needs CPython 3.9 or later")
if not getattr(sys, "_is_gil_enabled", lambda: True)() or "t" in getattr(sys, "abiflags", ""):
    raise ImportError("teletap does not work in free-threaded builds of CPython")

try:
    from teletap._native import (  # noqa: F401
        __version__, counter, gauge, only, status, stop, tally)
except SystemError:  # a build for later Pythons
    raise ImportError("teletap has no build for Python %d.%d" % sys.version_info[:2]) from None

# Brought in when they are used first: the import stays short.
_LATER = {
    "start": "app", "config": "app", "Calculation": "app", "span": "app", "log": "log",
    "LogHandler": "log", "error": "errors", "report": "errors", "reports": "errors",
    "install": "errors", "page": "pages", "spans": "spans",
    "wsgi": "wrap", "asgi": "wrap", "queries": "wrap",
}

__all__ = ["counter", "gauge", "only", "status", "stop", "tally"] + sorted(_LATER)


def __getattr__(name):
    if name not in _LATER:
        raise AttributeError("module 'teletap' has no attribute %r" % name)
    import importlib
    value = getattr(importlib.import_module("teletap._" + _LATER[name]), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted(set(globals()) | set(__all__))
