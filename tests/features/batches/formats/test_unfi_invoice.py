from pathlib import Path

import pytest

from rattail.errors import InputRejected
from rattail.features.batches.formats.unfi_invoice import FORMAT
from rattail.features.batches.reading.lines import InvoiceCharge, InvoiceHead, InvoiceLine, InvoiceTotal
from tests.features.batches.formats.examples import UNFI_INVOICE
from tests.features.batches.formats.reading_kit import ReadFile, unit_cost_of

_ROWS = UNFI_INVOICE.splitlines(keepends=True)
HEADER, DETAIL_NAMES, LINE, OUT, FREIGHT, FOOTER = _ROWS[:2], _ROWS[2], _ROWS[3], _ROWS[4], _ROWS[5], _ROWS[6]


def invoice(*details: str) -> str:
    return "".join((*HEADER, DETAIL_NAMES, *details, FOOTER))


def test_an_invoice_begins_with_its_header_and_ends_with_its_footer(tmp_path: Path) -> None:
    read = ReadFile(FORMAT, tmp_path, UNFI_INVOICE)

    assert read.events[0] == InvoiceHead(2, 1, "07700451", "2026-03-04", order_number="PO5512", vendor_name="UNFI")
    assert read.events[-1] == InvoiceTotal(7, 1, 1000000)
    assert read.problems == []
    assert read.remarks == []


def test_the_cost_comes_from_the_extended_price_which_has_the_discounts_taken_off(tmp_path: Path) -> None:
    line = ReadFile(FORMAT, tmp_path, UNFI_INVOICE).all_of(InvoiceLine)[0]

    assert (line.code, line.vendor_code, line.unit) == ("088412-000011", "0410007", "case")
    assert (line.ordered, line.shipped, line.case_size) == (30000, 30000, 120000)
    assert (line.cost, line.amount) == (295833, 887500)
    assert unit_cost_of(line) == 24653  # and not 2.49, the net price of a unit


def test_a_line_out_of_stock_is_kept_with_the_cost_that_it_would_have(tmp_path: Path) -> None:
    line = ReadFile(FORMAT, tmp_path, UNFI_INVOICE).all_of(InvoiceLine)[1]

    assert (line.is_out_of_stock, line.shipped, line.ordered) == (True, 0, 20000)
    assert (line.cost, line.amount) == (145200, 0)


def test_freight_is_a_charge(tmp_path: Path) -> None:
    read = ReadFile(FORMAT, tmp_path, UNFI_INVOICE)

    assert read.the(InvoiceCharge) == InvoiceCharge(6, 1, "FREIGHT", 112500)


def test_lines_and_charges_add_up_to_the_footer(tmp_path: Path) -> None:
    read = ReadFile(FORMAT, tmp_path, UNFI_INVOICE)

    goods = sum(line.amount or 0 for line in read.all_of(InvoiceLine))
    assert goods + read.the(InvoiceCharge).amount == read.the(InvoiceTotal).amount


def test_several_invoices_follow_one_another(tmp_path: Path) -> None:
    second = UNFI_INVOICE.replace("07700451", "07700452")

    read = ReadFile(FORMAT, tmp_path, UNFI_INVOICE + second)

    assert [(head.document, head.number) for head in read.all_of(InvoiceHead)] == [(1, "07700451"), (2, "07700452")]
    assert [line.document for line in read.all_of(InvoiceLine)] == [1, 1, 2, 2]
    assert [total.document for total in read.all_of(InvoiceTotal)] == [1, 2]
    assert read.remarks == []


def test_an_invoice_that_stands_twice_in_a_file_is_said(tmp_path: Path) -> None:
    read = ReadFile(FORMAT, tmp_path, UNFI_INVOICE + UNFI_INVOICE)

    assert [head.document for head in read.all_of(InvoiceHead)] == [1, 2]
    assert len(read.remarks) == 1
    assert "07700451" in read.remarks[0]


def test_cs_for_servings_leaves_the_case_size_to_the_catalog(tmp_path: Path) -> None:
    read = ReadFile(FORMAT, tmp_path, invoice(LINE.replace(",3,12,", ",3,CS,")))

    line = read.the(InvoiceLine)
    assert (line.case_size, line.cost, line.amount) == (None, 295833, 887500)


def test_nothing_shipped_with_a_price_divides_by_nothing(tmp_path: Path) -> None:
    read = ReadFile(FORMAT, tmp_path, invoice(LINE.replace(",3,12,", ",0,12,")))

    line = read.the(InvoiceLine)
    assert (line.shipped, line.cost, line.amount, line.is_out_of_stock) == (0, 298800, 887500, True)


