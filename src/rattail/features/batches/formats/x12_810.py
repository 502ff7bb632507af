"""X12 810, the invoice of North American trade.

IT102 is the quantity that was invoiced: 0 stands for out of stock. TDS01 and SAC05 are cents without a
point. Allowances lower the total whatever their sign; those of payment terms, which the total does not
deduct, and those that are told twice, on the line and at the end, are found by the total. The price is
for the unit of IT103, unless IT105 says for a hundred (HP) or a thousand (TP).
"""

from collections.abc import Callable, Iterator
from decimal import Decimal

from rattail.features.batches.reading.edi_values import (
    Charge,
    Fault,
    Goods,
    UnitCode,
    Way,
    cents,
    counted_charges,
    iso_date,
)
from rattail.features.batches.reading.edi_values import number as number_of
from rattail.features.batches.reading.format import Format, Reading
from rattail.features.batches.reading.invoices import SeenNumbers, charge_events, most_charges
from rattail.features.batches.reading.lines import Event, InvoiceHead, InvoiceLine, InvoiceTotal, Problem, Remark
from rattail.features.batches.reading.source import Source
from rattail.features.batches.reading.x12 import Segment, element, is_x12, sets_of, transaction_segments
from rattail.features.batches.reading.x12_items import Item, item_ids, unit_code
from rattail.retail.amounts import NotAnAmount, from_decimal

_SET = "810"
_SELLERS = ("VN", "SE", "SU", "SF", "RE")  # who is the vendor, the best first
_PER = {"HP": Decimal(100), "TP": Decimal(1000)}
_BY_WEIGHT = frozenset(("PP", "PN", "PK"))  # price per pound, per kilogram


def _all(_charge: Charge) -> bool:
    return True


def _none(_charge: Charge) -> bool:
    return False


def _places(*places: str) -> Callable[[Charge], bool]:
    return lambda charge: charge.place in places


def _only_charges(place: str) -> Callable[[Charge], bool]:
    return lambda charge: charge.place == place and charge.amount >= 0


_WAYS = (
    Way(_all, ""),
    Way(_places("line", "document"), "without the tax segments (TXI), which repeat a charge"),
    Way(_places("document", "document tax"), "without the allowances and charges of single lines"),
    Way(_places("document"), "without the allowances and charges of single lines, and without tax segments (TXI)"),
    Way(_places("line", "line tax"), "without the allowances and charges after the lines"),
    Way(_places("line"), "without the allowances and charges after the lines, and without tax segments (TXI)"),
    Way(_only_charges("document"), "with the charges of the document alone, its allowances not deducted"),
    Way(_only_charges("line"), "with the charges of the lines alone, their allowances not deducted"),
    Way(_none, "without any allowance or charge"),
)


class _Invoice:
    """One transaction set while it is read."""

    def __init__(self, row: int, document: int) -> None:
        self.row, self.document = row, document
        self.big: Segment | None = None
        self.currency = ""
        self.sellers: dict[str, tuple[str, str]] = {}
        self.is_headed = False
        self.item: Item | None = None
        self.place = "document"
        self.lines = 0
        self.goods = Goods()
        self.charges: list[Charge] = []
        self.total: int | None = None
        self.total_row = row
        self.line_count: int | None = None

    def text_of(self, position: int) -> str:
        return element(self.big, position) if self.big else ""

    @property
    def is_credit(self) -> bool:
        return self.text_of(7) in ("CR", "CN", "CM")


def recognise(source: Source) -> str:
    return "its ISA envelope holds transaction set 810 (invoice)" if is_x12(source) and _SET in sets_of(source) else ""


def codes(source: Source, _reading: Reading) -> Iterator[str]:
    for piece in transaction_segments(source, _SET):
        if isinstance(piece, Segment) and piece.elements[0] == "IT1":
            yield item_ids(piece, 6).code


