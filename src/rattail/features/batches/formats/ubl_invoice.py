"""UBL 2.0 and 2.1 invoices and credit notes, also as Peppol sends them.

The amount of a line is its LineExtensionAmount, which has the line's own allowances and charges in it. A
price is for BaseQuantity units (10 or 100 as well as 1). The invoice's amount is what is payable and what was
paid before: PrepaidAmount says how it is paid, not what it is worth. Rounding, tax, and the allowances and
charges of the document are charges. Tax that is repeated in another currency is left out.

In a credit note quantities are positive for what comes back; an invoice (380) takes back with negative
ones. Rows count the lines of all invoices in the file; what belongs to a whole invoice has the row of its
first or its last line.
"""

from collections.abc import Iterator
from datetime import date as Date  # noqa: N812 - `date` is what the value is
from decimal import Decimal
from xml.etree.ElementTree import Element

from rattail.errors import InputRejected
from rattail.features.batches.reading.edi_values import UN_UNITS, Charge, Fault, UnitCode, number
from rattail.features.batches.reading.format import Format, Reading
from rattail.features.batches.reading.invoices import SeenNumbers, charge_events, most_charges
from rattail.features.batches.reading.lines import Event, InvoiceHead, InvoiceLine, InvoiceTotal, Problem, Remark
from rattail.features.batches.reading.source import Source
from rattail.features.batches.reading.ubl import children, found, kinds_of, parts_of, text_at
from rattail.retail.amounts import SCALE, NotAnAmount, divide, from_decimal, to_decimal

_KINDS = frozenset(("Invoice", "CreditNote"))
_LINES = {"InvoiceLine": "InvoicedQuantity", "CreditNoteLine": "CreditedQuantity"}
_CREDITS = frozenset(("381", "261", "262", "296", "308", "396", "420", "458", "532"))
_GTIN_SCHEMES = frozenset(("0160", "GTIN", "EAN", "UPC", "EAN13", "EAN-13", "GTIN-13", "GTIN-14", "GTIN-12"))
_GLN_SCHEMES = frozenset(("0088", "GLN"))


class _Invoice:
    """One document while it is read."""

    def __init__(self, document: int, kind: str) -> None:
        self.document, self.kind = document, kind
        self.number = self.date = self.type_code = self.currency = self.order = ""
        self.seller = ("", "")
        self.is_headed = False
        self.charges: list[Charge] = []
        self.taxes: list[tuple[str, Charge]] = []  # with the currency
        self.total: int | None = None


def recognise(source: Source) -> str:
    kinds = [kind for kind in kinds_of(source) if kind in _KINDS]
    return f"its outermost element is a UBL {kinds[0]}" if kinds else ""


def codes(source: Source, _reading: Reading) -> Iterator[str]:
    for part in parts_of(source, _KINDS):
        if part.name in _LINES and part.element is not None:
            item = found(part.element, "Item")
            yield _item_code(item) if item is not None else ""


def read(source: Source, _reading: Reading) -> Iterator[Event]:
    seen, invoice, row = SeenNumbers("line"), _Invoice(0, ""), 0
    unknown_units: set[str] = set()
    for part in parts_of(source, _KINDS):
        if part.document != invoice.document:
            invoice = _Invoice(part.document, part.kind)
        if part.element is None:
            yield from _head(invoice, seen, row + 1)
            yield from _total(invoice, max(row, 1))
        elif part.name in _LINES:
            row += 1
            yield from _head(invoice, seen, row)
            yield from _line_events(invoice, part.element, row, _LINES[part.name], unknown_units)
        else:
            try:
                _take(invoice, part.name, part.element)
            except Fault as fault:
                yield Problem(row + 1, fault.column, fault.value, fault.reason)
            most_charges(invoice.charges, source.name)
    if not invoice.document:
        raise InputRejected(
            f"{source.name} holds no UBL invoice or credit note.", hint="ask the sender what the file is"
        )


def _take(invoice: _Invoice, name: str, element: Element) -> None:
    text = " ".join((element.text or "").split())
    if name == "ID":
        invoice.number = text
    elif name == "IssueDate":
        invoice.date = text[:10]
    elif name in ("InvoiceTypeCode", "CreditNoteTypeCode"):
        invoice.type_code = text
    elif name == "DocumentCurrencyCode":
        invoice.currency = text.upper()[:3]
    elif name == "OrderReference":
        invoice.order = invoice.order or text_at(element, "ID")
    elif name == "AccountingSupplierParty":
        invoice.seller = _seller(element)
    elif name == "AllowanceCharge":
        invoice.charges.append(_allowance(element))
    elif name == "TaxTotal":
        amount = found(element, "TaxAmount")
        if amount is not None:
            tax = Charge(0, "tax", _amount(amount, "TaxAmount"), "tax")
            invoice.taxes.append((amount.get("currencyID", ""), tax))
    elif name == "LegalMonetaryTotal":
        _take_total(invoice, element)


