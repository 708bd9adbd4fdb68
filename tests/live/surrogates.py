# SPDX-License-Identifier: GPL-2.0-or-later
"""A program that imports names which have no UTF-8, and says what came of it.

surrogates.py FOLDER: waits for FOLDER/go.
"""
import os
import sys
import time


def attempt(name):
    try:
        __import__(name)
    except ImportError as e:
        return type(e).__name__
    except BaseException as e:
        return "%s: %s" % (type(e).__name__, ascii(str(e)))
    return "imported"


open(os.path.join(sys.argv[1], "ready"), "w").close()
while not os.path.exists(os.path.join(sys.argv[1], "go")):
    time.sleep(0.02)
print([attempt(name) for name in ("absent_a", "\ud800", "plug\udcff", "absent_b", "colorsys")])
