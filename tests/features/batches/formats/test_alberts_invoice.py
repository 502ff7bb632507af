from pathlib import Path

import pytest

from rattail.errors import InputRejected
from rattail.features.batches.formats.alberts_invoice import FORMAT
from rattail.features.batches.reading.format import Reading
from rattail.features.batches.reading.lines import InvoiceHead, InvoiceLine, InvoiceTotal
from tests.features.batches.formats.examples import ALBERTS
from tests.features.batches.formats.reading_kit import ReadFile, unit_cost_of

NAMES, AVOCADO, SPINACH = ALBERTS.splitlines(keepends=True)


def test_a_case_of_packages_has_their_count_as_its_size(tmp_path: Path) -> None:
    line = ReadFile(FORMAT, tmp_path, ALBERTS).all_of(InvoiceLine)[1]

    assert (line.code, line.vendor_code, line.brand) == ("0-88412-00042-4", "20077", "GREENLY")
    assert (line.size, line.case_size, line.unit, line.shipped) == ("5 oz", 80000, "case", 10000)
    assert (line.cost, line.amount, line.ordered) == (204000, None, None)
    assert unit_cost_of(line) == 25500


def test_a_case_without_packages_has_its_weight_as_its_size(tmp_path: Path) -> None:
    line = ReadFile(FORMAT, tmp_path, ALBERTS).all_of(InvoiceLine)[0]

    assert (line.code, line.size, line.case_size, line.cost) == ("94225", "25 lb", 250000, 375000)
    assert unit_cost_of(line) == 15000


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("94225", "94225"),
        ("4225", "4225"),
        ("9999", ""),
        ("99999", ""),
        ("", ""),
        ("0-88412-00042-4", "0-88412-00042-4"),
    ],
)
def test_a_plu_stays_one_and_the_codes_for_none_are_none(tmp_path: Path, written: str, code: str) -> None:
    line = ReadFile(FORMAT, tmp_path, NAMES + AVOCADO.replace("94225", written)).the(InvoiceLine)

    assert line.code == code


def test_without_a_number_in_the_file_there_is_one_invoice(tmp_path: Path) -> None:
    read = ReadFile(FORMAT, tmp_path, ALBERTS)

    assert read.the(InvoiceHead) == InvoiceHead(2, 1, "", "2026-03-04", vendor_name="Albert's")
    assert read.the(InvoiceTotal) == InvoiceTotal(3, 1)


def test_the_number_that_the_file_does_not_have_can_be_answered(tmp_path: Path) -> None:
    source = ReadFile(FORMAT, tmp_path, ALBERTS).source

    head = next(iter(FORMAT.read(source, Reading(options={"number": "A-77"}))))

    assert isinstance(head, InvoiceHead)
    assert (head.number, head.date) == ("A-77", "2026-03-04")


def test_numbers_tell_invoices_apart(tmp_path: Path) -> None:
    rows = [f"{number},{row}" for number, row in (("Invoice Number", NAMES), ("1", AVOCADO), ("2", SPINACH))]

    read = ReadFile(FORMAT, tmp_path, "".join(rows))

    assert [(head.document, head.number) for head in read.all_of(InvoiceHead)] == [(1, "1"), (2, "2")]


def test_without_the_price_of_a_case_it_is_that_of_its_packages(tmp_path: Path) -> None:
    line = ReadFile(FORMAT, tmp_path, NAMES + SPINACH.replace("20.40", "")).the(InvoiceLine)

    assert line.cost == 204000


def test_nothing_shipped_is_out_of_stock_and_less_than_nothing_a_credit(tmp_path: Path) -> None:
    read = ReadFile(FORMAT, tmp_path, NAMES + SPINACH.replace(",8,1,", ",8,0,") + SPINACH.replace(",8,1,", ",8,-1,"))

    assert [(line.shipped, line.is_out_of_stock) for line in read.all_of(InvoiceLine)] == [(0, True), (-10000, False)]


@pytest.mark.parametrize(
    ("old", "new", "column", "value"),
    [
        (",8,1,", ",8,one,", "ShipQty", "one"),
        (",8,1,", ",8,,", "ShipQty", ""),
        (",5,OZ,8,", ",5,OZ,eight,", "PkgCount", "eight"),
        (",5,OZ,8,", ",0,OZ,0,", "PkgSize", "0"),
        ("20.40", "20.4.0", "CasePrice", "20.4.0"),
        ("0-88412-00042-4", "8.84E+10", "UPCPLU", "8.84E+10"),
    ],
)
def test_a_bad_line_is_set_aside_and_the_others_are_read(
    tmp_path: Path, old: str, new: str, column: str, value: str
) -> None:
    read = ReadFile(FORMAT, tmp_path, NAMES + AVOCADO + SPINACH.replace(old, new) + AVOCADO)

    (problem,) = read.problems
    assert (problem.row, problem.column, problem.value) == (3, column, value)
    assert [line.row for line in read.all_of(InvoiceLine)] == [2, 4]


def test_other_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="no row names the columns of this layout"):
        ReadFile(FORMAT, tmp_path, ALBERTS.replace("PkgCount", "Packages"))
