"""Scans from Opticon data collectors: a code, sometimes a quantity, a time and a date on each line.

The order of the fields is a setting of the collector, so the fields are told by what they hold. Older
models (OPL9728) pad code and quantity with blanks and put no separator; newer ones (OPH-5000) name the
kind of barcode.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Literal, NamedTuple

from rattail.errors import InputRejected
from rattail.features.batches.reading.bad_cell import BadCell
from rattail.features.batches.reading.cells import code as code_of
from rattail.features.batches.reading.cells import quantity
from rattail.features.batches.reading.dates import Order, date_and_time, order_of
from rattail.features.batches.reading.format import Format, Reading
from rattail.features.batches.reading.lines import CountLine, Event, Problem, Remark
from rattail.features.batches.reading.source import HEAD_BYTES, Source, open_text
from rattail.retail.amounts import SCALE

_PADDED = re.compile(r"(\S.{49})([ +-][ \d]{5}[\d+-])(\d\d:\d\d:\d\d)(\d\d/\d\d/\d{4})\s*", re.ASCII)
_DATE = re.compile(r"\d{1,2}([/.-])\d{1,2}\1\d{4}|\d{4}([/.-])\d{1,2}\2\d{1,2}", re.ASCII)
_TIME = re.compile(r"\d{1,2}:\d\d(?::\d\d)?", re.ASCII)
_KIND_OF_BARCODE = re.compile(
    r"(?:INSTOR|EAN|UPC|JAN|CODE|CODABAR|NW|ITF|I2OF5|IND|MSI|GS1|ISBN|QR|TELEPEN|RSS)[ -]?[A-Z0-9/ -]{0,12}", re.I
)
_CODE = re.compile(r"[0-9A-Za-z.$/+%-]{3,50}", re.ASCII)
_QUANTITY = re.compile(r"[+-]\s*\d{1,7}|\d{1,5}(?:\.\d{1,3})?|\d{1,7}[+-]", re.ASCII)
_NUMBER = re.compile(r"[+-]?\s*\d{1,12}[+-]?", re.ASCII)
_MOST_LINES_LOOKED_AT = 200
_MOST_FIELDS = 6

_Shape = Literal["date", "time", "kind", "quantity", "number", "code", ""]


class _Layout(NamedTuple):
    """Which field holds what; -1: none does. `order` is that of the numbers of a date."""

    width: int
    delimiter: str  # empty: padded, without separators
    code: int
    date: int
    time: int
    quantity: int
    order: Order


def recognise(source: Source) -> str:
    """Whether most lines have a code, a time and a date."""
    layout = _layout(source)
    if layout is None:
        return ""
    return (
        "its lines have a code, a quantity, a time and a date"
        if layout.quantity >= 0
        else ("its lines have a code, a time and a date")
    )


def read(source: Source, _reading: Reading) -> Iterator[Event]:
    """A `CountLine` for every scan, of one unit where the lines have no quantity.

    Raises:
        InputRejected: the lines are not built like that.
    """
    layout = _layout(source)
    if layout is None:
        raise InputRejected(
            f"{source.name}: expected lines such as 074305001321,3,14:41:03,20/11/2025: a code, a quantity or none, "
            "a time and a date.",
            hint="is it another layout? See: rattail list-formats",
        )
    yield from (Remark(0, text) for text in source.remarks)
    undated = 0
    with open_text(source) as lines:
        for row, line in enumerate(lines, 1):
            if not line.strip(" \r\n\x1a"):
                continue
            fields = _fields(line, layout.delimiter)
            if len(fields) != layout.width:
                yield Problem(
                    row, "", line.strip()[:200], f"does not have the {layout.width} fields of the other lines"
                )
                continue
            event = _count(row, fields, layout)
            undated += isinstance(event, CountLine) and event.counted_at is None
            yield event
    if undated:
        yield Remark(0, f"the collector's clock gave no real date and time for {undated} of the counts")


def _count(row: int, fields: list[str], layout: _Layout) -> CountLine | Problem:
    column, value = "barcode", fields[layout.code]
    try:
        code = code_of(value)
        if not code:
            raise BadCell("is empty: expected a code")
        units = SCALE
        if layout.quantity >= 0:
            column, value = "quantity", fields[layout.quantity]
            units = quantity(value.replace(" ", ""))
    except BadCell as bad:
        return Problem(row, column, value[:200], bad.reason, fields[layout.code] if column == "quantity" else "")
    return CountLine(row, code, units=units, counted_at=_counted_at(fields, layout))


def _counted_at(fields: list[str], layout: _Layout) -> str | None:
    """The date and time of a scan; none where the collector's clock was not set."""
    try:
        return date_and_time(f"{fields[layout.date]} {fields[layout.time]}", layout.order) or None
    except BadCell:
        return None


