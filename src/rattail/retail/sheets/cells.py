"""Single cells: harmless in a spreadsheet, and read back exactly as they were.

A text that a spreadsheet would calculate gets an apostrophe in front, and so does one that begins with an
apostrophe itself: taking one away gives the text. Numbers stay numbers.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from rattail.retail import amounts

_DANGEROUS = frozenset("=+-@\t\r\n'")
_TRUE = frozenset(("true", "t", "yes", "y", "1"))
_FALSE = frozenset(("false", "f", "no", "n", "0"))
_LARGEST_NUMBER = 2**31 - 1


class BadCell(ValueError):
    """A cell that does not say what its column needs; the message goes on after the value."""


def escaped(text: str) -> str:
    return f"'{text}" if text[:1] in _DANGEROUS else text


def unescaped(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" else cell


def money_text(amount: int | None) -> str:
    return "" if amount is None else amounts.text_of(amount)


def quantity_text(amount: int | None) -> str:
    return "" if amount is None else amounts.text_of(amount, least_decimals=0)


def moment_text(stored: str | None) -> str:
    """A time as either database writes it as text, in UTC: `2026-11-22T12:00:00.5Z`."""
    if stored is None:
        return ""
    text = stored.removesuffix("+00").replace(" ", "T")
    return f"{text.rstrip('0').rstrip('.')}Z" if "." in text else f"{text}Z"


def read_amount(cell: str, *, has_decimal_comma: bool) -> int | None:
    text = unescaped(cell).strip()
    if not text:
        return None
    if has_decimal_comma and "." not in text:
        text = text.replace(",", ".")
    try:
        return amounts.parse(text)
    except amounts.NotAnAmount:
        raise BadCell("is not a plain number, such as 12.50") from None


def read_number(cell: str) -> int | None:
    text = cell.strip()
    if not text:
        return None
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()) or abs(int(digits)) > _LARGEST_NUMBER:
        raise BadCell("is not a whole number, such as 12")
    return int(text)


def read_boolean(cell: str) -> bool | None:
    word = cell.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    if not word:
        return None
    raise BadCell("is neither true nor false")


def read_date(cell: str) -> str | None:
    """An ISO date, as text."""
    text = cell.strip()
    if not text:
        return None
    try:
        if len(text) != 10:
            raise ValueError
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise BadCell("is not a date, year first, such as 2026-11-22") from None


def read_moment(cell: str) -> datetime | None:
    """A time with its zone."""
    text = cell.strip()
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else _refuse_naive()
    except (ValueError, OverflowError):
        raise BadCell("is not a time with its zone, such as 2026-11-22T14:30:00Z") from None


def _refuse_naive() -> datetime:
    raise ValueError
