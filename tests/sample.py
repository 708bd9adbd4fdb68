# SPDX-License-Identifier: GPL-2.0-or-later
"""
Programs that know where their processor time goes: sample.py WHAT [ARGUMENT]. Each says "ready".

burn [N]     three functions that take turns, and N threads that sleep; answers each line with the
             time of each function, in ns
threads N    N threads that burn, and one that sleeps
sleep        one thread that burns, one that sleeps in sleeper()
bursts       runs for a part of a millisecond, a hundred times a second
"""
import json
import sys
import threading
import time

spent = {"a": 0, "b": 0, "c": 0}


def a(end):
    while time.thread_time_ns() < end:
        pass


def b(end):
    while time.thread_time_ns() < end:
        pass


def c(end):
    while time.thread_time_ns() < end:
        pass


def turn(function, ms):
    begun = time.thread_time_ns()
    function(begun + ms * 1000000)
    spent[function.__name__] += time.thread_time_ns() - begun


def answer():
    for _ in sys.stdin:
        print(json.dumps(spent), flush=True)


def burn(n=0):
    threading.Thread(target=answer, daemon=True).start()
    for _ in range(int(n)):
        threading.Thread(target=sleeper, daemon=True).start()
    print("ready", flush=True)
    while True:
        turn(a, 10)
        turn(b, 25)
        turn(c, 15)


def endless():
    while True:
        turn(a, 10)


def sleeper():
    time.sleep(3600)


def threads(n):
    threading.Thread(target=sleeper, daemon=True).start()
    for _ in range(int(n)):
        threading.Thread(target=endless, daemon=True).start()
    print("ready", flush=True)
    time.sleep(3600)


def sleep():
    threading.Thread(target=sleeper, daemon=True).start()
    print("ready", flush=True)
    endless()


def bursts():
    print("ready", flush=True)
    while True:
        a(time.thread_time_ns() + 300000)
        time.sleep(0.01)


if __name__ == "__main__":
    {"burn": burn, "threads": threads, "sleep": sleep, "bursts": bursts}[sys.argv[1]](*sys.argv[2:])
