"""UNFI's invoice as CSV: a row of names and a `Header` row, a row of names and `Detail` rows, a `Footer`.

Several invoices may follow one another. Quantities are cases. The extended price has the discounts taken
off, the net price of a unit has not: so costs come from the extended price, where there is one.
"""

from collections.abc import Iterator, Sequence

from rattail.errors import InputRejected
from rattail.features.batches.reading.cells import case_size, date
from rattail.features.batches.reading.format import Format, Reading
from rattail.features.batches.reading.invoices import SeenNumbers
from rattail.features.batches.reading.lines import (
    Event,
    InvoiceCharge,
    InvoiceHead,
    InvoiceLine,
    InvoiceTotal,
    Problem,
    Remark,
)
from rattail.features.batches.reading.packs import size
from rattail.features.batches.reading.row import BadRow, Columns, Row, find_columns, rows_of
from rattail.features.batches.reading.source import Source
from rattail.features.batches.reading.tables import open_table
from rattail.retail.amounts import divide, multiply

_HEADER_NAMES = {
    "number": ("invnum", "invoicenumber", "invoicenum"),
    "date": ("invoicedate", "invdate"),
    "order_number": ("ponumber", "ponum", "purchaseordernumber"),
}
_HEADER_POSITIONS = {"number": 1, "date": 4, "order_number": 24}
_DETAIL_NAMES = {
    "code": ("upc",),
    "vendor_code": ("productid",),
    "shipped": ("quantityshipped",),
    "case_size": ("servings",),
    "size": ("size",),
    "brand": ("brand",),
    "description": ("description",),
    "amount": ("extendedprice",),
    "unit_price": ("netpriceperunit",),
    "ordered": ("quantityordered",),
    "status": ("status",),
}
_DETAIL_POSITIONS = {
    "code": 3,
    "vendor_code": 4,
    "shipped": 5,
    "case_size": 6,
    "size": 7,
    "brand": 8,
    "description": 9,
    "amount": 13,
    "unit_price": 15,
    "ordered": 18,
}
_PRODUCT_DIGITS = 7
_DETAIL_TITLES = {"code": "UPC", "vendor_code": "ProductID", "shipped": "QuantityShipped", "amount": "ExtendedPrice"}


def recognise(source: Source) -> str:
    """Whether its first rows are named by RecType, as a header and as details with ProductID and ExtendedPrice."""
    text = source.text
    if source.container != "text" or text.lstrip()[:12].lstrip('"')[:7].lower() != "rectype":
        return ""
    folded = text.lower()
    if "extendedprice" in folded and "productid" in folded and "quantityshipped" in folded:
        return "its first row begins with RecType, and its details name ProductID and ExtendedPrice"
    return ""


def read(source: Source, _reading: Reading) -> Iterator[Event]:
    """The lines of every invoice of the file; a line without a UPC and without a product is a charge.

    Raises:
        InputRejected: no row is a `Header` or a `Detail`.
    """
    table = open_table(source, is_known=lambda _: False, delimiter=",", names_row=0)
    yield from table.remarks
    invoices = _Invoices()
    row = 0
    for found in rows_of(table, invoices.detail):
        if not isinstance(found, Row):
            yield found
        else:
            row = found.number
            yield from invoices.events_of(found)
    yield from invoices.cut_short(row)
    if not invoices.document:
        raise InputRejected(
            f"{source.name}: none of its rows begins with Header or Detail.",
            hint="is it another layout? See: rattail list-formats",
        )


