# SPDX-License-Identifier: GPL-2.0-or-later
"""
Programs whose asyncio tasks are known: tasks.py WHAT [N]. Each writes what asyncio itself says of
them, a line of JSON, when they stand still:
[[task, coroutine, [names of the tasks that await it], [[function, line] of its stack]], ...].
To 3.13 asyncio does not say who awaits a task: AWAITED has what these programs do.

kinds   tasks that wait for others in many ways, in two threads, and one whose thread has ended
circle  two that wait for each other
pure    tasks of a class in Python and of asyncio's own that wait for each other, and one of a class of
        its own
many N  N tasks
spin N  N tasks of a loop at full speed; no truth but that they are there

TASKS=python in the environment: all tasks are of the class in Python; TASKS=alone: futures, too,
since there is no _asyncio; TASKS=uvloop: its loop.
"""
import gc
import json
import os
import sys
import threading
import time
import types

if os.environ.get("TASKS") == "alone":
    sys.modules["_asyncio"] = None
import asyncio  # noqa: E402
if os.environ.get("TASKS") == "python":
    asyncio.Task = asyncio.tasks.Task = asyncio.tasks._PyTask
if os.environ.get("TASKS") == "uvloop":
    import uvloop
    uvloop.install()

HOUR = 3600
AWAITED = {}


def awaited(by, *names):
    for name in names:
        AWAITED.setdefault(name, []).append(by)


def awaiters(task):
    known = sorted(AWAITED.get(task.get_name(), ()))
    if sys.version_info >= (3, 14):
        said = sorted(by.get_name() for by in task._asyncio_awaited_by or ())
        assert said == known, (task, said, known)
    return known


def name_of(code):
    return getattr(code, "co_qualname", code.co_name)  # from 3.11 on


def stack_of(task):
    """Innermost first, out of the coroutine objects."""
    frames, awaited = [], task.get_coro()
    while awaited is not None:
        if type(awaited).__name__ == "async_generator_asend":
            awaited = gc.get_referents(awaited)[0]  # the generator
        for prefix in "cr", "gi", "ag":
            frame = getattr(awaited, prefix + "_frame", None)
            if frame:
                code = frame.f_code
                frames.insert(0, [name_of(code), frame.f_lineno])
                awaited = getattr(awaited, prefix + "_await", None) or getattr(awaited, prefix + "_yieldfrom", None)
                break
        else:
            return frames
    return frames


def said(tasks):
    return [[task.get_name(), name_of(task.get_coro().cr_code), awaiters(task), stack_of(task)] for task in tasks]


def tell(tasks):
    print(json.dumps(said(tasks)), flush=True)


async def leaf(event):
    await event.wait()


async def inner(event):
    await leaf(event)


class Service:
    async def outer(self, event):
        await inner(event)


async def größe(task):
    await task


async def group(event):
    awaited(asyncio.current_task().get_name(), "in the group", "also\tin it\x1b[31m")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(leaf(event), name="in the group")
        tasks.create_task(inner(event), name="also\tin it\x1b[31m")


async def gathers(event):
    awaited("gathers", "gathered 1", "gathered 2", "gathered 3", "gathered 4")
    within = asyncio.gather(asyncio.create_task(leaf(event), name="gathered 3"),
                            asyncio.create_task(leaf(event), name="gathered 4"))
    await asyncio.gather(asyncio.create_task(leaf(event), name="gathered 1"),
                         asyncio.create_task(leaf(event), name="gathered 2"), within)


async def waits(event):
    awaited("waits", "waited 1", "waited 2")
    await asyncio.wait([asyncio.create_task(leaf(event), name="waited 1"),
                        asyncio.create_task(leaf(event), name="waited 2")])


async def shields(event):
    awaited("shields", "shielded")
    await asyncio.shield(asyncio.create_task(leaf(event), name="shielded"))


async def waits_for(event):
    awaited("waits for", "waited for")
    await asyncio.wait_for(asyncio.create_task(leaf(event), name="waited for"), HOUR)


class Own(asyncio.Task):
    pass


def numbers():
    while True:
        yield 1


@types.coroutine
def yields_itself(future):
    """Waits for a future by a plain yield, with a generator that it does not await at hand."""
    for _ in numbers():
        future._asyncio_future_blocking = True
        yield future


async def by_hand():
    await yields_itself(asyncio.get_running_loop().create_future())


