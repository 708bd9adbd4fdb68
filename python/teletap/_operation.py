# SPDX-License-Identifier: 0BSD
"""What spans of frameworks (page 242) have in common: how they begin and end, and names that
are few: a method of HTTP, the verb and the table of a statement. Whatever comes from outside
is one of few known words or not part of a name."""
import functools
import re

from teletap import _native

_METHODS = frozenset("CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT TRACE".split())
_VERBS = frozenset("ALTER ANALYZE BEGIN CALL COMMIT COPY CREATE DELETE DROP EXPLAIN INSERT MERGE "
                   "PRAGMA RELEASE REPLACE ROLLBACK SAVEPOINT SELECT SET SHOW TRUNCATE UPDATE "
                   "VACUUM VALUES WITH".split())
# The table of these verbs follows that word.
_BEFORE_TABLE = {"SELECT": "FROM", "DELETE": "FROM", "INSERT": "INTO", "REPLACE": "INTO",
                 "MERGE": "INTO", "UPDATE": "UPDATE"}
_NOT_TABLES = frozenset("IGNORE LATERAL LOW_PRIORITY ONLY OR ROWS SELECT TABLE VALUES".split())

# Where literals and comments end depends on the database then: backslashes and # (MySQL),
# $tag$ (PostgreSQL), q'' (Oracle), comments within comments.
_UNCLEAR = re.compile(r"""\\ | \# | \$\w*\$ | (?<![\w'])n?q' | /\*(?:(?!\*/).)*/\*
    | \bDISTINCT\s*(?:--|/\*)""", re.VERBOSE | re.DOTALL | re.IGNORECASE)
# What decides where the table is; all else is passed over.
_MARK = re.compile(r"""'[^']*' | "[^"]*"(?:[.,\s]*"[^"]*")* | `[^`]*` | --[^\n]* | /\*.*?\*/
    | \bDISTINCT\s+FROM\b
    | (?P<bracket>[()]) | (?P<word>(?<![\w$@:.%])(?:FROM|INTO|UPDATE)(?![\w$])) | (?P<end>['"`;])""",
                   re.VERBOSE | re.DOTALL | re.IGNORECASE)
_PART = r'(?:[\w$]+|"[^"]+"|`[^`]+`)'
_TABLE = re.compile(r'\s*(%s(?:\.%s){0,3})(?![\w$."`])(\s*\()?' % (_PART, _PART))
_PLAIN = re.compile(r"[^\W\d][\w$. -]{0,63}")

_STATEMENT_MAX = 4000  # as many characters of it are read
_NAME_MAX = 120
_TABLES_MAX = 100
_tables = set()


def _known(word, words):
    return word if word in words else "other"


def request_name(method, route):
    """The name of a request; route: its pattern, or None."""
    return ("%s %s" % (_known(method, _METHODS), route or "(no route)"))[:_NAME_MAX]


def _table_at(statement, at, calls):
    """The table that stands there; calls: what an opening bracket follows is a function."""
    found = _TABLE.match(statement, at)
    if found is None or (calls and found[2]) or found.end(1) == _STATEMENT_MAX:
        return None
    name = found[1].replace('"', "").replace("`", "")
    return name if name.upper() not in _NOT_TABLES and _PLAIN.fullmatch(name) else None


def _table(statement, verb):
    """The table that the statement is about, None where that is not certain."""
    before, depth = _BEFORE_TABLE.get(verb), 0
    if before is None or _UNCLEAR.search(statement):
        return None
    for found in _MARK.finditer(statement):
        if found["bracket"]:
            depth += 1 if found["bracket"] == "(" else -1
        elif found["end"]:  # of the statement, or a literal that does not end
            return None
        elif depth == 0 and (found["word"] or "").upper() == before:
            return _table_at(statement, found.end(), before == "FROM")
    return None


@functools.lru_cache(maxsize=128)
def _verb_and_table(statement):
    statement = statement.lstrip("( \r\n\t")
    verb = _known(re.match(r"\w*", statement)[0].upper(), _VERBS)
    table = _table(statement, verb)
    if table is None:
        return verb
    if len(_tables) < _TABLES_MAX:
        _tables.add(table)
    return verb + " " + (table if table in _tables else "(another table)")


def statement_name(database, statement):
    """The name of a query: the database, the verb and, where it is certain, the table. A program
    may make any number of tables: of 100 names, which stay what they are."""
    try:
        statement = statement[:_STATEMENT_MAX]
        if isinstance(statement, bytes):
            statement = statement.decode("latin-1")
        return ("%s %s" % (database, _verb_and_table(statement)))[:_NAME_MAX]
    except Exception:  # an object of the driver's own
        return "%s other" % database


class Begun:
    """A span that has begun. It ends once: by end, or when nobody has it any more; it has failed
    unless it has come to its end (whole) and nothing has failed on the way."""

    __slots__ = ("name", "failed", "whole", "_number")

    def __init__(self, name):
        self.name = name
        self.failed = self.whole = False
        self._number = _native._span_begin(name)

    def end(self, whole=False):
        number, self._number = self._number, None
        if number is not None:
            _native._span_end(self.name, number, self.failed or not (whole or self.whole))

    def __del__(self):
        try:
            self.end()
        except Exception:  # the interpreter ends
            pass