def read(source: Source, _reading: Reading) -> Iterator[Event]:
    seen, unknown_units = SeenNumbers("segment"), set[str]()
    invoice, document = _Invoice(1, 0), 0
    for piece in transaction_segments(source, _SET):
        if isinstance(piece, Remark):
            yield piece
            continue
        tag = piece.elements[0]
        if tag == "ST":
            document += 1
            invoice = _Invoice(piece.row, document)
        elif tag == "IT1":
            yield from _end_of_item(invoice, unknown_units)
            yield from _head(invoice, seen)
            invoice.item, invoice.place = Item(piece, 6), "line"
            invoice.lines += 1
        elif tag in ("PID", "PO4"):
            if invoice.item is not None:
                invoice.item.take(piece)
        elif tag == "SE":
            yield from _end_of_item(invoice, unknown_units)
            yield from _head(invoice, seen)
            yield from _total(invoice, piece.row)
        elif tag in ("TDS", "CTT"):
            yield from _end_of_item(invoice, unknown_units)
            yield from _take_summary(invoice, piece)
        elif tag in ("SAC", "TXI"):
            yield from _take_charge(invoice, piece, source.name)
        elif not invoice.is_headed:
            _take_header(invoice, piece)


def _take_header(invoice: _Invoice, piece: Segment) -> None:
    tag = piece.elements[0]
    if tag == "BIG":
        invoice.big = piece
    elif tag == "CUR":
        invoice.currency = invoice.currency or element(piece, 2).upper()[:3]
    elif tag == "N1":
        invoice.sellers.setdefault(element(piece, 1), (element(piece, 4), element(piece, 2)))


def _head(invoice: _Invoice, seen: SeenNumbers) -> Iterator[Event]:
    """The head, once, before the first line."""
    if invoice.is_headed:
        return
    invoice.is_headed = True
    row, number = (invoice.big.row if invoice.big else invoice.row), invoice.text_of(2)
    date = iso_date(invoice.text_of(1))
    seller = next((invoice.sellers[who] for who in _SELLERS if who in invoice.sellers), ("", ""))
    yield InvoiceHead(
        row, invoice.document, number, date, invoice.is_credit, invoice.currency, invoice.text_of(4), *seller
    )
    if not number:
        yield Problem(row, "BIG02", "", "the invoice has no number")
    if date is None:
        yield Problem(row, "BIG01", invoice.text_of(1), "is no date; expected year, month and day such as 20261122")
    yield from seen.remarks(number, row=row, document=invoice.document)


def _end_of_item(invoice: _Invoice, unknown_units: set[str]) -> Iterator[Event]:
    item, invoice.item = invoice.item, None
    if item is None:
        return
    code = element(item.segment, 3).upper()
    unit = unit_code(code)
    if unit is None and code and code not in unknown_units and len(unknown_units) < 100:
        unknown_units.add(code)
        yield Remark(item.segment.row, f"unit '{code[:10]}' (IT103) is not known; quantities in it are taken as each")
    try:
        line = _line(invoice, item, unit or UnitCode("each"))
    except Fault as fault:
        invoice.goods.add(None)
        row, ids = item.segment.row, item.ids
        yield Problem(row, fault.column, fault.value, fault.reason, ids.code, ids.vendor_code, item.description)
    else:
        yield line


def _line(invoice: _Invoice, item: Item, unit: UnitCode) -> InvoiceLine:
    segment = item.segment
    basis = element(segment, 5)
    quantity, price = _number(segment, 2), None
    if quantity is None:
        raise Fault("IT102", "", "there is no quantity; 0 would stand for out of stock")
    if element(segment, 4):
        price = _number(segment, 4)
    if basis in _BY_WEIGHT and unit.unit not in ("pound", "kilogram") and price:
        unit_text = element(segment, 3)
        raise Fault("IT105", basis, f"the price is by weight, but the quantity in '{unit_text}' is no weight")
    value = None if price is None else quantity * price / _PER.get(basis, Decimal(1))
    try:
        shipped = from_decimal(quantity * unit.factor)
        cost = None if price is None else from_decimal(price / _PER.get(basis, Decimal(1)) / unit.factor)
        amount = None if value is None else from_decimal(value)
    except NotAnAmount:
        raise Fault("IT104", element(segment, 4), "quantity times price is too large to be true") from None
    invoice.goods.add(amount if amount is not None or quantity else 0)
    is_exact = cost is None or amount is None or shipped * cost == amount * 10_000
    return InvoiceLine(
        row=segment.row,
        document=invoice.document,
        number=element(segment, 1),
        code=item.ids.code,
        vendor_code=item.ids.vendor_code,
        brand=item.brand,
        description=item.description,
        size=item.size,
        shipped=shipped,
        unit=unit.unit,
        case_size=item.case_size or (None if unit.case_size is None else unit.case_size * 10_000),
        cost=cost,
        amount=None if is_exact else amount,
        is_out_of_stock=shipped == 0,
    )


