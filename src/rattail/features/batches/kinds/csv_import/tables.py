"""Judging the rows of one table: which record each is, and what it would change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import models

from rattail.database.bulk import field_of
from rattail.database.idpool import id_pool
from rattail.features.batches.kinds.csv_import.names import Names
from rattail.features.batches.kinds.csv_import.parse import ABSENT
from rattail.features.batches.kinds.csv_import.present import Layout, Present, Values
from rattail.features.batches.kinds.seen import Seen, fingerprint
from rattail.features.batches.statuses import Status
from rattail.retail.changes.journal import INSERT, UPDATE, ChangeRow, change_row
from rattail.retail.changes.moved import said_value
from rattail.retail.sheets.cells import moment_text
from rattail.retail.sheets.columns import Column, Sheet

_NO_CHANGE, _NEW, _CHANGE = (int(one) for one in (Status.NO_CHANGE, Status.NEW_RECORD, Status.RECORD_CHANGE))
_LEDGER = "stock_movements"


class Context(NamedTuple):
    """What the tables of one import share; `tables` are those that come in."""

    number: int
    names: Names
    tables: frozenset[str]


class Found(NamedTuple):
    """What was found of one row. `problem` is a column and what is wrong with its cell."""

    statuses: int = 0
    changes: Sequence[ChangeRow] = ()
    record_id: int | None = None
    note: str = ""
    problem: tuple[str, str] | None = None
    is_duplicate: bool = False


class Wrong(Exception):
    """A row that cannot be: the column, and what is wrong."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.reason = column, reason


