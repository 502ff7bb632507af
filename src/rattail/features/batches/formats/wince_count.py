"""A count from a Windows CE handheld: a code, cases and units on three lines, or converted to one line a count."""

import re
from collections.abc import Iterator
from typing import Literal

from rattail.errors import InputRejected
from rattail.features.batches.reading.format import Format, Reading
from rattail.features.batches.reading.handheld import (
    COLUMNS,
    count_of,
    counts_of_lines,
    share_of_counts,
)
from rattail.features.batches.reading.lines import CountLine, Event, Problem
from rattail.features.batches.reading.source import HEAD_BYTES, Source, open_text

_Form = Literal["threes", "comma", "tab", ""]
_LONG_CODE = re.compile(r"\d{8,14}", re.ASCII)
_MOST_LINES_LOOKED_AT = 300
_LEAST_SHARE = 0.5


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
    if named or (
        filled and share_of_counts(filled, "\t") >= _LEAST_SHARE and any(_has_gap(line, "\t") for line in filled)
    ):
        return "tab"
    return "comma" if filled and share_of_counts(filled, ",") >= _LEAST_SHARE else ""


def _is_in_threes(lines: list[str]) -> bool:
    """Whether most of the lines are a code, cases and units in turn, wherever one of them is missing."""
    good = sum(1 for event in _read_threes(iter(lines)) if isinstance(event, CountLine))
    return 3 * good >= _LEAST_SHARE * len(lines) > 0 and any(_LONG_CODE.fullmatch(line) for line in lines)


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
