"""A count in the fixed columns of Washington Inventory Service (WIS): no separators, no names."""

import re
from collections.abc import Iterator

from rattail.errors import InputRejected
from rattail.features.batches.reading.format import Format, Reading
from rattail.features.batches.reading.lines import CountLine, Event, Problem, Remark
from rattail.features.batches.reading.source import HEAD_BYTES, Source, open_text
from rattail.retail.amounts import SCALE

# UPC without check digit 11, two blanks, name 18 or 20, cost 7 (ten-thousandths), retail 5 (cents), book 6, the rest.
_LAYOUTS = tuple(
    re.compile(rf"(\d{{11}}) {{2}}(.{{{width}}})(\d{{7}})(\d{{5}})([ \d+-]{{5}}\d)(\w*) *", re.ASCII)
    for width in (18, 20)
)
_COLUMNS = (("UPC", 0, 11), ("name", 11, 31), ("cost", 31, 38), ("retail", 38, 43), ("book", 43, 49))
_MOST_LINES_LOOKED_AT = 200


def recognise(source: Source) -> str:
    """Whether the lines have the fixed columns."""
    return "its lines have the fixed columns UPC, name, cost, retail and book" if _layout(source) else ""


def read(source: Source, _reading: Reading) -> Iterator[Event]:
    """A `CountLine` for every line; the only quantity of this layout, `book`, is the count.

    Raises:
        InputRejected: no line has the columns.
    """
    layout = _layout(source, least_share=0.0)
    if layout is None:
        raise InputRejected(
            f"{source.name}: no line has the fixed columns of WIS: UPC (11 digits), two blanks, name, cost (7), "
            "retail (5), book (6).",
            hint="is it another layout? See: rattail list-formats",
        )
    yield from (Remark(0, text) for text in source.remarks)
    yield Remark(0, "the quantities are those of the field 'book': this layout has no other")
    with open_text(source) as lines:
        for row, line in enumerate(lines, 1):
            text = line.rstrip("\r\n\x1a")
            if not text.strip():
                continue
            match = layout.fullmatch(text)
            book = match[5].strip() if match else ""
            if match is None or not book.lstrip("+-").isdigit():
                yield _problem(row, text)
            else:
                yield CountLine(row, match[1], units=int(book) * SCALE, description=match[2].strip())


def _layout(source: Source, *, least_share: float = 0.5) -> "re.Pattern[str] | None":
    """The width of the name that fits most of the first lines; None where it fits too few of them."""
    if source.container != "text":
        return None
    lines = source.text.splitlines()
    if source.size_bytes > HEAD_BYTES:
        lines = lines[:-1]
    lines = [line.rstrip("\x1a") for line in lines[:_MOST_LINES_LOOKED_AT] if line.strip(" \x1a")]
    fitting, layout = max(
        ((sum(1 for line in lines if layout.fullmatch(line)), layout) for layout in _LAYOUTS),
        key=lambda found: found[0],
    )
    return layout if fitting and fitting >= least_share * len(lines) else None


def _problem(row: int, text: str) -> Problem:
    """The first column that is not what it should be; the widths are those of the shorter name."""
    for column, start, end in _COLUMNS:
        value = text[start:end]
        if column != "name" and not value.strip().lstrip("+-").isdigit():
            reason = f"is not the number that belongs in characters {start + 1} to {end}"
            return Problem(row, column, value, reason, text[:11] if column != "UPC" else "")
    return Problem(row, "", text[:200], "does not have the fixed columns of the other lines", text[:11])


FORMAT = Format(
    name="wis_count",
    title="count in WIS (Washington Inventory Service) fixed columns",
    kind="inventory",
    recognise=recognise,
    read=read,
    row_word="line",
    has_check_digit=False,
)
