# SPDX-License-Identifier: GPL-2.0-or-later
"""Two processes and two threads with loads of their own: loads.py DONE.

Each asks for its parent N times, touches 8 N fresh pages and sleeps N / 10 times. DONE
has N by thread: {"pid": 1, "done": {"TID": N}}.
"""
import json
import mmap
import os
import sys
import threading
import time


def asks(n):
    for _ in range(n):
        os.getppid()


def touches(room, n):
    for at in range(0, 8 * n * mmap.PAGESIZE, mmap.PAGESIZE):
        room[at] = 1


def rests(n):
    for _ in range(n // 10):
        time.sleep(0.01)


def work(n):
    room = mmap.mmap(-1, 8 * n * mmap.PAGESIZE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    asks(n)
    touches(room, n)
    rests(n)
    return threading.get_native_id()


def main(path):
    done = {}
    for n in (10, 20):
        read, write = os.pipe()
        if not os.fork():
            os.write(write, b"%d" % work(n))
            os._exit(0)
        done[int(os.read(read, 20))] = n
        os.wait()
    t = threading.Thread(target=lambda: done.__setitem__(work(30), 30))
    t.start()
    t.join()
    done[work(40)] = 40
    with open(path, "w") as f:
        json.dump({"pid": os.getpid(), "done": done}, f)


if __name__ == "__main__":
    main(sys.argv[1])
