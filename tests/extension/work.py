# SPDX-License-Identifier: GPL-2.0-or-later
"""A program that makes the same calls each time, of every kind that Python has."""
import asyncio
import contextlib
import threading


def leaf(x):
    return x + 1


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def deep(n):
    return deep(n - 1) if n else 0


def numbers(n):
    for i in range(n):
        got = yield i
        if got:
            leaf(got)


def delegating(n):
    yield from numbers(n)
    return 1


def fails(depth):
    if depth:
        fails(depth - 1)
    raise ValueError(depth)


def catches(n):
    for _ in range(n):
        try:
            fails(5)
        except ValueError:
            leaf(1)


def stubborn():
    while True:
        try:
            yield 1
        except KeyError:
            leaf(2)


@contextlib.contextmanager
def managed():
    try:
        yield 1
    finally:
        leaf(1)


def decorated(function):
    def wrapper(*args):
        return function(*args)
    return wrapper


@decorated
def inner(x):
    return [leaf(y) for y in range(x)]


def generators():
    for i in numbers(10):
        leaf(i)
    list(delegating(7))
    g = numbers(5)
    next(g)
    g.send(3)
    g.close()
    with contextlib.suppress(ValueError):
        g = numbers(5)
        next(g)
        g.throw(ValueError())
    g = stubborn()
    next(g)
    for _ in range(4):
        g.throw(KeyError())
    g.close()
    numbers(3)  # made, never begun
    g = numbers(3)
    next(g)
    del g  # closed by its end
    sum(leaf(x) for x in range(9))
    for _ in range(3):
        with managed():
            leaf(0)


async def ticks(n):
    for i in range(n):
        await asyncio.sleep(0)
        yield i


async def worker(n):
    total = 0
    async for i in ticks(n):
        total += leaf(i)
    return total


async def cancelled():
    try:
        await asyncio.sleep(100)
    finally:
        leaf(1)


async def main():
    await asyncio.gather(*(worker(i) for i in range(5)))
    task = asyncio.ensure_future(cancelled())
    await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


class Thing:
    def __init__(self, value):
        self.value = value

    def __lt__(self, other):
        return self.value < other.value

    @property
    def twice(self):
        return leaf(self.value) * 2

    def __del__(self):
        leaf(0)


def objects():
    things = [Thing(x) for x in (5, 3, 9, 1)]
    sorted(things)
    sorted(range(20), key=lambda x: leaf(-x))
    for t in things:
        t.twice

    class Local:
        value = leaf(1)

    return Local


def in_thread(n):
    for _ in range(n):
        fib(7)
        catches(1)
        list(numbers(3))


def work():
    for i in range(1000):
        leaf(i)
    fib(12)
    deep(200)
    catches(10)
    generators()
    inner(12)
    objects()
    exec("def made(x):\n    return x\nmade(1)\nmade(2)", {"__name__": "made"})
    asyncio.run(main())
    threads = [threading.Thread(target=in_thread, args=(i + 1,)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
