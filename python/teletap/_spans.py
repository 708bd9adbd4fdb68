# SPDX-License-Identifier: 0BSD
"""Spans of frameworks (page 242), by what each library offers for it: its signals. A span is
begun and ended by two of them, so nothing of the program is replaced."""
import functools
import importlib.util
import sys
import threading

from teletap import _native

_METHODS = frozenset("CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT TRACE".split())
_VERBS = frozenset("ALTER BEGIN CALL COMMIT CREATE DELETE DROP INSERT RELEASE ROLLBACK SAVEPOINT "
                   "SELECT SET UPDATE WITH".split())
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


def _known(word, words):
    """The word, one of few: it comes from outside."""
    return word if word in words else "other"


class _Open(threading.local):
    """The request of this thread."""
    name, number, failed = None, 0, False


def _django_requests(signals):
    request = _Open()

    def route(path):
        from django.urls import Resolver404, resolve
        try:
            return "/" + resolve(path).route
        except Resolver404:
            return "(no route)"

    @_quiet
    def started(environ=None, **_):
        if environ is None:  # ASGI: begun in one thread and ended in another
            return
        path = environ.get("PATH_INFO", "/").encode("latin-1").decode("utf-8", "replace")
        request.name = "%s %s" % (_known(environ["REQUEST_METHOD"], _METHODS), route(path or "/"))
        request.failed = False
        request.number = _native._span_begin(request.name)

    @_quiet
    def failed(**_):
        request.failed = True

    @_quiet
    def finished(**_):
        name, request.name = request.name, None
        if name is not None:
            _native._span_end(name, request.number, request.failed)

    signals.request_started.connect(started)
    signals.got_request_exception.connect(failed)
    signals.request_finished.connect(finished)


def _django_queries(signals):
    def query(execute, sql, params, many, context):
        try:
            verb = sql.lstrip("( \n\t").split(None, 1)[0].upper()
            name = "%s %s" % (context["connection"].alias, _known(verb, _VERBS))
            number = _native._span_begin(name)
        except Exception:
            return execute(sql, params, many, context)
        failed = True
        try:
            result = execute(sql, params, many, context)
            failed = False
            return result
        finally:
            _native._span_end(name, number, failed)

    @_quiet
    def created(connection, **_):
        if query not in connection.execute_wrappers:
            connection.execute_wrappers.append(query)

    signals.connection_created.connect(created)


def _flask_requests(signals):
    key = "teletap.span"

    @_quiet
    def started(app, **_):
        from flask import request
        rule = request.url_rule
        name = "%s %s" % (_known(request.method, _METHODS), rule.rule if rule else "(no route)")
        request.environ[key] = [name, _native._span_begin(name), False]

    @_quiet
    def failed(app, **_):
        from flask import request
        request.environ[key][2] = True

    @_quiet
    def finished(app, **_):
        from flask import request
        begun = request.environ.pop(key, None)
        if begun is not None:
            _native._span_end(*begun)

    signals.request_started.connect(started)
    signals.got_request_exception.connect(failed)
    signals.request_tearing_down.connect(finished)


def _celery_tasks(signals):
    begun = {}

    @_quiet
    def started(task_id=None, task=None, **_):
        if len(begun) < _OPEN_MAX:
            begun[task_id] = task.name, _native._span_begin(task.name)

    @_quiet
    def finished(task_id=None, state=None, **_):
        if task_id in begun:
            _native._span_end(*begun.pop(task_id), state == "FAILURE")

    signals.task_prerun.connect(started)
    signals.task_postrun.connect(finished)


_WANTED = {
    "django.core.signals": _django_requests, "django.db.backends.signals": _django_queries,
    "flask.signals": _flask_requests, "celery.signals": _celery_tasks,
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
    """Requests, tasks and queries of Django, Flask and Celery are spans from now on. A second
    call does nothing twice."""
    for name in list(_WANTED):
        if name in sys.modules:
            _connect(name, sys.modules[name])
    if _WANTED and not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