def _number(segment: Segment, position: int) -> Decimal | None:
    text = element(segment, position)
    if not text:
        return None
    try:
        return number_of(text)
    except NotAnAmount as error:
        raise Fault(f"IT1{position:02d}", text, "is not a number" if len(text) < 15 else str(error)) from None


def _take_summary(invoice: _Invoice, piece: Segment) -> Iterator[Event]:
    invoice.place = "document"
    text = element(piece, 1)
    if piece.elements[0] == "TDS":
        invoice.total_row = piece.row
        try:
            invoice.total = cents(text)
        except NotAnAmount:
            yield Problem(piece.row, "TDS01", text, "is no total: expected whole cents such as 22455 for 224.55")
    elif text.isdigit() and text.isascii():
        invoice.line_count = int(text[:9])


def _take_charge(invoice: _Invoice, piece: Segment, name: str) -> Iterator[Event]:
    """Keep an allowance, a charge or a tax until the total tells whether it counts."""
    is_tax = piece.elements[0] == "TXI"
    kind, code = ("T", element(piece, 1)) if is_tax else (element(piece, 1), element(piece, 2))
    if kind not in ("A", "C", "T"):  # N: for information
        return
    try:
        amount = from_decimal(number_of(element(piece, 2))) if is_tax else _sac_amount(piece)
    except NotAnAmount:
        column, text = ("TXI02", element(piece, 2)) if is_tax else ("SAC05", element(piece, 5))
        yield Problem(piece.row, column, text, "is no amount" if text else "the allowance or charge has no amount")
        return
    said = "" if is_tax else element(piece, 15)
    label = f"tax {code}".strip() if is_tax else f"{code} {said}".strip() or ("allowance" if kind == "A" else "charge")
    place = invoice.place + (" tax" if is_tax else "")
    invoice.charges.append(Charge(piece.row, label, -abs(amount) if kind == "A" else amount, place))
    most_charges(invoice.charges, name)


def _sac_amount(piece: Segment) -> int:
    """The amount, or rate times quantity where only those are given."""
    if element(piece, 5) or not (element(piece, 8) and element(piece, 10)):
        return cents(element(piece, 5))
    return from_decimal(number_of(element(piece, 8)) * number_of(element(piece, 10)))


def _total(invoice: _Invoice, row: int) -> Iterator[Event]:
    total = invoice.total
    if invoice.is_credit and total is not None and total < 0 and invoice.goods.exact > 0:
        total = -total
    elif invoice.is_credit and invoice.goods.exact < 0:
        yield Remark(
            row, f"invoice {invoice.text_of(2)} is a credit memo with negative quantities: check what came back"
        )
    kept, said = counted_charges(invoice.charges, invoice.goods, total=total, ways=_WAYS)
    yield from charge_events(kept, document=invoice.document)
    if said:
        yield Remark(invoice.total_row, f"invoice {invoice.text_of(2)}: the total {said}")
    if invoice.line_count is not None and invoice.line_count != invoice.lines:
        yield Remark(
            row, f"invoice {invoice.text_of(2)}: CTT counts {invoice.line_count} lines; there are {invoice.lines}"
        )
    if invoice.total is None:
        yield Remark(row, f"invoice {invoice.text_of(2)} has no total (TDS), so its lines could not be checked")
    yield InvoiceTotal(invoice.total_row, invoice.document, total, invoice.line_count)


FORMAT = Format(
    name="x12_810",
    title="X12 810 invoice",
    kind="vendor_invoice",
    recognise=recognise,
    read=read,
    codes=codes,
    row_word="segment",
)
