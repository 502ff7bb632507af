from pathlib import Path

import pytest

from rattail.errors import InputRejected
from rattail.features.batches.formats.opticon_count import FORMAT
from rattail.features.batches.reading.lines import CountLine
from tests.features.batches.formats.examples import OPTICON, OPTICON_KINDS, OPTICON_PADDED
from tests.features.batches.formats.reading_kit import ReadFile


def counts(read: ReadFile) -> list[tuple[str, int, str | None]]:
    return [(line.code, line.units, line.counted_at) for line in read.all_of(CountLine)]


def test_a_scan_has_code_quantity_and_the_time_of_the_collector(tmp_path: Path) -> None:
    read = ReadFile(FORMAT, tmp_path, OPTICON)

    assert counts(read) == [
        ("088412000011", 30000, "2026-03-13T09:15:02"),
        ("088412000028", 10000, "2026-03-13T09:15:40"),
    ]


def test_without_a_quantity_every_scan_counts_one_unit(tmp_path: Path) -> None:
    read = ReadFile(FORMAT, tmp_path, OPTICON.replace(",3,", ",").replace(",1,", ","))

    assert read.why == "its lines have a code, a time and a date"
    assert [line.units for line in read.all_of(CountLine)] == [10000, 10000]


def test_the_older_model_pads_its_fields_and_signs_its_quantities(tmp_path: Path) -> None:
    read = ReadFile(FORMAT, tmp_path, OPTICON_PADDED)

    assert counts(read) == [
        ("088412000011", 30000, "2026-03-13T09:15:02"),
        ("088412000028", -10000, "2026-03-13T09:15:40"),
    ]


@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_the_newer_model_names_the_kind_of_barcode_and_pads_quantities_with_zeros(
    tmp_path: Path, delimiter: str
) -> None:
    read = ReadFile(FORMAT, tmp_path, OPTICON_KINDS.replace("\t", delimiter))

    assert counts(read) == [
        ("088412000011", 30000, "2026-03-13T09:15:02"),
        ("4011", 10000, "2026-03-13T09:15:40"),
    ]


def test_the_order_of_the_fields_is_told_by_what_they_hold(tmp_path: Path) -> None:
    read = ReadFile(FORMAT, tmp_path, "13/03/2026;09:15:02;088412000011;+2\r\n13/03/2026;09:15:40;4011;+1\r\n")

    assert counts(read) == [("088412000011", 20000, "2026-03-13T09:15:02"), ("4011", 10000, "2026-03-13T09:15:40")]


def test_the_day_stands_first_unless_the_file_shows_the_month_there(tmp_path: Path) -> None:
    open_file = OPTICON.replace("13/03/2026", "04/03/2026")
    month_first = open_file + "4011,1,004410,09:16:00,03/25/2026\r\n"

    by_day = ReadFile(FORMAT, tmp_path, open_file).all_of(CountLine)[0]
    by_month = ReadFile(FORMAT, tmp_path, month_first).all_of(CountLine)[0]

    assert by_day.counted_at == "2026-03-04T09:15:02"
    assert by_month.counted_at == "2026-04-03T09:15:02"


def test_a_clock_that_was_never_set_costs_no_count(tmp_path: Path) -> None:
    read = ReadFile(FORMAT, tmp_path, OPTICON + "4011,2,004410,99:15:02,00/00/0000\r\n")

    assert counts(read)[2] == ("4011", 20000, None)
    assert read.remarks == ["the collector's clock gave no real date and time for 1 of the counts"]
    assert read.problems == []


@pytest.mark.parametrize(
    ("row", "column", "value"),
    [
        ("4011,many,004410,09:16:00,13/03/2026", "quantity", "many"),
        ("4011,,004410,09:16:00,13/03/2026", "quantity", ""),
        (",1,004410,09:16:00,13/03/2026", "barcode", ""),
        ("8.84E+11,1,004410,09:16:00,13/03/2026", "barcode", "8.84E+11"),
        ("4011,1,004410", "", "4011,1,004410"),
    ],
)
def test_a_bad_line_is_set_aside_and_the_others_are_read(tmp_path: Path, row: str, column: str, value: str) -> None:
    read = ReadFile(FORMAT, tmp_path, f"{OPTICON}{row}\r\n{OPTICON}")

    (problem,) = read.problems
    assert (problem.row, problem.column, problem.value) == (3, column, value)
    assert [line.row for line in read.all_of(CountLine)] == [1, 2, 4, 5]


def test_a_code_with_a_price_in_it_stays_as_it_was_scanned(tmp_path: Path) -> None:
    read = ReadFile(FORMAT, tmp_path, OPTICON + "201234002994,1,004410,09:16:00,13/03/2026\r\n")

    assert counts(read)[2][0] == "201234002994"


def test_lines_without_a_date_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="expected lines such as 074305001321,3,14:41:03,20/11/2025"):
        ReadFile(FORMAT, tmp_path, "088412000011,3\r\n088412000028,1\r\n")
