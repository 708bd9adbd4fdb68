#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""mutate.py SEED COUNT FILE FOLDER: writes COUNT files into FOLDER, each FILE with other
notes of markers (addresses, names, arguments, sizes), and of the same build-id. The same
SEED gives the same files; their names, 0000-WHAT, tell what was done.

mutate.py --move pc|base|semaphore BYTES FILE OUT: FILE with one field of its first marker
that has it moved.

mutate.py --lie generation|end|beginning|neither FILE OUT: a Python whose notes say that collections
are of generation -1, or whose end or beginning never comes; or neither."""

import os
import random
import struct
import sys

FIELDS = ("pc", "base", "semaphore")


class File:
    """A little-endian 64-bit ELF file and where its markers' notes are."""

    def __init__(self, data):
        self.data = bytearray(data)
        assert data[:6] == b"\x7fELF\2\1", "no little-endian 64-bit ELF file"
        shoff, = struct.unpack_from("<Q", data, 40)
        shentsize, shnum, shstrndx = struct.unpack_from("<HHH", data, 58)
        tables = [struct.unpack_from("<IIQQQQIIQQ", data, shoff + i * shentsize)
                  for i in range(shnum)]
        names = tables[shstrndx][4]
        self.header, self.notes = None, []
        for i, table in enumerate(tables):
            at = names + table[0]
            if data[at:data.index(b"\0", at)] == b".note.stapsdt":
                self.header = shoff + i * shentsize
                self.read(table[4], table[5])
        assert self.notes, "no markers"

    def read(self, at, size):
        end = at + size
        while at + 12 <= end:
            owner, desc, kind = struct.unpack_from("<III", self.data, at)
            body = at + 12 + (owner + 3 & ~3)
            if kind == 3:
                self.notes.append((at, body, desc))
            at = body + (desc + 3 & ~3)

    def field(self, note, name):
        return struct.unpack_from("<Q", self.data, note[1] + 8 * FIELDS.index(name))[0]

    def put(self, note, name, value):
        struct.pack_into("<Q", self.data, note[1] + 8 * FIELDS.index(name), value % 2**64)

    def named(self, name):
        """A marker of CPython's own."""
        return next(note for note in self.notes
                    if self.data[note[1] + 24:].startswith(b"python\0" + name + b"\0"))

    def strings(self, note):
        """Where provider, name and arguments begin."""
        at, found = note[1] + 24, []
        for _ in range(3):
            found.append(at)
            at = self.data.index(b"\0", at) + 1
        return found


def move(name):
    def change(file, note, rng):
        by = rng.choice((1, -1, 2, 3, 4, 5, 8, 16, rng.randrange(-4096, 4096), 1 << 20, 1 << 32,
                         -(1 << 40), 1 << 63))
        file.put(note, name, file.field(note, name) + by)
    return change


def value(name):
    def change(file, note, rng):
        file.put(note, name, rng.choice((0, 1, 0x40, 2**64 - 1, 2**63, rng.getrandbits(64),
                                         rng.randrange(len(file.data)))))
    return change


def swap_sites(file, note, rng):
    other = rng.choice(file.notes)
    a, b = file.field(note, "pc"), file.field(other, "pc")
    file.put(note, "pc", b)
    file.put(other, "pc", a)


def text(which):
    def change(file, note, rng):
        at = file.strings(note)[which]
        end = note[1] + note[2]
        for _ in range(rng.randrange(1, 6)):
            if at < end:
                file.data[rng.randrange(at, end)] = rng.choice((0, 0x20, 0x25, 0x40, 0x28, 0xff,
                                                                rng.randrange(256)))
    return change


def arguments(file, note, rng):
    at = file.strings(note)[2]
    room = note[1] + note[2] - at - 1
    new = rng.choice((b"8@(%rsp) -4@%eax", b"8@0x7fffffff(%rax,%rbx,8)", b"16@%xmm0", b"8@-8(%rip)",
                      b"8@%rax", b"4@$-1", b"8@environ(%rip)", b"@@@@", b"8f@%xmm1"))[:max(room, 0)]
    file.data[at:at + max(room, 0)] = new.ljust(max(room, 0), b" ")


def size(file, note, rng):
    struct.pack_into("<I", file.data, note[0] + rng.choice((0, 4, 8)),
                     rng.choice((0, 1, 3, 4, 7, 8, 23, 24, 25, 2**31, 2**32 - 1,
                                 rng.randrange(200))))


def section(file, note, rng):
    at = file.header + rng.choice((4, 8, 24, 32, 48))
    old, = struct.unpack_from("<Q", file.data, at)
    struct.pack_into("<Q", file.data, at, rng.choice((old + 4, old - 4, old + 1, old * 2, 2, 8, 0,
                                                      2**64 - 8)) % 2**64)


KINDS = {"pc-moved": move("pc"), "pc": value("pc"), "sites-swapped": swap_sites,
         "semaphore-moved": move("semaphore"), "semaphore": value("semaphore"),
         "base-moved": move("base"), "base": value("base"), "arguments": arguments,
         "arguments-text": text(2), "name": text(1), "provider": text(0), "size": size,
         "section": section}


def lie(file, what):
    start, done = file.named(b"gc__start"), file.named(b"gc__done")
    if what == "generation":
        at = file.strings(start)[2]
        end = file.data.index(b"\0", at)
        file.data[at:end] = b"4@$-" + b"1".rjust(end - at - 4, b"0")
    elif what == "end":
        file.put(done, "semaphore", 0)
    else:
        file.put(start, "pc", file.field(file.named(b"import__find__load__start"), "pc"))
    if what == "neither":
        file.put(done, "pc", file.field(file.named(b"import__find__load__done"), "pc"))


def mutated(data, seed, count):
    """Names and contents of the files that SEED gives."""
    rng = random.Random(seed)
    for i in range(count):
        kind = sorted(KINDS)[i % len(KINDS)]
        file = File(data)
        for _ in range(rng.choice((1, 1, 2, 20))):
            KINDS[kind](file, rng.choice(file.notes), rng)
        yield "%04d-%s" % (i, kind), file.data


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)
    os.chmod(path, 0o755)


def main():
    if len(sys.argv) == 6 and sys.argv[1] == "--move":
        name, by, path, out = sys.argv[2:]
        with open(path, "rb") as f:
            file = File(f.read())
        note = next(n for n in file.notes if file.field(n, name))
        file.put(note, name, file.field(note, name) + int(by, 0))
        write(out, file.data)
    elif len(sys.argv) == 5 and sys.argv[1] == "--lie":
        with open(sys.argv[3], "rb") as f:
            file = File(f.read())
        lie(file, sys.argv[2])
        write(sys.argv[4], file.data)
    elif len(sys.argv) == 5:
        with open(sys.argv[3], "rb") as f:
            data = f.read()
        for name, changed in mutated(data, int(sys.argv[1]), int(sys.argv[2])):
            write(os.path.join(sys.argv[4], name), changed)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
