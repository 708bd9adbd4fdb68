# SPDX-License-Identifier: GPL-2.0-or-later
"""
Programs whose threads are known: memory.py WHAT [ARGUMENT]. Each says "ready" when it is.

threads FILE   threads that stand in many kinds of places; SIGUSR1 writes what faulthandler
               says of them to FILE
speed N        N threads at full speed, whose possible stacks compare.py knows
children       one that is forked, one that runs sleep(1)
equal N        N threads that wait for the same
deep N         N calls of itself
interpreters   a thread in another interpreter
locals         functions with variables; says what these are before: [[function, {name: value}], ...]
gc             collects, and answers each line with gc.get_stats()
"""
import faulthandler
import gc
import json
import os
import select
import signal
import sys
import threading
import time

HOUR = 3600


def ran(pid, tid):
    """How often a thread was given a processor, and its state."""
    folder = "/proc/%d/task/%s/" % (pid, tid)
    return open(folder + "schedstat").read().split()[2], open(folder + "stat").read().rpartition(") ")[2][0]


def settle(pid, n):
    """Waits until so many threads of the process stand still."""
    while True:
        before = {tid: ran(pid, tid) for tid in os.listdir("/proc/%d/task" % pid)}
        time.sleep(0.05)
        if sum(what[1] == "S" and ran(pid, tid) == what for tid, what in before.items()) >= n:
            return


def first(a, b, both):
    with a:
        both.wait()
        b.acquire()


def second(a, b, both):
    with b:
        both.wait()
        a.acquire()


class Waiter:
    def select(self):
        select.select(
            [os.pipe()[0]],
            [],
            [])

    def sleep(self):
        time.sleep(HOUR)


def größe_名前():
    (lambda: time.sleep(HOUR))()


def generator():
    yield 1
    time.sleep(HOUR)


def consume():
    for _ in generator():
        pass


def body():
    class Inner:
        squares = [n * n for n in range(3)]
        time.sleep(HOUR)


def comprehension():
    return [turn or time.sleep(HOUR) for turn in range(1)]


def executed():
    exec(compile("def f():\n\n    import time\n    time.sleep(3600)\nf()", "<no file>", "exec"), {})


def decorate(function):
    def wrapper(*args):
        return function(*args)
    return wrapper


@decorate
def decorated():
    sorted([2, 1], key=lambda n: time.sleep(HOUR))


def deep(n):
    if n:
        deep(n - 1)
    else:
        time.sleep(HOUR)


def compute():
    n = 0
    while True:
        n += 1


def threads(path):
    faulthandler.register(signal.SIGUSR1, file=open(path, "a"), all_threads=True)
    a, b, both = threading.Lock(), threading.Lock(), threading.Barrier(2)
    threading.stack_size(16 << 20)
    sys.setrecursionlimit(2000)
    work = [lambda: first(a, b, both), lambda: second(a, b, both), Waiter().select, Waiter().sleep,
            größe_名前, consume, body, comprehension, executed, decorated, lambda: deep(90), compute]
    for target in work:
        threading.Thread(target=target, daemon=True).start()
    settle(os.getpid(), len(work) - 1)
    print("ready", flush=True)
    while True:
        signal.pause()


def leaf_a():
    pass


def leaf_b():
    pass


def mid_a():
    leaf_a()


def mid_b():
    leaf_b()
    leaf_b()


def top_a():
    mid_a()


def top_b():
    mid_b()


def gen_a():
    mid_a()
    yield 1


def nest(n, function):
    if n:
        nest(n - 1, function)
    else:
        function()


def endless():
    while True:
        top_a()
        top_b()
        for _ in gen_a():
            pass
        nest(3, mid_a)
        nest(5, mid_b)
        exec("def made_a():\n  mid_a()\nmade_a()", {"mid_a": mid_a})
        exec("def made_b():\n  mid_b()\nmade_b()", {"mid_b": mid_b})
        (lambda: mid_a())()


