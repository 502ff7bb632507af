"""The dirt of cells and rows that the trade sends in tables; the number is that of the list of 25 kinds."""

from pathlib import Path

import pytest

from rattail.errors import InputRejected
from rattail.features.batches.reading.cells import (
    BadCell,
    NumberStyle,
    case_size,
    code,
    date,
    date_and_time,
    money,
    order_of,
    pack,
    percent,
    quantity,
    quantity_with_unit,
    vendor_code,
    weight,
    whole,
)
from rattail.features.batches.reading.lines import CatalogLine, CountLine, InvoiceLine, Problem
from tests.features.batches.reading.kit import catalog, of, problem, read, source_of, workbook

COMMA = NumberStyle("comma")
EITHER = NumberStyle("either")
CENTS = NumberStyle(is_cents=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("'074305001321", "074305001321"), ("UPC 074305001321", "074305001321"), (" 0-74305-00132-1 ", "0-74305-00132-1")],
)
def test_dirt_08_a_code_loses_what_is_written_around_it(text: str, expected: str) -> None:
    assert code(text) == expected


@pytest.mark.parametrize("text", ["7.43E+10", "7,43E+10", "7.43e+10", "7E+10"])
def test_dirt_09_a_code_in_scientific_notation_is_refused_never_guessed(tmp_path: Path, text: str) -> None:
    found = problem(tmp_path, f'UPC;Description;Case Cost\n"{text}";A;1.50\n')

    assert (found.row, found.column, found.value) == (2, "UPC", text)
    assert "its last digits are lost" in found.reason


def test_dirt_09_a_cost_in_scientific_notation_is_a_number() -> None:
    assert money("1.5E+02") == 1_500_000


def test_dirt_10_a_code_that_a_spreadsheet_keeps_as_a_number_is_written_out(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["UPC", "Item", "Case Cost"],
        [74305001321.0, 204578, 34.68],
        ["74305001321.0", "1", "1"],
    ]

    first, second = of(CatalogLine, read(workbook(tmp_path, {"A": rows})))

    assert (first.code, first.vendor_code, first.case_cost) == ("74305001321", "204578", 346800)
    assert second.code == "74305001321"


def test_dirt_10_a_number_of_more_digits_than_a_spreadsheet_keeps_is_refused(tmp_path: Path) -> None:
    source = workbook(tmp_path, {"A": [["UPC", "Case Cost"], [1234567890123456789, 1.5]]})

    (found,) = of(Problem, read(source))

    assert "its last digits are lost" in found.reason


@pytest.mark.parametrize("text", ["0000000000000", "000-000", "9999", "99999", "NA", "n/a", ""])
def test_dirt_14_a_placeholder_is_no_code(text: str) -> None:
    assert code(text) == ""


@pytest.mark.parametrize("text", ["1900-01-01", "00/00/0000", "12/31/9999"])
def test_dirt_14_a_placeholder_is_no_date(text: str) -> None:
    assert date(text) == ""


def test_dirt_14_an_item_with_a_placeholder_for_its_barcode_keeps_its_vendor_code(tmp_path: Path) -> None:
    (line,) = catalog(tmp_path, "UPC,Item,Case Cost\n0000000000000,204578,1.50\n")

    assert (line.code, line.vendor_code) == ("", "204578")


def test_dirt_15_one_column_of_costs_beside_case_sizes_is_asked_about(tmp_path: Path) -> None:
    source = source_of(tmp_path, "UPC,Case Pack,Cost\n074305001321,12,34.68\n")

    with pytest.raises(InputRejected) as caught:
        read(source)

    assert "whether the cost is for a case or for a unit" in caught.value.message
    assert "--set cost_is=case or --set cost_is=unit" in caught.value.hint
    assert of(CatalogLine, read(source, cost_is="case"))[0].case_cost == 346800
    assert of(CatalogLine, read(source, cost_is="unit"))[0].unit_cost == 346800


def test_dirt_15_a_cell_that_names_the_other_basis_is_refused(tmp_path: Path) -> None:
    found = problem(tmp_path, "UPC,Case Cost\n074305001321,2.89/ea\n")

    assert found.reason == "is a price for a unit; the column is for a case"


