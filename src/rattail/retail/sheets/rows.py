"""The query of each table, and what turns its values into cells. One query a table, however many records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from rattail.retail.sheets.cells import escaped, moment_text, money_text, quantity_text
from rattail.retail.sheets.codes import code_text
from rattail.retail.sheets.columns import Column, Sheet

_AMOUNTS = {"money": money_text, "quantity": quantity_text}
_OF_OTHERS = {
    "store": "s.code",
    "department": "d.code",
    "vendor": "v.code",
    "item": "i.code",
    "invoice": "n.number",
}

Ask = Callable[[str], Iterable[Sequence[Any]]]
Convert = Callable[[Any], Any]


def rows_of(sheet: Sheet, unnamed: Mapping[int, str], ask: Ask) -> Iterator[list[Any]]:
    """The rows of a table as cells. `unnamed` says what products without a primary code are called; `ask` gives the
    rows of a query, of the records or of a copy of them."""
    selected, converts, codes = _plan(sheet)
    sql = f"SELECT {', '.join(selected)} FROM {_tables(sheet)} ORDER BY {sheet.order}"  # noqa: S608 - names of ours
    for row in ask(sql):
        cells = list(row)
        for at, is_product in codes:
            key = cells[at]
            if key is not None:
                cells[at] = code_text(cells[at + 1], key)
            elif is_product and cells[at + 2] is not None:
                cells[at] = escaped(unnamed.get(cells[at + 2], ""))
        for at, convert in converts:
            cells[at] = convert(cells[at])
        for at, is_product in codes:
            del cells[at + 1 : at + 3 if is_product else at + 2]
        yield cells


def _plan(sheet: Sheet) -> tuple[list[str], list[tuple[int, Convert]], list[tuple[int, bool]]]:
    """What to select, what to do with it by position, and where codes stand (they take two or three positions).

    Codes are worked off from the last to the first, so that taking positions away moves none that is still needed.
    """
    selected: list[str] = []
    converts: list[tuple[int, Convert]] = []
    codes: list[tuple[int, bool]] = []
    for column in sheet.columns:
        at = len(selected)
        if column.kind in ("product", "code"):
            is_product = column.kind == "product"
            codes.insert(0, (at, is_product))
            selected += _code_columns(sheet) if is_product else ["t.key", "t.kind"]
            continue
        selected.append(_expression(column))
        if column.kind in _AMOUNTS:
            converts.append((at, _AMOUNTS[column.kind]))
        elif column.kind == "moment":
            converts.append((at, moment_text))
        elif column.kind in ("text", *_OF_OTHERS) and not column.choices:
            converts.append((at, _escaped_if_any))
    return selected, converts, codes


def _code_columns(sheet: Sheet) -> list[str]:
    return ["c.key", "c.kind", "t.id" if sheet.record_name == "product" else "t.product_id"]


def _expression(column: Column) -> str:
    if column.kind in _OF_OTHERS:
        return _OF_OTHERS[column.kind]
    name = f't."{column.field}"' if column.field else f'n."{column.name}"'
    if column.kind == "boolean":
        return f"CASE WHEN {name} THEN 'true' ELSE 'false' END"
    if column.kind in ("date", "moment"):
        return f"CAST({name} AS text)"
    return name


def _escaped_if_any(text: str | None) -> str | None:
    return None if text is None else escaped(text)


def _tables(sheet: Sheet) -> str:
    """The table, called `t`, and those that its columns name."""
    kinds = {column.kind for column in sheet.columns}
    tables = f"{sheet.table} t"
    if "product" in kinds:
        own = "id" if sheet.record_name == "product" else "product_id"
        tables += f" LEFT JOIN retail_productcode c ON c.product_id = t.{own} AND c.is_primary"
    if "store" in kinds:
        tables += " LEFT JOIN retail_store s ON s.id = t.store_id"
    if "department" in kinds:
        tables += " LEFT JOIN retail_department d ON d.id = t.department_id"
    vendor = "t"
    if "item" in kinds:
        tables, vendor = f"{tables} JOIN retail_vendoritem i ON i.id = t.vendor_item_id", "i"
    if "invoice" in kinds:
        tables, vendor = f"{tables} JOIN retail_invoice n ON n.id = t.invoice_id", "n"
    if "vendor" in kinds:
        tables += f" JOIN retail_vendor v ON v.id = {vendor}.vendor_id"
    return tables
