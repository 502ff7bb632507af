"""Looking at the records in SQLite without Django and without changing anything, for check-appdir."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

from rattail.appdir.inspect import Looking
from rattail.database.setup import DATABASE_FILE

if TYPE_CHECKING:
    from sqlite3 import Connection

_PATIENCE_S = 5


def sqlite_file(looking: Looking) -> str | None:
    """Where the records are, if they are in SQLite; None where they are on a server."""
    return None if looking.values.get("database.url") else f"{looking.location('data')}/{DATABASE_FILE}"


@contextmanager
def opened_for_looking(file: str) -> Iterator[Connection]:
    """The records, to be read only.

    SQLite makes files beside a database that it reads, which would belong to whoever looks. So a database that nobody
    has open, which has none beside it, is read as one that cannot change.

    Raises:
        sqlite3.Error: it cannot be opened, or is no database; also later, while it is read.
    """
    from sqlite3 import connect

    how = "mode=ro" if os.path.exists(f"{file}-wal") else "mode=ro&immutable=1"
    records = connect(f"file:{quote(file)}?{how}", uri=True, timeout=_PATIENCE_S)
    try:
        yield records
    finally:
        records.close()
