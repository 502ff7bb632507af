"""Palm and Windows CE counters: both write upc, cases and units, each in its own way."""

from pathlib import Path

import pytest

from rattail.features.batches.formats import palm_count, wince_count
from rattail.features.batches.reading.lines import CountLine
from tests.features.batches.formats.examples import PALM, PALM_RECORDS, WINCE, WINCE_CONVERTED
from tests.features.batches.formats.reading_kit import ReadFile

BOTH = [("8841200001", 10000, 20000), ("8841200002", 0, 60000)]


def counts(read: ReadFile) -> list[tuple[str, int, int]]:
    return [(line.code, line.cases, line.units) for line in read.all_of(CountLine)]


@pytest.mark.parametrize("content", [PALM, PALM_RECORDS])
def test_both_forms_of_a_palm_count_say_the_same(tmp_path: Path, content: str | bytes) -> None:
    read = ReadFile(palm_count.FORMAT, tmp_path, content)

    assert counts(read) == BOTH
    assert read.problems == []


def test_three_lines_with_nul_characters_are_one_count(tmp_path: Path) -> None:
    read = ReadFile(wince_count.FORMAT, tmp_path, WINCE)

    assert counts(read) == BOTH
    assert [line.row for line in read.all_of(CountLine)] == [1, 4]


@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_a_converted_count_may_have_decimals(tmp_path: Path, delimiter: str) -> None:
    read = ReadFile(wince_count.FORMAT, tmp_path, WINCE_CONVERTED.replace(",", delimiter))

    assert read.why
    assert counts(read) == [("8841200001", 10000, 25000), ("8841200002", 0, 60000)]


def test_neither_format_expects_a_check_digit() -> None:
    assert palm_count.FORMAT.has_check_digit is False
    assert wince_count.FORMAT.has_check_digit is False


@pytest.mark.parametrize(
    ("row", "column", "value"),
    [
        ("abc,1,2", "upc", "abc"),
        (",1,2", "upc", ""),
        ("8.84E+10,1,2", "upc", "8.84E+10"),
        ("٨٨٤١٢,1,2", "upc", "٨٨٤١٢"),
        ("8841200001,one,2", "cases", "one"),
        ("8841200001,1,8841200002", "units", "8841200002"),
        ("8841200001,,", "units", ""),
        ("8841200001,1", "", "8841200001,1"),
        ("8841200001,1,2,3", "", "8841200001,1,2,3"),
    ],
)
def test_a_bad_row_is_set_aside_and_the_others_are_read(tmp_path: Path, row: str, column: str, value: str) -> None:
    read = ReadFile(palm_count.FORMAT, tmp_path, f"{PALM}{row}\r\n8841200003,0,1\r\n".encode())

    (problem,) = read.problems
    assert (problem.row, problem.column, problem.value) == (4, column, value)
    assert counts(read) == [*BOTH, ("8841200003", 0, 10000)]


def test_a_record_that_is_cut_off_is_set_aside(tmp_path: Path) -> None:
    read = ReadFile(palm_count.FORMAT, tmp_path, PALM_RECORDS + PALM_RECORDS[:12])

    (problem,) = read.problems
    assert (problem.row, problem.reason) == (3, "is cut off: it has 12 of 23 characters")
    assert counts(read) == BOTH


def test_a_record_that_is_damaged_is_set_aside(tmp_path: Path) -> None:
    damaged = PALM_RECORDS[:23].replace(b"8841200001", b"\xff?41200001")

    read = ReadFile(palm_count.FORMAT, tmp_path, PALM_RECORDS + damaged)

    assert [(problem.row, problem.column) for problem in read.problems] == [(3, "upc")]
    assert counts(read) == BOTH


def test_a_line_that_is_missing_costs_one_count_only(tmp_path: Path) -> None:
    content = WINCE + b"8841200003\n4\n" + WINCE

    read = ReadFile(wince_count.FORMAT, tmp_path, content)

    (problem,) = read.problems
    assert (problem.row, problem.value) == (7, "8841200003")
    assert problem.reason == "is followed by the next code before its cases and units"
    assert counts(read) == [*BOTH, *BOTH]


def test_a_file_that_ends_in_the_middle_of_a_count_says_so(tmp_path: Path) -> None:
    read = ReadFile(wince_count.FORMAT, tmp_path, WINCE + b"8841200003\n4")

    (problem,) = read.problems
    assert problem.reason == "is cut off: the file ends before its cases and units"
    assert counts(read) == BOTH
