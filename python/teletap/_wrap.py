# SPDX-License-Identifier: 0BSD
"""Spans (page 242) around what a program hands over itself: applications of WSGI and ASGI, and
classes of DB-API. Arguments, results and exceptions are passed on as they are."""
import functools
import importlib
import inspect
import operator
import os
import sys

from teletap._app import span
from teletap._operation import Begun, request_name, statement_name

_BODY = ("http.response.body", "http.response.pathsend", "http.response.zerocopysend")
_DEPTH = 8  # of applications mounted in each other


def _application(given):
    """The application given, or the one that the environment names."""
    if given is not None:
        return given
    place = os.environ.get("TELETAP_APP")
    if not place:
        raise RuntimeError("TELETAP_APP: not set; set it to the application, as module:name")
    module, _, name = place.partition(":")
    return operator.attrgetter(name or "application")(importlib.import_module(module))


def _route_of(route, request):
    """What the program's own function says, which may be anything."""
    try:
        name = route(request)
        return name if isinstance(name, str) else None
    except Exception:
        return None


class wsgi:
    """An application of WSGI, whose requests are spans of page 242: 'application =
    teletap.wsgi(application)'. route: a function that makes the pattern of its route, a str, of
    an environ. Without an application: the one that TELETAP_APP names, module:name."""

    def __init__(self, application=None, route=None):
        self.application = _application(application)
        self.route = route

    def __call__(self, environ, start_response):
        route = _route_of(self.route, environ) if self.route else None
        method = environ.get("REQUEST_METHOD")
        begun = Begun(request_name(method, route))
        begun.whole = method == "HEAD"  # nobody asks for its body

        def started(status, *rest):
            if str(status).startswith("5"):
                begun.failed = True
            return start_response(status, *rest)

        try:
            body = self.application(environ, started)
        except BaseException:
            begun.failed = True
            begun.end()
            raise
        if _sent_at_once(body, environ.get("wsgi.file_wrapper")):
            begun.end(whole=True)
            return body
        return (_SizedBody if hasattr(body, "__len__") else _Body)(body, begun)


def _sent_at_once(body, file_wrapper):
    """The body is there already, or a file, which the server has to recognize."""
    return (type(body) in (list, tuple) or hasattr(body, "read")
            or isinstance(file_wrapper, type) and isinstance(body, file_wrapper))


class _Body:
    """The body of a response, as it is; the request ends with it. One that is closed before
    its end has failed."""

    def __init__(self, body, begun):
        self._body, self._begun, self._parts = body, begun, None

    def __iter__(self):
        self._parts = iter(self._body)
        return self

    def __next__(self):
        if self._parts is None:
            self._parts = iter(self._body)
        try:
            return next(self._parts)
        except StopIteration:
            self._begun.whole = True
            raise
        except BaseException:
            self._begun.failed = True
            raise

    def close(self):
        try:
            if hasattr(self._body, "close"):
                self._body.close()
        except BaseException:
            self._begun.failed = True
            raise
        finally:
            self._begun.end()

    def __getattr__(self, name):
        return getattr(self._body, name)


class _SizedBody(_Body):
    def __len__(self):
        return len(self._body)


def _match(routes, scope, depth):
    """The pattern of the route that Starlette's router takes, None without one."""
    partial = None
    for route in routes:
        match, child = route.matches(scope)
        if match.name == "NONE":
            continue
        inner = getattr(route, "routes", None)
        path = getattr(route, "path", "")  # of a host: none
        if inner and depth < _DEPTH:
            return path + (_match(inner, {**scope, **child}, depth + 1) or "/{path}")
        if inner is not None:
            path += "/{path}"
        if match.name == "FULL":
            return path
        partial = partial or path  # of another method
    return partial


class asgi:
    """An application of ASGI 3, whose HTTP requests are spans of page 242: 'app =
    teletap.asgi(app)', or as middleware, 'app.add_middleware(teletap.asgi)'. route: a function
    that makes the pattern of its route, a str, of a scope; None: Starlette's and FastAPI's own.
    Without an application: the one that TELETAP_APP names, module:name."""

    def __init__(self, app=None, route=None):
        self.app = _application(app)
        self.route = route or self._router

    def _router(self, scope):
        routes = getattr(scope.get("app", self.app), "routes", None)
        return _match(routes, scope, 0) if routes else None

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        begun = Begun(request_name(scope.get("method"), _route_of(self.route, scope)))

        async def sent(message):
            result = await send(message)
            if message["type"] == "http.response.start":
                begun.failed = message["status"] >= 500
            elif message["type"] in _BODY and not message.get("more_body"):
                begun.end(whole=True)
            return result

        try:
            return await self.app(scope, receive, sent)
        finally:
            begun.end()  # unless its response has ended


def _spanned(method, name):
    """The method of a cursor, each call a span."""
    def begin(args, kwargs):
        return span(name(args[0] if args else kwargs.get("query")))

    if inspect.iscoroutinefunction(method):
        @functools.wraps(method)
        async def wrapper(self, *args, **kwargs):
            with begin(args, kwargs):
                return await method(self, *args, **kwargs)
    else:
        @functools.wraps(method)
        def wrapper(self, *args, **kwargs):
            with begin(args, kwargs):
                return method(self, *args, **kwargs)
    return wrapper


def queries(cls):
    """A class like this one, a DB-API cursor's or sqlite3.Connection, whose queries are spans of
    page 242: by the library, the first word and the table. For the library's own parameter:
    'sqlite3.connect(path, factory=teletap.queries(sqlite3.Connection))'."""
    library = cls.__module__.split(".")[0]
    sqlite3 = sys.modules.get("sqlite3")
    if sqlite3 and issubclass(cls, sqlite3.Connection):
        return _sqlite3_connection(cls, queries(sqlite3.Cursor))
    if not hasattr(cls, "execute") or hasattr(cls, "cursor"):
        raise TypeError("a cursor's class or sqlite3.Connection is needed, not %r" % cls)
    names = dict.fromkeys(("execute", "executemany", "executescript"),
                          functools.partial(statement_name, library))
    names["callproc"] = lambda procedure: library + " CALL"
    return _derived(cls, {method: _spanned(getattr(cls, method), name)
                          for method, name in names.items() if hasattr(cls, method)})


def _derived(cls, methods):
    return type(cls)(cls.__name__, (cls,), dict(
        methods, __module__=cls.__module__, __qualname__=cls.__qualname__, __doc__=cls.__doc__))


def _sqlite3_connection(cls, cursor_class):
    def cursor(self, factory=cursor_class):
        return cls.cursor(self, factory)

    def by_cursor(name):
        @functools.wraps(getattr(cls, name))
        def method(self, *args):  # as the library's own does it
            made = self.cursor()
            getattr(made, name)(*args)
            return made
        return method

    return _derived(cls, dict({name: by_cursor(name) for name in (
        "execute", "executemany", "executescript")}, cursor=cursor))
