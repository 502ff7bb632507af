"""KeHE's catalog as a spreadsheet: columns by position, two of them with a case size.

Which of `Case Pack` and `Un of Sls` is the case size differs between files and cannot be seen in them:
both are handed on, and the cost that is known settles it.
"""

from collections.abc import Iterator

from rattail.errors import InputRejected
from rattail.features.batches.reading.cells import quantity
from rattail.features.batches.reading.format import Format, Reading
from rattail.features.batches.reading.lines import CatalogLine, Event, Problem
from rattail.features.batches.reading.packs import size
from rattail.features.batches.reading.row import BadRow, Columns, Row, fold, rows_of
from rattail.features.batches.reading.source import Source
from rattail.features.batches.reading.tables import Table, open_table

_CASE_PACK, _UNITS_OF_SALE = "casepack", "unofsls"
_CASE_PACK_AT = 6
_POSITIONS = {
    "vendor_code": 0,
    "brand": 1,
    "description": 2,
    "size": 3,
    "size_unit": 4,
    "code": 5,
    "case_pack": 6,
    "units_of_sale": 7,
    "unit_cost": 8,
    "suggested_retail": 9,
}
_ITEM_DIGITS = 7


def recognise(source: Source) -> str:
    """Whether `Case Pack` and `Un of Sls` stand side by side where this layout has them."""
    if source.container not in ("xls", "xlsx", "text"):
        return ""
    if source.container == "text" and _UNITS_OF_SALE not in fold(source.text[:8192]):
        return ""
    try:
        table = open_table(source, is_known=_is_known)
    except InputRejected:
        return ""
    return "its columns 7 and 8 are Case Pack and Un of Sls" if _columns(table) else ""


def read(source: Source, _reading: Reading) -> Iterator[Event]:
    """A `CatalogLine` for every item, with both case sizes where they differ.

    Raises:
        InputRejected: the columns are not those of this layout.
    """
    table = open_table(source, is_known=_is_known)
    columns = _columns(table)
    if columns is None:
        raise InputRejected(
            f"{source.name}: expected Case Pack and Un of Sls as names of the columns 7 and 8.",
            hint="is it another layout? See: rattail list-formats",
        )
    yield from table.remarks
    for row in rows_of(table, columns):
        yield _line(row) if isinstance(row, Row) else row


def _is_known(title: str) -> bool:
    return fold(title) in (_CASE_PACK, _UNITS_OF_SALE)


def _columns(table: Table) -> Columns | None:
    folded = [fold(title) for title in table.names]
    is_layout = folded[_CASE_PACK_AT : _CASE_PACK_AT + 2] == [_CASE_PACK, _UNITS_OF_SALE]
    return Columns(table.names, _POSITIONS) if is_layout else None


def _line(row: Row) -> CatalogLine | Problem:
    try:
        code, item = row.code("code"), row.text("vendor_code")
        if not code and not item:
            raise row.bad("vendor_code", "is empty, and so is the UPC: the row names no item")
        unit_cost = row.money("unit_cost")
        if unit_cost is None:
            raise row.bad("unit_cost", "is empty: expected the cost of a unit")
        if unit_cost < 0:
            raise row.bad("unit_cost", "is below zero: expected the cost of a unit")
        case_pack, units_of_sale = _case_size(row, "case_pack"), _case_size(row, "units_of_sale")
        sizes = list(dict.fromkeys(found for found in (case_pack, units_of_sale) if found))
        if not sizes:
            raise row.bad("case_pack", "is no case size, and nor is the next column: expected more than 0")
        return CatalogLine(
            row.number,
            code,
            item.zfill(_ITEM_DIGITS) if item.isdigit() else item,
            row.text("brand"),
            row.text("description"),
            size(f"{row.text('size')} {row.text('size_unit')}"),
            sizes[0],
            unit_cost=unit_cost,
            suggested_retail=row.money("suggested_retail"),
            other_case_size=sizes[1] if len(sizes) > 1 else None,
        )
    except BadRow as bad:
        return row.problem(bad)


def _case_size(row: Row, field: str) -> int | None:
    found = row.read(field, quantity)
    if found is not None and found < 0:
        raise row.bad(field, "is no case size: expected more than 0")
    return found


FORMAT = Format(
    name="kehe_catalog",
    title="KeHE catalog, spreadsheet with Case Pack and Un of Sls",
    kind="vendor_catalog",
    recognise=recognise,
    read=read,
    has_check_digit=True,
)
