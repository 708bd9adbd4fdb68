# SPDX-License-Identifier: GPL-2.0-or-later
"""Two threads, each of which waits for the lock that the other one holds."""
import threading

lock, other = threading.Lock(), threading.Lock()
both = threading.Barrier(2)


def transfer():
    with lock:
        both.wait()
        with other:
            pass


def report():
    with other:
        both.wait()
        with lock:
            pass


for work in (transfer, report):
    threading.Thread(target=work, name=work.__name__).start()
