"""Reading many tables as they were at one moment, without keeping anybody from writing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from rattail.database.dialect import is_sqlite


@contextmanager
def one_snapshot() -> Iterator[None]:
    """Read everything inside as it is now, whatever others commit meanwhile. Nothing may be written inside."""
    if not is_sqlite():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
        return
    connection.ensure_connection()
    raw: Any = connection.connection
    raw.execute("BEGIN DEFERRED")  # Django's own transactions take the lock to write
    try:
        yield
    finally:
        raw.execute("ROLLBACK")
