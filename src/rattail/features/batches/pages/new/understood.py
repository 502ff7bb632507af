"""The first rows of a file as they are understood, as a table: one column for each field that they have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

from rattail.features.batches.pages.words import field_word
from rattail.features.batches.reading.lines import CatalogLine, CountLine, Event, InvoiceLine, Problem, Remark
from rattail.features.batches.service.shown import AMOUNTS, event_text, shown_line

#: What is said in another way than by a column of its own.
_NO_COLUMN = frozenset(("row", "document", "number", "is_out_of_stock"))
#: What only the machine needs of a head or a total.
_NOT_SAID = frozenset(("row", "document", "is_credit", "date", "is_checked_by_lines"))
_MONEY = frozenset(("case_cost", "unit_cost", "cost", "amount", "suggested_retail", "discount_amount"))
_SHORT = 10
_NOTHING = ("", None, False, 0)


class FieldShown(NamedTuple):
    """One column: the word for what it holds, and whether that is a number."""

    title: str
    is_amount: bool


class CellShown(NamedTuple):
    """One cell; `tone` is how it is set: as an amount, as a code or a short text that is not broken, or as text."""

    text: str
    tone: Literal["amount", "code", "short", ""]


class LineShown(NamedTuple):
    """One row of the file: where it stands, a cell for each column, and what is doubtful about it.

    Of what is no line of goods (the head of an invoice, freight, its total) there is `said` in place of cells.
    """

    row: int
    cells: Sequence[CellShown] = ()
    doubt: str = ""
    said: str = ""


class UnderstoodShown(NamedTuple):
    """The first rows; `remarks` are about the file as a whole. `has_doubts` where any row has one."""

    fields: Sequence[FieldShown]
    lines: Sequence[LineShown]
    remarks: Sequence[str]
    has_doubts: bool

    @property
    def width(self) -> int:
        """How many columns there are beside that of the row."""
        return max(1, len(self.fields) + self.has_doubts)


def understood(events: Sequence[Event], *, told: Iterable[str] = ()) -> UnderstoodShown:
    """These events as a table; of its remarks those that were not `told` already."""
    goods = [one for one in events if isinstance(one, CatalogLine | InvoiceLine | CountLine)]
    order = dict.fromkeys(name for one in goods for name in one._fields if name not in _NO_COLUMN)
    names = [name for name in order if any(getattr(one, name, None) not in _NOTHING for one in goods)]
    lines = [_line(one, names) for one in events if not isinstance(one, Remark)]
    known = set(told)
    return UnderstoodShown(
        [FieldShown(field_word(name), name in AMOUNTS) for name in names],
        lines,
        [one.text for one in events if isinstance(one, Remark) and one.text not in known],
        any(one.doubt for one in lines),
    )


def _line(event: Event, names: Sequence[str]) -> LineShown:
    row, shown = event.row, shown_line(event)
    cells = [_cell(name, shown.get(name)) for name in names]
    if isinstance(event, CatalogLine | InvoiceLine | CountLine):
        is_missing = isinstance(event, InvoiceLine) and event.is_out_of_stock
        return LineShown(row, cells, "out of stock" if is_missing else "")
    if isinstance(event, Problem):
        at = f"column '{event.column}': " if event.column else ""
        value = f'"{event.value}" ' if event.value else ""
        return LineShown(row, cells, f"set aside: {at}{value}{event.reason}")
    words = {field_word(name): value for name, value in shown.items() if name not in _NOT_SAID}
    return LineShown(row, said=event_text(event, words).removeprefix(f"row {row}: "))


def _cell(name: str, value: Any) -> CellShown:
    if isinstance(value, bool):
        return CellShown("yes" if value else "no", "")
    text = "" if value is None else str(value)
    if name in AMOUNTS:
        return CellShown(text if name in _MONEY else text.removesuffix(".00"), "amount")
    if name in ("code", "vendor_code"):
        return CellShown(text, "code")
    return CellShown(text, "short" if len(text) <= _SHORT else "")