def test_dirt_15_cs_as_a_case_size_says_nothing(tmp_path: Path) -> None:
    (line,) = catalog(tmp_path, "UPC,Case Pack,Case Cost\n074305001321,CS,2.89\n")

    assert line.case_size is None


def test_dirt_16_whole_amounts_may_be_cents_and_are_asked_about(tmp_path: Path) -> None:
    source = source_of(tmp_path, "UPC,Case Cost\n1234567,3468\n1234568,2150\n1234569,999\n")

    with pytest.raises(InputRejected, match="whether money is in dollars or in cents"):
        read(source)

    assert [line.case_cost for line in of(CatalogLine, read(source, money="cents"))] == [346800, 215000, 99900]
    assert of(CatalogLine, read(source, money="dollars"))[0].case_cost == 34_680_000


def test_dirt_16_a_point_in_a_column_of_cents_is_refused() -> None:
    assert money("3468", CENTS) == 346800
    with pytest.raises(BadCell, match="not a whole number of cents"):
        money("34.68", CENTS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$1,234.56", 12_345_600),
        ("5.25/lb", 52_500),
        ("2/$5", 25_000),
        ("3 for $10", 33_333),
        ("(5.00)", -50_000),
        ("5.00-", -50_000),
        ("-$5.00", -50_000),
        ("($5.00)", -50_000),
        ("5.00 CR", -50_000),
        ("\u22125.00", -50_000),
        ("34.68 USD", 346_800),
        ("€ 34.68", 346_800),
        ("1\u00a0234.56", 12_345_600),
        ("2.86115", 28_612),
        ("-2.86115", -28_612),
        (".5", 5_000),
    ],
)
def test_dirt_17_an_amount_of_money_in_many_spellings(text: str, expected: int) -> None:
    assert money(text) == expected


@pytest.mark.parametrize(
    "text", ["", "-", ".", "1,2x4.00", "1,23,4", "12/16", "5 5", "--5", "$", "1e999", "9" * 30, "\u0663", "(-5)"]
)
def test_dirt_17_what_is_no_amount_of_money_is_refused(text: str) -> None:
    with pytest.raises(BadCell):
        money(text)


def test_dirt_17_decimal_commas_and_thousands_points() -> None:
    assert [money(text, COMMA) for text in ("10,48", "1.234,56", "1.234")] == [104_800, 12_345_600, 12_340_000]
    assert [money(text, EITHER) for text in ("10,48", "10.48", "1.234,56")] == [104_800, 104_800, 12_345_600]
    with pytest.raises(BadCell, match="can be read two ways"):
        money("1.234", EITHER)
    with pytest.raises(BadCell, match="decimals stand after a comma"):
        money("10,48")


def test_dirt_17_a_column_that_does_not_tell_its_decimals_is_asked_about(tmp_path: Path) -> None:
    source = source_of(tmp_path, "EAN;Unit Cost\n4006381333931;1.234\n")

    with pytest.raises(InputRejected, match=r"decimals stand after a point or a comma: it has numbers such as 1\.234"):
        read(source)

    assert of(CatalogLine, read(source, decimals="comma"))[0].unit_cost == 12_340_000


@pytest.mark.parametrize(
    ("text", "units", "size"),
    [
        ("12/16 OZ", 12, "16 oz"),
        ("2 x 5lb", 2, "5 lb"),
        ("12x1", 12, "1 ct"),
        ("12/32.00 OZ", 12, "32 oz"),
        ("6-12 oz", 6, "12 oz"),
        ("bin 28-32ct", 30, ""),
        ("Soap (case of 6)", 6, ""),
        ("6 per tray", 6, ""),
        ("25#", None, "25 lb"),
        ("32 ONZ", None, "32 oz"),
        ("CS", None, ""),
        ("38-42", None, "38-42"),
        ("16 oz/1 lbs/454 g", None, "16 oz/1 lbs/454 g"),
    ],
)
def test_dirt_18_packs_and_sizes(text: str, units: int | None, size: str) -> None:
    assert pack(text) == (None if units is None else units * 10_000, size)


