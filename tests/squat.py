# SPDX-License-Identifier: GPL-2.0-or-later
"""squat.py COMMAND...: a process of nobody's listens for questions about the pages of a process
whose number is free, and answers them. The number then comes again, as a process of root's, about which
COMMAND asks: {} in it is the number."""
import os
import signal
import socket
import subprocess
import sys
import time

NAME = "\0teletap/%s/%d"


def become_nobody():
    os.setgid(65534)
    os.setuid(65534)


def listen(pair):
    """In nobody's process: a child binds the name of its own number, hands the socket over and ends."""
    become_nobody()
    if not os.fork():
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.bind(NAME % (os.readlink("/proc/self/ns/pid"), os.getpid()))
        s.listen(8)
        socket.send_fds(pair, [b"%d" % os.getpid()], [s.fileno()])
        os._exit(0)
    os.wait()
    os._exit(0)


def answer(fd):
    become_nobody()
    s = socket.socket(fileno=fd)
    while True:
        c, _ = s.accept()
        question = c.recv(16)
        c.send(b"l301\tqueue\tWhat is waiting\n" if question == b"list"
               else b"tqueue\tWhat is waiting\nall is well, says nobody\n")
        c.close()


def take_number(number):
    """A child of that number, which sleeps."""
    for _ in range(500):
        with open("/proc/sys/kernel/ns_last_pid", "w") as f:
            f.write(str(number - 1))
        pid = os.fork()
        if not pid:
            time.sleep(1000)
        if pid == number:
            return
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    sys.exit("the number did not come again")


ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
holder = os.fork()
if not holder:
    listen(theirs)
message, fds, _, _ = socket.recv_fds(ours, 100, 1)
os.waitpid(holder, 0)
server = os.fork()
if not server:
    answer(fds[0])
os.close(fds[0])
try:
    number = int(message)
    take_number(number)
    try:
        status = subprocess.run([a.replace("{}", str(number)) for a in sys.argv[1:]], check=False).returncode
    finally:
        os.kill(number, signal.SIGKILL)
finally:
    os.kill(server, signal.SIGKILL)
sys.exit(status)
