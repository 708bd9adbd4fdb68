# SPDX-License-Identifier: 0BSD
"""Imported at the start of a Python that 'teletap watch -c' starts with this folder in its
PYTHONPATH: brings the extension in, with the spans of frameworks when TELETAP_PYTHON has that word.
sys.path is then what it is without, and a sitecustomize of the program's own takes the place of
this one."""
import os
import sys


def begin():
    folder = os.path.dirname(os.path.abspath(__file__))
    package = os.path.dirname(folder)
    sys.path[:] = [package] + [p for p in sys.path if p != folder]
    try:
        import teletap
        if "spans" in os.environ.get("TELETAP_PYTHON", "").split(","):
            teletap.spans()
    except Exception:  # there is no build for this Python: it runs without
        pass
    sys.path.remove(package)


def go_on():
    ours = sys.modules.pop("sitecustomize")
    try:
        import sitecustomize  # noqa: F401
    except ImportError as failure:
        if failure.name != "sitecustomize":
            raise
    finally:
        sys.modules.setdefault("sitecustomize", ours)


begin()
go_on()