def test_dirt_18_a_pack_gives_case_size_and_size(tmp_path: Path) -> None:
    (line,) = catalog(tmp_path, "UPC,Pack,Case Cost\n074305001321,12/16 OZ,34.68\n")

    assert (line.case_size, line.size) == (120_000, "16 oz")


def test_dirt_18_a_sack_is_sold_by_the_pound_only_where_the_mapping_says_so(tmp_path: Path) -> None:
    source = source_of(tmp_path, "UPC,Pack,Case Cost\n4011,25#,21.50\n")

    assert of(CatalogLine, read(source))[0].case_size is None
    assert of(CatalogLine, read(source, weight_is_case_size="true"))[0].case_size == 250_000
    assert weight("1/25.00 LB") == (250_000, "pound")


def test_dirt_19_nothing_and_less_than_nothing_are_quantities(tmp_path: Path) -> None:
    text = "UPC,Qty Shipped,Unit Cost,Amount\n1234567,0,2.50,0.00\n7654321,-2,2.50,-5.00\n"

    zero, negative = of(InvoiceLine, read(source_of(tmp_path, text), "vendor_invoice", number="7"))

    assert (zero.shipped, zero.is_out_of_stock) == (0, True)
    assert (negative.shipped, negative.amount, negative.is_out_of_stock) == (-20_000, -50_000, False)


def test_dirt_20_a_line_that_is_out_of_stock_is_kept(tmp_path: Path) -> None:
    text = "UPC,Qty Ordered,Qty Shipped,Unit Cost,Status\n1234567,3,0,2.50,OUT\n7654321,3,3,2.50,\n"

    out, came = of(InvoiceLine, read(source_of(tmp_path, text), "vendor_invoice", number="7"))

    assert (out.ordered, out.shipped, out.cost, out.is_out_of_stock) == (30_000, 0, 25_000, True)
    assert not came.is_out_of_stock


def test_dirt_21_footers_totals_and_titles_are_left_out_silently(tmp_path: Path) -> None:
    text = (
        "UPC,Item,Description,Case Cost\n,,GROCERY,\n1234567,1,A,1.00\n\n,,Subtotal,1.00\n"
        "UPC,Item,Description,Case Cost\n7654321,2,B,2.00\nTotal,,,3.00\nFooter\n"
    )

    assert [line.code for line in catalog(tmp_path, text)] == ["1234567", "7654321"]


def test_dirt_21_an_item_with_a_cost_and_no_code_is_not_left_out_silently(tmp_path: Path) -> None:
    found = problem(tmp_path, "UPC,Item,Description,Case Cost\n,,Vinegar,1.00\n")

    assert (found.row, found.column, found.description) == (2, "UPC", "Vinegar")
    assert "neither a barcode nor a vendor's item number" in found.reason


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22", "2026-11-22"),
        ("2026/11/22", "2026-11-22"),
        ("20261122", "2026-11-22"),
        ("11/22/2026", "2026-11-22"),
        ("22/11/2026", "2026-11-22"),
        ("22.11.2026", "2026-11-22"),
        ("3.4.2026", "2026-04-03"),
        ("22-Nov-2026", "2026-11-22"),
        ("Nov 22, 2026", "2026-11-22"),
        ("45250", "2023-11-20"),
        ("45250.5", "2023-11-20"),
        ("2025324", "2025-11-20"),
        ("2/14/2020 12:00:00 AM", "2020-02-14"),
    ],
)
def test_dirt_22_dates_in_many_spellings(text: str, expected: str) -> None:
    assert date(text) == expected


@pytest.mark.parametrize("text", ["3/4/2026", "2/11/2020 12:00:00 AM"])
def test_dirt_22_a_date_that_can_be_read_two_ways_needs_an_order(text: str) -> None:
    with pytest.raises(BadCell, match="can be read two ways"):
        date(text)

    assert date(text, "month") != date(text, "day")


