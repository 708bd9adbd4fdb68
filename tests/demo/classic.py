# SPDX-License-Identifier: GPL-2.0-or-later
"""The classic: a program that collects its garbage once a second."""
import gc
import time

while True:
    gc.collect()
    time.sleep(1)
