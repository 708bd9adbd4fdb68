# SPDX-License-Identifier: GPL-2.0-or-later
"""A program whose functions touch known numbers of fresh pages.

faults.py run FIFO DONE FILE: waits for FIFO, works, writes DONE, waits again. DONE has what
getrusage says of each function. FILE is made, on a disk.
faults.py check PAGES DONE BEFORE AFTER: fails unless the last page has that, and in all the
growth between BEFORE and AFTER: its pages of address space and of memory while it waited.
"""
import json
import mmap
import os
import resource
import sys

PAGES = 2000
SIZE = PAGES * mmap.PAGESIZE


def faults():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_minflt, usage.ru_majflt


def reserves():
    room = mmap.mmap(-1, SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_NOHUGEPAGE"):
        room.madvise(mmap.MADV_NOHUGEPAGE)
    return room


def touches(room):
    before = faults()
    for at in range(0, SIZE, mmap.PAGESIZE):
        room[at] = 1
    return [b - a for a, b in zip(before, faults())]


def has_filled(room, zero):
    before = faults()
    os.readv(zero, [room])
    return [b - a for a, b in zip(before, faults())]


def releases(room):
    room.close()


def looks(room):
    before, n = faults(), 0
    for at in range(0, SIZE, mmap.PAGESIZE):
        n += room[at]
    return [b - a for a, b in zip(before, faults())]


def work(zero, path):
    done = {}
    room = reserves()
    done["touches"] = touches(room)
    releases(room)
    room = reserves()
    done["has_filled"] = has_filled(room, zero)
    kept = reserves()
    with open(path, "r+b") as f:
        # no longer in the page cache
        os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        file = mmap.mmap(f.fileno(), SIZE, access=mmap.ACCESS_READ)
        done["looks"] = looks(file)
    return done, room, kept, file


def run(fifo, done, path):
    fifo, zero = os.open(fifo, os.O_RDONLY), os.open("/dev/zero", os.O_RDONLY)
    with open(path, "wb") as f:
        f.write(bytes(SIZE))
        f.flush()
        os.fsync(f.fileno())
    os.read(fifo, 1)
    before = faults()
    sums, *rooms = work(zero, path)
    sums["all"] = [b - a for a, b in zip(before, faults())]
    with open(done + ".tmp", "w") as f:
        json.dump(sums, f)
    os.rename(done + ".tmp", done)
    os.read(fifo, 1)


def near(what, have, want, off):
    print(what, have, want)
    assert abs(have - want) <= off, (what, have, want)


def check(pages, done, before, after):
    with open(pages) as f:
        page = json.loads(f.readlines()[-1])
    assert sum(page["loss"].values()) == 0, page["loss"]
    with open(done) as f:
        done = json.load(f)
    rows = {}
    for r in page["rows"]:
        print(r["function"], [r[k + "_total"] for k in ("minor", "major", "grown_bytes", "shrunk_bytes", "mapped_bytes", "unmapped_bytes")])
        assert r["function"] not in rows
        rows[r["function"]] = r
    # What getrusage itself costs is in another function.
    for function in "touches", "has_filled", "looks":
        near(function + " minor", rows[function]["minor_total"], done[function][0], 8)
        near(function + " major", rows[function]["major_total"], done[function][1], 0)
        assert rows[function]["file"].endswith("/faults.py")
        assert rows[function]["line"] == globals()[function].__code__.co_firstlineno
    assert PAGES <= rows["touches"]["minor_total"] <= PAGES + 16
    assert PAGES <= rows["has_filled"]["minor_total"] <= PAGES + 16
    assert done["looks"][1] > 0
    near("all", sum(r["minor_total"] for r in rows.values()), done["all"][0], 40)
    near("touches grown", rows["touches"]["grown_bytes_total"], SIZE, 16 * 4096)
    near("has_filled grown", rows["has_filled"]["grown_bytes_total"], SIZE, 16 * 4096)
    near("looks grown", rows["looks"]["grown_bytes_total"], SIZE, 16 * 4096)
    near("reserves mapped", rows["reserves"]["mapped_bytes_total"], 3 * SIZE, 0)
    near("releases unmapped", rows["releases"]["unmapped_bytes_total"], SIZE, 0)
    near("releases shrunk", rows["releases"]["shrunk_bytes_total"], SIZE, 16 * 4096)
    before, after = ([int(n) * mmap.PAGESIZE for n in text.split()] for text in (before, after))

    def net(grown, shrunk):
        return sum(r[grown + "_bytes_total"] - r[shrunk + "_bytes_total"] for r in rows.values())

    near("address space", net("mapped", "unmapped"), after[0] - before[0], 0)
    near("memory", net("grown", "shrunk"), after[1] - before[1], 16 * 4096)


if __name__ == "__main__":
    {"run": run, "check": check}[sys.argv[1]](*sys.argv[2:])
