# SPDX-License-Identifier: GPL-2.0-or-later
"""A program whose audit events are known: it counts them itself.

audit.py FIFO RESULT: waits until it can read a byte from FIFO, without an audit event;
works; writes how many events of each name its own hook has seen to RESULT.
"""
import collections
import json
import os
import socket
import subprocess
import sys

seen = collections.Counter()
sys.addaudithook(lambda event, arguments: seen.update((event,)))


def known_opener(folder):
    for _ in range(5):
        open(os.path.join(folder, "plain"), "w").close()
    with open(os.path.join(folder, "\u00e9t\u00e9 \u6587\t\\"), "wb"):
        pass
    os.close(os.open(os.fsencode(os.path.join(folder, "by_bytes")), os.O_RDWR | os.O_CREAT))
    os.close(os.open(os.path.join(folder, "l" * 250), os.O_WRONLY | os.O_CREAT))
    open(os.dup(0)).close()


def known_connecter():
    with socket.socket() as s:
        s.settimeout(5)
        try:
            s.connect(("127.0.0.1", 9))
        except OSError:
            pass
    with socket.socket(socket.AF_UNIX) as s:
        try:
            s.connect("/nowhere")
        except OSError:
            pass


def known_starter():
    subprocess.run(["/bin/true", "one", "two words"], check=True, close_fds=False)
    subprocess.run("exit 0", shell=True, check=True)
    os.system("exit 0")
    if os.fork() == 0:
        os.execv("/bin/true", ["renamed", "argument"])
    os.wait()
    seen["os.exec"] += 1  # counted in the child's memory


def known_auditor():
    for i in range(1000):
        sys.audit("known.event", i)
    sys.audit("known.bare")
    sys.audit("known.\u00e9")
    for arguments in ((), (None,), (1 << 70,), ([],), (known_auditor, "x" * 300), ("", ()), (-5, -7)):
        for event in ("open", "import", "os.exec", "socket.connect", "subprocess.Popen"):
            sys.audit(event, *arguments)


fifo = os.open(sys.argv[1], os.O_RDONLY)
result = os.open(sys.argv[2] + ".tmp", os.O_WRONLY | os.O_CREAT, 0o600)
folder = os.path.dirname(sys.argv[2])
os.read(fifo, 1)
seen.clear()
import colorsys  # noqa: E402 F401
known_opener(folder)
known_connecter()
known_starter()
known_auditor()
text = json.dumps(dict(seen)).encode()
os.write(result, text)
os.read(fifo, 1)  # here the figures are compared