@pytest.mark.parametrize("text", ["30/30/2026", "2026-02-30", "2025400", "1026-01-01", "soon", "1234", "11/22"])
def test_dirt_22_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(BadCell):
        date(text)


def test_dirt_22_one_day_above_12_settles_the_whole_column(tmp_path: Path) -> None:
    rows = "".join(f"{1_000_000 + number},1.50,3/4/2026\n" for number in range(500))
    source = source_of(tmp_path, f"UPC,Unit Cost,Effective Date\n{rows}2000000,1.50,25/4/2026\n")

    assert {line.effective for line in of(CatalogLine, read(source))} == {"2026-04-03", "2026-04-25"}


def test_dirt_22_a_column_that_no_day_settles_is_asked_about(tmp_path: Path) -> None:
    source = source_of(tmp_path, "UPC,Unit Cost,Effective Date\n1234567,1.50,3/4/2026\n")

    with pytest.raises(InputRejected) as caught:
        read(source)

    assert "3/4/2026 can be read two ways" in caught.value.message
    assert "--set dates=month or --set dates=day" in caught.value.hint
    assert of(CatalogLine, read(source, dates="day"))[0].effective == "2026-04-03"


def test_dirt_22_the_order_of_a_column() -> None:
    assert order_of(["3/4/2026", "13/4/2026"]) == ("day", False)
    assert order_of(["3/4/2026", "3/14/2026"]) == ("month", False)
    assert order_of(["3/4/2026"]) == ("", True)
    assert order_of(["3/3/2026", "2026-01-02"]) == ("", False)
    assert date_and_time("3/4/2026 2:05 PM", "month") == "2026-03-04T14:05:00"


def test_dirt_24_blanks_of_any_kind_and_other_scripts(tmp_path: Path) -> None:
    text = "UPC,Description,Case Cost\n 1234567 ,\u00a0 קמח   מלא\u202f,\u00a0 1.50 \n"

    (line,) = catalog(tmp_path, text)

    assert (line.code, line.description, line.case_cost) == ("1234567", "קמח מלא", 15_000)


def test_dirt_24_digits_of_another_script_are_refused_in_amounts(tmp_path: Path) -> None:
    found = problem(tmp_path, "UPC,Case Cost\n1234567,\u0663\u066b\u0665\n7654321,1.50\n")

    assert found.reason == "is not an amount of money: its digits are not 0 to 9"


def test_quantities_with_and_without_their_unit() -> None:
    assert quantity_with_unit("3 CS") == (30_000, "case")
    assert quantity_with_unit("2.5#") == (25_000, "pound")
    assert quantity_with_unit("4") == (40_000, None)
    assert quantity("-2") == -20_000
    with pytest.raises(BadCell, match="'foo' is no known unit"):
        quantity_with_unit("3 foo")


def test_whole_numbers_case_sizes_and_percentages() -> None:
    assert (whole("12.0"), whole("1,200")) == (12, 1200)
    assert [case_size(text) for text in ("12", "12/16 OZ", "24 ct", "12 bars")] == [120_000, 120_000, 240_000, 120_000]
    assert (percent("5 %"), percent("7.5")) == (50_000, 75_000)
    with pytest.raises(BadCell, match="more than 0"):
        case_size("0")
    with pytest.raises(BadCell, match="not a whole number"):
        whole("1.5")


def test_a_vendor_code_keeps_what_a_barcode_would_lose() -> None:
    assert [vendor_code(text) for text in ("9999", "204578.0", "12-34", "NA", "UPC7")] == [
        "9999",
        "204578",
        "12-34",
        "",
        "UPC7",
    ]


def test_counts_with_units_beside_them_are_told_apart(tmp_path: Path) -> None:
    text = "UPC,Qty,Count Date,Time\n1234567,3 CS,11/22/2026,14:05\n7654321,4,,\n"

    first, second = of(CountLine, read(source_of(tmp_path, text), "inventory"))

    assert (first.cases, first.units, first.counted_at) == (30_000, 0, "2026-11-22T14:05:00")
    assert (second.cases, second.units, second.counted_at) == (0, 40_000, None)
