"""Whether a copy of the records is good."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple

from rattail.errors import BackupUnproven
from rattail.features.backups.records import postgresql, sqlite
from rattail.features.backups.records.copy import FILES, Copied, CopyNote, Kind, read_note
from rattail.features.backups.records.problem import Problem
from rattail.features.backups.records.sqlite import Cancelled

_READ_AT_ONCE = 1 << 20


class Checked(NamedTuple):
    """What was found. `problem` is empty where the copy is good; `counts` are the rows of each table.

    `migrations` are (app, name) as they were applied.
    """

    ok: bool
    problem: str
    counts: dict[str, int]
    migrations: tuple[tuple[str, str], ...] = ()


class CopyFound(NamedTuple):
    """A copy of the records in a folder that somebody may have copied while it was made anew.

    `is_noted`: what is written beside it is of it. Else all was found out by looking through it, and its own time of
    change stands for when it was made: it is not older than that, if whoever copied it kept the times of files.
    """

    note: CopyNote
    is_noted: bool


def check_copy(path: str, kind: Kind, *, cancelled: Cancelled = lambda: False) -> Checked:
    """Look through all of a copy, and change nothing.

    SQLite: every page and index, and every reference between rows. A dump of PostgreSQL: that it is one, whole to its
    end mark, and that each row has as many cells as its table has columns.

    Raises:
        Interrupted: `cancelled` said so.
    """
    try:
        if kind == "sqlite":
            counts = sqlite.check_sqlite(path, cancelled=cancelled)
            with sqlite.looked_into(path, cancelled=cancelled) as records:
                return Checked(True, "", counts, sqlite.migrations_of(records))
        with open(path, "rb", buffering=_READ_AT_ONCE) as stream:
            contents = postgresql.contents_of(stream, cancelled=cancelled)
            return Checked(True, "", contents.counts, contents.migrations)
    except Problem as problem:
        return Checked(False, str(problem), {})
    except OSError as error:
        return Checked(False, f"it cannot be read: {error.strerror or error}", {})


def find_copy(folder: str) -> CopyFound | None:
    """The copy of the records in `folder`; None where there is none.

    Raises:
        BackupUnproven: there is one, with nothing beside it that tells of it, and it is not good.
    """
    note = read_note(folder)
    if note is not None:
        return CopyFound(note, is_noted=True)
    there: list[tuple[float, Kind]] = []
    for kind, name in FILES.items():
        with suppress(OSError):
            there.append((os.stat(f"{folder}/{name}", follow_symlinks=False).st_mtime, kind))
    problem = ""
    for changed_s, kind in sorted(there, reverse=True):
        path = f"{folder}/{FILES[kind]}"
        checked = check_copy(path, kind)
        if checked.ok:
            copied = Copied(path, kind, os.path.getsize(path), "", checked.migrations, checked.counts)
            return CopyFound(CopyNote(datetime.fromtimestamp(changed_s, UTC), copied), is_noted=False)
        problem = problem or checked.problem
    if there:
        raise BackupUnproven(
            f"the copy of the records in '{folder}' is not good: {problem}.",
            hint="take an older copy, or one of: rattail list-backups",
        )
    return None