class TableJudge:
    """Judges the rows of a table whose records are named by their own fields."""

    is_renamed_when_made = False  # whether a new record is named otherwise by the rows after its own

    def __init__(self, sheet: Sheet, context: Context) -> None:
        self.sheet = sheet
        self.context = context
        self.layout = Layout(sheet)
        self.columns = sheet.columns
        self.at = {column.name: at for at, column in enumerate(sheet.columns)}
        self._field_at = [self.layout.fields.index(one.field) if one.field else -1 for one in sheet.columns]
        self._defaults = [_default(sheet.record.model, name) for name in self.layout.fields]
        self._column_of = {one.field: one.name for one in sheet.columns if one.field}
        self._references = [
            (at, one)
            for at, one in enumerate(sheet.columns)
            if one.kind in ("store", "department", "vendor", "product", "item", "invoice")
        ]
        self._ids = id_pool(sheet.record.model)
        self._first = Seen()  # name of a record -> the row of the batch that names it
        self._present: dict[Values, list[Present]] = {}
        self._all: dict[Any, list[Present]] = {}

    def look_up(self, rows: Sequence[list[Any]]) -> None:
        """Ask the records about a chunk of rows, whose references become ids."""
        names = self.context.names
        products = [row[at] for at, one in self._references if one.kind == "product" for row in rows if row[at]]
        if products:
            names.look_up_products(one for one in products if one is not ABSENT)
        for row in rows:
            for at, column in self._references:
                if column.kind in ("store", "department", "vendor"):
                    row[at] = self._small(column, row[at])
        self._look_up_joint(rows)
        for row in rows:
            for at, column in self._references:
                if column.kind in ("product", "item", "invoice"):
                    row[at] = self._joint(column, row, row[at])
        self.fetch([self.values_of(row) for row in rows])

    def fetch(self, rows: Sequence[list[Any]]) -> None:
        """Fetch the records that these rows may name."""
        at = self.layout.asked_at
        found = self.layout.fetch(row[at] for row in rows if isinstance(row[at], int | str))
        self._present, self._all = {}, {}
        for one in found:
            self._present.setdefault(self.layout.key(one.values), []).append(one)
            self._all.setdefault(one.values[at], []).append(one)

    def judge(self, sequence: int, row: list[Any]) -> Found:
        """Which record a row is, and what it would change; `look_up` has seen the row."""
        try:
            unknown = next((one for one in row if type(one) is Unknown), None)
            if unknown is not None:
                raise Wrong(unknown.column, unknown.reason)
            values = self.values_of(row)
            name = self.name_of(row, values)
            first = self._first.get(fingerprint(repr(name)))
            if first:
                return Found(problem=("", f"row {first} of this batch names the same record"), is_duplicate=True)
            found = self.judge_named(sequence, row, values)
            self._first.first(fingerprint(repr(name)), sequence)
            if self.is_renamed_when_made:
                self._first.first(fingerprint(repr(self.name_of(row, values))), sequence)
            return found
        except Wrong as wrong:
            return Found(problem=(wrong.column, wrong.reason))

    def name_of(self, row: list[Any], values: list[Any]) -> Values:
        return self.layout.key(values)

    def judge_named(self, sequence: int, row: list[Any], values: list[Any]) -> Found:
        """Judge a row that is the first to name its record."""
        present = self._present.get(self.layout.key(values))
        if present:
            return self.update(sequence, present[0], values)
        record_id = next(self._ids)
        return self.insert(sequence, record_id, values)

    def values_of(self, row: list[Any]) -> list[Any]:
        """The fields of a row in the order of the record; what has a default in a name gets it."""
        values: list[Any] = [ABSENT] * len(self.layout.fields)
        for at, field_at in enumerate(self._field_at):
            if field_at >= 0:
                values[field_at] = row[at]
        for at in self.layout.key_at:
            if values[at] is ABSENT:
                values[at] = self._defaults[at]
        return values

    def update(self, sequence: int, present: Present, values: list[Any], *, first_field: str = "") -> Found:
        """What differs, as one change; `first_field` goes with it so that the change is carried out last."""
        fields = self.layout.fields
        differing = [at for at, value in enumerate(values) if value is not ABSENT and self._differs(at, present, value)]
        if not differing:
            return Found(_NO_CHANGE, (), present.id)
        named = [fields.index(first_field), *differing] if first_field else differing
        change = change_row(
            self.context.number,
            sequence,
            0,
            record=self.sheet.record_name,
            action=UPDATE,
            record_id=present.id,
            fields=",".join(fields[at] for at in named),
            before=[present.values[at] for at in named],
            after=[present.values[at] if values[at] is ABSENT else values[at] for at in named],
        )
        note = ", ".join(self._note(at, present.values[at], values[at]) for at in differing)
        return Found(_CHANGE, (change,), present.id, note)

    def _note(self, at: int, was: Any, value: Any) -> str:
        record, name = self.sheet.record_name, self.layout.fields[at]
        return f"{name} {said_value(record, name, was)} -> {said_value(record, name, value)}"

    def insert(self, sequence: int, record_id: int, values: list[Any], *, position: int = 0) -> Found:
        """A new record; what the file does not say gets its default."""
        for at, value in enumerate(values):
            if value is ABSENT:
                values[at] = self._defaults[at]
            if values[at] is ABSENT:
                name = self._column_of[self.layout.fields[at]]
                raise Wrong(name, f"is needed for a new {self.sheet.title}")
        change = change_row(
            self.context.number,
            sequence,
            position,
            record=self.sheet.record_name,
            action=INSERT,
            record_id=record_id,
            fields=",".join(self.layout.fields),
            before=self.before_insert(values),
            after=values,
        )
        self.made(record_id, values)
        return Found(_NEW, (change,), record_id)

    def before_insert(self, values: list[Any]) -> Sequence[Any]:
        """What an insert expects to find: of a series, what is in force on its day."""
        if self.layout.series_at < 0:
            return ()
        return self.layout.in_force(self._all.get(values[self.layout.asked_at], ()), tuple(values))

    def made(self, record_id: int, values: list[Any]) -> None:
        """Let later rows know what this one makes."""
        record, names = self.sheet.record_name, self.context.names
        named = dict(zip(self.layout.fields, values, strict=True))
        if record in ("store", "department", "vendor"):
            names.small_made(record, named["code"], record_id)
        elif record == "vendor_item":
            names.item_made((named["vendor_id"], named["code"]), record_id)
        elif record == "invoice":
            names.invoice_made((named["vendor_id"], named["number"], named["is_credit"]), record_id)

    def _differs(self, at: int, present: Present, value: Any) -> bool:
        was = present.values[at]
        if at in self.layout.moment_at and was and value:
            return moment_text(was) != moment_text(value)
        return bool(was != value)

    def _small(self, column: Column, name: Any) -> Any:
        if name is None or name is ABSENT:
            return name
        found = self.context.names.small(column.kind, name)
        return Unknown(column.name, f"is no {column.kind} that there is") if found is None else found

    def _look_up_joint(self, rows: Sequence[list[Any]]) -> None:
        kinds = {column.kind for _, column in self._references}
        names = self.context.names
        if "item" in kinds:
            items = [self._item_name(row) for row in rows]
            names.look_up_items(one for one in items if type(one[0]) is int and type(one[1]) is str)
        if "invoice" in kinds:
            invoices = [self._invoice_name(row) for row in rows]
            names.look_up_invoices(one for one in invoices if type(one[0]) is int and type(one[1]) is str)

    def _item_name(self, row: list[Any]) -> tuple[Any, Any]:
        return row[self.at["vendor"]], row[self.at["vendor_code"]]

    def _invoice_name(self, row: list[Any]) -> tuple[Any, Any, bool]:
        credit = row[self.at["is_credit"]]
        return row[self.at["vendor"]], row[self.at["invoice"]], credit is True

    def _joint(self, column: Column, row: list[Any], name: Any) -> Any:
        """The id of a product, an item or an invoice, or why there is none."""
        if name is None or name is ABSENT:
            return name
        names = self.context.names
        if column.kind == "product":
            found = names.product(name)
            return Unknown(column.name, "is no product that there is") if found is None else found
        if type(row[self.at["vendor"]]) is not int:
            return ABSENT  # the vendor is what is wrong
        found = names.item(self._item_name(row)) if column.kind == "item" else names.invoice(self._invoice_name(row))
        what = "item" if column.kind == "item" else "invoice"
        return Unknown(column.name, f"is no {what} of this vendor") if found is None else found


class Unknown(NamedTuple):
    """A name that nothing answers to."""

    column: str
    reason: str


def _default(model: type[models.Model], name: str) -> Any:
    """What a field has where nobody says anything; `ABSENT` where somebody has to."""
    field = field_of(model, name)
    if field.has_default():
        return field.get_default()
    if field.null:
        return None
    return "" if getattr(field, "blank", False) else ABSENT
