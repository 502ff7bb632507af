"""Ids for records that do not exist yet, so that a change can name what it will make."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection, models, transaction

from rattail.database.dialect import is_sqlite, quoted


def reserve_ids(model: type[models.Model], count: int) -> Sequence[int]:
    """Take `count` ids of a table for good; whoever asks next gets others. Unused ones leave a gap."""
    if count < 1:
        return ()
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if not is_sqlite():
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [quoted(table), count]
            )
            return [int(row[0]) for row in cursor.fetchall()]
        with transaction.atomic():  # two that find no row yet must not both make one
            cursor.execute("UPDATE sqlite_sequence SET seq = seq + %s WHERE name = %s RETURNING seq", [count, table])
            row = cursor.fetchone()
            if row is None:
                cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, count])
        last = count if row is None else int(row[0])
        return range(last - count + 1, last + 1)
