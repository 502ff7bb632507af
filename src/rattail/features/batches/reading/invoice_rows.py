"""Invoices as tables with one row for each line, which say in each row whose it is."""

from collections.abc import Callable, Iterator, Mapping

from rattail.errors import InputRejected
from rattail.features.batches.reading.bad_cell import BadCell
from rattail.features.batches.reading.cells import date, money
from rattail.features.batches.reading.format import Reading
from rattail.features.batches.reading.generic_invoice_rows import kind_of_row, label_of
from rattail.features.batches.reading.lines import (
    Event,
    InvoiceCharge,
    InvoiceHead,
    InvoiceLine,
    InvoiceTotal,
    Remark,
)
from rattail.features.batches.reading.row import BadRow, Row, Titles, rows_of
from rattail.features.batches.reading.source import Source


def read_invoice_rows(
    source: Source,
    reading: Reading,
    *,
    titles: Titles,
    vendor_name: str,
    amount_field: str,
    goods: Callable[[Row, int], InvoiceLine],
) -> Iterator[Event]:
    """The events of a table whose columns are `titles`; `goods` makes the line of a row that names an item.

    A row that names none is a charge of what stands in `amount_field`, or a total. The options `number` and
    `date` go in where the file has none.

    Raises:
        InputRejected: columns are missing.
    """
    table, columns = titles.open(source)
    yield from table.remarks
    documents = _Documents(vendor_name, reading.options)
    last = table.names_row
    for row in rows_of(table, columns):
        if not isinstance(row, Row):
            yield row
            continue
        last = row.number
        try:
            if row.text("code") or row.text("vendor_code"):
                yield from documents.heads(row)
                yield goods(row, documents.current)
            else:
                yield from documents.other_than_goods(row, amount_field)
        except BadRow as bad:
            yield row.problem(bad)
    if not documents.current:
        raise InputRejected(f"{source.name}: it has names of columns, and no line of an invoice below them.")
    yield from documents.totals(last)


class _Documents:
    """The invoices of one file by their numbers; rows of one may stand apart."""

    def __init__(self, vendor_name: str, options: Mapping[str, str]) -> None:
        self._vendor_name = vendor_name
        self._options = options
        self._documents: dict[str, int] = {}
        self._totals: dict[int, tuple[int, int | None]] = {}
        self.current = 0

    def heads(self, row: Row) -> Iterator[Event]:
        """The head of the invoice that a row belongs to, where the row is its first one.

        The row's fields `number`, `date` and `order_number` are read; a row without a number belongs to
        the invoice of the row above.
        """
        number = row.text("number") or ("" if self.current else self._options.get("number", ""))
        if self.current and not number:
            return
        if number in self._documents:
            self.current = self._documents[number]
            return
        self.current = self._documents[number] = len(self._documents) + 1
        text = row.text("date") or self._options.get("date", "")
        issued, fault = None, ""
        try:
            issued = date(text, "month") or None if text else None
        except BadCell as bad:
            fault = f'{row.columns.title("date")}: "{text}" {bad.reason}'
        yield InvoiceHead(
            row.number,
            self.current,
            number,
            issued,
            order_number=row.text("order_number"),
            vendor_name=self._vendor_name,
        )
        if fault:
            yield Remark(row.number, fault)

    def other_than_goods(self, row: Row, amount_field: str) -> Iterator[Event]:
        """A row that names no item: a total, or a charge of the current invoice. Raises `BadRow`."""
        kind = kind_of_row(row.cells)
        if kind == "part":
            return
        amount = row.money(amount_field)
        if kind == "total":
            self._totals[self.current] = (row.number, amount if amount is not None else _last_amount(row))
            return
        if kind != "charge" or amount is None or not self.current:
            raise row.bad("vendor_code", "is empty, and so is the UPC: the row names no item")
        yield InvoiceCharge(row.number, self.current, row.text("description") or label_of(row.cells), amount)

    def totals(self, row: int) -> Iterator[Event]:
        """The ends of all invoices, with the totals of those that had a row for it."""
        for document in self._documents.values():
            at, amount = self._totals.get(document, (row, None))
            is_one_of_several = len(self._documents) > 1
            yield InvoiceTotal(at, document, None if is_one_of_several else amount)


def _last_amount(row: Row) -> int | None:
    for cell in reversed(row.cells):
        try:
            return money(cell)
        except BadCell:
            continue
    return None