def _fields(line: str, delimiter: str) -> list[str]:
    if not delimiter:
        match = _PADDED.fullmatch(line.rstrip("\r\n\x1a"))
        return [field.strip() for field in match.groups()] if match else []
    return [field.strip(' "\r\n\x1a') for field in line.split(delimiter)]


def _layout(source: Source) -> _Layout | None:
    """The layout of most of the first lines."""
    if source.container != "text":
        return None
    lines = source.text.splitlines()
    if source.size_bytes > HEAD_BYTES:
        lines.pop()
    lines = [line for line in lines[:_MOST_LINES_LOOKED_AT] if line.strip(" \x1a")]
    if not lines:
        return None
    for delimiter in ("", ",", "\t", ";", "|"):
        rows = [_fields(line, delimiter) for line in lines]
        width, count = Counter(len(row) for row in rows).most_common(1)[0]
        if 3 <= width <= _MOST_FIELDS and 2 * count >= len(lines):
            return _layout_of_columns([row for row in rows if len(row) == width], width, delimiter)
    return None


def _layout_of_columns(rows: list[list[str]], width: int, delimiter: str) -> _Layout | None:
    columns = [[row[position] for row in rows] for position in range(width)]
    shapes = [_shape(column) for column in columns]
    if shapes.count("date") != 1 or shapes.count("time") != 1:
        return None
    at_date, at_time = shapes.index("date"), shapes.index("time")
    candidates = [at for at, shape in enumerate(shapes) if shape in ("code", "number")]
    at_code = max(candidates, key=lambda at: max(map(len, columns[at])), default=-1)
    if at_code < 0:
        return None
    # A number of six digits or more is the collector's own; where the kind of barcode is named, there is none.
    quantities = [at for at, shape in enumerate(shapes) if shape == "quantity"]
    if not quantities and "kind" in shapes:
        quantities = [at for at in candidates if at != at_code and shapes[at] == "number"]
    known = {at_date, at_time, at_code, *quantities[:1]}
    unclear = ("", "quantity") if quantities else ("", "quantity", "code")  # a damaged quantity looks like a code
    if any(shape in unclear for at, shape in enumerate(shapes) if at not in known):
        return None
    at_quantity = quantities[0] if quantities else -1
    order = order_of(columns[at_date])[0] or "day"  # as the collector comes
    return _Layout(width, delimiter, at_code, at_date, at_time, at_quantity, order)


def _shape(column: list[str]) -> _Shape:
    """What most of a column's cells look like, the most telling shape first."""
    shapes: tuple[tuple[_Shape, re.Pattern[str]], ...] = (
        ("date", _DATE),
        ("time", _TIME),
        ("kind", _KIND_OF_BARCODE),
        ("quantity", _QUANTITY),
        ("number", _NUMBER),
        ("code", _CODE),
    )
    filled = [cell for cell in column if cell]
    for shape, pattern in shapes:
        fitting = 2 * sum(1 for cell in filled if pattern.fullmatch(cell))
        if filled and (fitting > len(filled) or (fitting == len(filled) and shape in ("date", "time", "code"))):
            return shape
    return ""


FORMAT = Format(
    name="opticon_count",
    title="scans from an Opticon data collector (code, quantity, time, date)",
    kind="inventory",
    recognise=recognise,
    read=read,
    row_word="line",
)
