"""Writing changes down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from json import JSONEncoder
from typing import Any

from rattail.database.bulk import change_rows, insert_rows
from rattail.database.dialect import is_sqlite
from rattail.retail.models import Change

NAMES = ("batch", "sequence", "position", "record", "action", "record_id", "fields", "before", "after", "is_held")
INSERT = "insert"
UPDATE = "update"
SEEN = "seen"

#: Values of one change, in the order of its fields, as JSON.
encode = JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

ChangeRow = tuple[int, int, int, str, str, int, str, str, str, bool]


def change_row(
    batch: int,
    sequence: int,
    position: int,
    *,
    record: str,
    action: str,
    record_id: int,
    fields: str,
    before: Sequence[Any],
    after: Sequence[Any],
) -> ChangeRow:
    """One change as `write_changes` takes it. `fields` are names with commas between; values as the database has them.

    An update names the fields that change, an insert all of `Record.fields`. Of a record in a series (a cost, a
    price) an insert's `before` is what was in force on its day. `seen` is not carried out: it only refuses where the
    record is not as it was.
    """
    return (
        batch,
        sequence,
        position,
        record,
        action,
        record_id,
        fields,
        encode(before) if before else "[]",
        encode(after),
        False,
    )


def write_changes(rows: Iterable[ChangeRow]) -> None:
    """Write changes down, in the caller's transaction."""
    insert_rows(Change, NAMES, rows)


def forget_changes(batch: int, *, sequences: Sequence[int] | None = None) -> None:
    """Take down what a batch, or some of its rows, would have changed."""
    if sequences is None:
        change_rows("DELETE FROM retail_change WHERE batch = %s", [batch])
    else:
        for sequence in sequences:
            change_rows("DELETE FROM retail_change WHERE batch = %s AND sequence = %s", [batch, sequence])


def stored(value: date | datetime | None) -> str | None:
    """A date or a time as the database keeps it, for `before` and `after` and for bulk rows."""
    if not isinstance(value, datetime):
        return None if value is None else value.isoformat()
    text = value.astimezone(UTC).replace(tzinfo=None).isoformat(" ")
    return text if is_sqlite() else f"{text}+00"
