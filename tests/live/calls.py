# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls of every kind, the same ones each time."""
import asyncio
import functools
import sys
import threading


def plain(n):
    return n + 1


def recursive(n):
    return n and recursive(n - 1) + 1


def even(n):
    return True if n == 0 else odd(n - 1)


def odd(n):
    return False if n == 0 else even(n - 1)


def raises(n):
    if n == 0:
        raise ValueError(n)
    try:
        raises(n - 1)
    finally:
        plain(n)


def catches():
    try:
        raises(5)
    except ValueError:
        return plain(0)


def numbers(n):
    for i in range(n):
        yield plain(i)


def delegates(n):
    yield 0
    yield from numbers(n)
    return 1


def guarded():
    try:
        while True:
            try:
                yield plain(1)
            except KeyError:
                plain(2)
    finally:
        plain(3)


def generators():
    for _ in range(3):
        sum(numbers(10))
    list(delegates(4))
    unused = numbers(5)
    del unused
    if sys.version_info < (3, 12):
        # Later ones run nothing to close it, unless they are traced or profiled.
        g = numbers(5)
        next(g)
        g.close()
    g = guarded()
    next(g)
    g.throw(KeyError)
    g.throw(KeyError())
    g.close()
    if sys.version_info >= (3, 11):
        # sys.setprofile of 3.9 does not report what runs when it is deleted.
        g = guarded()
        next(g)
        del g
    g = numbers(2)
    try:
        g.throw(RuntimeError)
    except RuntimeError:
        plain(0)
    g = guarded()
    next(g)
    try:
        g.throw(IndexError)
    except IndexError:
        plain(0)
    sum(plain(i) for i in range(7))


async def inner(n):
    await asyncio.sleep(0)
    return plain(n)


async def ticks(n):
    for i in range(n):
        yield plain(i)
        await asyncio.sleep(0)


class Context:
    async def __aenter__(self):
        plain(0)

    async def __aexit__(self, *exception):
        await asyncio.sleep(0)


async def outer(n):
    async with Context():
        async for i in ticks(n):
            await inner(i)
        return [j async for j in ticks(2)]


async def everything():
    await asyncio.gather(*(outer(3) for _ in range(4)))
    task = asyncio.ensure_future(asyncio.sleep(60))
    await inner(1)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        plain(0)


def decorator(f):
    @functools.wraps(f)
    def wrapper(*a):
        return f(*a)

    return wrapper


@decorator
@decorator
def decorated(n):
    return plain(n)


def classes():
    class Local:
        x = plain(1)

        def method(self):
            return plain(2)

        @property
        def prop(self):
            return plain(3)

        @staticmethod
        def static():
            return lambda: plain(4)

        class Nested(dict):
            y = [plain(i) for i in range(3)]

            def __getitem__(self, key):
                return plain(key)

    o = Local()
    o.method()
    o.prop
    Local.static()()
    Local.Nested()[1]
    return {plain(i): i for i in range(4)}, {plain(i) for i in range(4)}


class Compared:
    def __init__(self, n):
        self.n = n

    def __lt__(self, other):
        return self.n < other.n

    def __del__(self):
        plain(0)


def callbacks():
    sorted(range(20), key=lambda n: -n)
    sorted([Compared(n) for n in (3, 1, 2)])
    list(map(plain, range(10)))
    list(filter(lambda n: recursive(n) % 2, range(6)))
    functools.reduce(lambda a, b: plain(a) + b, range(5))
    max([1, 2, 3], key=functools.partial(plain))


def work(n):
    for _ in range(n):
        recursive(20)
        catches()
        generators()
        classes()
        callbacks()
        decorated(1)
        even(9)
    exec("def made(n):\n    return n\nmade(1)\n", {"__name__": "made"})


def main():
    work(5)
    threads = [threading.Thread(target=work, args=(20,)) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    asyncio.run(everything())


main()
