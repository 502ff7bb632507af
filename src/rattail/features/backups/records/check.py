"""Whether a copy of the records is good."""

from __future__ import annotations

from typing import NamedTuple

from rattail.features.backups.records import postgresql, sqlite
from rattail.features.backups.records.copy import Kind
from rattail.features.backups.records.problem import Problem
from rattail.features.backups.records.sqlite import Cancelled

_READ_AT_ONCE = 1 << 20


class Checked(NamedTuple):
    """What was found. `problem` is empty where the copy is good; `counts` are the rows of each table."""

    ok: bool
    problem: str
    counts: dict[str, int]


def check_copy(path: str, kind: Kind, *, cancelled: Cancelled = lambda: False) -> Checked:
    """Look through all of a copy, and change nothing.

    SQLite: every page and index, and every reference between rows. A dump of PostgreSQL: that it is one, whole to its
    end mark, and that each row has as many cells as its table has columns.

    Raises:
        Interrupted: `cancelled` said so.
    """
    try:
        if kind == "sqlite":
            return Checked(True, "", sqlite.check_sqlite(path, cancelled=cancelled))
        with open(path, "rb", buffering=_READ_AT_ONCE) as stream:
            return Checked(True, "", postgresql.contents_of(stream, cancelled=cancelled).counts)
    except Problem as problem:
        return Checked(False, str(problem), {})
    except OSError as error:
        return Checked(False, f"it cannot be read: {error.strerror or error}", {})
