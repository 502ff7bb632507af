"""Catalogs: what a vendor sells, at which cost."""

from __future__ import annotations

import io
from collections.abc import Iterator

from rattail.features.sample.files.edi import edifact, edifact_text, x12, x12_text
from rattail.features.sample.files.picked import Item, SampleFile, Stage, later_catalog, lines, money
from rattail.features.sample.shop import CENT, KEHE, NORDKORN, UNFI, VENDORS
from rattail.retail.barcodes import gtin14


def catalog_files(stage: Stage) -> Iterator[SampleFile]:
    yield _file("unfi-catalog.tsv", "UNFI catalog with changed costs, new items and mistakes", _unfi_tsv(stage), "unfi")
    yield _file("unfi-east-pricefile.csv", "UNFI price file, eastern layout", _unfi_east(stage), "unfi")
    yield _file("kehe-catalog.xlsx", "KeHE catalog", _kehe_xlsx(stage), "kehe")
    yield _file("832.x12", "X12 832 price catalog", _x12_832(stage), "unfi")
    yield _file("pricat.edi", "EDIFACT price catalog", _pricat(stage), "nordkorn")
    yield _file(
        "nordkorn-preisliste.csv",
        "a vendor's own price list: semicolons, decimal commas",
        _price_list(stage),
        "nordkorn",
    )
    yield _file("catalog.xlsx", "the plain spreadsheet that any vendor can fill in", _generic_xlsx(stage), "kehe")


def _file(name: str, title: str, content: bytes, vendor: str) -> SampleFile:
    return SampleFile(name, title, content, ("vendor_catalog", "FILE", "--vendor", vendor))


def _unfi_tsv(stage: Stage) -> bytes:
    items = later_catalog(stage, UNFI, most=100_000, subject="unfi tsv")
    rows = [_unfi_row(item) for item in items]
    if len(rows) > 6:
        rows[6][6] = "N/A"
    message = b"UNFI PRICE FILE - PRICES ARE SUBJECT TO CHANGE\r\n"
    return message + lines([["UPRD", "UPCC", "BRND", "DESC", "SIZE", "PACK", "CAVD"], *rows], "\t", encoding="latin-1")


