"""Files that the records name and a plain copy of a folder lacks.

An archive has them all. Another tool copies the folder while files come and go, beside a copy of the records that is
some hours old: what was removed since is still named there, and nobody can bring it back from there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from string import Formatter
from typing import TYPE_CHECKING

from rattail.errors import BackupUnproven
from rattail.feature import RowFiles
from rattail.features.backups.records.copy import Kind
from rattail.features.backups.records.problem import Problem
from rattail.features.backups.records.sqlite import quoted
from rattail.features.backups.records.tables import opened_copy

if TYPE_CHECKING:
    from sqlite3 import Connection


def missing_files(
    copy: str, kind: Kind, declared: Sequence[RowFiles], *, location: Callable[[str], str]
) -> tuple[str, ...]:
    """The logical paths, sorted, of files that rows in a copy of the records name, and that are not there.

    `location` says where a logical path lies.

    Raises:
        BackupUnproven: the copy is not good.
    """
    from sqlite3 import Error

    try:
        with opened_copy(copy, kind, {each.table for each in declared}) as (records, tables):
            named = (path for each in declared if each.table in tables for path in _named(each, records))
            return tuple(sorted({path for path in named if not os.path.lexists(location(path))}))
    except (Error, Problem, ValueError) as problem:
        raise BackupUnproven(
            f"the copy of the records is not good: {problem}.", hint="restore another backup"
        ) from None


def _named(declared: RowFiles, records: Connection) -> Iterator[str]:
    """The paths that the rows of a table name; none where the records are so old that they lack a column."""
    columns = [name for _, name, _, _ in Formatter().parse(declared.path) if name]
    column, value = declared.only or ("", "")
    there = {name for _, name, *_ in records.execute(f"PRAGMA table_info({quoted(declared.table)})")}
    if not {*columns, *([column] if column else [])} <= there:
        return
    query = f"SELECT {', '.join(map(quoted, columns))} FROM {quoted(declared.table)}"  # noqa: S608
    asked = (f"{query} WHERE {quoted(column)} = ?", (value,)) if column else (query, ())
    for row in records.execute(*asked):
        path = declared.path.format(**dict(zip(columns, row, strict=True)))
        if ".." not in path.split("/"):
            yield path
