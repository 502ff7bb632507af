"""Many rows at once: `executemany` on SQLite, COPY on PostgreSQL, never a model instance a row.

Values are whole numbers, texts, booleans and None, as the database keeps them; dates are ISO texts.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, models

from rattail.database.dialect import is_sqlite, quoted

_FETCHED_AT_ONCE = 2000
_ROWS_BETWEEN_LOOKS = 200_000


@contextmanager
def many_short_lived() -> Iterator[None]:
    """Let Python look for cyclic garbage rarely while many rows pass by: there is none in rows, and looking for it
    takes four tenths of the time of judging a catalog.
    """
    before = gc.get_threshold()
    gc.set_threshold(_ROWS_BETWEEN_LOOKS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def columns_of(model: type[models.Model], names: Sequence[str]) -> list[str]:
    """The database's names of a model's fields."""
    return [str(field_of(model, name).column) for name in names]


def field_of(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    """A model's own field, never one of another model that points here."""
    field = model._meta.get_field(name)
    assert isinstance(field, models.Field), f"{name!r} is no column of {model.__name__}"
    return field


def insert_rows(model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows whose values stand in the order of the fields `names`, in the caller's transaction."""
    columns = ", ".join(quoted(column) for column in columns_of(model, names))
    table = quoted(model._meta.db_table)
    connection.ensure_connection()
    raw: Any = connection.connection
    with connection.wrap_database_errors:
        if is_sqlite():
            marks = ", ".join("?" * len(names))
            raw.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)  # noqa: S608 - names of ours
            return
        with raw.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


def fetch_rows(sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """All rows of a query that is known to be short."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def stream_rows(sql: str, parameters: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
    """The rows of a long query, a few thousand in memory at a time."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, parameters)
        while rows := cursor.fetchmany(_FETCHED_AT_ONCE):
            yield from rows


def change_rows(sql: str, parameters: Sequence[Any] = ()) -> int:
    """Run one statement that changes rows; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return int(cursor.rowcount)
