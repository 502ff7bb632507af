"""What handheld counters write: a code, cases and units, each as text, in three fields."""

import re
from collections.abc import Iterable, Iterator, Sequence

from rattail.features.batches.reading.bad_cell import BadCell
from rattail.features.batches.reading.cells import code as code_of
from rattail.features.batches.reading.cells import quantity
from rattail.features.batches.reading.lines import CountLine, Event, Problem

COLUMNS = ("upc", "cases", "units")
CODE = re.compile(r"\d{4,14}", re.ASCII)
QUANTITY = re.compile(r"[+-]?\d{0,6}(?:\.\d{1,4})?", re.ASCII)
_MOST_DIGITS = 9  # of a quantity: more is a code in the wrong place


def count_of(row: int, fields: Sequence[str]) -> CountLine | Problem:
    """One count from the texts of `upc`, `cases` and `units`; an empty quantity is none of them."""
    texts = [field.strip() for field in fields]
    at = 0
    try:
        code = code_of(texts[0])
        if not (code.isdigit() and code.isascii()):
            raise BadCell("is no code: expected digits" if code else "is empty: expected a code")
        at = 1
        cases = _quantity(texts[1])
        at = 2
        units = _quantity(texts[2])
        if cases is units is None:
            raise BadCell("is empty, and so is cases: nothing was counted")
    except BadCell as bad:
        return Problem(row, COLUMNS[at], texts[at][:200], bad.reason, texts[0][:50] if at else "")
    return CountLine(row, code, cases or 0, units or 0)


def counts_of_lines(lines: Iterable[str], delimiter: str) -> Iterator[Event]:
    """The counts of a text with one count a line, with or without a line of names before them."""
    for row, line in enumerate(lines, 1):
        fields = [field.strip(' "\r\n\x1a') for field in line.split(delimiter)]
        if not any(fields) or [field.lower() for field in fields[:3]] == list(COLUMNS):
            continue
        while len(fields) > len(COLUMNS) and not fields[-1]:
            fields.pop()
        if len(fields) != len(COLUMNS):
            has = "1 field" if len(fields) == 1 else f"{len(fields)} fields"
            yield Problem(row, "", line.strip()[:200], f"has {has}; expected 3: upc, cases and units")
        else:
            yield count_of(row, fields)


def share_of_counts(lines: Sequence[str], delimiter: str) -> float:
    """How many of the lines, from 0 to 1, are a code, cases and units, or the names of these."""
    fitting = 0
    for line in lines:
        cells = [cell.strip(' "\x1a') for cell in line.split(delimiter)]
        if len(cells) == len(COLUMNS) and CODE.fullmatch(cells[0]):
            fitting += all(QUANTITY.fullmatch(cell) for cell in cells[1:])
        else:
            fitting += [cell.lower() for cell in cells] == list(COLUMNS)
    return fitting / len(lines) if lines else 0.0


def _quantity(text: str) -> int | None:
    if len(text) > _MOST_DIGITS:
        raise BadCell("is too long to be a quantity")
    return quantity(text) if text else None
