from __future__ import annotations

from pathlib import Path

import pytest

from rattail.features.batches.formats.edifact_pricat import FORMAT
from rattail.features.batches.reading.lines import CatalogLine, Event, Problem
from tests.features.batches.formats.edi_files import edifact, events_of, message, only, remarks

HEAD = "BGM+9+PB1+9'DTM+137:20261119:102'DTM+157:20261201:102'CUX+2:EUR:8'PGI+11'"
UNIT = (
    "LIN+1+1+5410000123459:EN'PIA+1+A7:SA'IMD+C++CU::9'IMD+F+DSC+:::Appelazijn'IMD+F+BRN+:::Molen'PRI+AAE:3.99:CA:SRP'"
)
CASE = "LIN+2+1+15410000123456:EN'PIA+1+A7C:SA'IMD+C++TU::9'PRI+AAA:28.80'"
PART = "LIN+3+1+5410000123459:SRV+1:2'QTY+45E:12'"


def read(folder: Path, body: str) -> list[Event]:
    return events_of(FORMAT, folder, edifact(message("PRICAT", HEAD + body)))


def lines(folder: Path, body: str) -> list[CatalogLine]:
    return only(read(folder, body), CatalogLine)


@pytest.mark.parametrize("body", [UNIT + CASE + PART, CASE + PART + UNIT], ids=["unit first", "case first"])
def test_the_pack_in_a_part_line_makes_one_line_of_the_item_and_its_case(tmp_path: Path, body: str) -> None:
    (line,) = lines(tmp_path, body)

    assert line._replace(row=0) == CatalogLine(
        row=0,
        code="5410000123459",
        vendor_code="A7C",
        brand="Molen",
        description="Appelazijn",
        case_size=120_000,
        case_cost=288_000,
        suggested_retail=39_900,
        effective="2026-12-01",
    )


def test_a_case_whose_item_has_no_line_stands_for_it(tmp_path: Path) -> None:
    (line,) = lines(tmp_path, CASE + PART)

    assert (line.code, line.case_size, line.case_cost) == ("5410000123459", 120_000, 288_000)


def test_an_item_that_comes_in_two_cases_makes_two_lines(tmp_path: Path) -> None:
    other = "LIN+4+1+25410000123453:EN'PIA+1+A7D:SA'IMD+C++TU'PRI+AAA:15'LIN+5+1+5410000123459:SRV+1:4'QTY+45E:6'"

    found = lines(tmp_path, UNIT + CASE + PART + other)

    assert [(line.vendor_code, line.case_size, line.case_cost) for line in found] == [
        ("A7C", 120_000, 288_000),
        ("A7D", 60_000, 150_000),
    ]


def test_pallets_and_deleted_lines_are_no_items(tmp_path: Path) -> None:
    pallet = "LIN+4+1+35410000123450:EN'IMD+C++DU'LIN+5+1+15410000123456:EN+1:4'QTY+45E:48'"
    events = read(tmp_path, UNIT + CASE + PART + pallet + "LIN+6+2+5410000123466:EN'PRI+AAA:1'")

    assert [(line.code, line.case_size) for line in only(events, CatalogLine)] == [("5410000123459", 120_000)]
    assert remarks(events) == ["lines that the vendor marked as deleted were left out: 1"]


@pytest.mark.parametrize(
    ("segments", "unit_cost", "case_cost", "case_size", "retail"),
    [
        ("IMD+C++CU'PRI+AAB:3.00'PRI+AAA:2,89'", 28_900, None, None, None),
        ("IMD+C++CU'PRI+AAB:3.00'", 30_000, None, None, None),
        ("IMD+C++CU'PRI+AAA:289:::100:PCE'", 28_900, None, None, None),
        ("IMD+C++CU'QTY+59:12:PCE'PRI+AAA:2.89:CA:SRP'", None, None, 120_000, 28_900),
        ("IMD+C++TU'QTY+59:12:PCE'PRI+AAA:30'", None, 300_000, 120_000, None),
        ("QTY+59:12:PCE'PRI+AAA:30'", None, 300_000, 120_000, None),
        ("PRI+AAA:30'", 300_000, None, None, None),
    ],
)
def test_prices_are_for_a_unit_or_a_case(
    tmp_path: Path,
    segments: str,
    unit_cost: int | None,
    case_cost: int | None,
    case_size: int | None,
    retail: int | None,
) -> None:
    (line,) = lines(tmp_path, f"LIN+1+1+5410000123459:EN'{segments}")

    found = (line.unit_cost, line.case_cost, line.case_size, line.suggested_retail)
    assert found == (unit_cost, case_cost, case_size, retail)


def test_the_same_line_numbers_in_two_messages_are_kept_apart(tmp_path: Path) -> None:
    one = message("PRICAT", HEAD + UNIT + CASE + PART)
    two = message("PRICAT", HEAD + (UNIT + CASE + PART).replace("12345", "99999").replace("45E:12", "45E:6"))

    found = only(events_of(FORMAT, tmp_path, edifact(one, two)), CatalogLine)

    assert [(line.code, line.case_size) for line in found] == [("5410000123459", 120_000), ("5410000999999", 60_000)]


def test_a_bad_price_sets_its_line_aside(tmp_path: Path) -> None:
    events = read(tmp_path, "LIN+1+1+5410000123459:EN'PRI+AAA:x'LIN+2+1+5410000123466:EN'PRI+AAA:1'")

    assert [(one.row, one.column, one.value) for one in only(events, Problem)] == [(8, "PRI 5118", "x")]
    assert [line.code for line in only(events, CatalogLine)] == ["5410000123466"]