def test_something_shipped_for_nothing_has_the_net_price_as_cost(tmp_path: Path) -> None:
    line = ReadFile(FORMAT, tmp_path, invoice(LINE.replace("88.75", "0.00"))).the(InvoiceLine)

    assert (line.cost, line.amount) == (298800, 0)


def test_a_credit_is_negative_and_its_cost_is_not(tmp_path: Path) -> None:
    credit = LINE.replace(",3,12,", ",-3,12,").replace("88.75", "-88.75")

    line = ReadFile(FORMAT, tmp_path, invoice(credit)).the(InvoiceLine)

    assert (line.shipped, line.amount, line.cost, line.is_out_of_stock) == (-30000, -887500, 295833, False)


def test_one_product_on_several_lines_gives_as_many_lines(tmp_path: Path) -> None:
    read = ReadFile(FORMAT, tmp_path, invoice(LINE, LINE.replace("88.75", "80.00")))

    assert [(line.row, line.vendor_code, line.amount) for line in read.all_of(InvoiceLine)] == [
        (4, "0410007", 887500),
        (5, "0410007", 800000),
    ]


def test_a_product_number_of_zeros_is_none_and_a_missing_upc_is_no_charge(tmp_path: Path) -> None:
    without_number = LINE.replace("0410007", "0000000")
    without_upc = LINE.replace("088412-000011", "000000-000000")

    read = ReadFile(FORMAT, tmp_path, invoice(without_number, without_upc))

    assert [(line.code, line.vendor_code) for line in read.all_of(InvoiceLine)] == [
        ("088412-000011", ""),
        ("", "0410007"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "column", "value"),
    [
        (",3,12,", ",three,12,", "QuantityShipped", "three"),
        (",3,12,", ",,12,", "QuantityShipped", ""),
        (",3,12,", ",3,dozen,", "Servings", "dozen"),
        (",3,12,", ",3,0,", "Servings", "0"),
        ("88.75", "88.7x", "ExtendedPrice", "88.7x"),
        ("2.49", "?", "NetPricePerUnit", "?"),
        ("088412-000011", "8.84E+10", "UPC", "8.84E+10"),
        ("Detail", "Detial", "RecType", "Detial"),
    ],
)
def test_a_bad_line_is_set_aside_and_the_others_are_read(
    tmp_path: Path, old: str, new: str, column: str, value: str
) -> None:
    read = ReadFile(FORMAT, tmp_path, invoice(LINE, LINE.replace(old, new, 1), LINE))

    (problem,) = read.problems
    assert (problem.row, problem.column, problem.value) == (5, column, value)
    assert [line.row for line in read.all_of(InvoiceLine)] == [4, 6]


def test_details_are_found_by_their_names_in_another_order(tmp_path: Path) -> None:
    names = "RecType,ProductID,UPC,ExtendedPrice,QuantityShipped,Servings\r\n"
    detail = 'Detail,0410007,088412-000011,"$1,088.75",3,12\r\n'

    line = ReadFile(FORMAT, tmp_path, "".join(HEADER) + names + detail).the(InvoiceLine)

    assert (line.code, line.vendor_code, line.shipped, line.amount) == ("088412-000011", "0410007", 30000, 10887500)


def test_an_invoice_without_its_end_is_read_and_said(tmp_path: Path) -> None:
    read = ReadFile(FORMAT, tmp_path, "".join((*HEADER, DETAIL_NAMES, LINE)))

    assert len(read.all_of(InvoiceLine)) == 1
    assert read.the(InvoiceTotal).amount is None
    assert read.remarks == ["invoice 07700451 has no Footer: the file may be incomplete"]


def test_details_without_a_header_are_an_invoice_without_a_number(tmp_path: Path) -> None:
    read = ReadFile(FORMAT, tmp_path, DETAIL_NAMES + LINE + FOOTER)

    assert read.the(InvoiceHead).number == ""
    assert read.the(InvoiceLine).document == 1
    assert read.remarks == ["lines without a Header row before them: the file may be incomplete"]


def test_a_date_that_is_none_is_said_and_the_invoice_is_read(tmp_path: Path) -> None:
    read = ReadFile(FORMAT, tmp_path, UNFI_INVOICE.replace("03/04/2026", "13/14/2026"))

    assert read.the(InvoiceHead).date is None
    assert read.remarks == ['InvoiceDate of invoice 07700451: "13/14/2026" is not a date: there is no such day']
    assert len(read.all_of(InvoiceLine)) == 2


def test_an_invoice_with_names_only_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="none of its rows begins with Header or Detail"):
        ReadFile(FORMAT, tmp_path, HEADER[0] + DETAIL_NAMES)
