"""Dates as files write them, to ISO texts."""

import re
from collections.abc import Iterable
from datetime import date as Date  # noqa: N812 - `date` is what the cell is
from datetime import timedelta
from functools import lru_cache
from typing import Literal

from rattail.features.batches.reading.bad_cell import BadCell, tidy

Order = Literal["month", "day", ""]

_EXCEL_DAY_0 = Date(1899, 12, 30)
_SERIALS = range(29_221, 73_051)  # 1980 to 2099
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", re.ASCII)
_PARTS = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})", re.ASCII)
_NAMED = re.compile(r"(\d{1,2})[- ]([A-Za-z]{3,9})\.?[- ,]+(\d{4}|\d{2})", re.ASCII)
_NAMED_FIRST = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2}),? (\d{4})", re.ASCII)
_TIME = re.compile(r"[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([AaPp][Mm])?Z?$", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
#: What stands where there is no date.
_PLACEHOLDERS = frozenset(
    (
        *("1900-01-01", "1899-12-30", "1899-12-31", "0001-01-01", "0000-00-00", "00/00/0000", "1/1/1900"),
        *("01/01/1900", "01.01.1900", "9999-12-31", "12/31/9999", "31.12.9999", "99991231", "19000101", "00000000"),
        "0",
    )
)


@lru_cache(maxsize=8192)
def date(text: str, order: Order = "") -> str:
    """A date as ISO text; empty for what stands where there is none (`1900-01-01`, `00/00/0000`).

    Takes `2026-11-22`, `2026/11/22`, `20261122`, `22.11.2026` (always day first), `11/22/2026`,
    `22-Nov-2026`, `Nov 22, 2026`, the days that a spreadsheet counts (45250), a year with the day in it
    (2025324), each with a time that is left out. `order` says which number of `3/4/2026` comes first.

    Raises:
        BadCell: it is no date, or can be read two ways and no order is given.
    """
    bare = _TIME.sub("", tidy(text))
    if bare in _PLACEHOLDERS:
        return ""
    if match := _ISO.fullmatch(bare):
        return _iso(int(match[1]), int(match[2]), int(match[3]))
    if match := _PARTS.fullmatch(bare):
        return _from_parts(int(match[1]), int(match[3]), _year(match[4]), "day" if match[2] == "." else order)
    if match := _NAMED.fullmatch(bare):
        return _iso(_year(match[3]), _month(match[2]), int(match[1]))
    if match := _NAMED_FIRST.fullmatch(bare):
        return _iso(int(match[3]), _month(match[1]), int(match[2]))
    return _from_number(bare)


def date_and_time(text: str, order: Order = "") -> str:
    """A date with its time of day as ISO text without a zone; midnight where no time is given; empty as `date`.

    Raises:
        BadCell: as `date`.
    """
    match = _TIME.search(tidy(text))
    day = date(text, order)
    if not day or not match:
        return f"{day}T00:00:00" if day else ""
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    if match[4]:
        hour = hour % 12 + (12 if match[4].lower() == "pm" else 0)
    if hour > 23 or minute > 59 or second > 59:
        raise BadCell("has no such time of day")
    return f"{day}T{hour:02d}:{minute:02d}:{second:02d}"


def order_of(texts: Iterable[str]) -> tuple[Order, bool]:
    """Which number comes first in a column of dates, and whether the column leaves it open.

    One value above 12 decides. (``""``, False): nothing in the column needs an order, or it contradicts
    itself, which its cells then say one by one.
    """
    month_first = day_first = is_open = False
    for text in texts:
        match = _PARTS.fullmatch(_TIME.sub("", tidy(text)))
        if match is None or match[2] == ".":
            continue
        one, two = int(match[1]), int(match[3])
        month_first = month_first or two > 12 >= one
        day_first = day_first or one > 12 >= two
        is_open = is_open or (one <= 12 and two <= 12 and one != two)
    if month_first != day_first:
        return ("month" if month_first else "day"), False
    return "", is_open and not month_first


def _from_parts(one: int, two: int, year: int, order: Order) -> str:
    if not order:
        if one <= 12 and two <= 12 and one != two:
            raise BadCell("can be read two ways: month first or day first")
        order = "day" if one > 12 else "month"
    return _iso(year, one, two) if order == "month" else _iso(year, two, one)


def _from_number(text: str) -> str:
    whole, _, rest = text.partition(".")
    if not (whole.isdigit() and whole.isascii() and (not rest or rest.isdigit())):
        raise BadCell("is not a date")
    if len(whole) == 5 and int(whole) in _SERIALS:
        return (_EXCEL_DAY_0 + timedelta(days=int(whole))).isoformat()
    if rest.strip("0"):
        raise BadCell("is not a date")
    if len(whole) == 8:
        return _iso(int(whole[:4]), int(whole[4:6]), int(whole[6:]))
    if len(whole) == 7 and 1 <= int(whole[4:]) <= 366 and 1980 <= int(whole[:4]) <= 2099:
        day = Date(int(whole[:4]), 1, 1) + timedelta(days=int(whole[4:]) - 1)
        if day.year == int(whole[:4]):
            return day.isoformat()
    raise BadCell("is not a date")


def _iso(year: int, month: int, day: int) -> str:
    try:
        found = Date(year, month, day)
    except ValueError:
        raise BadCell("is not a date: there is no such day") from None
    if not 1980 <= year <= 2199:
        raise BadCell(f"is not a likely date: the year {year}")
    return found.isoformat()


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text)


def _month(name: str) -> int:
    short = name[:3].lower()
    if short not in _MONTHS:
        raise BadCell("is not a date: there is no such month")
    return _MONTHS.index(short) + 1
