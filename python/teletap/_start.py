# SPDX-License-Identifier: 0BSD
"""Imported at the start of every Python with TELETAP_PYTHON=1 in its environment, by
teletap.pth. Never in a program's way: where the extension cannot work, it is not there."""
try:
    import teletap  # noqa: F401
except ImportError:
    pass