class _Invoices:
    """The invoices of one file, row after row: which one is open, and what the columns are called by now."""

    def __init__(self) -> None:
        self.header = Columns((), _HEADER_POSITIONS)
        self.detail = _default_details()
        self.document = 0
        self.is_open = False
        self.number = ""
        self._seen = SeenNumbers("row")

    def events_of(self, row: Row) -> Iterator[Event]:
        kind = row.cells[0].strip().lower()
        if kind == "rectype":
            self._rename(row.cells)
        elif kind == "header":
            yield from self.cut_short(row.number)
            yield from self._begin(row._replace(columns=self.header))
        elif kind == "detail":
            if not self.is_open:
                yield from self._begin(Row(row.number, (), self.header))
                yield Remark(row.number, "lines without a Header row before them: the file may be incomplete")
            yield _line(row._replace(columns=self.detail), self.document)
        elif kind == "footer":
            if self.is_open:
                yield _total(row._replace(columns=self.detail), self.document)
            self.is_open = False
        else:
            reason = "is no kind of row: expected RecType, Header, Detail or Footer"
            yield Problem(row.number, "RecType", row.cells[0][:200], reason)

    def cut_short(self, row: int) -> Iterator[Event]:
        """The end of an invoice that has none of its own."""
        if self.is_open:
            yield InvoiceTotal(row, self.document)
            called = self.number or f"number {self.document} of the file"
            yield Remark(row, f"invoice {called} has no Footer: the file may be incomplete")
        self.is_open = False

    def _rename(self, titles: Sequence[str]) -> None:
        """A row of names is that of the header or that of the details, by what it names."""
        details = find_columns(titles, _DETAIL_NAMES)
        if {"vendor_code", "amount"} <= details.positions.keys():
            self.detail = details
        else:
            found = find_columns(titles, _HEADER_NAMES)
            self.header = found._replace(positions={**_HEADER_POSITIONS, **found.positions})

    def _begin(self, row: Row) -> Iterator[Event]:
        self.document += 1
        self.is_open = True
        number, issued, fault = row.text("number"), None, ""
        try:
            issued = row.read("date", lambda text: date(text, "month")) or None
        except BadRow as bad:
            fault = f'{bad.column} of invoice {number}: "{bad.value}" {bad.reason}'
        order = row.text("order_number")
        yield InvoiceHead(row.number, self.document, number, issued, order_number=order, vendor_name="UNFI")
        if fault:
            yield Remark(row.number, fault)
        yield from self._seen.remarks(number, row=row.number, document=self.document)
        self.number = number


def _default_details() -> Columns:
    titles = [""] * 19
    for field, position in _DETAIL_POSITIONS.items():
        titles[position] = _DETAIL_TITLES.get(field, _DETAIL_NAMES[field][0])
    return Columns(titles, _DETAIL_POSITIONS)


def _line(row: Row, document: int) -> Event:
    try:
        upc, product = row.code("code"), row.text("vendor_code")
        amount = row.money("amount")
        is_product = bool(product.strip("0"))
        if not upc and not (is_product and (row.text("size") or row.text("brand"))):
            if amount is None:
                raise row.bad("amount", "is empty: expected the amount of the charge")
            return InvoiceCharge(row.number, document, row.text("description") or "charge", amount)
        return _goods(row, document, upc, product.zfill(_PRODUCT_DIGITS) if is_product else "", amount)
    except BadRow as bad:
        return row.problem(bad)


def _goods(row: Row, document: int, upc: str, product: str, amount: int | None) -> InvoiceLine:
    shipped, ordered = row.quantity("shipped"), row.quantity("ordered")
    if shipped is None:
        raise row.bad("shipped", "is empty: expected a number of cases, 0 for none")
    in_case = row.read("case_size", _servings) or None
    unit_price = row.money("unit_price")
    cost = multiply(unit_price, in_case) if unit_price is not None and in_case else None
    if shipped and amount:
        cost = divide(amount, shipped)
    is_out = "out" in row.text("status").lower() or (not shipped and ordered != 0)
    return InvoiceLine(
        row.number,
        document,
        "",
        upc,
        product,
        row.text("brand"),
        row.text("description"),
        size(row.text("size")),
        ordered,
        shipped,
        "case",
        in_case,
        cost,
        amount,
        is_out,
    )


def _servings(text: str) -> int:
    """Units in a case; 0 where the vendor writes `CS`, which says nothing: the catalog knows."""
    return 0 if text.upper() in ("CS", "EA", "CASE") else case_size(text)


def _total(row: Row, document: int) -> InvoiceTotal:
    try:
        amount = row.money("amount")
    except BadRow:
        amount = None
    return InvoiceTotal(row.number, document, amount)


FORMAT = Format(
    name="unfi_invoice",
    title="UNFI invoice, CSV (RecType Header, Detail, Footer)",
    kind="vendor_invoice",
    recognise=recognise,
    read=read,
    has_check_digit=True,
)
