"""Values as people read them: amounts, times in the shop's zone, sizes."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.utils.html import format_html

from rattail.retail.amounts import text_of

_UNITS = ("kB", "MB", "GB", "TB")
_BY_COMMAND = " (by command)"
_THE_APP = "the app itself"


def moment(value: datetime | None, time_zone: str) -> str:
    """A moment in the shop's zone, to the minute; empty for none."""
    return value.astimezone(ZoneInfo(time_zone)).strftime("%Y-%m-%d %H:%M") if value else ""


def moment_html(value: datetime | None, time_zone: str) -> str:
    """The same, such that a machine can read the exact moment as well."""
    if value is None:
        return ""
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), moment(value, time_zone))


def age(value: datetime, now: datetime) -> str:
    """How long ago a moment was, roughly: "3 hours ago"."""
    minutes = int((now - value).total_seconds()) // 60
    for count, unit in ((minutes // (24 * 60), "day"), (minutes // 60, "hour"), (minutes, "minute")):
        if count > 0:
            return f"{count:,} {unit}{'' if count == 1 else 's'} ago"
    return "just now"


def who(actor: str) -> str:
    """Who did something, in plain words: "os:root" is somebody at the command line, "job:recurring" the app itself."""
    kind, _, name = actor.partition(":")
    if kind == "os" and name:
        return f"{name}{_BY_COMMAND}"
    return _THE_APP if kind == "job" and name else actor


def actor_begins(text: str) -> str:
    """What an actor begins with whom somebody calls as `who` does: for a filter."""
    if text == _THE_APP:
        return "job:"
    return f"os:{text.removesuffix(_BY_COMMAND)}" if text.endswith(_BY_COMMAND) else text


@lru_cache(maxsize=4096, typed=True)
def money(ten_thousandths: int | Decimal | None) -> str:
    """An amount of money with two to four decimals and thousands apart."""
    return _apart(text_of(_whole(ten_thousandths))) if ten_thousandths is not None else ""


@lru_cache(maxsize=4096, typed=True)
def quantity(ten_thousandths: int | Decimal | None) -> str:
    """A quantity with as many decimals as it has, and thousands apart."""
    return _apart(text_of(_whole(ten_thousandths), least_decimals=0)) if ten_thousandths is not None else ""


def number(value: int | None) -> str:
    return f"{value:,}" if value is not None else ""


def day(value: date | None) -> str:
    return value.isoformat() if value else ""


def size(size_bytes: int | None) -> str:
    """A size in units of 1,000 bytes: "1.2 MB"."""
    if size_bytes is None:
        return ""
    if size_bytes < 1000:
        return f"{size_bytes} B"
    value = float(size_bytes)
    for unit in _UNITS:
        value /= 1000
        if value < 999.5 or unit == _UNITS[-1]:
            return f"{value:.1f} {unit}" if value < 99.95 else f"{value:,.0f} {unit}"
    raise AssertionError


def _whole(value: int | Decimal) -> int:
    from rattail.retail.amounts import from_decimal

    return from_decimal(value) if isinstance(value, Decimal) else value


def _apart(text: str) -> str:
    """Thousands apart by commas: "-1234.50" becomes "-1,234.50"."""
    whole, point, rest = text.partition(".")
    sign = "-" if whole.startswith("-") else ""
    return f"{sign}{int(whole.lstrip('-') or 0):,}{point}{rest}"
