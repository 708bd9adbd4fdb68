# SPDX-License-Identifier: 0BSD
"""Lines for the log (page 245)."""
import logging

from teletap import _native
from teletap._app import text_of
from teletap._errors import what_of

EMERGENCY, ALERT, CRITICAL, ERR, WARNING, NOTICE, INFO, DEBUG = range(8)


def log(level, text):
    """A line; level: one of syslog's, 0 (emergency) to 7 (debug)."""
    _native._log(level, text)


def level_of(number):
    """syslog's level for one of logging's."""
    for least, level in ((50, CRITICAL), (40, ERR), (30, WARNING), (25, NOTICE), (20, INFO)):
        if number >= least:
            return level
    return DEBUG


class Formatter(logging.Formatter):
    """An exception's last line is enough: a line of the ring holds 464 bytes."""

    def __init__(self):
        super().__init__("%(name)s: %(message)s")

    def format(self, record):
        text = self.formatMessage(record)
        if record.exc_info and record.exc_info[1] is not None:
            text += ": " + what_of(record.exc_info[1])
        return text

    def formatMessage(self, record):
        record.message = record.getMessage()
        return super().formatMessage(record)


class LogHandler(logging.Handler):
    """A handler for the logging package: logging.getLogger().addHandler(LogHandler())."""

    def __init__(self, level=logging.NOTSET):
        super().__init__(level)
        self.formatter = Formatter()

    def emit(self, record):
        try:
            _native._log(level_of(record.levelno), text_of(self.format(record)))
        except Exception:
            self.handleError(record)
