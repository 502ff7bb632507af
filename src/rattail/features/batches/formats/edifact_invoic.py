"""EDIFACT INVOIC, the invoice and credit note of European trade (EANCOM and plain).

QTY 47 is what was invoiced; where the price is for another kind of unit (per kilogram, while 47 counts
pieces) the quantity in that unit counts, so a weighed line has its weight. QTY 59 is consumer units in the
traded unit, so that line is in cases. The cost is PRI AAA (net), else INV, else AAB (gross), divided by the
quantity it is for. MOA 203 is the line's amount after its allowances; whether the allowances of lines come
on top of it, and whether tax is in the total, is told by the total.
"""

from collections.abc import Callable, Iterator

from rattail.features.batches.reading.edi_values import (
    CENT,
    Charge,
    Fault,
    Goods,
    UnitCode,
    Way,
    counted_charges,
    iso_date,
)
from rattail.features.batches.reading.edifact import Segment, component, is_edifact, message_segments, messages_of
from rattail.features.batches.reading.edifact_items import (
    Item,
    Price,
    decimal,
    edifact_date,
    price_of,
    unit_code,
)
from rattail.features.batches.reading.format import Format, Reading
from rattail.features.batches.reading.invoices import SeenNumbers, charge_events, most_charges
from rattail.features.batches.reading.lines import Event, InvoiceHead, InvoiceLine, InvoiceTotal, Problem, Remark
from rattail.features.batches.reading.source import Source
from rattail.retail.amounts import SCALE, NotAnAmount, divide, from_decimal, multiply, to_decimal

_MESSAGE = "INVOIC"
_CREDITS = frozenset(("381", "81", "83", "261", "262", "296", "308", "396", "420", "458", "532"))
_SELLERS = ("SU", "SE", "II", "DS")
_SHIPPED = ("47", "46", "12", "1")
_COSTS = ("AAA", "INV", "NTP", "CAL", "AAB")
_LINE_AMOUNTS = ("203", "66", "38")
_TOTALS = ("77", "39", "86", "128", "388", "9")  # of the whole invoice, the best first
_TAXES = ("176", "150", "124")


def _places(*places: str) -> Callable[[Charge], bool]:
    return lambda charge: charge.place in places


_WAYS = (
    Way(_places("document", "document tax"), ""),
    Way(_places("document", "document tax", "line"), "with the allowances and charges of single lines on top of them"),
    Way(_places("document"), "without tax"),
    Way(_places("document", "line"), "without tax, with the allowances and charges of single lines on top of them"),
    Way(_places("document tax"), "without allowances and charges"),
    Way(_places(), "without tax, allowances and charges"),
)


class _Line(Item):
    """One line item of the invoice while it is read."""

    __slots__ = ("amounts", "fault", "prices", "quantities")

    def __init__(self, segment: Segment) -> None:
        super().__init__(segment)
        self.quantities: dict[str, Segment] = {}
        self.prices: dict[str, Price] = {}
        self.amounts: dict[str, int] = {}
        self.fault: Fault | None = None


class _Invoice:
    """One message while it is read."""

    def __init__(self, row: int, document: int) -> None:
        self.row, self.document = row, document
        self.number = self.kind = self.currency = self.order = ""
        self.dates: dict[str, str] = {}
        self.sellers: dict[str, tuple[str, str]] = {}
        self.is_headed = self.is_in_summary = False
        self.line: _Line | None = None
        self.lines = 0
        self.allowance: Segment | None = None  # the ALC whose amount is still to come
        self.goods = Goods()
        self.charges: list[Charge] = []
        self.totals: dict[str, tuple[int, int]] = {}  # row and amount
        self.taxes: dict[str, list[Charge]] = {}
        self.line_count: int | None = None


def recognise(source: Source) -> str:
    if is_edifact(source) and _MESSAGE in messages_of(source):
        return "its EDIFACT interchange holds message INVOIC (invoice)"
    return ""


def codes(source: Source, _reading: Reading) -> Iterator[str]:
    for piece in message_segments(source, _MESSAGE):
        if isinstance(piece, Segment) and piece.tag == "LIN":
            yield Item(piece).code


def read(source: Source, _reading: Reading) -> Iterator[Event]:
    seen, invoice, document = SeenNumbers("segment"), _Invoice(1, 0), 0
    for piece in message_segments(source, _MESSAGE):
        if isinstance(piece, Remark):
            yield piece
            continue
        tag = piece.tag
        if tag == "UNH":
            document += 1
            invoice = _Invoice(piece.row, document)
        elif tag in ("LIN", "UNS", "UNT"):
            yield from _end_of_line(invoice)
            yield from _head(invoice, seen)
            invoice.allowance = None
            if tag == "LIN":
                invoice.line = _Line(piece)
                invoice.lines += 1
            elif tag == "UNS":
                invoice.is_in_summary = True
            else:
                yield from _total(invoice, piece.row)
        else:
            try:
                _take(invoice, piece)
            except Fault as fault:
                if invoice.line is None:
                    yield Problem(piece.row, fault.column, fault.value, fault.reason)
                else:
                    invoice.line.fault = invoice.line.fault or fault
            most_charges(invoice.charges, source.name)