def speed(n):
    for _ in range(int(n) - 1):
        threading.Thread(target=endless, daemon=True).start()
    print("ready", flush=True)
    endless()


def collect():
    print("ready", flush=True)
    for _ in sys.stdin:
        for generation in range(3):
            for _ in range(generation + 1):
                ring = []
                ring.append(ring)
                del ring
                gc.collect(generation)
        before = gc.get_stats()
        print(json.dumps([[s["collections"], s["collected"] + s["uncollectable"]] for s in before]), flush=True)


def forked():
    time.sleep(HOUR)


def children():
    child = os.fork() or forked()
    other = os.fork() or os.execv("/bin/sleep", ["sleep", "3600"])
    settle(child, 1)
    while os.readlink("/proc/%d/exe" % other) == os.readlink("/proc/self/exe"):
        time.sleep(0.01)
    settle(other, 1)
    print("ready", flush=True)
    time.sleep(HOUR)


def equal(n):
    lock = threading.Lock()
    lock.acquire()
    for _ in range(int(n)):
        threading.Thread(target=lock.acquire, daemon=True).start()
    settle(os.getpid(), int(n))
    print("ready", flush=True)
    time.sleep(HOUR)


def calls(n):
    if n:
        calls(n - 1)
    else:
        print("ready", flush=True)
        time.sleep(HOUR)


def interpreters():
    try:
        import _interpreters as other
        run = other.exec
    except ImportError:
        import _xxsubinterpreters as other
        run = other.run_string
    code = "def inside():\n    import time\n    time.sleep(%d)\ninside()" % HOUR
    threading.Thread(target=run, args=(other.create(), code), daemon=True).start()
    settle(os.getpid(), 1)
    print("ready", flush=True)
    time.sleep(HOUR)


class Order:
    """A type of the program's own."""


class Number(int):
    """Likewise, not an int."""


def shown(value):
    """What is said of a value: its repr(), or its type."""
    if type(value) in (type(None), bool, int, float, str, bytes, tuple, list, dict) and abs(
            value if type(value) is int else 0) < 2 ** 64:
        return repr(value)
    return "<int of more than 64 bits>" if type(value) is int else "<%s>" % type(value).__name__


def frames_of(frame):
    while frame.f_code.co_name != "<module>":
        yield [frame.f_code.co_name, {name: shown(value) for name, value in frame.f_locals.items()
                                      if name != "told"}]
        frame = frame.f_back


def variables(number, name="größe", *rest, **named):
    nothing, yes, no, wide = None, True, False, "∀𝄞"
    small, large, huge = -5, -(2 ** 63), 2 ** 64
    tenth, whole, tiny, endless, minus = 0.1, 3.0, 5e-324, float("-inf"), -0.0
    odd = [float("nan"), 1e22, 1e300, 123456.789]
    raw, empty = b"ab~", ((), [], {}, "", b"")
    one, nested, table = (1,), [1, [2, "two"], (None,)], {"a": 1, 2: [3.5], None: "b", "gone": 0}
    del table["gone"]
    order, of_own, function = Order(), Number(5), len
    captured = ["seen by inner"]

    def inner(argument):
        for turn in (value for value in [argument]):
            unset = turn
            del unset
            told = json.dumps(list(frames_of(sys._getframe())))
            print(told, flush=True)
            time.sleep(HOUR)
            return captured
    inner(number + 1)


def has_locals():
    variables(7, "a\tb\x1b[31m", 1, 2, key="word")


def too_deep(n):
    sys.setrecursionlimit(10000)
    calls(int(n))


if __name__ == "__main__":
    {"threads": threads, "speed": speed, "children": children, "equal": equal, "deep": too_deep,
     "locals": has_locals, "interpreters": interpreters, "gc": lambda *_: collect()}[sys.argv[1]](*sys.argv[2:])
