"""Any table of invoice lines."""

from pathlib import Path

import pytest

from rattail.errors import InputRejected
from rattail.features.batches.reading.lines import (
    Event,
    InvoiceCharge,
    InvoiceHead,
    InvoiceLine,
    InvoiceTotal,
    Problem,
)
from tests.features.batches.reading.kit import of, read, source_of


def invoice(folder: Path, text: str, **options: str) -> list[Event]:
    return read(source_of(folder, text), "vendor_invoice", None, **options)


def test_number_and_date_above_the_table_and_charges_and_total_below_it(tmp_path: Path) -> None:
    text = (
        "Invoice #,5512\nInvoice Date: 11/19/2026\nPO Number:,PO9\n\nUPC,Item,Description,Qty,Price,Amount\n"
        "1234567,1,A,3,2.50,7.50\n,,Fuel surcharge,,,4.00\n,,Subtotal,,,7.50\n,,Invoice total,,,11.50\n"
    )

    events = invoice(tmp_path, text)

    (head,) = of(InvoiceHead, events)
    assert (head.number, head.date, head.order_number, head.row) == ("5512", "2026-11-19", "PO9", 6)
    assert of(InvoiceCharge, events) == [InvoiceCharge(7, 1, "Fuel surcharge", 40_000)]
    assert of(InvoiceTotal, events)[0].amount == 115_000
    assert of(Problem, events) == []


def test_several_invoices_in_one_file_are_kept_apart(tmp_path: Path) -> None:
    text = (
        "Invoice,Date,UPC,Qty,Unit Cost\nA,2026-11-01,1234567,1,1.00\nB,2026-11-02,1234567,2,1.00\n"
        "A,2026-11-01,7654321,3,1.00\n"
    )

    events = invoice(tmp_path, text)

    assert [(head.number, head.date) for head in of(InvoiceHead, events)] == [("A", "2026-11-01"), ("B", "2026-11-02")]
    assert [line.document for line in of(InvoiceLine, events)] == [1, 2, 1]
    assert len(of(InvoiceTotal, events)) == 2


def test_an_invoice_without_a_number_is_asked_about(tmp_path: Path) -> None:
    text = "UPC,Qty,Unit Cost\n1234567,1,1.00\n"

    with pytest.raises(InputRejected) as caught:
        invoice(tmp_path, text)

    assert "--set number=NUMBER" in caught.value.hint
    assert of(InvoiceHead, invoice(tmp_path, text, number="77", date="2026-11-22"))[0].date == "2026-11-22"


@pytest.mark.parametrize(
    ("columns", "cells", "unit", "cost"),
    [
        ("Case Pack,Qty,Case Cost,Unit Cost,Amount", "12,3,34.68,2.89,104.04", "case", 346_800),
        ("Case Pack,Qty,Case Cost,Unit Cost,Amount", "12,36,34.68,2.89,104.04", "each", 28_900),
        ("Case Pack,Qty,Unit Cost,Amount", "12,3,2.89,104.04", "case", 346_800),
        ("Case Pack,Qty,Case Cost", "12,3,34.68", "case", 346_800),
        ("Qty,Price", "3,2.89", "each", 28_900),
        ("Case Pack,Qty,UOM,Case Cost", "12,3,EA,34.68", "each", 28_900),
        ("Case Pack,Qty,UOM,Unit Cost", "12,3,CS,2.89", "case", 346_800),
    ],
)
def test_what_quantities_count_is_told_by_the_amounts(
    tmp_path: Path, columns: str, cells: str, unit: str, cost: int
) -> None:
    (line,) = of(InvoiceLine, invoice(tmp_path, f"UPC,{columns}\n1234567,{cells}\n", number="1"))

    assert (line.unit, line.cost) == (unit, cost)


def test_what_quantities_count_is_asked_where_nothing_tells(tmp_path: Path) -> None:
    text = "UPC,Case Pack,Qty,Price\n1234567,12,3,2.89\n"

    with pytest.raises(InputRejected, match="whether quantities count cases or units"):
        invoice(tmp_path, text, number="1")

    assert of(InvoiceLine, invoice(tmp_path, text, number="1", quantity_is="case"))[0].unit == "case"


def test_a_unit_that_is_not_known_sets_its_row_aside(tmp_path: Path) -> None:
    events = invoice(tmp_path, "UPC,Qty,UOM,Price\n1234567,1,ZZ,1.50\n7654321,1,EA,1.50\n", number="1")

    (found,) = of(Problem, events)
    assert (found.row, found.column, found.value) == (2, "UOM", "ZZ")
    assert len(of(InvoiceLine, events)) == 1


def test_an_amount_beside_no_code_and_no_known_word_is_a_problem(tmp_path: Path) -> None:
    events = invoice(tmp_path, "UPC,Description,Qty,Amount\n1234567,A,1,1.50\n,Something,1,9.00\n", number="1")

    (found,) = of(Problem, events)
    assert (found.row, found.description) == (3, "Something")


def test_a_file_of_credits_says_so_by_the_name_of_its_column(tmp_path: Path) -> None:
    (head,) = of(InvoiceHead, invoice(tmp_path, "Credit Memo,UPC,Qty,Price\nC1,1234567,1,1.50\n"))

    assert head.is_credit