def _take(invoice: _Invoice, piece: Segment) -> None:
    tag, line = piece.tag, invoice.line
    if tag == "ALC":
        invoice.allowance = piece
    elif tag == "MOA":
        _take_amount(invoice, piece)
    elif tag == "CNT":
        count = component(piece, 1, 1)
        if component(piece, 1) == "2" and count.isdigit() and count.isascii():
            invoice.line_count = int(count[:9])
    elif line is not None:
        if tag in ("PIA", "IMD"):
            line.take(piece)
        elif tag == "QTY":
            line.quantities.setdefault(component(piece, 1), piece)
        elif tag == "PRI":
            line.prices.setdefault(component(piece, 1), price_of(piece))
    elif not invoice.is_headed:
        _take_header(invoice, piece)


def _take_header(invoice: _Invoice, piece: Segment) -> None:
    tag = piece.tag
    if tag == "BGM":
        invoice.kind, invoice.number = component(piece, 1), component(piece, 2)
        invoice.row = piece.row
    elif tag == "DTM":
        invoice.dates.setdefault(component(piece, 1), edifact_date(piece))
    elif tag == "RFF" and component(piece, 1) == "ON":
        invoice.order = invoice.order or component(piece, 1, 1)
    elif tag == "CUX":
        invoice.currency = invoice.currency or component(piece, 1, 1).upper()[:3]
    elif tag == "NAD":
        name = component(piece, 4) or component(piece, 3)
        invoice.sellers.setdefault(component(piece, 1), (component(piece, 2), name))


def _take_amount(invoice: _Invoice, piece: Segment) -> None:
    what = component(piece, 1)
    is_of_allowance = invoice.allowance is not None and what in ("8", "23", "204")
    if not is_of_allowance and invoice.line is None and what not in _TOTALS + _TAXES:
        return
    value = decimal(piece, 1, 1, column="MOA 5004")
    try:
        amount = from_decimal(value)
    except NotAnAmount:
        raise Fault("MOA 5004", component(piece, 1, 1), "is too large to be true") from None
    if is_of_allowance:
        _take_allowance(invoice, piece, amount)
    elif invoice.line is not None:
        invoice.line.amounts.setdefault(what, amount)
    elif what in _TOTALS:
        invoice.totals.setdefault(what, (piece.row, amount))
    elif invoice.is_in_summary:
        invoice.taxes.setdefault(what, []).append(Charge(piece.row, "tax", amount, "document tax"))


def _take_allowance(invoice: _Invoice, piece: Segment, amount: int) -> None:
    allowance = invoice.allowance
    assert allowance is not None
    is_allowance = component(allowance, 1) == "A"
    label = component(allowance, 5, 3) or component(allowance, 5) or component(allowance, 2)
    label = label or ("allowance" if is_allowance else "charge")
    place = "line" if invoice.line is not None else "document"
    invoice.charges.append(Charge(piece.row, label, -abs(amount) if is_allowance else amount, place))
    invoice.allowance = None


def _head(invoice: _Invoice, seen: SeenNumbers) -> Iterator[Event]:
    """The head, once, before the first line."""
    if invoice.is_headed:
        return
    invoice.is_headed = True
    date_text = invoice.dates.get("137") or invoice.dates.get("3") or ""
    date = iso_date(date_text)
    seller = next((invoice.sellers[who] for who in _SELLERS if who in invoice.sellers), ("", ""))
    is_credit = invoice.kind in _CREDITS
    yield InvoiceHead(
        invoice.row, invoice.document, invoice.number, date, is_credit, invoice.currency, invoice.order, *seller
    )
    if not invoice.number:
        yield Problem(invoice.row, "BGM 1004", "", "the invoice has no number")
    if date is None:
        yield Problem(invoice.row, "DTM 2380", date_text, "is no date; expected DTM 137 such as 20261122")
    yield from seen.remarks(invoice.number, row=invoice.row, document=invoice.document)


def _end_of_line(invoice: _Invoice) -> Iterator[Event]:
    line, invoice.line = invoice.line, None
    if line is None:
        return
    if component(line.segment, 4) == "1" and not line.amounts:
        yield Remark(line.segment.row, f"segment {line.segment.row}: a part of another line, without an amount")
        return
    try:
        if line.fault is not None:
            raise line.fault
        yield _invoice_line(invoice, line)
    except Fault as fault:
        invoice.goods.add(None)
        said = (line.code, line.vendor_code, line.description)
        yield Problem(line.segment.row, fault.column, fault.value, fault.reason, *said)
    except NotAnAmount:
        invoice.goods.add(None)
        said = (line.code, line.vendor_code, line.description)
        yield Problem(line.segment.row, "QTY 6060", "", "quantity or price is too large to be true", *said)


