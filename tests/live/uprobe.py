# SPDX-License-Identifier: GPL-2.0-or-later
"""uprobe.py FILE ADDRESS COUNTER: holds a perf uprobe at a place of a file, with a reference
counter at another, as bpftrace does, until the standard input ends; then the kernel refuses
a uprobe without a counter there (EINVAL). Addresses are offsets in the file."""
import ctypes
import os
import struct
import sys

path, where, counter = sys.argv[1].encode(), int(sys.argv[2], 0), int(sys.argv[3], 0)
kind = int(open("/sys/bus/event_source/devices/uprobe/type").read())
name = ctypes.create_string_buffer(path)
attr = struct.pack("=IIQQQQQ", kind, 112, counter << 32, 0, 0, 0, 0)
attr += struct.pack("=IIQQ", 0, 0, ctypes.addressof(name), where)
attr = ctypes.create_string_buffer(attr.ljust(112, b"\0"), 112)
libc = ctypes.CDLL(None, use_errno=True)
fd = libc.syscall(298, attr, -1, 0, -1, 0)
if fd < 0:
    sys.exit(os.strerror(ctypes.get_errno()))
print("placed", flush=True)
sys.stdin.read()
