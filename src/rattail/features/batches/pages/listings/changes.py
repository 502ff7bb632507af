"""What a batch changes: every record, before beside after."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from rattail.database.bulk import fetch_rows, field_of
from rattail.features.batches.kinds.known import kind_named
from rattail.features.batches.models import Batch
from rattail.features.batches.pages.access import batch_for
from rattail.features.batches.pages.listings.cursor import pair, whole
from rattail.features.batches.pages.words import field_word, record_word
from rattail.features.batches.service.shown import shown_value
from rattail.retail.fields import AmountField
from rattail.retail.records import RECORDS
from rattail.web import show
from rattail.web.listing import Asked, Cell, Chunk, Column, Filter, Link, Listing

_ACTIONS = {"insert": "added", "update": "changed"}
#: Fields that say nothing to a person: the row says what it is about.
_HIDDEN = frozenset(("batch", "position"))
_FIRST = (-(2**31), 0)
_LAST_POSITION = 2**15 - 1
_QUANTITIES = frozenset(("case_size", "on_hand", "ordered", "shipped", "units", "before", "after"))


def _select(asked: Asked) -> Chunk:
    number = whole(asked.filters.get("batch", ""))
    batch = batch_for(asked.person, number or 0, site=asked.site)
    begin = whole(asked.filters.get("from", ""))
    after = pair(asked.after) or (_FIRST if begin is None else (begin - 1, _LAST_POSITION))
    found = changes_after(batch, after, record=asked.filters.get("record", ""), limit=asked.limit + 1)
    shown = found[: asked.limit]
    rows = [_row(one) for one in shown]
    return Chunk(rows, f"{shown[-1][0]}.{shown[-1][1]}" if len(found) > len(shown) else "")


def changes_after(batch: Batch, after: tuple[int, int], *, record: str = "", limit: int) -> list[Any]:
    """The changes of a batch after a row and a position in it, as the database has them, with what each is about."""
    table = kind_named(batch.kind).row_model._meta.db_table
    narrowed = " AND c.record = %s" if record else ""
    sql = (
        "SELECT c.sequence, c.position, r.description, c.record, c.action, c.fields, c.before, c.after "  # noqa: S608
        f"FROM retail_change c LEFT JOIN {table} r ON r.batch_id = %s AND r.sequence = c.sequence "
        f"WHERE c.batch = %s AND (c.sequence, c.position) > (%s, %s) AND c.action <> 'seen'{narrowed} "
        "ORDER BY c.batch, c.sequence, c.position LIMIT %s"
    )
    return fetch_rows(sql, [batch.pk, batch.number, *after, *([record] if record else []), limit])


def sides(record: str, fields: str, before: Any, after: Any) -> list[tuple[str, str, str]]:
    """What changes of a record: field, before and after, in words. Of what is new, everything that is said of it."""
    names = fields.split(",")
    nothing = [None] * len(names)
    old, new = _parsed(before) or nothing, _parsed(after) or nothing  # what is new has no values before
    is_new = all(value is None for value in old)
    pairs = []
    for name, was, becomes in zip(names, old, new, strict=False):
        if name in _HIDDEN or name.endswith("_id") or was == becomes or (is_new and _says_nothing(becomes)):
            continue
        pairs.append((field_word(name, record), _text(record, name, was), _text(record, name, becomes)))
    return pairs


def _says_nothing(value: Any) -> bool:
    return value is None or value is False or value == ""


def _row(change: Sequence[Any]) -> Sequence[Cell]:
    sequence, _, title, record, action, fields, before, after = change
    changed = sides(record, fields, before, after)
    is_insert = action == "insert"
    row: Cell = Link(str(sequence), f"../rows/{sequence}/") if sequence > 0 else ""
    return (
        row,
        title or "",
        f"{record_word(record)} {_ACTIONS.get(action, action)}",
        "" if is_insert and not any(was for _, was, _ in changed) else _said(changed, 1),
        _said(changed, 2),
    )


def _said(changed: Sequence[tuple[str, str, str]], side: int) -> str:
    return ", ".join(f"{one[0]} {one[side] or 'nothing'}" for one in changed if side == 2 or one[1])


def _parsed(values: Any) -> list[Any]:
    parsed = json.loads(values) if isinstance(values, str) else values
    return parsed if isinstance(parsed, list) else []


def _text(record: str, name: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool) or (name.startswith("is_") and value in (0, 1)):
        return "yes" if value else "no"
    if isinstance(value, int) and _is_amount(record, name):
        return show.quantity(value) if name in _QUANTITIES else show.money(value)
    return str(shown_value(name, value))


@lru_cache(maxsize=512)
def _is_amount(record: str, name: str) -> bool:
    known = RECORDS.get(record)
    return known is not None and name in known.fields and isinstance(field_of(known.model, name), AmountField)


CHANGES = Listing(
    name="batches.changes",
    title="Changes",
    columns=(
        Column("row", "Row", "number"),
        Column("about", "About"),
        Column("what", "What happens"),
        Column("before", "Before"),
        Column("after", "After"),
    ),
    select=_select,
    filters=(
        Filter("record", "What", "choice", tuple((name, record_word(name)) for name in RECORDS)),
        Filter("from", "Go to row"),
    ),
    fixed=("batch",),
    empty="This batch changes nothing.",
)
