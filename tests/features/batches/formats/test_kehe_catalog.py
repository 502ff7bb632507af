from collections.abc import Sequence
from pathlib import Path

import pytest
import xlsxwriter
import xlwt

from rattail.errors import InputRejected
from rattail.features.batches.formats.kehe_catalog import FORMAT
from rattail.features.batches.reading.format import Reading
from rattail.features.batches.reading.lines import CatalogLine, Event, Problem
from rattail.features.batches.reading.source import look_at

NAMES = ["Item", "Brand", "Description", "Size", "UOM", "UPC", "Case Pack", "Un of Sls", "Unit Cost", "SRP"]
GOOD = [21007, "HILLTOP", "LENTILS RED", 16, "OZ", 88412000011.0, 12, 1, 2.49, 3.99]


def read_xls(folder: Path, *rows: Sequence[object], names: Sequence[object] = NAMES) -> list[Event]:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Catalog")
    for number, row in enumerate((names, *rows)):
        for column, cell in enumerate(row):
            sheet.write(number, column, cell)
    path = folder / "DC22 Catalog - March 2026.xls"
    book.save(str(path))
    source = look_at(str(path))
    assert FORMAT.recognise(source) or names != NAMES
    return list(FORMAT.read(source, Reading()))


def test_an_item_has_both_case_sizes_because_the_file_does_not_say_which(tmp_path: Path) -> None:
    (line,) = read_xls(tmp_path, GOOD)

    assert line == CatalogLine(
        2,
        "88412000011",
        "0021007",
        "HILLTOP",
        "LENTILS RED",
        "16 oz",
        120000,
        unit_cost=24900,
        suggested_retail=39900,
        other_case_size=10000,
    )


@pytest.mark.parametrize(
    ("case_pack", "units_of_sale", "sizes"),
    [
        (12, 12, (120000, None)),
        (12, "", (120000, None)),
        ("", 6, (60000, None)),
        (0, 6, (60000, None)),
        (1, 24, (10000, 240000)),
    ],
)
def test_there_is_no_question_where_only_one_case_size_stands(
    tmp_path: Path, case_pack: object, units_of_sale: object, sizes: tuple[int, int | None]
) -> None:
    (line,) = read_xls(tmp_path, [*GOOD[:6], case_pack, units_of_sale, *GOOD[8:]])

    assert isinstance(line, CatalogLine)
    assert (line.case_size, line.other_case_size) == sizes


def test_an_xlsx_file_is_read_as_well_whatever_it_is_called(tmp_path: Path) -> None:
    path = tmp_path / "catalog.xls"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, NAMES)
    sheet.write_row(1, 0, ["0021007", "HILLTOP", "LENTILS", 16, "OZ", "088412000011", "12", "1", "$2.49", ""])
    book.close()
    source = look_at(str(path))

    (line,) = FORMAT.read(source, Reading())

    assert FORMAT.recognise(source) == "its columns 7 and 8 are Case Pack and Un of Sls"
    assert isinstance(line, CatalogLine)
    assert (line.code, line.unit_cost, line.suggested_retail) == ("088412000011", 24900, None)


@pytest.mark.parametrize(
    ("place", "cell", "column", "value"),
    [
        (8, "n/a", "Unit Cost", "n/a"),
        (8, "", "Unit Cost", ""),
        (8, -1, "Unit Cost", "-1"),
        (6, "dozen", "Case Pack", "dozen"),
        (7, -12, "Un of Sls", "-12"),
        (5, "8.84E+10", "UPC", "8.84E+10"),
        (9, "call", "SRP", "call"),
    ],
)
def test_a_bad_row_is_set_aside_and_the_others_are_read(
    tmp_path: Path, place: int, cell: object, column: str, value: str
) -> None:
    bad: list[object] = [*GOOD]
    bad[place] = cell

    first, problem, last = read_xls(tmp_path, GOOD, bad, GOOD)

    assert isinstance(problem, Problem)
    assert (problem.row, problem.column, problem.value) == (3, column, value)
    assert [type(first), type(last)] == [CatalogLine, CatalogLine]


def test_a_row_without_any_case_size_or_any_code_is_set_aside(tmp_path: Path) -> None:
    problems = read_xls(tmp_path, [*GOOD[:6], "", 0, *GOOD[8:]], ["", *GOOD[1:5], "", *GOOD[6:]])

    assert [problem.column for problem in problems if isinstance(problem, Problem)] == ["Case Pack", "Item"]


def test_a_column_without_a_name_shifts_nothing(tmp_path: Path) -> None:
    (line,) = read_xls(tmp_path, GOOD, names=[*NAMES[:3], "", "", *NAMES[5:]])

    assert isinstance(line, CatalogLine)
    assert (line.size, line.code) == ("16 oz", "88412000011")


def test_a_title_above_the_names_is_passed_over(tmp_path: Path) -> None:
    (line,) = read_xls(tmp_path, NAMES, GOOD, names=["KeHE March 2026"])

    assert line.row == 3


def test_other_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="expected Case Pack and Un of Sls as names of the columns 7 and 8"):
        read_xls(tmp_path, GOOD, names=["Case Pack", "Un of Sls", *NAMES[:6], *NAMES[8:]])
