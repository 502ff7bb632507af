"""Finding the next rows of a batch by index alone, however many rows it has and however deep one is in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import connection

from rattail.database.bulk import fetch_rows
from rattail.database.dialect import is_sqlite, quoted
from rattail.features.batches.models import Batch
from rattail.features.batches.models.rows import Row

_ESCAPED = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})
_MOST_MIXES = 200  # there are some dozens at most; a query cannot be endless


class Sought(NamedTuple):
    """Rows after `after`, with any of the bits of `statuses` (0: whatever they have), in which `text` stands."""

    after: int
    statuses: int = 0
    text: str = ""


def seek_rows(batch: Batch, model: type[Row], columns: Sequence[str], sought: Sought, *, limit: int) -> list[Any]:
    """At most `limit` rows as the database has them, in their order.

    One look into an index for the rows; with statuses one for each mix of statuses in the batch that has one of
    them. Only `text` has rows read that are not shown.
    """
    table = quoted(model._meta.db_table)
    names = ", ".join(quoted(column) for column in columns)
    text, words = _containing(model, sought.text)
    if not sought.statuses:
        sql = f"SELECT {names} FROM {table} WHERE batch_id = %s AND sequence > %s{text} ORDER BY sequence LIMIT %s"  # noqa: S608
        return fetch_rows(sql, [batch.pk, sought.after, *words, limit])
    mixes = [mix for mix in mixes_of(batch, model) if mix & sought.statuses][:_MOST_MIXES]
    if not mixes:
        return []
    one = (
        f"SELECT * FROM (SELECT {names}, sequence AS place FROM {table} WHERE batch_id = %s AND statuses = %s "  # noqa: S608
        f"AND sequence > %s{text} ORDER BY sequence LIMIT %s) AS one"
    )
    parameters = [value for mix in mixes for value in (batch.pk, mix, sought.after, *words, limit)]
    rows = fetch_rows(f"{' UNION ALL '.join([one] * len(mixes))} ORDER BY place LIMIT %s", [*parameters, limit])
    return [row[:-1] for row in rows]


def mixes_of(batch: Batch, model: type[Row]) -> list[int]:
    """The different mixes of statuses that rows of a batch have: from one to the next larger, a look each."""
    table = quoted(model._meta.db_table)
    sql = (
        f"WITH RECURSIVE mixes(mix) AS (SELECT min(statuses) FROM {table} WHERE batch_id = %s UNION ALL "  # noqa: S608
        f"SELECT (SELECT min(r.statuses) FROM {table} r WHERE r.batch_id = %s AND r.statuses > mixes.mix) "
        "FROM mixes WHERE mixes.mix IS NOT NULL) SELECT mix FROM mixes WHERE mix IS NOT NULL"
    )
    return [row[0] for row in fetch_rows(sql, [batch.pk, batch.pk])]


def _containing(model: type[Row], text: str) -> tuple[str, list[str]]:
    """SQL, and its values, for rows in which a text stands, whatever the case of its letters."""
    if not text:
        return "", []
    has = {str(field.column) for field in model._meta.concrete_fields}
    columns = [name for name in ("code", "key", "vendor_code", "description", "note") if name in has]
    like = "LIKE" if is_sqlite() else "ILIKE"
    sql = " OR ".join(f"{connection.ops.quote_name(name)} {like} %s ESCAPE '\\'" for name in columns)
    return f" AND ({sql})", [f"%{text.translate(_ESCAPED)}%"] * len(columns)