async def yields(event):
    await leaf(event)
    yield


async def steps(event):
    async for _ in yields(event):
        pass


async def times():
    await asyncio.sleep(HOUR)


async def deep(event, n):
    await (deep(event, n - 1) if n else leaf(event))


async def everything():
    event = asyncio.Event()
    shared = asyncio.create_task(Service().outer(event), name="shared")
    keep = [shared, asyncio.create_task(größe(shared), name="one of two"),
            asyncio.create_task(größe(shared), name="two of two"),
            asyncio.create_task(group(event), name="group"), asyncio.create_task(gathers(event), name="gathers"),
            asyncio.create_task(times(), name="x" * 60), asyncio.create_task(deep(event, 50), name="deep"),
            asyncio.create_task(waits(event), name="waits"), asyncio.create_task(shields(event), name="shields"),
            asyncio.create_task(waits_for(event), name="waits for"), asyncio.create_task(steps(event), name="steps"),
            Own(leaf(event), name="of a class of its own"), asyncio.create_task(by_hand(), name="by hand")]
    if sys.version_info < (3, 11):
        keep[3].cancel()  # it has no TaskGroup
    awaited("one of two", "shared")
    awaited("two of two", "shared")
    return keep


async def settle():
    for _ in range(10):
        await asyncio.sleep(0)


def other(ready, told, event):
    async def main():
        task = asyncio.create_task(times(), name="in another thread")
        await settle()
        told.append(said([task]))
        ready.set()
        await asyncio.sleep(HOUR)
    asyncio.run(main())


def ends(kept):
    """Leaves a task behind."""
    loop = asyncio.new_event_loop()
    kept += [loop, loop.create_task(times(), name="left behind")]


async def kinds():
    ready, told, kept = threading.Event(), [], []
    threading.Thread(target=other, args=(ready, told, None), daemon=True).start()
    ready.wait()
    thread = threading.Thread(target=ends, args=(kept,))
    thread.start()
    thread.join()
    keep = await everything()
    await settle()
    mine = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    print(json.dumps(said(mine) + told[0] + [["left behind", "times", [], [["times", times.__code__.co_firstlineno]]]]), flush=True)
    await asyncio.sleep(HOUR)
    del keep


async def circle():
    tasks = []

    async def on(i):
        await asyncio.sleep(0)
        await tasks[i]
    tasks += [asyncio.create_task(on(1), name="A"), asyncio.create_task(on(0), name="B")]
    awaited("A", "B")
    awaited("B", "A")
    await settle()
    tell(tasks)
    await asyncio.sleep(HOUR)


class Foreign:
    """Whatever is registered, asyncio takes for a task."""
    def get_loop(self):
        return asyncio.get_running_loop()

    def done(self):
        return False


async def pure():
    loop, foreign, event = asyncio.get_running_loop(), Foreign(), asyncio.Event()
    tasks = [asyncio.tasks._PyTask(inner(event), loop=loop, name="in Python")]
    asyncio._register_task(foreign)
    mixed = sys.version_info >= (3, 14) and sys.modules["_asyncio"]  # asyncio knows those of its own alone
    if not mixed:
        tasks.append(asyncio.create_task(größe(tasks[0]), name="awaits it"))
        tasks.append(asyncio.tasks._PyTask(größe(tasks[1]), loop=loop, name="awaits both"))
        awaited("awaits it", "in Python")
        awaited("awaits both", "awaits it")
    await settle()
    known = asyncio.all_tasks() - {foreign}
    assert known == {*([] if mixed else tasks), asyncio.current_task()}, known
    tell([task for task in tasks if task in known])
    await asyncio.sleep(HOUR)
    del foreign


async def many(n):
    tasks = [asyncio.create_task(times(), name="task %d" % i) for i in range(int(n))]
    await settle()
    print(json.dumps([[task.get_name(), "times", [], stack_of(task)] for task in tasks]), flush=True)
    await asyncio.sleep(HOUR)


async def spin(n):
    async def turn():
        while True:
            await asyncio.sleep(0)
    tasks = [asyncio.create_task(turn(), name="turn %d" % i) for i in range(int(n))]
    print(json.dumps(len(tasks)), flush=True)
    await asyncio.sleep(HOUR)


if __name__ == "__main__":
    asyncio.run({"kinds": kinds, "circle": circle, "many": many, "pure": pure, "spin": spin}[sys.argv[1]](*sys.argv[2:]))
