from __future__ import annotations

from pathlib import Path

import pytest

from rattail.errors import InputRejected
from rattail.features.batches.formats.ubl_invoice import FORMAT, codes
from rattail.features.batches.reading.format import Reading
from rattail.features.batches.reading.lines import (
    Event,
    InvoiceCharge,
    InvoiceHead,
    InvoiceLine,
    InvoiceTotal,
    Problem,
)
from rattail.features.batches.reading.source import look_at
from tests.features.batches.formats.edi_files import UBL_NAMESPACE, adds_up, events_of, only, remarks, source_of, ubl

HEAD = (
    "<cbc:ID>R-1</cbc:ID><cbc:IssueDate>2026-11-19</cbc:IssueDate><cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>"
    "<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>"
    "<cac:OrderReference><cbc:ID>PO9</cbc:ID></cac:OrderReference>"
    '<cac:AccountingSupplierParty><cac:Party><cbc:EndpointID schemeID="0088">5412345000013</cbc:EndpointID>'
    "<cac:PartyName><cbc:Name>Groene Vallei</cbc:Name></cac:PartyName></cac:Party></cac:AccountingSupplierParty>"
)
ITEM = (
    "<cac:Item><cbc:Description>long text</cbc:Description><cbc:Name>Rolled oats</cbc:Name>"
    "<cbc:BrandName>Mill</cbc:BrandName>"
    "<cac:SellersItemIdentification><cbc:ID>A7</cbc:ID></cac:SellersItemIdentification>"
    '<cac:StandardItemIdentification><cbc:ID schemeID="0160">5410000123459</cbc:ID></cac:StandardItemIdentification>'
    "</cac:Item>"
)


def line(
    quantity: str = '<cbc:InvoicedQuantity unitCode="C62">3</cbc:InvoicedQuantity>',
    amount: str = "6.00",
    price: str = "<cbc:PriceAmount>2.00</cbc:PriceAmount>",
    rest: str = "",
    item: str = ITEM,
) -> str:
    said = f'<cbc:LineExtensionAmount currencyID="EUR">{amount}</cbc:LineExtensionAmount>' if amount else ""
    priced = f"<cac:Price>{price}</cac:Price>"
    return f"<cac:InvoiceLine><cbc:ID>1</cbc:ID>{quantity}{said}{rest}{item}{priced}</cac:InvoiceLine>"


def total(payable: str, rest: str = "") -> str:
    return (
        f"<cac:LegalMonetaryTotal>{rest}<cbc:PayableAmount currencyID='EUR'>{payable}</cbc:PayableAmount>"
        "</cac:LegalMonetaryTotal>"
    )


def read(folder: Path, body: str, *, kind: str = "Invoice") -> list[Event]:
    return events_of(FORMAT, folder, ubl(body, kind=kind))


def line_of(folder: Path, text: str) -> InvoiceLine:
    return only(read(folder, HEAD + text), InvoiceLine)[0]


def test_an_invoice_is_read_with_its_head_its_line_and_its_total(tmp_path: Path) -> None:
    assert read(tmp_path, HEAD + total("6.00") + line()) == [
        InvoiceHead(1, 1, "R-1", "2026-11-19", False, "EUR", "PO9", "5412345000013", "Groene Vallei"),
        InvoiceLine(
            row=1,
            document=1,
            number="1",
            code="5410000123459",
            vendor_code="A7",
            brand="Mill",
            description="Rolled oats",
            shipped=30_000,
            cost=20_000,
            amount=60_000,
        ),
        InvoiceTotal(1, 1, 60_000),
    ]


def test_every_style_of_prefixes_gives_the_same_events(tmp_path: Path) -> None:
    plain = ubl(HEAD + total("6.00") + line())
    swapped = plain.replace("cac:", "Sally:").replace("xmlns:cac", "xmlns:Sally").replace("cbc:", "b:")
    swapped = swapped.replace("xmlns:cbc", "xmlns:b")
    prefixed = plain.replace("<Invoice xmlns=", "<Bob:Invoice xmlns:Bob=").replace("</Invoice", "</Bob:Invoice")
    basic = prefixed.replace("xmlns:cbc=", "xmlns=").replace("<cbc:", "<").replace("</cbc:", "</")
    own = f"<ID xmlns='{UBL_NAMESPACE}CommonBasicComponents-2'>R-1</ID>"
    redefined = plain.replace("<cbc:ID>R-1</cbc:ID>", own)
    expected = events_of(FORMAT, tmp_path, plain)

    for styled in (swapped, prefixed, basic, redefined, plain.replace('encoding="UTF-8"', "").encode("utf-16")):
        assert events_of(FORMAT, tmp_path, styled) == expected


