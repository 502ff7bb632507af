"""The rows of a batch, one list for each kind: what the file says beside what was known."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from rattail.features.batches.kinds.known import kind_named
from rattail.features.batches.models import Batch
from rattail.features.batches.pages.access import batch_for
from rattail.features.batches.pages.listings.cursor import whole
from rattail.features.batches.pages.listings.seeking import Sought, seek_rows
from rattail.features.batches.pages.words import field_word, status_badge
from rattail.features.batches.service.shown import status_named
from rattail.features.batches.statuses import HELD, TITLES
from rattail.web.listing import Asked, Cell, CellKind, Chunk, Column, Filter, Link, Listing

HELD_BACK = "held"
_LONGEST_NOTE = 160

_Spec = tuple[tuple[str, str, CellKind], ...]
_FIRST: _Spec = (("sequence", "Row", "number"), ("code", "Barcode", "code"))
_LAST: _Spec = (("statuses", "Status", "text"), ("note", "Note", "text"))
#: Of each kind, the columns between: the column of the table, its title, what it holds.
_COLUMNS: dict[str, _Spec] = {
    "vendor_catalog": (
        ("vendor_code", "Item", "code"),
        ("description", "Product", "text"),
        ("case_size", "Case", "quantity"),
        ("old_unit_cost", "Before", "money"),
        ("unit_cost", "Now", "money"),
    ),
    "vendor_invoice": (
        ("description", "Product", "text"),
        ("shipped", "Came", "quantity"),
        ("known_unit_cost", "Known", "money"),
        ("unit_cost", "Cost", "money"),
        ("amount", "Amount", "money"),
    ),
    "inventory": (
        ("description", "Product", "text"),
        ("location", "Where", "text"),
        ("quantity", "Counted", "quantity"),
        ("before", "Before", "quantity"),
        ("after", "After", "quantity"),
    ),
    "csv_import": (("description", "Record", "text"), ("values", "Values", "text")),
}


def select_rows(asked: Asked, *, kind: str) -> Chunk:
    """The rows of a batch that are asked for; those of another kind than the list's are none."""
    number = whole(asked.filters.get("batch", ""))
    batch = batch_for(asked.person, number or 0, site=asked.site)
    return rows_of(batch, asked) if batch.kind == kind else Chunk([])


def rows_of(batch: Batch, asked: Asked) -> Chunk:
    """The rows of a batch that the person may see, which the caller has made sure of."""
    model = kind_named(batch.kind).row_model
    names = [name for name, _, _ in (*_FIRST, *_COLUMNS[batch.kind], *_LAST)]
    found = seek_rows(batch, model, names, _sought(asked), limit=asked.limit + 1)
    shown = found[: asked.limit]
    after = str(shown[-1][0]) if len(found) > len(shown) else ""
    return Chunk(_cells(names, shown), after)


def one_row(batch: Batch, sequence: int) -> tuple[Listing, Chunk]:
    """One row as its list shows it."""
    model = kind_named(batch.kind).row_model
    names = [name for name, _, _ in (*_FIRST, *_COLUMNS[batch.kind], *_LAST)]
    found = seek_rows(batch, model, names, Sought(sequence - 1), limit=1)
    return ROWS[batch.kind], Chunk(_cells(names, found))


def bits_of(text: str) -> int:
    """The statuses that a filter names, with commas between; `held`: all that hold a row back. Others are none."""
    bits = 0
    for name in text.split(","):
        status = status_named(name)
        bits |= int(HELD) if name.strip() == HELD_BACK else int(status) if status is not None else 0
    return bits


def _sought(asked: Asked) -> Sought:
    after, begin = whole(asked.after), whole(asked.filters.get("from", ""))
    place = after if after is not None else max(begin - 1, 0) if begin is not None else 0
    wanted = asked.filters.get("status", "")
    bits = bits_of(wanted)
    return Sought(place, bits if bits or not wanted else 1 << 30, asked.filters.get("text", ""))


def _cells(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[Sequence[Cell]]:
    """What each cell shows. The address of a row is relative to that of the list: there are many."""
    writers: dict[str, Callable[[Any], Cell]] = {"statuses": _status, "note": _short, "values": _values}
    places = [(place, writers[name]) for place, name in enumerate(names) if name in writers]
    cells: list[Sequence[Cell]] = []
    for row in rows:
        line = list(row)
        line[0] = Link(str(row[0]), f"{row[0]}/")
        for place, write in places:
            line[place] = write(row[place])
        cells.append(line)
    return cells


def _status(statuses: int) -> Cell:
    """A badge; where there is nothing to look at only its words, which spares a page of such rows some kilobytes."""
    badge = status_badge(statuses)
    return badge.text if badge.tone == "quiet" else badge


def _short(note: str) -> str:
    return note if len(note) <= _LONGEST_NOTE else f"{note[:_LONGEST_NOTE]} ..."


def _values(values: object) -> str:
    parsed = json.loads(values) if isinstance(values, str) else values
    if not isinstance(parsed, dict):
        return ""
    return _short(", ".join(f"{field_word(name)} {value}" for name, value in parsed.items() if value not in ("", None)))


def _listing(kind: str, name: str) -> Listing:
    columns = tuple(Column(column, title, cell) for column, title, cell in (*_FIRST, *_COLUMNS[kind], *_LAST))
    statuses = tuple(((one.name or "").lower(), title) for one, title in TITLES.items())
    return Listing(
        name=f"batches.{name}",
        title="Rows",
        columns=columns,
        select=partial(select_rows, kind=kind),
        filters=(
            Filter("status", "Status", "choice", (("held", "held back (all reasons)"), *statuses)),
            Filter("text", "Barcode, item or text"),
            Filter("from", "Go to row"),
        ),
        fixed=("batch",),
        empty="This batch has no rows.",
    )


CATALOG_ROWS = _listing("vendor_catalog", "catalog_rows")
INVOICE_ROWS = _listing("vendor_invoice", "invoice_rows")
COUNT_ROWS = _listing("inventory", "count_rows")
CSV_ROWS = _listing("csv_import", "csv_rows")
ROWS = {
    "vendor_catalog": CATALOG_ROWS,
    "vendor_invoice": INVOICE_ROWS,
    "inventory": COUNT_ROWS,
    "csv_import": CSV_ROWS,
}
