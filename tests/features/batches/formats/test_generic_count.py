"""Any table of codes and quantities."""

from pathlib import Path

import pytest

from rattail.errors import InputRejected
from rattail.features.batches.formats.generic_count import FORMAT
from rattail.features.batches.reading.format import Reading
from rattail.features.batches.reading.lines import CountLine, Problem
from tests.features.batches.reading.kit import of, read, source_of, workbook


def test_cases_and_units_are_read(tmp_path: Path) -> None:
    (line,) = of(CountLine, read(source_of(tmp_path, "UPC,Cases,Units,Location\n1234567,1,2.5,A 1\n"), "inventory"))

    assert line == CountLine(2, "1234567", 10_000, 25_000, location="A 1")


def test_rows_that_are_not_all_a_code_and_a_quantity_are_not_recognised(tmp_path: Path) -> None:
    assert FORMAT.recognise(source_of(tmp_path, "074305001321,3\nbad,x\n")) == ""


def test_a_count_with_decimal_commas_needs_no_names_either(tmp_path: Path) -> None:
    source = source_of(tmp_path, "074305001321\t3\r\n4011\t2,5\r\n")

    assert [line.units for line in of(CountLine, read(source, "inventory"))] == [30_000, 25_000]


def test_a_file_without_names_is_recognised_and_read_from_its_first_row(tmp_path: Path) -> None:
    source = source_of(tmp_path, "074305001321|3\n4011|2.5\n")

    assert FORMAT.recognise(source) == "its rows are a code and a quantity, without column names"
    assert [(line.row, line.units) for line in of(CountLine, read(source, "inventory"))] == [(1, 30_000), (2, 25_000)]
    assert FORMAT.codes is not None
    assert list(FORMAT.codes(source, Reading())) == ["074305001321", "4011"]


def test_a_column_of_quantities_may_count_cases(tmp_path: Path) -> None:
    source = source_of(tmp_path, "UPC,Qty\n1234567,3\n")

    (line,) = of(CountLine, read(source, "inventory", None, quantity_is="case"))

    assert (line.cases, line.units) == (30_000, 0)


def test_a_count_that_is_none_is_set_aside(tmp_path: Path) -> None:
    events = read(source_of(tmp_path, "UPC,Qty\n1234567,three\n7654321,3\nTotal,6\n"), "inventory")

    assert of(Problem, events) == [Problem(2, "Qty", "three", "is not a quantity", "1234567")]
    assert [line.code for line in of(CountLine, events)] == ["7654321"]


def test_prices_for_a_case_and_a_unit_are_not_taken_for_counts(tmp_path: Path) -> None:
    source = source_of(tmp_path, "UPC,Description,Each,Case,SRP\n1234567,A,2.89,34.68,4.79\n")

    assert FORMAT.recognise(source) == ""


def test_a_table_without_quantities_is_refused_with_its_columns(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="its columns: 'UPC', 'Description'"):
        read(source_of(tmp_path, "UPC,Description\n1234567,A\n"), "inventory")


def test_a_row_whose_quantity_was_left_blank_is_no_count_of_zero(tmp_path: Path) -> None:
    events = read(source_of(tmp_path, "code,quantity\n877877000064,\n812030000031,3\n4011,0\n"), "inventory")

    assert of(Problem, events) == [Problem(2, "quantity", "", "is empty: nothing was counted", "877877000064")]
    assert [(line.code, line.units) for line in of(CountLine, events)] == [("812030000031", 30_000), ("4011", 0)]


def test_cases_and_units_that_are_both_blank_are_no_count_and_one_of_them_is(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["UPC", "Description", "Cases", "Units"],
        ["0877877000064", "Tea", None, None],
        ["0812030000031", "Rice", 2, None],
        ["0812030000048", "Beans", None, 0],
    ]
    events = read(workbook(tmp_path, {"Count": rows}), "inventory")

    (problem,) = of(Problem, events)
    assert (problem.row, problem.column, problem.code, problem.description) == (2, "Units", "0877877000064", "Tea")
    assert problem.reason == "is empty, and so is Cases: nothing was counted"
    assert [(line.cases, line.units) for line in of(CountLine, events)] == [(20_000, 0), (0, 0)]


def test_a_blank_quantity_for_which_the_mapping_has_a_default_is_a_count(tmp_path: Path) -> None:
    mapping = {"defaults": {"units": "1"}}

    (line,) = of(CountLine, read(source_of(tmp_path, "UPC,Qty\n1234567,\n"), "inventory", mapping))

    assert line.units == 10_000