def _invoice_line(invoice: _Invoice, line: _Line) -> InvoiceLine:
    price = next((line.prices[kind] for kind in _COSTS if kind in line.prices), None)
    amount = next((line.amounts[kind] for kind in _LINE_AMOUNTS if kind in line.amounts), None)
    shipped, unit = _shipped(line, price)
    ordered = None
    if "21" in line.quantities:
        ordered = from_decimal(decimal(line.quantities["21"], 1, 1, column="QTY 6060") * unit.factor)
    case_size = unit.case_size * SCALE if unit.case_size else None
    if "59" in line.quantities and unit.unit in ("case", "each"):
        pack = from_decimal(decimal(line.quantities["59"], 1, 1, column="QTY 6060"))
        if pack > SCALE:
            case_size, unit = pack, UnitCode("case")
    cost = _cost(price, amount, shipped, unit, case_size)
    if amount is None and cost is not None and price is not None and shipped is not None:
        exact = from_decimal(to_decimal(shipped) * price.of_one / (price.unit or unit).factor)
        invoice.goods.add(exact)
        amount = None if shipped * cost == exact * SCALE else exact
    else:
        invoice.goods.add(amount if amount is not None or shipped else 0)
    return InvoiceLine(
        row=line.segment.row,
        document=invoice.document,
        number=component(line.segment, 1),
        code=line.code,
        vendor_code=line.vendor_code,
        brand=line.brand,
        description=line.description,
        ordered=ordered,
        shipped=shipped,
        unit=unit.unit,
        case_size=case_size,
        cost=cost,
        amount=amount,
        is_out_of_stock=shipped == 0,
    )


def _shipped(line: _Line, price: Price | None) -> tuple[int | None, UnitCode]:
    """The quantity that was invoiced, in the kind of unit that the price is for where there is one in it."""
    found = [line.quantities[kind] for kind in _SHIPPED if kind in line.quantities]
    if not found:
        return None, UnitCode("each")
    segment = found[0]
    if price is not None and price.unit is not None:
        segment = next((one for one in found if _is_alike(_unit(one), price.unit)), segment)
    unit = _unit(segment)
    return from_decimal(decimal(segment, 1, 1, column="QTY 6060") * unit.factor), unit


def _unit(segment: Segment) -> UnitCode:
    return unit_code(component(segment, 1, 2)) or UnitCode("each")


def _is_alike(one: UnitCode, other: UnitCode) -> bool:
    """Whether both count pieces or cases, or both the same weight."""
    return one.unit == other.unit or {one.unit, other.unit} == {"each", "case"}


def _cost(
    price: Price | None, amount: int | None, shipped: int | None, unit: UnitCode, case_size: int | None
) -> int | None:
    """What one unit costs; from the line's amount where the price is for another kind of unit."""
    if price is None:
        return divide(amount, shipped) if amount is not None and shipped else None
    cost = from_decimal(price.of_one / (price.unit or unit).factor)
    if amount is None or not shipped:
        return cost
    if price.unit is not None and not _is_alike(price.unit, unit):
        return divide(amount, shipped)
    if case_size and abs(multiply(multiply(shipped, cost), case_size) - amount) <= CENT:  # the price of a piece
        return multiply(cost, case_size)
    return cost


def _total(invoice: _Invoice, row: int) -> Iterator[Event]:
    taxes = next((invoice.taxes[what] for what in _TAXES if what in invoice.taxes), [])
    charges = [*invoice.charges, *(taxes if "124" in invoice.taxes and taxes is invoice.taxes["124"] else taxes[:1])]
    total_row, total = next((invoice.totals[what] for what in _TOTALS if what in invoice.totals), (row, None))
    kept, said = counted_charges(charges, invoice.goods, total=total, ways=_WAYS)
    yield from charge_events(kept, document=invoice.document)
    what = f"invoice {invoice.number}"
    if said:
        yield Remark(total_row, f"{what}: the total {said}")
    if invoice.line_count is not None and invoice.line_count != invoice.lines:
        yield Remark(row, f"{what}: CNT counts {invoice.line_count} lines; there are {invoice.lines}")
    if total is None:
        yield Remark(row, f"{what} has no total (MOA 77 or 86), so its lines could not be checked")
    yield InvoiceTotal(total_row, invoice.document, total, invoice.line_count)


FORMAT = Format(
    name="edifact_invoic",
    title="EDIFACT INVOIC invoice or credit note",
    kind="vendor_invoice",
    recognise=recognise,
    read=read,
    codes=codes,
    row_word="segment",
)
