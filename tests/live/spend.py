# SPDX-License-Identifier: GPL-2.0-or-later
"""Known shares of time in known functions: a quarter and three quarters of SECONDS of
processor time, in each of THREADS threads, while another one sleeps as long.

spend.py SECONDS THREADS
"""
import sys
import threading
import time


def spend(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def quarter():
    spend(0.05)


def three_quarters():
    spend(0.15)


def run():
    for _ in range(int(float(sys.argv[1]) * 5)):
        quarter()
        three_quarters()


def sleeper():
    time.sleep(float(sys.argv[1]))


threads = [threading.Thread(target=run) for _ in range(int(sys.argv[2]))]
threads.append(threading.Thread(target=sleeper))
for t in threads:
    t.start()
for t in threads:
    t.join()
