"""Any table of items and costs."""

from pathlib import Path

import pytest
import xlwt

from rattail.errors import InputRejected
from rattail.features.batches.formats.generic_catalog import FORMAT
from rattail.features.batches.reading.format import Reading
from rattail.features.batches.reading.lines import CatalogLine, Problem
from rattail.features.batches.reading.source import look_at
from tests.features.batches.reading.kit import catalog, of, read, remarks, source_of


def test_every_field_of_a_catalog_is_read(tmp_path: Path) -> None:
    text = (
        "UPC,Case Cost,Case Size,Unit Cost,Vendor Code,Brand,Description,Unit Size,SRP,Effective Date,"
        "Vendor Discount Start Date,Vendor Discount End Date,Vendor Discount Amount,Vendor Discount Percent,"
        "Organic,Department\n"
        "074305001321,34.68,12,2.89,0204578,Bragg,Vinegar,32 OZ,4.79,2026-12-01,"
        "12/01/2026,12/31/2026,0.30,5,Y,Grocery\n"
    )

    (line,) = catalog(tmp_path, text)

    assert line == CatalogLine(
        row=2,
        code="074305001321",
        vendor_code="0204578",
        brand="Bragg",
        description="Vinegar",
        size="32 oz",
        case_size=120_000,
        case_cost=346_800,
        unit_cost=28_900,
        suggested_retail=47_900,
        effective="2026-12-01",
        discount_amount=3_000,
        discount_percent=50_000,
        discount_starts="2026-12-01",
        discount_ends="2026-12-31",
        organic=True,
        department="Grocery",
    )


def test_the_order_of_columns_is_free(tmp_path: Path) -> None:
    first = catalog(tmp_path, "UPC,Case Cost,Brand\n1234567,1.50,A\n")
    second = catalog(tmp_path, "Brand,UPC,Case Cost\nA,1234567,1.50\n")

    assert first == second


def test_one_bad_row_leaves_the_others(tmp_path: Path) -> None:
    events = read(source_of(tmp_path, "UPC,Item,Case Cost\n1,7,1.50\n1234567,8,x\n7654321,9,2.50\n"))

    assert [line.row for line in of(CatalogLine, events)] == [2, 4]
    assert of(Problem, events) == [Problem(3, "Case Cost", "x", "is not an amount of money", "1234567", "8", "")]


def test_one_column_of_costs_without_case_sizes_is_for_a_unit_and_that_is_said(tmp_path: Path) -> None:
    events = read(source_of(tmp_path, "UPC,Price\n1234567,1.50\n"))

    assert of(CatalogLine, events)[0].unit_cost == 15_000
    assert "'Price' was taken for the cost of a unit" in remarks(events)


def test_packs_in_a_column_of_sizes_are_found(tmp_path: Path) -> None:
    (line,) = catalog(tmp_path, "UPC,Size,Case Cost\n1234567,12/32 OZ,34.68\n")

    assert (line.case_size, line.size) == (120_000, "32 oz")


def test_a_column_of_words_is_not_taken_for_costs(tmp_path: Path) -> None:
    events = read(source_of(tmp_path, "UPC,Case Cost,cost_unit\n1234567,1.50,each\n7654321,2.50,lb\n"))

    assert [line.case_cost for line in of(CatalogLine, events)] == [15_000, 25_000]
    assert "'cost_unit' was not taken for the unit cost" in remarks(events)


def test_a_table_without_codes_is_refused_with_its_columns(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="its columns: 'Brand', 'Case Cost'"):
        read(source_of(tmp_path, "Brand,Case Cost\nA,1.50\n"))


def test_codes_come_as_they_stand(tmp_path: Path) -> None:
    source = source_of(tmp_path, "Item,UPC,Case Cost\n1,0-74305-00132-1,1.50\n2,7.43E+10,2\n3,,3\n")
    assert FORMAT.codes is not None

    assert list(FORMAT.codes(source, Reading())) == ["0-74305-00132-1", "7.43E+10"]


def test_an_old_workbook_is_read(tmp_path: Path) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Prices")
    rows: list[list[object]] = [["Price list"], ["UPC", "", "Case Cost"], [74305001321, "x", 34.68]]
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            sheet.write(row, column, cell)
    book.save(str(tmp_path / "prices.xls"))
    source = look_at(str(tmp_path / "prices.xls"))

    (line,) = of(CatalogLine, read(source))

    assert source.container == "xls"
    assert (line.row, line.code, line.case_cost) == (3, "74305001321", 346_800)


def test_a_file_of_many_rows_is_never_held_in_memory(tmp_path: Path) -> None:
    rows = "".join(f"{1_000_000 + number},1.50\n" for number in range(5000))
    events = FORMAT.read(source_of(tmp_path, f"UPC,Case Cost\n{rows}"), Reading())

    assert isinstance(next(events), CatalogLine)
    assert sum(1 for _ in events) == 4999


def test_a_column_called_item_that_holds_words_is_the_description(tmp_path: Path) -> None:
    events = read(source_of(tmp_path, "UPC,Item,Unit Cost\n1234567,Cider Vinegar 32oz,1.50\n7654321,Oat Milk,2.50\n"))

    assert [line.description for line in of(CatalogLine, events)] == ["Cider Vinegar 32oz", "Oat Milk"]
    assert "'Item' was taken for the description" in remarks(events)


def test_a_column_called_case_that_holds_prices_is_the_case_cost(tmp_path: Path) -> None:
    (line,) = of(CatalogLine, read(source_of(tmp_path, "UPC,Each,Case\n1234567,2.89,34.68\n")))

    assert (line.unit_cost, line.case_cost, line.case_size) == (28_900, 346_800, None)


def test_percentages_that_a_spreadsheet_keeps_as_fractions_are_percentages(tmp_path: Path) -> None:
    events = read(source_of(tmp_path, "UPC,Unit Cost,Discount %\n1234567,1.50,0.05\n7654321,1.50,0\n"))

    assert [line.discount_percent for line in of(CatalogLine, events)] == [50_000, 0]
    assert "holds fractions" in remarks(events)


def test_blanks_before_a_quote_do_not_split_its_cell(tmp_path: Path) -> None:
    (line,) = catalog(tmp_path, 'UPC, Description, Unit Cost\n1234567, "Vinegar, raw", 1.50\n')

    assert (line.description, line.unit_cost) == ("Vinegar, raw", 15_000)
