"""Batches, rows and changes as people and machines are shown them: decimals, dates and names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rattail.features.batches.models import Batch
from rattail.features.batches.models.rows import Row
from rattail.features.batches.reading.lines import Event, InvoiceCharge, InvoiceHead, InvoiceTotal, Problem, Remark
from rattail.features.batches.statuses import TITLES, Status, names
from rattail.retail.amounts import text_of
from rattail.retail.changes.compare import Moved
from rattail.retail.numbers import number_text

#: Fields of lines and records that hold ten-thousandths.
AMOUNTS = frozenset(
    (
        *("case_size", "other_case_size", "case_cost", "unit_cost", "suggested_retail", "discount_amount"),
        *("discount_percent", "ordered", "shipped", "cost", "amount", "cases", "units", "on_hand", "quantity"),
        *("known_unit_cost", "old_case_size", "old_case_cost", "old_unit_cost", "total", "charges", "before", "after"),
    )
)
_NO_NEWS = ("", None, False)
_SAID_ELSEWHERE = frozenset(("what", "row", "document", "is_credit", "date", "is_checked_by_lines"))


def shown_value(name: str, value: Any) -> Any:
    """One value: an amount as decimal text, a date as ISO text, everything else as it is."""
    if isinstance(value, Decimal):
        return text_of(int(value * 10_000))
    if isinstance(value, datetime | date):
        return value.isoformat()
    if name in AMOUNTS and isinstance(value, int) and not isinstance(value, bool):
        return text_of(value)
    return value


def shown_line(event: Event) -> dict[str, Any]:
    """An event of a file, field by field."""
    return {name: shown_value(name, value) for name, value in event._asdict().items()}


def event_text(event: Event, shown: Mapping[str, Any]) -> str:
    """An event of a file in one line for people; `shown` is what is to be said of it."""
    if isinstance(event, Remark):
        return f"note: {event.text}"
    if isinstance(event, Problem):
        column = f"column {event.column!r}: " if event.column else ""
        value = f'"{event.value}" ' if event.value else ""
        return f"row {event.row}: set aside: {column}{value}{event.reason}"
    head = f"row {event.row}"
    if isinstance(event, InvoiceHead):
        title = "credit note" if event.is_credit else "invoice"
        head = f"{title} {event.number}" + (f" of {event.date}" if event.date else "")
        shown = {name: value for name, value in shown.items() if name != "number"}
    elif isinstance(event, InvoiceTotal):
        head = "the invoice in all"
    elif isinstance(event, InvoiceCharge):
        head += ": charge"
    said = [f"{name} {value}" for name, value in shown.items() if name not in _SAID_ELSEWHERE and value not in _NO_NEWS]
    return f"{head}: {', '.join(said)}" if said else head


def shown_moved(moved: Moved) -> dict[str, Any]:
    """A record that moved as `--json` gives it."""
    sides = {"expected": moved.expected, "found": moved.found}
    shown = {side: {name: shown_value(name, value) for name, value in told.items()} for side, told in sides.items()}
    return {**moved._asdict(), **shown}


def shown_batch(batch: Batch) -> dict[str, Any]:
    """A batch as `--json` gives it."""
    return {
        "id": number_text(batch.number),
        "kind": batch.kind,
        "state": batch.state,
        "format": batch.format,
        "file": batch.file_name,
        "vendor": batch.vendor.code if batch.vendor else None,
        "store": batch.store.code if batch.store else None,
        "description": batch.description,
        "settings": batch.settings,
        "rows": batch.row_count,
        "problems": batch.problem_count,
        "changes": batch.change_count,
        "statuses": batch.counts,
        "remarks": batch.remarks,
        "failure": batch.failure,
        "made": {"at": batch.created_at.isoformat(), "by": batch.created_by},
        "executed": _when(batch.executed_at, batch.executed_by),
        "undone": _when(batch.undone_at, batch.undone_by),
    }


def shown_row(row: Row) -> dict[str, Any]:
    """A row of a batch as `--json` gives it."""
    skipped = ("batch", "pk", "statuses")
    values = {
        field.attname: shown_value(field.attname, getattr(row, field.attname))
        for field in row._meta.concrete_fields
        if field.name not in skipped
    }
    return {**values, "statuses": names(row.statuses)}


def count_lines(batch: Batch) -> list[str]:
    """How many rows have which status, for people, the most first."""
    titles = {status.name.lower(): title for status, title in TITLES.items() if status.name}
    counts: Mapping[str, int] = batch.counts
    return [
        f"{count:>10,}  {titles.get(name, name)}" for name, count in sorted(counts.items(), key=lambda pair: -pair[1])
    ]


def status_named(name: str) -> Status | None:
    """The status of this stable name."""
    plain = name.strip().upper().replace("-", "_").replace(" ", "_")
    return Status.__members__.get(plain)


def _when(at: datetime | None, by: str) -> dict[str, str] | None:
    return {"at": at.isoformat(), "by": by} if at else None
