"""What the records have of the rows of a chunk: one query a chunk."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from rattail.database.bulk import columns_of, fetch_rows, field_of
from rattail.database.dialect import one_of, quoted
from rattail.retail.records import Record
from rattail.retail.sheets.cells import moment_text
from rattail.retail.sheets.columns import Sheet

#: The field by which the records of a chunk are asked for.
_ASKED_BY = {
    "stores": "code",
    "departments": "code",
    "vendors": "code",
    "products": "id",
    "product_codes": "key",
    "prices": "product_id",
    "vendor_items": "code",
    "vendor_costs": "vendor_item_id",
    "stock": "product_id",
    "stock_movements": "product_id",
    "invoices": "number",
    "invoice_lines": "invoice_id",
}

Values = tuple[Any, ...]


class Present(NamedTuple):
    """One record as it is now: its values in the order of `Record.fields`."""

    id: int
    values: Values


class Layout:
    """Where the fields of a record stand, and what names it."""

    def __init__(self, sheet: Sheet) -> None:
        record = sheet.record
        self.sheet = sheet
        self.record = record
        self.fields = record.fields
        self.asked_by = _ASKED_BY[sheet.name]
        self.asked_at = record.fields.index(self.asked_by) if self.asked_by in record.fields else -1
        self.key_at = tuple(self.fields.index(name) for name in _key_of(record))
        self.series_at = self.fields.index(record.series) if record.series else -1
        self.moments = frozenset(column.field for column in sheet.columns if column.kind == "moment")
        self.moment_at = frozenset(self.fields.index(name) for name in self.moments)
        self.is_nullable = tuple(field_of(record.model, name).null for name in self.fields)

    def key(self, values: Iterable[Any]) -> Values:
        """What names the record with these values; a ledger line is named by all that it says."""
        told = tuple(values)
        if self.key_at:
            return tuple([told[at] for at in self.key_at])
        moments = self.moment_at
        return tuple([moment_text(one) if at in moments and type(one) is str else one for at, one in enumerate(told)])

    def fetch(self, asked: Iterable[Any]) -> list[Present]:
        """The records that have one of these values in the field that is asked by."""
        wanted = sorted(set(asked))
        if not wanted:
            return []
        is_text = isinstance(wanted[0], str)
        condition, values = one_of(
            f"t.{columns_of(self.record.model, [self.asked_by])[0]}", wanted, kind="text" if is_text else "bigint"
        )
        selected = ", ".join(self._selected(name) for name in self.fields)
        sql = f"SELECT t.id, {selected} FROM {quoted(self.record.table)} t WHERE {condition} ORDER BY t.id"  # noqa: S608
        return [Present(int(row[0]), row[1:]) for row in fetch_rows(sql, [values])]

    def in_force(self, present: Iterable[Present], values: Values) -> Values:
        """Of records of a series, the values of the newest that has begun on the day of `values`; else nothing."""
        at, day = self.series_at, values[self.series_at]
        same = [where for where in self.key_at if where != at]
        begun = [
            one.values
            for one in present
            if one.values[at] <= day and all(one.values[where] == values[where] for where in same)
        ]
        return max(begun, key=lambda one: str(one[at])) if begun else (None,) * len(self.fields)

    def _selected(self, name: str) -> str:
        field = field_of(self.record.model, name)
        column = f"t.{quoted(str(field.column))}"
        kind = field.get_internal_type()
        return f"CAST({column} AS text)" if kind in ("DateField", "DateTimeField") else column


def _key_of(record: Record) -> tuple[str, ...]:
    key = tuple(name for name in record.key if name != "id")
    return (*key, record.series) if record.series else key
