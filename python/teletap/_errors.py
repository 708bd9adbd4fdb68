# SPDX-License-Identifier: 0BSD
"""Exceptions, handled or not, by place (page 246; the log, page 245, has them too)."""
import sys
import threading

from teletap import _native
from teletap._app import around, text_of

_MARK = "__teletap_reported__"


def what_of(exception):
    kind = type(exception)
    text = text_of(exception)
    return "%s: %s" % (kind.__qualname__, text) if text else kind.__qualname__


def place_of(exception):
    """The file and line that raised it."""
    at = exception.__traceback__
    if at is None:
        return "?"
    while at.tb_next:
        at = at.tb_next
    return "%s:%s" % (at.tb_frame.f_code.co_filename, at.tb_lineno)


def error(what, place=None, handled=False):
    """Something went wrong, what and where (default: the caller's line); handled: the
    program goes on as if nothing had happened."""
    if place is None:
        frame = sys._getframe(1)
        place = "%s:%d" % (frame.f_code.co_filename, frame.f_lineno)
    _native._error(place, what, bool(handled))


def report(exception=None, handled=True):
    """An exception (default: the one being handled), at the place that raised it. An
    exception object is reported once, however many places see it on its way."""
    if exception is None:
        exception = sys.exc_info()[1]
    if not isinstance(exception, BaseException):
        raise TypeError("an exception is needed, not %r" % type(exception))
    if _first_time(exception):
        _native._error(place_of(exception), what_of(exception), bool(handled))


def _first_time(exception):
    try:
        if getattr(exception, _MARK, False):
            return False
        setattr(exception, _MARK, True)
    except Exception:  # it takes no attributes: it is reported each time
        pass
    return True


class reports:
    """Reports the exceptions that leave a function ('@teletap.reports()', coroutines too)
    or a block ('with teletap.reports():') and raises them again; with consume=True the
    program goes on instead, and the function returns value.

    kinds: of exceptions, as for 'except'."""

    def __init__(self, consume=False, value=None, kinds=Exception):
        self.consume, self.value, self.kinds = consume, value, kinds
        issubclass(Exception, kinds)  # TypeError for what 'except' would not take

    def __enter__(self):
        return self

    def __exit__(self, kind, exception, traceback):
        if exception is None or not isinstance(exception, self.kinds):
            return False
        report(exception, self.consume)
        return self.consume

    def __call__(self, function):
        return around(function, lambda: self, self.value)


def install(excepthook=True, threads=True, unraisable=True, asyncio=None, loop=None):
    """Reports what nobody has caught, then does what would have been done without:
    excepthook: in the main thread; threads: in threads of the threading package;
    unraisable: where Python cannot raise (__del__, for example); asyncio: in tasks and
    callbacks of all its loops (default: when asyncio has been imported); loop: one loop,
    of another package. A second call installs nothing twice."""
    if excepthook:
        _chain(sys, "excepthook", lambda kind, value, traceback: value)
    if threads:
        _chain(threading, "excepthook",
               lambda args: None if args.exc_type is SystemExit else args.exc_value)
    if unraisable:
        _chain(sys, "unraisablehook", lambda unraisable: unraisable.exc_value)
    if asyncio or (asyncio is None and "asyncio" in sys.modules):
        from asyncio import BaseEventLoop
        _chain(BaseEventLoop, "call_exception_handler", lambda self, context: _context(context))
    if loop is not None:
        _chain_loop(loop)


def _chain(owner, name, exception_of):
    """Puts a function before owner.name that reports the exception among its arguments."""
    before = getattr(owner, name)
    if getattr(before, _MARK, False):
        return

    def hook(*args):
        _quietly(exception_of, args)
        return before(*args)

    setattr(hook, _MARK, True)
    setattr(owner, name, hook)


def _chain_loop(loop):
    before = loop.get_exception_handler()
    if getattr(before, _MARK, False):
        return

    def handler(loop, context):
        _quietly(_context, (context,))
        if before is None:
            loop.default_exception_handler(context)
        else:
            before(loop, context)

    setattr(handler, _MARK, True)
    loop.set_exception_handler(handler)


def _context(context):
    """The exception of an asyncio context; without one its message is reported."""
    exception = context.get("exception")
    if exception is None:
        _native._error("asyncio", text_of(context.get("message")), False)
    return exception


def _quietly(exception_of, args):
    try:
        exception = exception_of(*args)
        if exception is not None:
            report(exception, False)
    except Exception:  # what the hook is there for comes first
        pass
