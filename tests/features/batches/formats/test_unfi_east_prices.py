from pathlib import Path

import pytest

from rattail.errors import InputRejected
from rattail.features.batches.formats.unfi_east_prices import FORMAT
from rattail.features.batches.reading.lines import CatalogLine
from tests.features.batches.formats.examples import UNFI_EAST
from tests.features.batches.formats.reading_kit import ReadFile


def row_with(**cells: str) -> str:
    """A row of the layout with some of its cells changed, by their place."""
    row = ["", "410007", "HILLTOP", "12", "16 OZ", "41", "LENTILS", "", "$29.88", "", "", "", "", ""]
    row += ["0008841200001", "", "$3.49", "", "", "", ""]
    for place, cell in cells.items():
        row[int(place[1:])] = cell
    return ",".join(row) + "\r\n"


def test_an_item_has_regular_cost_sale_as_discount_retail_and_flags(tmp_path: Path) -> None:
    read = ReadFile(FORMAT, tmp_path, UNFI_EAST)

    line = read.all_of(CatalogLine)[0]
    assert (line.row, line.code, line.vendor_code, line.description) == (2, "0008841200001", "0410007", "LENTILS, RED")
    assert (line.case_size, line.case_cost, line.discount_amount) == (120000, 10298800, 314800)
    assert (line.suggested_retail, line.organic, line.department, line.unit_cost) == (34900, True, "41", None)
    assert FORMAT.has_check_digit is False


def test_a_sack_is_sold_by_the_pound_and_a_sale_at_the_regular_cost_is_none(tmp_path: Path) -> None:
    line = ReadFile(FORMAT, tmp_path, UNFI_EAST).all_of(CatalogLine)[1]

    assert (line.case_size, line.case_cost, line.size) == (250000, 215000, "25 lb")
    assert (line.discount_amount, line.organic) == (0, None)


@pytest.mark.parametrize(
    ("size", "pack", "units"), [("25 LB", "1", 250000), ("1 LB", "12", 120000), ("5 OZ", "1", 10000)]
)
def test_only_a_single_weight_is_bulk(tmp_path: Path, size: str, pack: str, units: int) -> None:
    read = ReadFile(FORMAT, tmp_path, row_with(_4=size, _3=pack))

    assert read.the(CatalogLine).case_size == units


def test_a_upc_of_zeros_is_no_item_and_said_once(tmp_path: Path) -> None:
    read = ReadFile(FORMAT, tmp_path, UNFI_EAST)

    assert len(read.all_of(CatalogLine)) == 2
    assert read.remarks == ["1 row was left out: a UPC of zeros stands for no item"]


def test_the_names_of_the_first_row_may_be_missing(tmp_path: Path) -> None:
    read = ReadFile(FORMAT, tmp_path, UNFI_EAST.partition("\r\n")[2])

    assert read.why
    assert [line.row for line in read.all_of(CatalogLine)] == [1, 2]


@pytest.mark.parametrize(
    ("cells", "column", "value"),
    [
        ({"_8": "$2x.88"}, "regular case cost", "$2x.88"),
        ({"_8": ""}, "regular case cost", ""),
        ({"_8": "-29.88"}, "regular case cost", "-29.88"),
        ({"_12": "$31.00"}, "sale case cost", "$31.00"),
        ({"_3": "0"}, "pack", "0"),
        ({"_3": ""}, "pack", ""),
        ({"_14": "8.84E+11"}, "UPC", "8.84E+11"),
        ({"_16": "n/a"}, "suggested retail", "n/a"),
        ({"_1": "SECTION"}, "product number", "SECTION"),
    ],
)
def test_a_bad_row_is_set_aside_and_the_others_are_read(
    tmp_path: Path, cells: dict[str, str], column: str, value: str
) -> None:
    read = ReadFile(FORMAT, tmp_path, row_with() + row_with(**cells) + row_with())

    (problem,) = read.problems
    assert (problem.row, problem.column, problem.value) == (2, column, value)
    assert [line.row for line in read.all_of(CatalogLine)] == [1, 3]


def test_a_row_that_is_cut_off_is_set_aside(tmp_path: Path) -> None:
    read = ReadFile(FORMAT, tmp_path, row_with() + ",410008,HILLTOP,12")

    (problem,) = read.problems
    assert problem.reason == "has 4 cells; expected 17 or more"


def test_a_name_with_a_line_end_in_it_stays_one_row(tmp_path: Path) -> None:
    read = ReadFile(FORMAT, tmp_path, row_with(_6='"RED\nLENTILS"') + row_with())

    assert [line.description for line in read.all_of(CatalogLine)] == ["RED LENTILS", "LENTILS"]


def test_no_item_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="no row has a product number in column 2"):
        ReadFile(FORMAT, tmp_path, "one,two,three\r\n" * 3)
