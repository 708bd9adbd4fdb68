# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes files and deletes them, in the folder named, and prints which, as JSON."""
import ctypes
import json
import os
import sys
import time

folder = sys.argv[1]
libc = ctypes.CDLL(None, use_errno=True)
files = []
AT_FDCWD, SYS_OPENAT2 = -100, 437


def by_open(path):
    return os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)


def by_creat(path):
    return libc.creat(path.encode(), 0o600)


def by_openat2(path):
    how = (ctypes.c_uint64 * 3)(os.O_CREAT | os.O_WRONLY, 0o600, 0)
    return libc.syscall(SYS_OPENAT2, AT_FDCWD, path.encode(), ctypes.byref(how), 24)


def by_unlink(path):
    os.unlink(path)


def by_unlinkat(path):
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    os.unlink(os.path.basename(path), dir_fd=at)
    os.close(at)


def make(path, way, size):
    """Returns the times between which it came into being."""
    before = time.monotonic_ns()
    fd = way(path)
    after = time.monotonic_ns()
    assert fd >= 0, (path, ctypes.get_errno())
    os.write(fd, b"x" * size)
    os.close(fd)
    return before, after


def deleted(path, size, born, way, replaced=False):
    """Deletes it in this way; it is one of those that are to be shown."""
    before = time.monotonic_ns()
    way()
    after = time.monotonic_ns()
    assert after - born[0] < 900e6, "too slow for this test"
    files.append({"path": path, "size": size, "replaced": replaced,
                  "least": before - born[1], "most": after - born[0]})


for n, way in enumerate((by_open, by_creat, by_openat2)):
    for m, end in enumerate((by_unlink, by_unlinkat)):
        path, size = f"{folder}/way{n}{m}", 100 * n + m
        born = make(path, way, size)
        time.sleep(0.02 * m)
        deleted(path, size, born, lambda end=end, path=path: end(path))

# Its name is taken by another file, which lives on.
path = f"{folder}/over"
born = make(path, by_open, 7)
make(f"{folder}/new", by_open, 8)
deleted(path, 7, born, lambda: os.rename(f"{folder}/new", path), replaced=True)

# A file that has changed its name.
born = make(f"{folder}/before", by_open, 9)
os.rename(f"{folder}/before", f"{folder}/after")
deleted(f"{folder}/before", 9, born, lambda: os.unlink(f"{folder}/after"))

# Two names: with the last one it is gone.
born = make(f"{folder}/one", by_open, 10)
os.link(f"{folder}/one", f"{folder}/two")
os.unlink(f"{folder}/one")
deleted(f"{folder}/one", 10, born, lambda: os.unlink(f"{folder}/two"))

# Still open when it is deleted.
born = make(f"{folder}/open", by_open, 11)
with open(f"{folder}/open", "rb"):
    deleted(f"{folder}/open", 11, born, lambda: os.unlink(f"{folder}/open"))

# None of these: too old, without a name, with another name that stays, exchanged, not
# deleted after all, no file, and there before.
make(f"{folder}/old", by_open, 1)
time.sleep(1.1)
os.unlink(f"{folder}/old")
os.close(os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o600))
make(f"{folder}/stays", by_open, 1)
os.link(f"{folder}/stays", f"{folder}/stays2")
os.unlink(f"{folder}/stays")
make(f"{folder}/x", by_open, 1)
make(f"{folder}/y", by_open, 1)
assert libc.renameat2(AT_FDCWD, f"{folder}/x".encode(), AT_FDCWD, f"{folder}/y".encode(), 2) == 0
make(f"{folder}/kept", by_open, 1)
try:
    os.rmdir(f"{folder}/kept")
except NotADirectoryError:
    pass
os.mkdir(f"{folder}/folder")
os.rmdir(f"{folder}/folder")
os.symlink("nowhere", f"{folder}/link")
os.unlink(f"{folder}/link")
os.close(os.open(f"{folder}/kept", os.O_CREAT | os.O_RDWR))

json.dump({"pid": os.getpid(), "files": files}, sys.stdout)
