"""Rows as CSV and as a workbook: nothing calculated, no zero lost, memory that does not grow."""

from __future__ import annotations

import io
import os
import tracemalloc
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from rattail.errors import InputRejected, NoSuchThing
from rattail.features.work.places import folder_name, is_there, made_folder, open_file, remove_file
from rattail.features.work.writing.csv_file import has_decimal_comma, write_csv
from rattail.features.work.writing.written import Style
from rattail.features.work.writing.xlsx_file import write_xlsx
from rattail.web.listing import Badge, Cell, Column, Link

STYLE = Style("America/Chicago", "en_US")
COLUMNS = (
    Column("code", "Code", "code"),
    Column("name", "Name"),
    Column("cost", "Cost", "money"),
    Column("on_hand", "On hand", "quantity"),
    Column("day", "Day", "day"),
    Column("at", "At", "moment"),
    Column("size", "Size", "size"),
    Column("is_new", "New", "yes"),
)
ROW: tuple[Cell, ...] = (
    "0074305001321",
    Link("Apple sauce", "/products/1/"),
    245_000,
    -15_000,
    date(2026, 11, 22),
    datetime(2026, 11, 22, 18, 30, tzinfo=UTC),
    1234,
    True,
)
FORMULAS = ["=1+1", "+1", "-1+cmd", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'=1"]


def as_csv(tmp_path: Path, rows: Sequence[Sequence[Cell]], *, style: Style = STYLE) -> str:
    path = tmp_path / "a.csv"
    with path.open("w+b") as stream:
        assert write_csv(stream.fileno(), COLUMNS, rows, style=style, progress=lambda _: None) == len(rows)
    return path.read_bytes().decode()


def as_sheets(tmp_path: Path, rows: Sequence[Sequence[Cell]], **more: int) -> dict[str, list[list[object]]]:
    out, scratch = io.BytesIO(), tmp_path / "scratch"
    scratch.mkdir()
    count = write_xlsx(
        out, COLUMNS, rows, title="A/list", style=STYLE, scratch=str(scratch), progress=lambda _: None, **more
    )
    assert count == len(rows)
    assert os.listdir(scratch) == []
    book = CalamineWorkbook.from_filelike(io.BytesIO(out.getvalue()))
    return {name: [list(row) for row in book.get_sheet_by_name(name).to_python()] for name in book.sheet_names}


def test_csv_has_plain_numbers_and_times_of_the_shop(tmp_path: Path) -> None:
    assert as_csv(tmp_path, [ROW, (None,) * 8]) == (
        "\ufeffCode,Name,Cost,On hand,Day,At,Size,New\r\n"
        "0074305001321,Apple sauce,24.50,-1.5,2026-11-22,2026-11-22 12:30:00,1234,yes\r\n"
        ",,,,,,,\r\n"
    )


def test_csv_follows_the_habits_of_the_country(tmp_path: Path) -> None:
    text = as_csv(tmp_path, [ROW], style=Style("Europe/Berlin", "de_DE"))

    assert "0074305001321;Apple sauce;24,50;-1,5;2026-11-22;2026-11-22 19:30:00;1234;yes" in text


@pytest.mark.parametrize(
    ("locale", "is_comma"), [("en_US", False), ("de", True), ("de_CH", False), ("fr_FR", True), ("es_MX", False)]
)
def test_who_has_a_decimal_comma(locale: str, is_comma: bool) -> None:
    assert has_decimal_comma(locale) is is_comma


@pytest.mark.parametrize("text", FORMULAS, ids=ascii)
def test_no_text_becomes_a_formula_in_csv(tmp_path: Path, text: str) -> None:
    row = (text, Badge(text), *(None,) * 6)

    written = as_csv(tmp_path, [row]).partition("\r\n")[2]

    assert written.replace('"', "") == f"'{text},'{text},,,,,,\r\n"


def test_a_workbook_keeps_codes_as_text_and_amounts_as_numbers(tmp_path: Path) -> None:
    (sheet,) = as_sheets(tmp_path, [ROW]).values()

    assert sheet[0] == [column.title for column in COLUMNS]
    assert sheet[1] == [
        *("0074305001321", "Apple sauce", 24.5, -1.5, date(2026, 11, 22)),
        *(datetime(2026, 11, 22, 12, 30), 1234.0, "yes"),  # noqa: DTZ001 - as a cell has it
    ]


def test_texts_stay_texts_in_a_workbook_whatever_they_look_like(tmp_path: Path) -> None:
    texts = [*FORMULAS[:4], "http://example.org", "1e5", "00012", "a\x01b", "half \ud800", "x" * 40_000]
    rows: list[tuple[Cell, ...]] = [(text, text, *(None,) * 6) for text in texts]

    (sheet,) = as_sheets(tmp_path, rows).values()

    kept = [row[1] for row in sheet[1:]]
    assert kept[:7] == texts[:7]
    assert kept[8] == "half ?"
    assert str(kept[9]).endswith("cut off: a cell holds no more)")
    assert len(str(kept[9])) == 32_767


def test_where_one_sheet_is_full_the_next_one_begins(tmp_path: Path) -> None:
    sheets = as_sheets(tmp_path, [ROW] * 25, rows_a_sheet=11)

    assert {name: len(rows) for name, rows in sheets.items()} == {"A-list": 11, "A-list 2": 11, "A-list 3": 6}
    assert all(rows[0][0] == "Code" for rows in sheets.values())


def test_an_empty_list_is_a_file_with_a_head(tmp_path: Path) -> None:
    assert list(as_sheets(tmp_path, []).values()) == [[[column.title for column in COLUMNS]]]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_memory_does_not_grow_with_the_list(tmp_path: Path, kind: str) -> None:
    def peak(count: int) -> int:
        path = tmp_path / f"{count}.{kind}"
        scratch = tmp_path / f"scratch-{count}"
        scratch.mkdir()
        rows = (ROW for _ in range(count))
        tracemalloc.start()
        with path.open("w+b") as out:
            if kind == "csv":
                write_csv(out.fileno(), COLUMNS, rows, style=STYLE, progress=lambda _: None)
            else:
                write_xlsx(out, COLUMNS, rows, title="A", style=STYLE, scratch=str(scratch), progress=lambda _: None)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(10)  # what is loaded once

    assert peak(2_000) < peak(200) + 200_000


PEOPLE = ["alice", "../bob", "", ".", "a/b", "ALICE", "user-x", "é", "a\0b", "x" * 500, "con.", "-rf", ".hidden"]


@given(st.sampled_from(PEOPLE) | st.text())
def test_a_persons_folder_is_one_plain_name_and_only_theirs(person: str) -> None:
    name = folder_name(person)

    assert name.isascii()
    assert name.replace("-", "").replace("_", "").isalnum()
    assert len(name) <= 60
    assert name == person or name.startswith("user-")


def test_files_of_people_are_reached_through_plain_folders_only(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    below = tmp_path / "files"
    below.mkdir()
    with made_folder(str(below), "alice"):
        (below / "alice" / "link.csv").symlink_to(secret)
        os.mkfifo(below / "alice" / "pipe.csv")
    (below / "mallory").symlink_to(tmp_path)

    for folder, name in (("alice", "link.csv"), ("alice", "pipe.csv"), ("mallory", "secret"), ("alice", "none.csv")):
        assert not is_there(str(below), folder, name)
        with pytest.raises(NoSuchThing):
            open_file(str(below), folder, name)
    for folder, name in (("..", "secret"), ("alice", "../../secret"), ("", "x"), ("alice", "a\0")):
        with pytest.raises(InputRejected):
            open_file(str(below), folder, name)
        with pytest.raises(InputRejected):
            remove_file(str(below), folder, name)
    remove_file(str(below), "mallory", "secret")
    assert secret.read_text() == "secret"