def test_a_document_inside_an_envelope_is_read(tmp_path: Path) -> None:
    inner = ubl(HEAD + total("6.00") + line()).split("\n", 1)[1]
    second = inner.replace("R-1", "R-2")
    envelope = f"<Envelope xmlns='urn:x'><Header><ID>7</ID></Header>{inner}{second}{inner}</Envelope>"

    events = events_of(FORMAT, tmp_path, envelope)

    assert [(head.document, head.number) for head in only(events, InvoiceHead)] == [(1, "R-1"), (2, "R-2"), (3, "R-1")]
    assert [one.row for one in only(events, InvoiceLine)] == [1, 2, 3]
    assert remarks(events) == [
        "invoice R-1 is in this file more than once: as invoice 1 (line 1) and as invoice 3 (line 3)"
    ]


@pytest.mark.parametrize(
    ("unit", "expected", "shipped"),
    [
        ("EA", "each", 30_000),
        ("H87", "each", 30_000),
        ("KGM", "kilogram", 30_000),
        ("LBR", "pound", 30_000),
        ("CS", "case", 30_000),
        ("XBX", "case", 30_000),
        ("GRM", "kilogram", 30),
        ("??", "each", 30_000),
    ],
)
def test_unit_codes(tmp_path: Path, unit: str, expected: str, shipped: int) -> None:
    found = line_of(tmp_path, line(f'<cbc:InvoicedQuantity unitCode="{unit}">3</cbc:InvoicedQuantity>'))

    assert (found.unit, found.shipped) == (expected, shipped)


@pytest.mark.parametrize(
    ("price", "amount", "cost", "read_amount"),
    [
        ("<cbc:PriceAmount>20</cbc:PriceAmount><cbc:BaseQuantity>10</cbc:BaseQuantity>", "6", 20_000, 60_000),
        ("<cbc:PriceAmount>200</cbc:PriceAmount><cbc:BaseQuantity>100</cbc:BaseQuantity>", "", 20_000, 60_000),
        ("<cbc:PriceAmount>1</cbc:PriceAmount><cbc:BaseQuantity>3</cbc:BaseQuantity>", "", 3_333, 10_000),
        ("", "6", 20_000, 60_000),
        (
            '<cbc:PriceAmount>9</cbc:PriceAmount><cbc:BaseQuantity unitCode="KGM">1</cbc:BaseQuantity>',
            "6",
            20_000,
            60_000,
        ),
    ],
)
def test_a_price_may_be_for_ten_or_a_hundred(
    tmp_path: Path, price: str, amount: str, cost: int, read_amount: int
) -> None:
    found = line_of(tmp_path, line(price=price, amount=amount))

    assert (found.cost, found.amount) == (cost, read_amount)


def test_allowances_of_a_line_are_in_its_amount(tmp_path: Path) -> None:
    allowance = (
        "<cac:AllowanceCharge><cbc:ChargeIndicator>false</cbc:ChargeIndicator><cbc:Amount>1</cbc:Amount>"
        "</cac:AllowanceCharge>"
    )

    events = read(tmp_path, HEAD + total("5.00") + line(amount="5.00", rest=allowance))

    assert only(events, InvoiceCharge) == []
    assert adds_up(events)
    assert line_of(tmp_path, line(amount="", rest=allowance)).amount == 50_000


def test_charges_tax_rounding_and_prepaid_amounts_come_to_what_the_invoice_is_worth(tmp_path: Path) -> None:
    charge = (
        "<cac:AllowanceCharge><cbc:ChargeIndicator>{}</cbc:ChargeIndicator><cbc:AllowanceChargeReason>{}"
        "</cbc:AllowanceChargeReason><cbc:Amount>{}</cbc:Amount></cac:AllowanceCharge>"
    )
    tax = '<cac:TaxTotal><cbc:TaxAmount currencyID="{}">{}</cbc:TaxAmount></cac:TaxTotal>'
    rest = "<cbc:PrepaidAmount>4.00</cbc:PrepaidAmount><cbc:PayableRoundingAmount>0.03</cbc:PayableRoundingAmount>"
    body = HEAD + charge.format("true", "freight", "2.00") + charge.format("false", "promotion", "0.50")
    body += tax.format("EUR", "1.47") + tax.format("SEK", "16.00") + total("5.00", rest) + line()
    events = read(tmp_path, body)

    assert [(one.label, one.amount) for one in only(events, InvoiceCharge)] == [
        ("freight", 20_000),
        ("promotion", -5_000),
        ("rounding", 300),
        ("tax", 14_700),
    ]
    assert only(events, InvoiceTotal)[0].amount == 90_000
    assert adds_up(events)


def test_a_credit_note_is_a_credit(tmp_path: Path) -> None:
    credited = line().replace("InvoicedQuantity", "CreditedQuantity").replace("InvoiceLine", "CreditNoteLine")
    head, credit, _ = read(tmp_path, HEAD.replace("380", "381") + credited, kind="CreditNote")[:3]

    assert isinstance(head, InvoiceHead)
    assert isinstance(credit, InvoiceLine)
    assert (head.is_credit, credit.shipped, credit.amount) == (True, 30_000, 60_000)


