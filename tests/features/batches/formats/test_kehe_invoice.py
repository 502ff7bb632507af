from pathlib import Path

import pytest

from rattail.errors import InputRejected
from rattail.features.batches.formats.kehe_invoice import FORMAT
from rattail.features.batches.reading.lines import InvoiceCharge, InvoiceHead, InvoiceLine, InvoiceTotal
from tests.features.batches.formats.examples import KEHE_V1, KEHE_V2, KEHE_V3, KEHE_V4
from tests.features.batches.formats.reading_kit import ReadFile, unit_cost_of

NAMES, LENTILS, OATS = KEHE_V1.splitlines(keepends=True)


@pytest.mark.parametrize("content", [KEHE_V2, KEHE_V3, KEHE_V4])
def test_the_later_variants_say_the_same(tmp_path: Path, content: str) -> None:
    read = ReadFile(FORMAT, tmp_path, content)

    assert read.why
    assert read.the(InvoiceHead) == InvoiceHead(2, 1, "58002", "2026-03-04", vendor_name="KeHE")
    line = read.the(InvoiceLine)
    assert (line.code, line.vendor_code, line.ordered, line.shipped) == ("088412000011", "0021007", 120000, 120000)
    assert (line.unit, line.case_size, line.cost, line.amount) == ("each", 120000, 24875, 298500)


def test_the_cost_comes_from_what_is_billed_because_the_net_price_is_rounded(tmp_path: Path) -> None:
    line = ReadFile(FORMAT, tmp_path, KEHE_V1).all_of(InvoiceLine)[0]

    assert (line.brand, line.description, line.size) == ("HILLTOP", "LENTILS RED", "16 oz")
    assert (line.unit, line.case_size, line.cost, line.amount) == ("each", 120000, 24875, 298500)


def test_a_sack_is_ordered_as_a_case_and_sold_by_the_pound(tmp_path: Path) -> None:
    line = ReadFile(FORMAT, tmp_path, KEHE_V1).all_of(InvoiceLine)[1]

    assert (line.unit, line.shipped, line.case_size, line.cost) == ("case", 20000, 250000, 215000)
    assert unit_cost_of(line) == 8600


@pytest.mark.parametrize(
    ("pack", "unit", "case_size"),
    [("25.0 LB", "case", 250000), ("12/1.00 LB", "each", 120000), ("24 CT", "each", None), ("", "each", None)],
)
def test_only_a_single_weight_is_a_sack(tmp_path: Path, pack: str, unit: str, case_size: int | None) -> None:
    line = ReadFile(FORMAT, tmp_path, NAMES + OATS.replace("1/25.00 LB", pack)).the(InvoiceLine)

    assert (line.unit, line.case_size) == (unit, case_size)


def test_nothing_shipped_is_out_of_stock_and_has_the_net_price(tmp_path: Path) -> None:
    short = LENTILS.replace("\t12\t12\t", "\t12\t0\t").replace("29.85", "0.00")

    line = ReadFile(FORMAT, tmp_path, NAMES + short).the(InvoiceLine)

    assert (line.is_out_of_stock, line.shipped, line.cost, line.amount) == (True, 0, 24900, 0)


def test_a_credit_is_negative_and_its_cost_is_not(tmp_path: Path) -> None:
    credit = LENTILS.replace("\t12\t12\t", "\t0\t-12\t").replace("29.85", "-29.85")

    line = ReadFile(FORMAT, tmp_path, NAMES + credit).the(InvoiceLine)

    assert (line.shipped, line.amount, line.cost, line.is_out_of_stock) == (-120000, -298500, 24875, False)


def test_rows_of_several_invoices_are_told_apart_even_where_they_alternate(tmp_path: Path) -> None:
    other = LENTILS.replace("58001", "58003")

    read = ReadFile(FORMAT, tmp_path, NAMES + LENTILS + other + OATS)

    assert [(head.document, head.number) for head in read.all_of(InvoiceHead)] == [(1, "58001"), (2, "58003")]
    assert [line.document for line in read.all_of(InvoiceLine)] == [1, 2, 1]
    assert [total.document for total in read.all_of(InvoiceTotal)] == [1, 2]


def test_a_row_without_an_item_is_a_charge_or_a_total(tmp_path: Path) -> None:
    freight = "58001\t2026-03-04\t\t\t\tFUEL SURCHARGE\t\t\t\t7.50\t\r\n"
    total = "Total\t\t\t\t\t\t\t\t\t37.35\t\r\n"

    read = ReadFile(FORMAT, tmp_path, NAMES + LENTILS + freight + total)

    assert read.the(InvoiceCharge) == InvoiceCharge(3, 1, "FUEL SURCHARGE", 75000)
    assert read.the(InvoiceTotal) == InvoiceTotal(4, 1, 373500)
    assert read.problems == []


@pytest.mark.parametrize(
    ("old", "new", "column", "value"),
    [
        ("\t12\t12\t", "\t12\tall\t", "Ship Qty", "all"),
        ("\t12\t12\t", "\t12\t\t", "Ship Qty", ""),
        ("\t12\t12\t", "\tx\t12\t", "Order Qty", "x"),
        ("29.85", "29,8,5", "Net Billable", "29,8,5"),
        ("088412000011", "8.84E+10", "UPC Code", "8.84E+10"),
    ],
)
def test_a_bad_line_is_set_aside_and_the_others_are_read(
    tmp_path: Path, old: str, new: str, column: str, value: str
) -> None:
    read = ReadFile(FORMAT, tmp_path, NAMES + LENTILS + LENTILS.replace(old, new) + OATS)

    (problem,) = read.problems
    assert (problem.row, problem.column, problem.value, problem.vendor_code) == (3, column, value, "0021007")
    assert [line.row for line in read.all_of(InvoiceLine)] == [2, 4]


def test_a_row_that_names_no_item_and_no_charge_is_set_aside(tmp_path: Path) -> None:
    read = ReadFile(FORMAT, tmp_path, NAMES + LENTILS + "58001\t\t\t\tHILLTOP\tPEAS\t1\t1\t2.00\t2.00\t\r\n")

    (problem,) = read.problems
    assert (problem.row, problem.column, problem.description) == (3, "Ship Item", "PEAS")


def test_a_date_that_is_none_is_said_and_the_invoice_is_read(tmp_path: Path) -> None:
    read = ReadFile(FORMAT, tmp_path, KEHE_V1.replace("2026-03-04", "soon"))

    assert read.the(InvoiceHead).date is None
    assert read.remarks == ['Invoice Date: "soon" is not a date']
    assert len(read.all_of(InvoiceLine)) == 2


def test_numbers_of_items_get_back_the_zeros_that_a_spreadsheet_took(tmp_path: Path) -> None:
    line = ReadFile(FORMAT, tmp_path, NAMES + LENTILS.replace("0021007", "21007")).the(InvoiceLine)

    assert line.vendor_code == "0021007"


@pytest.mark.parametrize("content", [NAMES, NAMES.replace("Net Billable", "Billed") + LENTILS])
def test_names_without_lines_or_other_names_are_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(InputRejected):
        ReadFile(FORMAT, tmp_path, content)
