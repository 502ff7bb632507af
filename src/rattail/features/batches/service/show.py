"""Looking at batches: a list, one with its rows, and exactly what executing would change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from rattail.database.bulk import fetch_rows, stream_rows
from rattail.errors import NoSuchThing
from rattail.features.batches.kinds.known import kind_named
from rattail.features.batches.models import Batch
from rattail.features.batches.models.rows import Row
from rattail.features.batches.service.find import AT_WORK, find_batch
from rattail.features.batches.service.ground import Ground
from rattail.features.batches.service.read import count_changes
from rattail.features.batches.service.shown import shown_value, status_named
from rattail.features.batches.states import State
from rattail.features.batches.statuses import Status
from rattail.retail.changes.compare import Moved, moved_since_execution, moved_since_reading


class Total(NamedTuple):
    """How many records of a kind would be inserted or updated."""

    record: str
    action: str
    changes: int


class ShownChange(NamedTuple):
    """One record, field by field: before and after; `title` is what its row is about."""

    row: int
    title: str
    record: str
    record_id: int
    action: str
    before: dict[str, Any]
    after: dict[str, Any]


class Checked(NamedTuple):
    """What executing would do now; `moved` are records that keep it from being done.

    A batch that `is_undone_in_part` cannot be executed again. `looked_at`: only so many of its rows were compared.
    """

    totals: list[Total]
    moved_count: int
    moved: list[Moved]
    is_undone_in_part: bool
    looked_at: int | None = None


def list_batches(*, kind: str | None, state: str | None, limit: int, ground: Ground) -> list[Batch]:
    """The newest batches first, each in its true state."""
    for number in Batch.objects.filter(state__in=AT_WORK).values_list("number", flat=True):
        find_batch(number, ground=ground)
    batches = Batch.objects.select_related("vendor", "store").order_by("-number")
    if kind:
        batches = batches.filter(kind=kind_named(kind).name)
    if state:
        if state not in list(State):
            raise NoSuchThing(f"there is no state {state!r}: expected one of {', '.join(State)}.")
        batches = batches.filter(state=state)
    return list(batches[:limit])


def rows_of(batch: Batch, *, status: str | None, after: int, limit: int) -> list[Row]:
    """Rows of a batch in their order, from the one after `after`, with a status where one is named.

    The database finds them by the index over statuses: one short look for each mix of statuses that there is.

    Raises:
        NoSuchThing: there is no such status.
    """
    model = kind_named(batch.kind).row_model
    rows = model._default_manager.filter(batch_id=batch.pk, sequence__gt=after).order_by("sequence")
    if not status:
        return list(rows[:limit])
    bit = status_named(status)
    if bit is None:
        known = ", ".join(one.name.lower() for one in Status if one.name)
        raise NoSuchThing(f"there is no status {status!r}: expected one of {known}.")
    table = model._meta.db_table
    mixes = [row[0] for row in fetch_rows(f"SELECT DISTINCT statuses FROM {table} WHERE batch_id = %s", [batch.pk])]  # noqa: S608
    found: list[Row] = []
    for mix in mixes:
        if mix & bit:
            found.extend(rows.filter(statuses=mix)[:limit])
    return sorted(found, key=lambda row: row.sequence)[:limit]


def check_batch(batch: Batch, *, at_most: int | None = None) -> Checked:
    """What executing the batch would change now, and what keeps it from it; for an executed one, undoing it.

    Of a batch with more than `at_most` rows only the first of them are compared with the records: whoever executes
    or undoes it compares them all.
    """
    through = None if at_most is None or batch.row_count <= at_most else at_most
    count = 0
    moved: list[Moved] = []
    if batch.state == State.EXECUTED:
        count, moved = moved_since_execution(batch.number, through=through)
    elif batch.state != State.FAILED:
        count, moved = moved_since_reading(batch.number, is_thorough=through is None, through=through)
    held = "SELECT 1 FROM retail_change WHERE batch = %s AND is_held LIMIT 1"
    is_undone_in_part = batch.state == State.UNDONE and bool(fetch_rows(held, [batch.number]))
    return Checked(totals_of(batch), count, moved, is_undone_in_part, through)


def totals_of(batch: Batch) -> list[Total]:
    """How many records of each kind a batch adds and changes, as it was counted when its rows were judged last."""
    kept = count_changes(batch.number) if batch.totals is None else batch.totals
    return [
        Total(record, action, count) for record, one in sorted(kept.items()) for action, count in sorted(one.items())
    ]


def changes_of(batch: Batch, *, limit: int | None) -> Iterator[ShownChange]:
    """The changes of a batch, row by row."""
    sql = (
        "SELECT c.sequence, r.description, c.record, c.record_id, c.action, c.fields, c.before, c.after "  # noqa: S608
        f"FROM retail_change c LEFT JOIN {kind_named(batch.kind).row_model._meta.db_table} r "
        "ON r.batch_id = %s AND r.sequence = c.sequence "
        "WHERE c.batch = %s AND c.action <> 'seen' ORDER BY c.batch, c.sequence, c.position"
    )
    rows = stream_rows(f"{sql} LIMIT {int(limit)}" if limit is not None else sql, [batch.pk, batch.number])
    for sequence, title, record, record_id, action, fields, before, after in rows:
        names = str(fields).split(",")
        yield ShownChange(
            sequence, title or "", record, record_id, action, _values(names, before), _values(names, after)
        )


def _values(names: list[str], values: Any) -> dict[str, Any]:
    """Fields and values; an insert of something that was not there has none before."""
    parsed = json.loads(values) if isinstance(values, str) else values
    return {name: shown_value(name, value) for name, value in zip(names, parsed, strict=False)}
