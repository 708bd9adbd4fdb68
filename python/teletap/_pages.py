# SPDX-License-Identifier: 0BSD
"""Pages 300 to 399, that the program draws itself.

A thread of the extension waits at a socket for questions: "list", or a page's number.
It is an abstract one, in no directory, named after the process and its namespace; only
root and the process's own user are answered. Each answer is drawn in a thread of its own,
so the program's other threads may be blocked or busy, as long as they let go of the
interpreter's lock now and then.

An answer: a letter, then for "list" (l) lines of number, name and title, separated by
tabs; otherwise the name, a tab, the title, a newline and the text (t, or c when it was
cut), or why there is none (e); or no such page (n).
"""
import _thread
import atexit
import os
import select
import socket
import struct
import time

from teletap import _native
from teletap._errors import report, what_of

FIRST, LAST = 300, 399
TEXT_MAX = 65536  # bytes
PATIENCE = 0.2  # s, for a question

_pages = {}
_listener = _wake = None
_process = 0  # that they belong to


class _Page:
    __slots__ = ("name", "title", "function", "began")

    def __init__(self, name, title, function):
        self.name, self.title, self.function = name, title, function
        self.began = None


def page(number, name, title=""):
    """Registers a function without arguments that returns the text of a page, a number
    from 300 to 399. It is called, in a thread of its own, only when that page is asked
    for, and whoever asks waits 2 s for the text.

        @teletap.page(301, "queue", "What is waiting")
        def queue_page():
            return "\\n".join(str(job) for job in waiting)
    """
    if isinstance(number, bool) or not isinstance(number, int):
        raise TypeError("a page's number is an int, not %r" % type(number))
    if not FIRST <= number <= LAST:
        raise ValueError("a page's number is one from %d to %d" % (FIRST, LAST))
    for word in (name, title):
        if not isinstance(word, str):
            raise TypeError("a str is needed, not %r" % type(word))

    def register(function):
        if not callable(function):
            raise TypeError("a function is needed, not %r" % type(function))
        _pages[number] = _Page(_words(name, 24), _words(title, 60), function)
        _start()
        return function

    return register


def _words(text, most):
    return " ".join(text.split())[:most]


def _start():
    """Listens, unless we do; where that cannot be, the log (page 245) says why."""
    global _listener, _wake, _process
    try:
        if _process != os.getpid():
            _forked()
        if _listener is None:
            name = "\0teletap/%s/%d" % (os.readlink("/proc/self/ns/pid"), os.getpid())
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            try:
                listener.bind(name)
                listener.listen(8)
                listener.setblocking(False)
                _wake = os.eventfd(0, os.EFD_CLOEXEC)
            except BaseException:
                listener.close()
                raise
            _listener, _process = listener, os.getpid()
        _native._serve(_serve)
    except OSError as failure:
        _native._log(4, "teletap: nobody can ask for pages: " + what_of(failure))


def _serve():
    poll = select.poll()
    poll.register(_listener, select.POLLIN)
    poll.register(_wake, select.POLLIN)
    while True:
        ready = [fd for fd, _ in poll.poll()]
        if _wake in ready:
            os.eventfd_read(_wake)
            return
        try:
            connection = _listener.accept()[0]
        except OSError:
            time.sleep(0.05)  # no more files, perhaps
            continue
        try:
            _take(connection)
        except Exception:
            connection.close()


def _take(connection):
    """Answers one question; a page's text comes from a thread of its own."""
    connection.settimeout(PATIENCE)
    _, uid, _ = struct.unpack("iII", connection.getsockopt(
        socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("iII")))
    question = connection.recv(16) if uid in (0, os.geteuid()) else b""
    if question == b"list":
        rows = ["%d\t%s\t%s\n" % (n, p.name, p.title) for n, p in sorted(_pages.copy().items())]
        _say(connection, "l" + "".join(rows))
        return
    page = _pages.get(int(question)) if question.isdigit() else None
    if page is None:
        _say(connection, "n")
        return
    began = page.began
    if began is not None:
        _say(connection, _head("e", page) + "its function has been running for %.1f s, for "
             "somebody who asked before" % (time.monotonic() - began))
        return
    page.began = time.monotonic()
    try:
        _thread.start_new_thread(_draw, (page, connection))
    except BaseException:
        page.began = None
        raise


def _head(letter, page):
    return "%s%s\t%s\n" % (letter, page.name, page.title)


def _say(connection, text):
    with connection:
        connection.send(text.encode("utf-8", "backslashreplace"))


def _draw(page, connection):
    answer = None
    try:
        text = page.function()
        if not isinstance(text, str):
            raise TypeError("a page is a str, not %s" % type(text).__name__)
        letter = "t" if len(text) <= TEXT_MAX else "c"
        data = text[:TEXT_MAX].encode("utf-8", "backslashreplace")
        if len(data) > TEXT_MAX:
            letter, data = "c", data[:TEXT_MAX].decode("utf-8", "ignore").encode()
        answer = _head(letter, page) + data.decode()
    except BaseException as failure:
        answer = _head("e", page) + "its function failed: %s" % what_of(failure)[:500]
        report(failure)
    finally:
        page.began = None
    try:
        _say(connection, answer)
    except OSError:  # he has gone
        pass


def _pause():
    """Before a fork, and at the end: the thread ends; whoever asks waits."""
    if _wake is not None and _process == os.getpid():
        _native._join(_wake)


def _forked():
    """In a child: the socket is the parent's. At the end: it is nobody's."""
    global _listener, _wake
    for page in _pages.values():
        page.began = None
    if _listener is not None:
        _listener.close()
        os.close(_wake)
        _listener = _wake = None


def _again():
    if _pages:
        _start()


def _end():
    _pause()
    _forked()
    _pages.clear()


os.register_at_fork(before=_pause)
_native._again(_again)
atexit.register(_end)
