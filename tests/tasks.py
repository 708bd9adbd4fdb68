# SPDX-License-Identifier: GPL-2.0-or-later
"""
Programs whose asyncio tasks are known: tasks.py WHAT [N]. Each writes what asyncio itself says of
them, a line of JSON, when they stand still:
[[task, coroutine, [names of the tasks that await it], [[function, line] of its stack]], ...].

kinds   tasks that wait for others in many ways, in two threads, and one whose thread has ended
circle  two that wait for each other
many N  N tasks
spin N  N tasks of a loop at full speed; no truth but that they are there
"""
import asyncio
import json
import sys
import threading
import time

HOUR = 3600


def stack_of(task):
    """Innermost first, out of the coroutine objects."""
    frames, awaited = [], task.get_coro()
    while awaited is not None:
        for prefix in "cr", "gi", "ag":
            frame = getattr(awaited, prefix + "_frame", None)
            if frame:
                code = frame.f_code
                frames.insert(0, [code.co_qualname, frame.f_lineno])
                awaited = getattr(awaited, prefix + "_await", None) or getattr(awaited, prefix + "_yieldfrom", None)
                break
        else:
            return frames
    return frames


def said(tasks):
    return [[task.get_name(), task.get_coro().__qualname__,
             sorted(by.get_name() for by in task._asyncio_awaited_by or ()), stack_of(task)] for task in tasks]


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
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(leaf(event), name="in the group")
        tasks.create_task(inner(event), name="also\tin it\x1b[31m")


async def gathers(event):
    await asyncio.gather(asyncio.create_task(leaf(event), name="gathered 1"),
                         asyncio.create_task(leaf(event), name="gathered 2"))


async def times():
    await asyncio.sleep(HOUR)


async def deep(event, n):
    await (deep(event, n - 1) if n else leaf(event))


async def everything():
    event = asyncio.Event()
    shared = asyncio.create_task(Service().outer(event), name="shared")
    keep = [shared, asyncio.create_task(größe(shared), name="one of two"),
            asyncio.create_task(größe(shared), name="two of two"),
            asyncio.create_task(group(event)), asyncio.create_task(gathers(event), name="gathers"),
            asyncio.create_task(times(), name="x" * 60), asyncio.create_task(deep(event, 50), name="deep")]
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
    await settle()
    tell(tasks)
    await asyncio.sleep(HOUR)


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
    asyncio.run({"kinds": kinds, "circle": circle, "many": many, "spin": spin}[sys.argv[1]](*sys.argv[2:]))
