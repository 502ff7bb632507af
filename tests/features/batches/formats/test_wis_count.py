from pathlib import Path

import pytest

from rattail.errors import InputRejected
from rattail.features.batches.formats.wis_count import FORMAT
from rattail.features.batches.reading.lines import CountLine
from tests.features.batches.formats.examples import WIS
from tests.features.batches.formats.reading_kit import ReadFile

GOOD = WIS.splitlines(keepends=True)[0]


def test_the_fixed_columns_give_code_name_and_book_quantity(tmp_path: Path) -> None:
    read = ReadFile(FORMAT, tmp_path, WIS)

    assert read.all_of(CountLine) == [
        CountLine(1, "08841200001", units=140000, description="LENTILS RED OG"),
        CountLine(2, "08841200002", units=60000, description="COFFEE FILTERS"),
    ]
    assert read.remarks == ["the quantities are those of the field 'book': this layout has no other"]
    assert FORMAT.has_check_digit is False


def test_the_name_may_be_two_characters_wider(tmp_path: Path) -> None:
    read = ReadFile(FORMAT, tmp_path, WIS.replace("    00", "      00"))

    assert [line.units for line in read.all_of(CountLine)] == [140000, 60000]
    assert [line.description for line in read.all_of(CountLine)] == ["LENTILS RED OG", "COFFEE FILTERS"]


def test_a_quantity_below_zero_is_read(tmp_path: Path) -> None:
    read = ReadFile(FORMAT, tmp_path, GOOD.replace("000014000", "-00014000"))

    assert read.the(CountLine).units == -140000


@pytest.mark.parametrize(
    ("bad", "column", "value"),
    [
        (GOOD.replace("08841200001", "0884120000X"), "UPC", "0884120000X"),
        (GOOD.replace("000014000", "0000?4000"), "book", "0000?4"),
        (GOOD.replace("0024900", "00249.0"), "cost", "00249.0"),
        ("08841200001  CUT OFF\r\n", "cost", ""),
    ],
)
def test_a_bad_line_is_set_aside_and_the_others_are_read(tmp_path: Path, bad: str, column: str, value: str) -> None:
    read = ReadFile(FORMAT, tmp_path, GOOD + bad + GOOD)

    (problem,) = read.problems
    assert (problem.row, problem.column, problem.value) == (2, column, value)
    assert [line.row for line in read.all_of(CountLine)] == [1, 3]


def test_lines_of_another_shape_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="no line has the fixed columns of WIS"):
        ReadFile(FORMAT, tmp_path, "088412000011,3\r\n")