def _unfi_row(item: Item) -> list[str]:
    good = item.good
    return [
        *(item.code, item.digits, good.brand.upper(), good.description.upper(), good.size.upper()),
        *(str(item.cases), str(item.case_cost // CENT)),
    ]


def _unfi_east(stage: Stage) -> bytes:
    names = (
        "x,Product,Brand,Pack,Size,Cat,Description,x7,Reg Cost,x9,x10,x11,Net Cost,x13,UPC,x15,SRP,x17,x18,x19,Flags"
    )
    rows = [names.split(",")]
    for at, item in enumerate(later_catalog(stage, UNFI, most=120, subject="unfi east")):
        good, regular = item.good, f"${money(item.case_cost)}"
        net = f"${money(item.case_cost * 9 // 10 // CENT * CENT)}" if at % 9 == 0 else regular
        rows.append(
            [
                *("", item.code.lstrip("0"), good.brand.upper(), str(item.cases), good.size.upper(), "37"),
                *(good.description.upper(), "", regular, "", "", "", net, "", good.key, "", f"${money(good.price)}"),
                *("", "", "", "O2" if good.is_organic else ""),
            ]
        )
    promotion = ["", "999999", "PROMO", "1", "EA", "1", "SHELF TALKER", *[""] * 7, "0000000000000", *[""] * 6]
    return lines([*rows, promotion], ",")


def _kehe_xlsx(stage: Stage) -> bytes:
    names = (
        *("Item Number", "Brand", "Description", "Size", "UOM", "UPC", "Case Pack", "Un of Sls", "Unit Cost"),
        "SRP",
    )
    rows: list[list[str | float]] = []
    for item in later_catalog(stage, KEHE, most=200, subject="kehe xlsx"):
        good = item.good
        size, _, unit = good.size.partition(" ")
        rows.append(
            [
                *(item.code, good.brand.upper(), good.description.upper(), size, unit.upper(), item.digits),
                *(item.cases, item.cases, _number(item.unit_cost), _number(good.price)),
            ]
        )
    return _workbook("Catalog", names, rows)


def _generic_xlsx(stage: Stage) -> bytes:
    names = (
        *("UPC", "Vendor Code", "Brand", "Description", "Unit Size", "Case Size", "Case Cost", "Unit Cost", "SRP"),
        *("Vendor Discount Percent", "Vendor Discount Start Date", "Vendor Discount End Date"),
    )
    rows: list[list[str | float]] = []
    for at, item in enumerate(later_catalog(stage, KEHE, most=80, subject="generic xlsx")):
        good = item.good
        discount: list[str | float] = ["", "", ""]
        if at % 10 == 0:
            discount = [10.0, stage.day(7).isoformat(), stage.day(28).isoformat()]
        rows.append(
            [
                *(item.digits, item.code, good.brand, good.description, good.size, item.cases),
                *(_number(item.case_cost), _number(item.unit_cost), _number(good.price), *discount),
            ]
        )
    return _workbook("Price list", names, rows)


def _price_list(stage: Stage) -> bytes:
    rows = [["Artikelnummer", "EAN", "Marke", "Bezeichnung", "Inhalt", "VPE", "Einzelpreis", "UVP"]]
    for item in later_catalog(stage, NORDKORN, most=150, subject="price list"):
        good = item.good
        rows.append(
            [
                *(item.code, item.digits, good.brand, good.description, good.size, str(item.cases)),
                *(money(item.unit_cost).replace(".", ","), money(good.price).replace(".", ",")),
            ]
        )
    return lines(rows, ";", encoding="cp1252")


def _x12_832(stage: Stage) -> bytes:
    segments = [
        "BCT*PC*SAMPLE**1***00",
        f"DTM*007****RD8*{stage.day(7):%Y%m%d}-{stage.day(90):%Y%m%d}",
        f"N1*SE*{VENDORS[UNFI].name}*9*{VENDORS[UNFI].identifier}",
        f"N1*BY*Sample store*92*{stage.store}",
    ]
    items = later_catalog(stage, UNFI, most=60, subject="832")
    for at, item in enumerate(items, 1):
        good = item.good
        size, _, unit = good.size.partition(" ")
        segments += [
            f"LIN*{at}*{'UP' if len(item.digits) == 12 else 'EN'}*{item.digits}*VN*{item.code}",
            f"PID*F*08***{x12_text(good.description)}",
            f"PID*F*TRN***{x12_text(good.brand)}",
            f"PO4*{item.cases}*{size if size[:1].isdigit() else 1}*{(unit or 'EA')[:2].upper()}",
            f"CTP*WS*LPR*{money(item.case_cost)}*1*CA",
            f"CTP*RS*MSR*{money(good.price)}*1*EA",
        ]
    segments.append(f"CTT*{len(items)}")
    return x12(segments, group="SC", transaction="832", sender=VENDORS[UNFI].identifier, day=stage.today)


def _pricat(stage: Stage) -> bytes:
    segments = [
        "BGM+9+PL1001+9",
        f"DTM+137:{stage.today:%Y%m%d}:102",
        f"DTM+194:{stage.day(7):%Y%m%d}:102",
        "NAD+BY+8798765432106::9",
        f"NAD+SU+{VENDORS[NORDKORN].identifier}::9",
        f"CUX+2:{stage.currency}:8",
        "PGI+11",
    ]
    number = 0
    for item in later_catalog(stage, NORDKORN, most=40, subject="pricat"):
        number += 1
        case = number
        segments += [
            f"LIN+{case}+1+{gtin14(f'1{item.good.key[1:]}')}:SRV",
            f"PIA+1+{item.code}:SA",
            "IMD+C++TU::9",
            f"IMD+F+DSC+:::{edifact_text(item.good.description)}",
            f"PRI+AAA:{money(item.case_cost)}:CA",
        ]
        number += 1
        segments += [f"LIN+{number}+1+{item.digits}:SRV+1:{case}", "IMD+C++CU::9", f"QTY+45E:{item.cases}"]
    return edifact(segments, message="PRICAT", sender=VENDORS[NORDKORN].identifier, day=stage.today)


def _number(amount: int) -> float:
    """As a spreadsheet has it."""
    return float(money(amount))


def _workbook(sheet: str, names: tuple[str, ...], rows: list[list[str | float]]) -> bytes:
    import xlsxwriter

    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        page = book.add_worksheet(sheet)
        page.write_row(0, 0, names)
        for at, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    page.write_string(at, column, value)
                else:
                    page.write_number(at, column, value)
    return content.getvalue()
