# SPDX-License-Identifier: 0BSD
"""What the program is, its configuration, its calculations and its operations."""
import functools
import inspect

from teletap import _native


def text_of(value):
    """str(value), whatever that does: a marker never raises for what it is to show."""
    if isinstance(value, str):
        return value
    try:
        return str(value)
    except Exception as failure:
        return "<%s without text: %s>" % (type(value).__name__, type(failure).__name__)


def start(version, commit="", build=""):
    """The program has started: version, commit and build number (pages 201, 245). Once."""
    _native._start(version, commit, text_of(build))


def config(key, value):
    """A setting in force, of any type (page 202). Again when it changes."""
    _native._config(key, text_of(value))


class Calculation:
    """How a named calculation came to its result (page 240). Each function returns the
    value that it was given, so it can stand where the value is made:

        speed = teletap.Calculation("speed")
        pulses = speed.input("pulses", read())
        return speed.result(pulses / 4.8)
    """

    __slots__ = ("name",)

    def __init__(self, name):
        if not isinstance(name, str):
            raise TypeError("a str is needed, not %r" % type(name))
        self.name = name

    def input(self, item, value):
        _native._state(0, self.name, item, text_of(value))
        return value

    def step(self, item, value):
        _native._state(1, self.name, item, text_of(value))
        return value

    def result(self, value):
        _native._state(2, self.name, "", text_of(value))
        return value


class span:
    """An operation, from begin to end (page 242): 'with teletap.span("fetch"):', in
    coroutines too, or '@teletap.span("fetch")' before a function. It has failed when an
    exception leaves it, or when status, an int, is not 0 at its end."""

    __slots__ = ("operation", "status", "_id")

    def __init__(self, operation):
        if not isinstance(operation, str):
            raise TypeError("a str is needed, not %r" % type(operation))
        self.operation = operation
        self.status = 0

    def __enter__(self):
        self._id = _native._span_begin(self.operation)
        return self

    def __exit__(self, kind, value, traceback):
        status = self.status
        if type(status) is not int:
            status = 1 if status else 0
        _native._span_end(self.operation, self._id, status or kind is not None)

    def __call__(self, function):
        return around(function, lambda: span(self.operation))


def around(function, make, value=None):
    """A function that does what this one does, within the context that make() makes, and
    returns value when that context swallows an exception."""
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError("a generator is not one call: use 'with' inside it")
    if inspect.iscoroutinefunction(function):
        @functools.wraps(function)
        async def wrapper(*args, **kwargs):
            with make():
                return await function(*args, **kwargs)
            return value
    else:
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            with make():
                return function(*args, **kwargs)
            return value
    return wrapper
