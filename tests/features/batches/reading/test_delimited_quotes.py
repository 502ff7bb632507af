"""A quotation mark that is never closed swallows rows; that is never silent."""

from pathlib import Path

import pytest

from rattail.features.batches.formats.generic_catalog import FORMAT
from rattail.features.batches.reading.format import Reading
from rattail.features.batches.reading.lines import CatalogLine, Problem
from rattail.features.batches.reading.source import look_at

_HEAD = "Item Number,Description,Case Pack,Case Cost\n"


def _rows(first: int, count: int) -> str:
    return "".join(f"A{number},Oats,12,1.00\n" for number in range(first, first + count))


@pytest.mark.parametrize("after", [1, 3, 15])
def test_rows_that_an_open_quotation_mark_swallows_are_named(tmp_path: Path, after: int) -> None:
    path = tmp_path / "catalog.csv"
    path.write_text(_HEAD + _rows(1, 30) + 'A31,"never closed,12,1.00\n' + _rows(32, after))

    events = list(FORMAT.read(look_at(str(path), name=path.name), Reading()))

    problems = [one for one in events if isinstance(one, Problem)]
    assert len([one for one in events if isinstance(one, CatalogLine)]) == 30
    assert [(one.row, "never closed" in one.reason and f"the {after} lines" in one.reason) for one in problems] == [
        (32, True)
    ]


def test_a_cell_of_several_lines_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "catalog.csv"
    path.write_text(_HEAD + _rows(1, 3) + 'A4,"Oats\nrolled, thin\nfine",12,1.00\n' + _rows(5, 3))

    events = list(FORMAT.read(look_at(str(path), name=path.name), Reading()))

    assert [one.vendor_code for one in events if isinstance(one, CatalogLine)] == [f"A{n}" for n in range(1, 8)]
