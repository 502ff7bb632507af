"""Invoices and a credit note: goods that came, and what they cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from xml.sax.saxutils import escape

from rattail.features.sample.files.edi import edifact, edifact_text, x12, x12_text
from rattail.features.sample.files.picked import Item, SampleFile, Stage, items_of, lines, money
from rattail.features.sample.shop import ALBERTS, CENT, KEHE, NORDKORN, UNFI, VENDORS

_FREIGHT = 695 * CENT


class Line(NamedTuple):
    """So many cases of an item; none came of what is `out`."""

    item: Item
    ordered: int
    shipped: int

    @property
    def amount(self) -> int:
        return self.item.case_cost * self.shipped


def invoice_files(stage: Stage) -> Iterator[SampleFile]:
    yield _file(stage, "unfi-invoice.csv", "UNFI invoice with a line out of stock and freight", _unfi(stage), "unfi")
    yield _file(stage, "kehe-invoice.tsv", "KeHE invoice", _kehe_tsv(stage), "kehe")
    yield _file(stage, "kehe-invoice.csv", "KeHE invoice, newer layout", _kehe_csv(stage), "kehe")
    produce = _file(stage, "alberts-invoice.csv", "Albert's invoice: produce", _alberts(stage), "alberts")
    yield produce._replace(words=(*produce.words, "--set", "number=A-3001"))  # the file does not say it
    yield _file(stage, "810.x12", "X12 810 invoice", _x12_810(stage), "unfi")
    yield _file(stage, "invoic.edi", "EDIFACT invoice", _invoic(stage), "nordkorn")
    yield _file(stage, "ubl-invoice.xml", "UBL invoice", _ubl(stage, "Invoice", "R-2001"), "nordkorn")
    yield _file(stage, "ubl-credit-note.xml", "UBL credit note", _ubl(stage, "CreditNote", "G-2002"), "nordkorn")


def _file(stage: Stage, name: str, title: str, content: bytes, vendor: str) -> SampleFile:
    return SampleFile(name, title, content, ("vendor_invoice", "FILE", "--vendor", vendor, "--store", stage.store))


def _lines(stage: Stage, vendor: int, subject: str, *, most: int = 12) -> list[Line]:
    """What was ordered; the second item is out of stock."""
    random = stage.random(f"{subject} quantities")
    made = []
    for at, item in enumerate(items_of(stage, vendor, most=most, subject=subject)):
        ordered = random.randint(1, 4)
        made.append(Line(item, ordered, 0 if at == 1 else ordered))
    return made


def _unfi(stage: Stage) -> bytes:
    total = 0
    day = f"{stage.day(-2):%m/%d/%Y}"
    head = ["RecType", "InvNum", "h2", "h3", "InvoiceDate", *(f"h{n}" for n in range(5, 21)), "OrderDate", "h22", "h23"]
    detail = (
        *("RecType", "c1", "c2", "UPC", "ProductID", "QuantityShipped", "Servings", "Size", "Brand", "Description"),
        *("c10", "c11", "c12", "ExtendedPrice", "c14", "NetPricePerUnit", "c16", "Status", "QuantityOrdered"),
    )
    rows: list[list[str]] = [
        [*head, "PONumber"],
        ["Header", "09812345", "", "", day, *[""] * 16, f"{stage.day(-4):%m/%d/%Y}", "", "", "PO1001"],
        list(detail),
    ]
    for line in _lines(stage, UNFI, "unfi invoice"):
        item, good = line.item, line.item.good
        total += line.amount
        rows.append(
            [
                *("Detail", "", "", f"{item.digits[-12:-6]}-{item.digits[-6:]}", item.code, str(line.shipped)),
                *(str(item.cases), good.size.upper(), good.brand.upper(), good.description.upper(), "", "", ""),
                *(money(line.amount), "", money(item.unit_cost), "", "" if line.shipped else "OUT", str(line.ordered)),
            ]
        )
    freight = money(_FREIGHT)
    rows.append(
        [
            *("Detail", "", "", "000000-000000", "0000000", "1", "CS", "", "", "FUEL SURCHARGE", "", "", ""),
            *(freight, "", freight, "", "", "1"),
        ]
    )
    rows.append(["Footer", *[""] * 12, money(total + _FREIGHT), *[""] * 5])
    return lines(rows, ",", encoding="latin-1")


def _kehe_tsv(stage: Stage) -> bytes:
    names = "InvoiceNumber,Invoice Date,UPC Code,Ship Item,Brand,Description,Order Qty,Ship Qty,Net Each,Net Billable"
    rows = [[*names.split(","), "Pack Size"]]
    rows += [_kehe_row(line, "44123", stage.day(-3).isoformat()) for line in _lines(stage, KEHE, "kehe tsv")]
    return lines(rows, "\t")


def _kehe_csv(stage: Stage) -> bytes:
    names = "InvoiceNumber,InvoiceDate,Upc,ShipItem,Brand,Description,OrderQuantity,ShipQuantity,NetEach,NetBillable"
    rows = [[*names.split(","), "PackSize"]]
    rows += [_kehe_row(line, "44124", f"{stage.day(-1):%m/%d/%Y}") for line in _lines(stage, KEHE, "kehe csv")]
    return lines(rows, ",")


def _kehe_row(line: Line, number: str, day: str) -> list[str]:
    """Quantities are in units; what is weighed is ordered in cases of so many pounds."""
    item, good = line.item, line.item.good
    if good.is_weighed:
        units, pack, each = 1, f"1/{item.cases}.00 LB", item.case_cost
    else:
        size, _, unit = good.size.partition(" ")
        size = size if "." in size else f"{size}.00"
        units, pack, each = item.cases, f"{item.cases}/{size} {unit.upper()}", item.unit_cost
    each = (each + CENT // 2) // CENT * CENT
    return [
        *(number, day, item.digits, item.code, good.brand.upper(), good.description.upper()),
        *(str(line.ordered * units), str(line.shipped * units), money(each), money(line.amount), pack),
    ]


def _alberts(stage: Stage) -> bytes:
    names = "Invoice Date,UPCPLU,ItemNumber,BrandName,MV,PkgSize,UOMAbbr,PkgCount,ShipQty,CasePrice,EachPrice"
    rows = [names.split(",")]
    for line in _lines(stage, ALBERTS, "alberts"):
        item, good = line.item, line.item.good
        if good.is_weighed:
            size, unit, count = str(item.cases), "LB", "0"
        else:
            size, unit, count = "1", "CT", str(item.cases)
        code = item.printed
        if len(code) == 12:
            code = f"{code[0]}-{code[1:6]}-{code[6:11]}-{code[11]}"
        rows.append(
            [
                *(f"{stage.day(-1):%m/%d/%Y}", code, item.code, good.brand.upper(), good.description.upper()),
                *(size, unit, count, str(line.shipped), money(item.case_cost), money(item.unit_cost)),
            ]
        )
    return lines(rows, ",")


def _x12_810(stage: Stage) -> bytes:
    segments = [
        f"BIG*{stage.day(-1):%Y%m%d}*4457781*{stage.day(-3):%Y%m%d}*PO1002***DI",
        f"N1*ST*Sample store*92*{stage.store}",
        f"N1*RE*{VENDORS[UNFI].name}*9*{VENDORS[UNFI].identifier}",
    ]
    invoiced = _lines(stage, UNFI, "810")
    for at, line in enumerate(invoiced, 1):
        item, good = line.item, line.item.good
        kind = "UP" if len(item.digits) == 12 else "EN"
        size, _, unit = good.size.partition(" ")
        segments += [
            f"IT1*{at}*{line.shipped}*CA*{money(item.case_cost)}**{kind}*{item.digits}*VN*{item.code}",
            f"PID*F****{x12_text(good.description)}",
            f"PO4*{item.cases}*{size if size[:1].isdigit() else 1}*{(unit or 'EA')[:2].upper()}",
        ]
    total = sum(line.amount for line in invoiced) + _FREIGHT
    shipped = sum(line.shipped for line in invoiced)
    segments += [
        f"TDS*{total // CENT}",
        f"SAC*C*D240***{_FREIGHT // CENT}**********FUEL SURCHARGE",
        f"CTT*{len(invoiced)}*{shipped}",
    ]
    return x12(segments, group="IN", transaction="810", sender=VENDORS[UNFI].identifier, day=stage.day(-1))


def _invoic(stage: Stage) -> bytes:
    segments = [
        "BGM+380+R-2000+9",
        f"DTM+137:{stage.day(-1):%Y%m%d}:102",
        "RFF+ON:PO1003",
        f"NAD+SU+{VENDORS[NORDKORN].identifier}::9++{VENDORS[NORDKORN].name}",
        "NAD+BY+8798765432106::9",
        f"CUX+2:{stage.currency}:4",
    ]
    total = 0
    invoiced = _lines(stage, NORDKORN, "invoic", most=8)
    for at, line in enumerate(invoiced, 1):
        item = line.item
        total += line.amount
        is_weighed = item.good.is_weighed
        segments += [
            f"LIN+{at}++{item.digits}:SRV",
            f"PIA+1+{item.code}:SA",
            f"IMD+F++:::{edifact_text(item.good.description)}",
            f"QTY+47:{line.shipped * item.cases}:{'LBR' if is_weighed else 'PCE'}",
            f"MOA+203:{money(line.amount)}",
            f"PRI+AAA:{money(item.unit_cost)}",
        ]
    segments += ["UNS+S", f"CNT+2:{len(invoiced)}", f"MOA+79:{money(total)}", f"MOA+86:{money(total)}"]
    return edifact(segments, message="INVOIC", sender=VENDORS[NORDKORN].identifier, day=stage.day(-1))


def _ubl(stage: Stage, document: str, number: str) -> bytes:
    is_credit = document == "CreditNote"
    invoiced = [line for line in _lines(stage, NORDKORN, "ubl", most=8) if line.shipped][: 2 if is_credit else 8]
    total = money(sum(line.amount for line in invoiced))
    code = "381" if is_credit else "380"
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<{document} xmlns="urn:oasis:names:specification:ubl:schema:xsd:{document}-2"',
        ' xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"',
        ' xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">',
        f"  <cbc:ID>{number}</cbc:ID><cbc:IssueDate>{stage.day(-1)}</cbc:IssueDate>",
        f"  <cbc:{document}TypeCode>{code}</cbc:{document}TypeCode>",
        f"  <cbc:DocumentCurrencyCode>{stage.currency}</cbc:DocumentCurrencyCode>",
        "  <cac:OrderReference><cbc:ID>PO1004</cbc:ID></cac:OrderReference>",
        f'  <cac:AccountingSupplierParty><cac:Party><cbc:EndpointID schemeID="0088">{VENDORS[NORDKORN].identifier}'
        f"</cbc:EndpointID><cac:PartyName><cbc:Name>{VENDORS[NORDKORN].name}</cbc:Name></cac:PartyName>"
        "</cac:Party></cac:AccountingSupplierParty>",
        f'  <cac:LegalMonetaryTotal><cbc:LineExtensionAmount currencyID="{stage.currency}">{total}'
        f'</cbc:LineExtensionAmount><cbc:PayableAmount currencyID="{stage.currency}">{total}</cbc:PayableAmount>'
        "</cac:LegalMonetaryTotal>",
        *(_ubl_line(stage, line, at, document) for at, line in enumerate(invoiced, 1)),
        f"</{document}>\n",
    ]
    return "\n".join(parts).encode()


def _ubl_line(stage: Stage, line: Line, at: int, document: str) -> str:
    """The price is for a whole case: so many units of the quantity."""
    item, good = line.item, line.item.good
    quantity = "CreditedQuantity" if document == "CreditNote" else "InvoicedQuantity"
    unit = "LBR" if good.is_weighed else "EA"
    return (
        f'  <cac:{document}Line><cbc:ID>{at}</cbc:ID><cbc:{quantity} unitCode="{unit}">{line.shipped * item.cases}'
        f'</cbc:{quantity}><cbc:LineExtensionAmount currencyID="{stage.currency}">{money(line.amount)}'
        f"</cbc:LineExtensionAmount><cac:Item><cbc:Name>{escape(f'{good.brand} {good.description}'.strip())}</cbc:Name>"
        f"<cac:SellersItemIdentification><cbc:ID>{item.code}</cbc:ID></cac:SellersItemIdentification>"
        f'<cac:StandardItemIdentification><cbc:ID schemeID="0160">{item.digits}</cbc:ID>'
        f'</cac:StandardItemIdentification></cac:Item><cac:Price><cbc:PriceAmount currencyID="{stage.currency}">'
        f"{money(item.case_cost)}</cbc:PriceAmount>"
        f'<cbc:BaseQuantity unitCode="{unit}">{item.cases}</cbc:BaseQuantity></cac:Price></cac:{document}Line>'
    )