def test_an_invoice_may_take_back_with_negative_quantities(tmp_path: Path) -> None:
    quantity = '<cbc:InvoicedQuantity unitCode="EA">-3</cbc:InvoicedQuantity>'
    head, back = read(tmp_path, HEAD + line(quantity, amount="-6.00"))[:2]

    assert isinstance(head, InvoiceHead)
    assert isinstance(back, InvoiceLine)
    assert (head.is_credit, back.shipped, back.amount, back.cost) == (False, -30_000, -60_000, 20_000)


def test_quantity_zero_is_out_of_stock(tmp_path: Path) -> None:
    assert line_of(tmp_path, line("<cbc:InvoicedQuantity>0</cbc:InvoicedQuantity>", amount="0")).is_out_of_stock


@pytest.mark.parametrize(
    ("scheme", "text", "code"),
    [
        ('schemeID="GTIN"', "5410000123459", "5410000123459"),
        ("", "5410000123459", "5410000123459"),
        ("", "ABC", ""),
        ('schemeID="0088"', "5412345000013", ""),
    ],
)
def test_only_a_gtin_is_an_item_code(tmp_path: Path, scheme: str, text: str, code: str) -> None:
    item = ITEM.replace('schemeID="0160"', scheme).replace("5410000123459", text)

    assert line_of(tmp_path, line(item=item)).code == code


@pytest.mark.parametrize(
    ("text", "column", "value"),
    [
        (line('<cbc:InvoicedQuantity unitCode="EA">3x</cbc:InvoicedQuantity>'), "InvoicedQuantity", "3x"),
        (line(amount="6,00"), "LineExtensionAmount", "6,00"),
        (line(price="<cbc:PriceAmount>NaN</cbc:PriceAmount>"), "PriceAmount", "NaN"),
        (
            line(price="<cbc:PriceAmount>1</cbc:PriceAmount><cbc:BaseQuantity>0</cbc:BaseQuantity>"),
            "BaseQuantity",
            "0",
        ),
    ],
)
def test_a_bad_line_is_set_aside_and_the_others_are_read(tmp_path: Path, text: str, column: str, value: str) -> None:
    events = read(tmp_path, HEAD + text + line())

    (problem,) = only(events, Problem)
    assert problem[:3] == (1, column, value)
    assert (problem.code, problem.vendor_code, problem.description) == ("5410000123459", "A7", "Rolled oats")
    assert [one.row for one in only(events, InvoiceLine)] == [2]


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE Invoice [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE Invoice [<!ENTITY c SYSTEM "file:///etc/passwd">]>'
ELSEWHERE = '<?xml version="1.0"?><!DOCTYPE Invoice SYSTEM "http://localhost/invoice.dtd">'


@pytest.mark.parametrize("prologue", [BOMB, OUTSIDE, ELSEWHERE], ids=["bomb", "file", "dtd"])
def test_entities_and_document_types_are_refused_with_a_sentence(tmp_path: Path, prologue: str) -> None:
    text = prologue + ubl(HEAD + total("6.00") + line()).split("\n", 1)[1].replace("Rolled", "&c;")
    source = source_of(tmp_path, text)

    with pytest.raises(InputRejected, match="declares a document type or entities"):
        list(FORMAT.read(source, Reading()))


def test_a_file_that_is_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    text = ubl(HEAD + total("6.00") + line())
    for length in range(320, len(text) - 1, 7):
        source = source_of(tmp_path, text[:length])
        with pytest.raises(InputRejected, match="is cut off or is no well-formed XML: reading ends at line"):
            list(FORMAT.read(source, Reading()))


def test_an_attachment_that_is_too_large_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.xml"
    begin, end = ubl(HEAD + "<cbc:Note>|</cbc:Note>").split("|")
    with path.open("w") as stream:
        stream.write(begin)
        for _ in range(65):
            stream.write("A" * (1 << 20))
        stream.write(end)

    with pytest.raises(InputRejected, match="an element of more than 64 MB"):
        list(FORMAT.read(look_at(str(path)), Reading()))


def test_elements_inside_extensions_are_not_those_of_the_invoice(tmp_path: Path) -> None:
    extension = "<ext:UBLExtensions xmlns:ext='urn:e'><cbc:ID>X</cbc:ID><cac:InvoiceLine/></ext:UBLExtensions>"

    assert read(tmp_path, extension + HEAD + total("6.00") + line()) == read(tmp_path, HEAD + total("6.00") + line())


def test_codes_are_those_of_the_lines(tmp_path: Path) -> None:
    source = source_of(tmp_path, ubl(HEAD + line() + line(item="")))

    assert list(codes(source, Reading())) == ["5410000123459", ""]