def _seller(element: Element) -> tuple[str, str]:
    party = found(element, "Party")
    if party is None:
        return "", ""
    endpoint = found(party, "EndpointID")
    is_gln = endpoint is not None and endpoint.get("schemeID", "") in _GLN_SCHEMES
    identification, at = text_at(party, "PartyIdentification", "ID"), text_at(party, "EndpointID")
    name = text_at(party, "PartyName", "Name") or text_at(party, "PartyLegalEntity", "RegistrationName")
    own = at if is_gln else identification or at
    return own or text_at(party, "PartyLegalEntity", "CompanyID") or text_at(party, "PartyTaxScheme", "CompanyID"), name


def _allowance(element: Element) -> Charge:
    is_charge = text_at(element, "ChargeIndicator").lower() in ("true", "1")
    label = text_at(element, "AllowanceChargeReason") or ("charge" if is_charge else "allowance")
    amount = found(element, "Amount")
    if amount is None:
        raise Fault("Amount", "", f"the {'charge' if is_charge else 'allowance'} '{label[:40]}' has no amount")
    value = _amount(amount, "Amount")
    return Charge(0, label, value if is_charge else -value, "document")


def _take_total(invoice: _Invoice, element: Element) -> None:
    amounts = {name: found(element, name) for name in ("PayableAmount", "TaxInclusiveAmount", "PrepaidAmount")}
    payable, inclusive, prepaid = amounts.values()
    rounding = found(element, "PayableRoundingAmount")
    rounded = _amount(rounding, "PayableRoundingAmount") if rounding is not None else 0
    if payable is not None:
        paid = _amount(prepaid, "PrepaidAmount") if prepaid is not None else 0
        invoice.total = _amount(payable, "PayableAmount") + paid
        invoice.currency = invoice.currency or payable.get("currencyID", "").upper()[:3]
    elif inclusive is not None:
        invoice.total = _amount(inclusive, "TaxInclusiveAmount") + rounded
    if rounded:
        invoice.charges.append(Charge(0, "rounding", rounded, "document"))
    if not any(charge.label != "rounding" for charge in invoice.charges):
        for name, sign in (("AllowanceTotalAmount", -1), ("ChargeTotalAmount", 1)):
            total = found(element, name)
            if total is not None:
                label = "allowances" if sign < 0 else "charges"
                invoice.charges.append(Charge(0, label, sign * _amount(total, name), "document"))


def _decimal(element: Element, column: str) -> Decimal:
    text = (element.text or "").strip()
    try:
        return number(text)
    except NotAnAmount as error:
        reason = "is not a number" if len(text) < 15 else str(error)
        raise Fault(column, text, reason if text else "there is no number") from None


def _amount(element: Element, column: str) -> int:
    return _fixed(_decimal(element, column), column)


def _fixed(value: Decimal, column: str) -> int:
    try:
        return from_decimal(value)
    except NotAnAmount:
        raise Fault(column, f"{value:f}"[:40], "is too large to be true") from None


def _head(invoice: _Invoice, seen: SeenNumbers, row: int) -> Iterator[Event]:
    """The head, once, before the first line."""
    if invoice.is_headed:
        return
    invoice.is_headed = True
    is_credit = invoice.kind == "CreditNote" or invoice.type_code in _CREDITS
    date = _date(invoice.date)
    yield InvoiceHead(
        row,
        invoice.document,
        invoice.number,
        date,
        is_credit,
        invoice.currency,
        invoice.order,
        *invoice.seller,
    )
    if not invoice.number:
        yield Problem(row, "ID", "", "the invoice has no number")
    if date is None:
        yield Problem(row, "IssueDate", invoice.date, "is no date; expected one such as 2026-11-22")
    yield from seen.remarks(invoice.number, row=row, document=invoice.document)


