"""The values of spreadsheet cells as text: numbers written out, dates as ISO."""

import re
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, Literal

NumberKind = Literal["", "date", "span"]

_EXACT_BELOW = 10**15  # a floating-point number has no more digits than that
_MOST_DECIMALS = 10
_SECONDS_A_DAY = 86_400
_LAST_DAY = 2_958_465  # 9999-12-31
_EPOCH = datetime(1899, 12, 31)  # noqa: DTZ001 - what a spreadsheet shows has no time zone
_DAYS_1904: Final = 1462
_DAY_THAT_NEVER_WAS: Final = 60  # 1900-02-29, in which spreadsheets believe
_SPAN_ID = 46
#: The formats of dates that every spreadsheet has without describing them, those of East Asia too.
_DATE_IDS = frozenset((*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)))
#: What stands in a format and is no letter of it: quoted text, escaped letters, fillers, colours and locales.
_NO_LETTERS = re.compile(r'"[^"]*"?|[\\_*].|\[(?![hms]+\])[^\]]*\]?', re.IGNORECASE | re.DOTALL)
_SPAN = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_DATE = re.compile(r"[ymdhs]|AM/PM|A/P", re.IGNORECASE)


def number_text(number: float) -> str:
    """A number as a person would write it: `74305001321`, `34.68`.

    From 16 digits on it is inexact, and stays in scientific notation so that this is seen.
    """
    if abs(number) >= _EXACT_BELOW:
        return f"{number:.14E}"
    if number.is_integer():
        return str(int(number))
    shortest = repr(round(number, _MOST_DECIMALS))  # what was 12345678.12 stays that
    return shortest if "e" not in shortest else f"{number:.10f}".rstrip("0").rstrip(".")


def span_text(days: float) -> str:
    """A span of time as the number of days that it is."""
    return number_text(days)


def moment_text(moment: date | time) -> str:
    """A date, a time of day, or both, in ISO form, to the second."""
    if isinstance(moment, datetime):
        return moment.isoformat(sep=" ", timespec="seconds")
    return moment.isoformat(timespec="seconds") if isinstance(moment, time) else moment.isoformat()


def value_text(cell: object) -> str:
    """The text of a value as a library gives it."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return number_text(cell)
    if isinstance(cell, date | time):
        return moment_text(cell)
    if isinstance(cell, timedelta):
        return span_text(cell.total_seconds() / _SECONDS_A_DAY)
    return "" if cell is None else str(cell)


@lru_cache(maxsize=4096)
def date_text(days: float, *, is_1904: bool) -> str:
    """The date, or the time of day, that a count of days means; the number where it means none.

    Less than one day is a time without a date, a whole number a date without a time.
    """
    if is_1904 and days >= 1:
        days += _DAYS_1904
    if not 0 <= days < _LAST_DAY + 1:
        return number_text(days)
    seconds = round(days * _SECONDS_A_DAY)
    whole, second = divmod(seconds, _SECONDS_A_DAY)
    if days < 1:
        return moment_text((_EPOCH + timedelta(seconds=min(seconds, _SECONDS_A_DAY - 1))).time())
    if whole > _LAST_DAY:
        whole, second = _LAST_DAY, _SECONDS_A_DAY - 1
    moment = _EPOCH + timedelta(days=whole - (whole >= _DAY_THAT_NEVER_WAS), seconds=second)
    return moment_text(moment if second else moment.date())


def kind_of_format(number: int, code: str | None) -> NumberKind:
    """Whether a number with this format is shown as a date or as a span of time; `code` is its description if any."""
    if code is None:
        return "span" if number == _SPAN_ID else "date" if number in _DATE_IDS else ""
    letters = _NO_LETTERS.sub("", code)
    if _SPAN.search(letters):
        return "span"
    return "date" if _DATE.search(letters) else ""
