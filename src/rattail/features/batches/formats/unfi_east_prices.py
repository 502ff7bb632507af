"""UNFI's price file of its eastern warehouses: CSV by position, with regular and sale costs of a case."""

import csv
import re
from collections.abc import Iterator, Sequence

from rattail.errors import InputRejected
from rattail.features.batches.reading.cells import case_size
from rattail.features.batches.reading.format import Format, Reading
from rattail.features.batches.reading.lines import CatalogLine, Event, Problem, Remark
from rattail.features.batches.reading.packs import size, weight
from rattail.features.batches.reading.row import BadRow, Columns, Row, rows_of
from rattail.features.batches.reading.source import HEAD_BYTES, Source
from rattail.features.batches.reading.tables import open_table
from rattail.retail.amounts import SCALE

_TITLES = {
    1: "product number",
    2: "brand",
    3: "pack",
    4: "size",
    5: "category",
    6: "description",
    8: "regular case cost",
    12: "sale case cost",
    14: "UPC",
    16: "suggested retail",
    20: "flags",
}
_COLUMNS = Columns(
    [_TITLES.get(position, "") for position in range(21)],
    {
        "vendor_code": 1,
        "brand": 2,
        "pack": 3,
        "size": 4,
        "department": 5,
        "description": 6,
        "regular": 8,
        "sale": 12,
        "code": 14,
        "suggested_retail": 16,
        "flags": 20,
    },
)
_LEAST_CELLS = 17
_PRODUCT_DIGITS = 7
_PRODUCT = re.compile(r"\d{1,7}", re.ASCII)
_UPC = re.compile(r"\d{13}", re.ASCII)
_COST = re.compile(r"\$?\d{1,3}(?:,?\d{3})*\.\d{2,4}", re.ASCII)
_ORGANIC = re.compile(r"O[12]", re.I)
_MOST_LINES_LOOKED_AT = 100


def recognise(source: Source) -> str:
    """Whether the columns hold what they should: product numbers, costs and UPCs of 13 digits."""
    if source.container != "text" or source.text.count(",") < _LEAST_CELLS - 1:
        return ""
    lines = source.text.splitlines()
    if source.size_bytes > HEAD_BYTES:
        lines.pop()
    try:
        rows = [cells for cells in csv.reader(lines[:_MOST_LINES_LOOKED_AT]) if any(cells)]
    except csv.Error:
        return ""
    items = sum(1 for cells in rows if _is_item(cells))
    if items and 2 * items >= len(rows) - 1:
        return "its columns 2, 9 and 15 hold product numbers, costs of a case and UPCs of 13 digits"
    return ""


def read(source: Source, _reading: Reading) -> Iterator[Event]:
    """A `CatalogLine` for every item; a sale is a discount on the case without dates, and no sale a discount of 0.

    Raises:
        InputRejected: no row is built like an item.
    """
    table = open_table(source, is_known=lambda _: False, delimiter=",", names_row=0)
    yield from table.remarks
    waiting: list[Problem] = []  # rows before the first item: a title or names, if items follow
    has_items = False
    no_items = 0
    for row in rows_of(table, _COLUMNS):
        if not isinstance(row, Row):
            yield row
            continue
        if not has_items and not _PRODUCT.fullmatch(row.text("vendor_code")):
            continue
        event = _line(row)
        if event is None:
            no_items += 1
            has_items = True
            continue
        if not has_items and isinstance(event, Problem):
            waiting.append(event)
            continue
        has_items = True
        yield from waiting
        waiting.clear()
        yield event
    if not has_items:
        raise InputRejected(
            f"{source.name}: no row has a product number in column 2, a cost in column 9 and a UPC in column 15.",
            hint="is it another layout? See: rattail list-formats",
        )
    if no_items:
        rows = "1 row was" if no_items == 1 else f"{no_items} rows were"
        yield Remark(0, f"{rows} left out: a UPC of zeros stands for no item")


def _is_item(cells: Sequence[str]) -> bool:
    if len(cells) < _LEAST_CELLS:
        return False
    product, upc = cells[1].strip(), cells[14].strip()
    costs = cells[8].strip() + cells[12].strip()
    is_priced = bool(_COST.match(costs)) or (not costs and not upc.strip("0"))
    return bool(_PRODUCT.fullmatch(product) and _UPC.fullmatch(upc)) and is_priced


def _line(row: Row) -> CatalogLine | Problem | None:
    """None: the row is about something that is not sold, such as a shelf talker."""
    try:
        if len(row.cells) < _LEAST_CELLS:
            raise BadRow(
                "", " | ".join(row.cells)[:200], f"has {len(row.cells)} cells; expected {_LEAST_CELLS} or more"
            )
        product = row.text("vendor_code")
        if not _PRODUCT.fullmatch(product):
            raise row.bad("vendor_code", "is no product number: expected up to 7 digits")
        if row.text("code") and not row.text("code").strip("0"):
            return None
        return _item(row, product.zfill(_PRODUCT_DIGITS))
    except BadRow as bad:
        return row.problem(bad)


def _item(row: Row, product: str) -> CatalogLine:
    code = row.code("code")
    regular, sale = row.money("regular"), row.money("sale")
    if regular is None:
        regular, sale = sale, None
    if regular is None:
        raise row.bad("regular", "is empty: expected the cost of a case")
    if regular < 0:
        raise row.bad("regular", "is below zero: expected the cost of a case")
    if sale is not None and (sale > regular or sale < 0):
        raise row.bad("sale", "is no sale: it is above the regular cost, or below zero")
    return CatalogLine(
        row.number,
        code,
        product,
        row.text("brand"),
        row.text("description"),
        size(row.text("size")),
        _units(row),
        regular,
        suggested_retail=row.money("suggested_retail"),
        discount_amount=0 if sale is None else regular - sale,
        organic=True if _ORGANIC.search(row.text("flags")) else None,
        department=row.text("department"),
    )


def _units(row: Row) -> int:
    """Units in a case; a single sack or bin (`25#`, `25 LB`) is sold by the pound, and holds that many."""
    units = row.read("pack", case_size)
    if units is None:
        raise row.bad("pack", "is empty: expected the number of units in a case")
    bulk = weight(row.text("size"))
    return bulk[0] if bulk and bulk[1] == "pound" and units == SCALE else units


FORMAT = Format(
    name="unfi_east_prices",
    title="UNFI price file of the East, CSV by position",
    kind="vendor_catalog",
    recognise=recognise,
    read=read,
    has_check_digit=False,
)
