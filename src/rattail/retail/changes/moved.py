"""Saying which records moved."""

from __future__ import annotations

from collections.abc import Sequence

from rattail.errors import RecordsMoved
from rattail.retail.changes.compare import Moved
from rattail.retail.records import RECORDS

_SHOWN = 5


def refuse_moved(batch: int, count: int, moved: Sequence[Moved], *, since: str) -> None:
    """Do nothing where nothing moved.

    Raises:
        RecordsMoved: something did; the message names the first records, with what was expected and found.
    """
    if not count:
        return
    lines = "; ".join(_sentence(one) for one in moved[:_SHOWN])
    more = f"; and {count - _SHOWN:,} more" if count > _SHOWN else ""
    raise RecordsMoved(
        f"batch {batch:08d}: {count:,} records are not as they were when it {since}: {lines}{more}. "
        "Nothing was changed.",
        hint=f"see what would be done now: rattail check-batch {batch}",
    )


def _sentence(one: Moved) -> str:
    title = str(RECORDS[one.record].model._meta.verbose_name)
    where = f"row {one.sequence}: {title} {one.record_id}"
    if one.reason != "changed":
        return f"{where}: {one.reason}"
    if not one.found:
        return f"{where} is gone"
    return f"{where}: " + ", ".join(
        f"{name} is {one.found[name]!r}, expected {value!r}" for name, value in one.expected.items()
    )