def _date(text: str) -> str | None:
    try:
        return Date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def _line_events(
    invoice: _Invoice, element: Element, row: int, quantity_name: str, unknown_units: set[str]
) -> Iterator[Event]:
    item = found(element, "Item")
    code = vendor_code = description = ""
    if item is not None:
        code, vendor_code = _item_code(item), text_at(item, "SellersItemIdentification", "ID")
        description = text_at(item, "Name") or text_at(item, "Description")
    quantity = found(element, quantity_name)
    unit_text = quantity.get("unitCode", "").strip() if quantity is not None else ""
    unit = UN_UNITS.get(unit_text.upper())
    if unit is None and unit_text and unit_text not in unknown_units and len(unknown_units) < 100:
        unknown_units.add(unit_text)
        yield Remark(row, f"unit '{unit_text[:10]}' (unitCode) is not known; quantities in it are taken as each")
    try:
        line = _line(element, quantity, unit or UnitCode("each"))
    except Fault as fault:
        yield Problem(row, fault.column, fault.value, fault.reason, code, vendor_code, description)
        return
    yield line._replace(
        row=row,
        document=invoice.document,
        number=text_at(element, "ID"),
        code=code,
        vendor_code=vendor_code,
        brand=text_at(item, "BrandName") if item is not None else "",
        description=description,
        case_size=_pack(item) or line.case_size,
    )


def _line(element: Element, quantity: Element | None, unit: UnitCode) -> InvoiceLine:
    """The quantity, cost and amount of a line; the rest of it is still empty."""
    counted = None if quantity is None else _decimal(quantity, "InvoicedQuantity")
    shipped = None if counted is None else _fixed(counted * unit.factor, "InvoicedQuantity")
    said = found(element, "LineExtensionAmount")
    amount = None if said is None else _amount(said, "LineExtensionAmount")
    price, cost = _price(element), None
    if price is not None:
        value, price_unit = price
        cost = _fixed(value / (price_unit or unit).factor, "PriceAmount")
        if price_unit is not None and price_unit.unit != unit.unit and amount is not None and shipped:
            cost = divide(amount, shipped)  # the price is for another kind of unit
        if amount is None and shipped is not None:
            amount = _fixed(to_decimal(shipped) * value / (price_unit or unit).factor, "PriceAmount")
            amount += sum(_allowance(one).amount for one in children(element, "AllowanceCharge"))
    elif amount is not None and shipped:
        cost = divide(amount, shipped)
    return InvoiceLine(
        row=0,
        document=0,
        shipped=shipped,
        unit=unit.unit,
        case_size=unit.case_size * SCALE if unit.case_size else None,
        cost=cost,
        amount=amount,
        is_out_of_stock=shipped == 0,
    )


def _price(element: Element) -> tuple[Decimal, UnitCode | None] | None:
    """What one unit costs, and which unit where the price says so."""
    amount = found(element, "Price", "PriceAmount")
    if amount is None:
        return None
    base = found(element, "Price", "BaseQuantity")
    quantity = Decimal(1) if base is None else _decimal(base, "BaseQuantity")
    if quantity <= 0:
        raise Fault("BaseQuantity", f"{quantity:f}"[:40], "is no quantity that a price can be for")
    unit = None if base is None else UN_UNITS.get(base.get("unitCode", "").upper())
    return _decimal(amount, "PriceAmount") / quantity, unit


def _item_code(item: Element) -> str:
    """The GTIN, from the element that is meant for it."""
    for identification in children(item, "StandardItemIdentification"):
        identifier = found(identification, "ID")
        if identifier is None:
            continue
        text, scheme = (identifier.text or "").strip(), identifier.get("schemeID", "").upper()
        looks_like_one = text.isascii() and text.isdigit() and 8 <= len(text) <= 14
        if scheme in _GTIN_SCHEMES or (looks_like_one and scheme != "0088"):
            return text
    return ""


def _pack(item: Element | None) -> int | None:
    size = None if item is None else found(item, "PackSizeNumeric")
    if size is None:
        return None
    pack = _amount(size, "PackSizeNumeric")
    return pack if pack > 0 else None


def _total(invoice: _Invoice, row: int) -> Iterator[Event]:
    taxes = [tax for currency, tax in invoice.taxes if not currency or currency.upper() == invoice.currency]
    charges = [*invoice.charges, *(taxes or [tax for _, tax in invoice.taxes[:1]])]
    yield from charge_events([charge._replace(row=row) for charge in charges], document=invoice.document)
    if invoice.total is None:
        yield Remark(row, f"invoice {invoice.number} has no total (PayableAmount), so its lines could not be checked")
    yield InvoiceTotal(row, invoice.document, invoice.total)


FORMAT = Format(
    name="ubl_invoice",
    title="UBL or Peppol invoice or credit note",
    kind="vendor_invoice",
    recognise=recognise,
    read=read,
    codes=codes,
    row_word="invoice line",
)
