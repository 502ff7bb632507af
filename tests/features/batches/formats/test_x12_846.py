from __future__ import annotations

from pathlib import Path

import pytest

from rattail.features.batches.formats.x12_846 import FORMAT
from rattail.features.batches.reading.lines import CountLine, Event, Problem
from tests.features.batches.formats.edi_files import events_of, interchange, only, remarks, transaction

HEAD = "BIA*00*DD*CNT1*20261120*0730~N1*WH*Store*92*1004~"


def read(folder: Path, body: str) -> list[Event]:
    return events_of(FORMAT, folder, interchange(transaction("846", HEAD + body)))


def test_an_item_on_hand_is_one_count(tmp_path: Path) -> None:
    events = read(tmp_path, "LIN*1*VN*A7*UP*036000291452~PID*F****Oats~QTY*17*14*EA~CTT*1~")

    assert events == [CountLine(6, "036000291452", 0, 140_000, "2026-11-20T07:30", "1004", "Oats")]


@pytest.mark.parametrize(
    ("quantities", "cases", "units"),
    [
        ("QTY*33*9*EA~QTY*17*14*EA~QTY*02*99*EA~", 0, 140_000),
        ("QTY*02*99*EA~QTY*33*9*EA~", 0, 90_000),
        ("QTY*02*99*EA~", 0, 990_000),
        ("QTY*17*3*CA~", 30_000, 0),
        ("QTY*17*6.35*LB~", 0, 63_500),
        ("QTY*17*2*DZ~", 0, 240_000),
        ("QTY*17*-2*EA~", 0, -20_000),
        ("QTY*17*5~", 0, 50_000),
    ],
)
def test_of_several_quantities_the_one_on_hand_counts(tmp_path: Path, quantities: str, cases: int, units: int) -> None:
    (line,) = only(read(tmp_path, f"LIN*1*UP*036000291452~{quantities}"), CountLine)

    assert (line.cases, line.units) == (cases, units)


def test_what_is_no_count_is_set_aside(tmp_path: Path) -> None:
    body = "LIN*1*UP*036000291452~QTY*63*5*EA~LIN*2*VN*A7~QTY*17*5*EA~LIN*3*UP*036000291469~QTY*17*x*EA~CTT*4~"
    events = read(tmp_path, body)

    assert [(one.row, one.column, one.value) for one in only(events, Problem)] == [
        (6, "QTY01", "63"),
        (8, "LIN", ""),
        (11, "QTY02", "x"),
    ]
    assert remarks(events) == ["segment 12: CTT counts 4 lines; there are 3"]


def test_two_warehouses_in_one_file_are_said(tmp_path: Path) -> None:
    body = "LIN*1*UP*036000291452~QTY*17*5*EA~"
    both = interchange(transaction("846", HEAD + body), transaction("846", HEAD.replace("1004", "1005") + body))

    events = events_of(FORMAT, tmp_path, both)

    assert [line.location for line in only(events, CountLine)] == ["1004", "1005"]
    assert "more than one warehouse" in " ".join(remarks(events))


def test_a_time_that_is_none_is_left_out(tmp_path: Path) -> None:
    body = HEAD.replace("0730", "9999") + "LIN*1*UP*036000291452~QTY*17*5*EA~"
    events = events_of(FORMAT, tmp_path, interchange(transaction("846", body)))

    assert only(events, CountLine)[0].counted_at == "2026-11-20"
