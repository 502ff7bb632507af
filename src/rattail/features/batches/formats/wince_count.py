"""A count from a Windows CE handheld: a code, cases and units on three lines, or converted to one line a count."""

import re
from collections.abc import Iterator
from typing import Literal

from rattail.errors import InputRejected
from rattail.features.batches.reading.format import Format, Reading
from rattail.features.batches.reading.handheld import COLUMNS, count_of, counts_of_lines
from rattail.features.batches.reading.lines import Event, Problem
from rattail.features.batches.reading.source import HEAD_BYTES, Source, open_text

_Form = Literal["threes", "comma", "tab", ""]
_CODE = re.compile(r"\d{4,14}", re.ASCII)
_LONG_CODE = re.compile(r"\d{8,14}", re.ASCII)
_QUANTITY = re.compile(r"[+-]?\d{0,6}(?:\.\d{1,4})?", re.ASCII)
_MOST_LINES_LOOKED_AT = 300


def recognise(source: Source) -> str:
    """Whether its lines come in threes, or it has the columns of a converted file and cannot be a Palm's."""
    lines = _first_lines(source)
    form = _form(lines)
    if form == "threes":
        return "its lines come in threes: a code, cases, units"
    if form == "tab":
        return "its columns are a code, cases and units, with tabs between them"
    # Three plain columns may be anything; empty quantities are what tells cases and units from a price.
    if form == "comma" and lines[0].lower() != ",".join(COLUMNS) and any(_has_gap(line) for line in lines):
        return "its columns are a code, cases and units, one of which is often empty"
    return ""


def read(source: Source, _reading: Reading) -> Iterator[Event]:
    """A `CountLine` for every count. Codes have no check digit. `row` is the line where a count begins.

    Raises:
        InputRejected: the lines neither come in threes nor have three columns.
    """
    form = _form(_first_lines(source))
    if not form:
        raise InputRejected(
            f"{source.name}: its lines neither come in threes (a code, cases, units) nor have those three columns.",
            hint="is it another layout? See: rattail list-formats",
        )
    with open_text(source) as lines:
        if form == "threes":
            yield from _read_threes(lines)
        else:
            yield from counts_of_lines(lines, "," if form == "comma" else "\t")


def _first_lines(source: Source) -> list[str]:
    if source.container != "text":
        return []
    lines = source.text.splitlines()
    if source.size_bytes > HEAD_BYTES:
        lines.pop()
    return [line.strip(" \x1a").replace('"', "") for line in lines[:_MOST_LINES_LOOKED_AT]]


def _form(lines: list[str]) -> _Form:
    """How most of the lines are built."""
    if _is_in_threes(lines):
        return "threes"
    filled = [line for line in lines if line.strip()]
    named = bool(filled) and [cell.strip().lower() for cell in filled[0].split("\t")] == list(COLUMNS)
    if named or (filled and _share_of_counts(filled, "\t") > 0.5 and any(_has_gap(line, "\t") for line in filled)):
        return "tab"
    return "comma" if filled and _share_of_counts(filled, ",") > 0.5 else ""


def _is_in_threes(lines: list[str]) -> bool:
    codes, quantities = lines[0::3], lines[1::3] + lines[2::3]
    if len(lines) < 2 or not any(_LONG_CODE.fullmatch(line) for line in codes):
        return False
    fitting = sum(1 for line in codes if _CODE.fullmatch(line)) + sum(1 for line in quantities if _is_quantity(line))
    return any(quantities) and fitting >= 0.9 * len(lines)


def _is_quantity(line: str) -> bool:
    return _QUANTITY.fullmatch(line) is not None


def _share_of_counts(lines: list[str], delimiter: str) -> float:
    fitting = 0
    for line in lines:
        cells = [cell.strip() for cell in line.split(delimiter)]
        if len(cells) == 3 and (cells == list(COLUMNS) or _CODE.fullmatch(cells[0])):
            fitting += cells == list(COLUMNS) or all(_is_quantity(cell) for cell in cells[1:])
    return fitting / len(lines)


def _has_gap(line: str, delimiter: str = ",") -> bool:
    cells = line.split(delimiter)
    return len(cells) == 3 and bool(cells[1].strip()) != bool(cells[2].strip())


def _read_threes(lines: Iterator[str]) -> Iterator[Event]:
    """Three lines a count; where one line is missing, the next long code begins a count anew."""
    waiting: list[tuple[int, str]] = []
    for row, line in enumerate(lines, 1):
        text = line.strip(" \r\n\x1a")
        if not waiting and not text:
            continue
        if waiting and _LONG_CODE.fullmatch(text):
            yield _cut(waiting, "is followed by the next code before its cases and units")
            waiting = []
        waiting.append((row, text))
        if len(waiting) == len(COLUMNS):
            yield count_of(waiting[0][0], [field for _, field in waiting])
            waiting = []
    if waiting:
        yield _cut(waiting, "is cut off: the file ends before its cases and units")


def _cut(waiting: list[tuple[int, str]], reason: str) -> Problem:
    row, code = waiting[0]
    return Problem(row, COLUMNS[0], code[:200], reason)


FORMAT = Format(
    name="wince_count",
    title="count from a Windows CE handheld (lines in threes, or upc, cases, units)",
    kind="inventory",
    recognise=recognise,
    read=read,
    row_word="line",
    has_check_digit=False,
)
