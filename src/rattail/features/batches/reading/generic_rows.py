"""What the generic formats share: quick parsers of cells, and what to do with a row that is none."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from rattail.errors import InputRejected
from rattail.features.batches.reading.cells import (
    BadCell,
    NumberStyle,
    Order,
    case_size,
    code,
    counted,
    date,
    pack,
    quantity,
    size,
    tidy,
    vendor_code,
    weight,
)
from rattail.features.batches.reading.lines import Problem
from rattail.features.batches.reading.prepare import Prepared
from rattail.features.batches.reading.tables import is_blank

_T = TypeVar("_T")

_MOST_KEPT = 100_000  # cells of a column that are remembered with their value
_LONGEST_SHOWN = 200
#: With what the first text of a row begins that closes a table, or a part of it.
_CLOSING = re.compile(
    r"(?:sub ?-?|grand |order |invoice |net |case )?totals?\b|footer\b|page \d|end of|\*+|={3,}|-{3,}|report |printed |"
    r"prices? (?:are |subject)|summe\b|gesamt|continued|count:|records?:|rows?:|lines?:",
    re.I,
)
_ERROR = re.compile(r"#(?:REF!|DIV/0!|N/A|VALUE!|NAME\?|NUM!|NULL!|GETTING_DATA|SPILL!|CALC!)", re.I)
#: A code that is one beyond doubt: digits, and more of them than any placeholder has.
_PLACEHOLDER_DIGITS = 6


class Parsed(dict[str, _T]):
    """Cells with their values, so that what stands in a column many times is read once; called, or looked into.

    A cell that cannot be read raises `BadCell` each time.
    """

    def __init__(self, read: Callable[[str], _T], *, empty: _T) -> None:
        super().__init__({"": empty})
        self._read = read
        self._empty = empty

    def __call__(self, text: str) -> _T:
        return self[text]

    def __missing__(self, text: str) -> _T:
        value = self._read(text) if text.strip() else self._empty
        if len(self) < _MOST_KEPT:
            self[text] = value
        return value


def barcode(text: str) -> str:
    """The barcode in a cell as it stands there; quick where it is plain digits. Raises `BadCell`."""
    if len(text) > _PLACEHOLDER_DIGITS and text.isdigit() and text[-_PLACEHOLDER_DIGITS:] != "000000":
        return text
    return code(_without_error(text)) if text else ""


def text_of(text: str) -> str:
    """A text with single blanks. Raises `BadCell` where a formula's error stands."""
    found = " ".join(text.split())
    return _without_error(found) if found[:1] == "#" else found


def packs(style: NumberStyle, *, weight_is_case_size: bool) -> Callable[[str], tuple[int | None, str]]:
    """Read a column of packs: `12` is a case size, `12/16 OZ` a case size and a size. Raises `BadCell`."""

    def read(text: str) -> tuple[int | None, str]:
        _without_error(text)
        try:
            return quantity(text, style) or None, ""
        except BadCell:
            found, size_text = pack(text)
        if found is None:
            found = counted(text)
            size_text = "" if found else size_text
        heavy = weight(text) if weight_is_case_size and found in (None, 10_000) else None
        return (heavy[0], "kg" if heavy[1] == "kilogram" else "lb") if heavy else (found, size_text)

    return read


def case_sizes(style: NumberStyle) -> Callable[[str], int | None]:
    """Read a column of case sizes, which may hold packs; `CS` says nothing. Raises `BadCell`."""

    def read(text: str) -> int | None:
        if not size(text):
            return None
        return case_size(text, style)

    return read


def one_size(text: str) -> str:
    """A size in one spelling. Raises `BadCell`."""
    return size(_without_error(text))


def size_as_pack(text: str) -> tuple[int | None, str]:
    """A column of sizes where packs may stand as well. Raises `BadCell`."""
    return pack(_without_error(text))


def day_or_none(text: str, order: Order) -> str | None:
    """A date; None for a placeholder. Raises `BadCell`."""
    return date(text, order) or None


def remembered(read: Callable[[str], _T], empty: _T, default: str) -> "Parsed[_T]":
    """A parser that reads each text once; an empty cell is as if `default` stood there.

    Raises:
        InputRejected: the default of the mapping cannot be read.
    """
    if not default.strip():
        return Parsed(read, empty=empty)
    try:
        return Parsed(read, empty=read(default))
    except BadCell as bad:
        raise InputRejected(
            f"the vendor's mapping has a default that cannot be read: {default!r} {bad.reason}."
        ) from None


def has_digit(text: str) -> bool:
    """Whether there is a digit in a text: a code without any is a word, such as the `Total` below a column."""
    return any(letter in "0123456789" for letter in text)


def has_code(prepared: Prepared, row: Sequence[str]) -> bool:
    """Whether something stands in the columns of codes that may be one."""
    for field, read in (("code", barcode), ("vendor_code", vendor_code)):
        place = prepared.places.get(field)
        if place is None:
            continue
        try:
            if has_digit(read(row[place])):
                return True
        except BadCell:
            return True
    return False


def is_no_item(row: Sequence[str], amounts: Sequence[int]) -> bool:
    """Whether a row without any code is one that a file may have beside its items.

    Such are blank rows, titles of sections (nothing stands in the columns of `amounts`), totals, footers and
    page breaks, told by the first text in the row.
    """
    if is_blank(row) or not any(row[place].strip() for place in amounts):
        return True
    first = next(cell for cell in row if cell.strip())
    return bool(_CLOSING.match(first.strip()))


def is_names(row: Sequence[str], names: Sequence[str]) -> bool:
    """Whether a row repeats the names of the columns, as at the top of every printed page."""
    return sum(1 for cell, name in zip(row, names, strict=False) if name and tidy(cell) == name) >= 2


def blame(
    prepared: Prepared, row: Sequence[str], number: int, parsers: Mapping[str, Callable[[str], object]]
) -> Problem:
    """The problem of a row that could not be read: the first of its cells whose parser refuses it."""
    known = {field: _plain(prepared, row, field) for field in ("code", "vendor_code", "description")}
    for field, parse in parsers.items():
        place = prepared.places.get(field)
        if place is None or place >= len(row):
            continue
        try:
            parse(row[place])
        except BadCell as bad:
            return Problem(number, prepared.column(field), tidy(row[place])[:_LONGEST_SHOWN], bad.reason, **known)
    return Problem(number, "", "", "cannot be read", **known)


def no_code(prepared: Prepared, row: Sequence[str], number: int) -> Problem:
    """The problem of a row that has amounts and no code."""
    place = prepared.places.get("code", prepared.places.get("vendor_code", -1))
    value = tidy(row[place])[:_LONGEST_SHOWN] if 0 <= place < len(row) else ""
    column = prepared.column("code") or prepared.column("vendor_code")
    said = "is no code" if value else "is empty: there is neither a barcode nor a vendor's item number"
    return Problem(number, column, value, said, description=_plain(prepared, row, "description"))


def _plain(prepared: Prepared, row: Sequence[str], field: str) -> str:
    place = prepared.places.get(field, -1)
    return tidy(row[place])[:_LONGEST_SHOWN] if 0 <= place < len(row) else ""


def _without_error(text: str) -> str:
    if "#" in text and _ERROR.fullmatch(text.strip()):
        raise BadCell("is an error of a formula in the spreadsheet")
    return text
