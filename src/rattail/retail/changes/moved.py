"""Saying which records moved."""

from __future__ import annotations

from collections.abc import Sequence

from rattail.database.bulk import field_of
from rattail.errors import RecordsMoved
from rattail.retail.amounts import text_of
from rattail.retail.changes.compare import Moved
from rattail.retail.fields import AmountField
from rattail.retail.records import RECORDS

_SHOWN = 5
_WAYS_OUT = {
    "was read": "judge its file again by the records as they are: rattail make-batch --resume {}",
    "was executed": "put back what still can be: rattail undo-batch {} --partial",
}


def refuse_moved(batch: int, count: int, moved: Sequence[Moved], *, since: str) -> None:
    """Do nothing where nothing moved.

    Raises:
        RecordsMoved: something did; the message names the first records, with what was expected and found.
    """
    if not count:
        return
    lines = "; ".join(moved_sentence(one) for one in moved[:_SHOWN])
    more = f"; and {count - _SHOWN:,} more" if count > _SHOWN else ""
    raise RecordsMoved(
        f"batch {batch:08d}: {_records(count)} when it {since}: {lines}{more}. Nothing was changed.",
        hint=f"see which: rattail check-batch {batch}; {_WAYS_OUT[since].format(batch)}",
    )


def _records(count: int) -> str:
    return "1 record is not as it was" if count == 1 else f"{count:,} records are not as they were"


def moved_sentence(one: Moved) -> str:
    """Which record moved, and how, with amounts as people write them."""
    title = str(RECORDS[one.record].model._meta.verbose_name)
    row = f"row {one.sequence}: " if one.sequence > 0 else ""  # below there is what belongs to no single row
    where = f"{row}{title} {one.record_id}"
    differences = ", ".join(
        f"{name} is {said_value(one.record, name, one.found[name])}, expected {said_value(one.record, name, value)}"
        for name, value in one.expected.items()
        if name in one.found and one.found[name] != value
    )
    if one.reason == "changed":
        return f"{where}: {differences}" if one.found else f"{where} is gone"
    if differences:
        return f"{where}: {one.reason}: {differences}"
    if RECORDS[one.record].series and not one.found:
        return f"{where}: none is in force any more"
    known_by = ", ".join(f"{name} {said_value(one.record, name, value)}" for name, value in one.expected.items())
    return f"{where}: {one.reason}" + (f" ({known_by})" if known_by else "")


def said_value(record: str, name: str, value: object) -> str:
    """A value as a person writes it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and isinstance(field_of(RECORDS[record].model, name), AmountField):
        return text_of(value)
    return repr(value)
