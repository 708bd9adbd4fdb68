# SPDX-License-Identifier: 0BSD
"""Spans of frameworks (page 242), by what each library offers for it: its signals and events. A
span is begun and ended by two of them, so nothing of the program is replaced."""
import contextvars
import functools
import importlib.util
import sys
import threading

from teletap._app import span
from teletap._operation import Begun, request_name, statement_name

_OPEN_MAX = 10000  # spans of tasks whose end has not come
_kept = []  # receivers, which signals hold weakly


def _quiet(function):
    """The function, which raises nothing into the program."""
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        try:
            function(*args, **kwargs)
        except Exception:
            pass
    _kept.append(wrapper)
    return wrapper


def _django_requests(signals):
    request = contextvars.ContextVar("teletap_request", default=None)

    def route(path):
        from django.urls import Resolver404, resolve
        try:
            return "/" + resolve(path).route
        except Resolver404:
            return None

    def of_wsgi(environ):
        path = environ.get("PATH_INFO", "/").encode("latin-1").decode("utf-8", "replace")
        return environ["REQUEST_METHOD"], path

    def of_asgi(scope):
        prefix, path = scope.get("root_path", ""), scope["path"]
        return scope["method"], path[len(prefix):] if path.startswith(prefix) else path

    @_quiet
    def started(environ=None, scope=None, **_):
        method, path = of_wsgi(environ) if environ is not None else of_asgi(scope)
        request.set(Begun(request_name(method, route(path or "/"))))

    @_quiet
    def failed(**_):
        request.get().failed = True

    @_quiet
    def finished(**_):
        request.get().end(whole=True)

    signals.request_started.connect(started)
    signals.got_request_exception.connect(failed)
    signals.request_finished.connect(finished)


def _django_queries(signals):
    def query(execute, sql, params, many, context):
        with span(statement_name(context["connection"].alias, sql)):
            return execute(sql, params, many, context)

    @_quiet
    def created(connection, **_):
        if query not in connection.execute_wrappers:
            connection.execute_wrappers.append(query)

    signals.connection_created.connect(created)


def _sqlalchemy_queries(engine):
    from sqlalchemy import event

    @_quiet
    def started(conn, cursor, statement, parameters, context, executemany):
        context._teletap_span = Begun(statement_name(conn.dialect.name, statement))

    @_quiet
    def finished(conn, cursor, statement, parameters, context, executemany):
        context._teletap_span.end(whole=True)

    @_quiet
    def failed(exception_context):
        exception_context.execution_context._teletap_span.end()

    event.listen(engine.Engine, "before_cursor_execute", started)
    event.listen(engine.Engine, "after_cursor_execute", finished)
    event.listen(engine.Engine, "handle_error", failed)


def _flask_requests(signals):
    key = "teletap.span"

    @_quiet
    def started(app, **_):
        from flask import request
        rule = request.url_rule
        request.environ[key] = Begun(request_name(request.method, rule and rule.rule))

    @_quiet
    def failed(app, **_):
        from flask import request
        request.environ[key].failed = True

    @_quiet
    def finished(app, **_):
        from flask import request
        request.environ.pop(key).end(whole=True)

    signals.request_started.connect(started)
    signals.got_request_exception.connect(failed)
    signals.request_tearing_down.connect(finished)


def _celery_tasks(signals):
    begun = {}

    @_quiet
    def started(task_id=None, task=None, **_):
        if len(begun) < _OPEN_MAX:
            begun[task_id] = Begun(task.name)

    @_quiet
    def finished(task_id=None, state=None, **_):
        task = begun.pop(task_id)
        task.failed = state == "FAILURE"
        task.end(whole=True)

    signals.task_prerun.connect(started)
    signals.task_postrun.connect(finished)


_WANTED = {
    "django.core.signals": _django_requests, "django.db.backends.signals": _django_queries,
    "flask.signals": _flask_requests, "celery.signals": _celery_tasks,
    "sqlalchemy.engine": _sqlalchemy_queries,
}


def _connect(name, module):
    try:
        _WANTED.pop(name)(module)
    except Exception:  # another version of it, or Flask without blinker
        pass


class _Finder:
    """Connects to the signals of libraries that are imported later."""

    def find_spec(self, name, path=None, target=None):
        if name not in _WANTED or getattr(_busy, "name", None) == name:
            return None
        _busy.name = name
        try:
            spec = importlib.util.find_spec(name)
        finally:
            _busy.name = None
        if spec is not None and hasattr(spec.loader, "exec_module"):
            run = spec.loader.exec_module

            def exec_module(module):
                run(module)
                if name in _WANTED:
                    _connect(name, module)

            spec.loader.exec_module = exec_module
        return spec


_busy = threading.local()


def spans():
    """Requests, tasks and queries of Django, Flask, SQLAlchemy and Celery are spans from now on. A
    second call does nothing twice."""
    for name in list(_WANTED):
        if name in sys.modules:
            _connect(name, sys.modules[name])
    if _WANTED and not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
