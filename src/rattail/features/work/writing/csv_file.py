"""A list as CSV, the way the spreadsheet programs of the shop's country expect it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from rattail.features.work.writing.written import SAID_EVERY, Progress, Style
from rattail.retail.amounts import from_decimal, text_of
from rattail.retail.sheets.cells import escaped
from rattail.web.listing import Badge, Cell, Column, Link

#: Languages whose numbers have a decimal comma, and so whose CSV has semicolons; and countries that go another way.
_WITH_COMMA = frozenset(
    (
        *("af", "az", "be", "bg", "bs", "ca", "cs", "da", "de", "el", "es", "et", "eu", "fi", "fo", "fr", "gl", "hr"),
        *("hu", "hy", "id", "is", "it", "ka", "kk", "lt", "lv", "mk", "mn", "nb", "nl", "nn", "no", "pl", "pt", "ro"),
        *("ru", "sk", "sl", "sq", "sr", "sv", "tr", "uk", "uz", "vi"),
    )
)
_WITHOUT_COMMA = frozenset(
    (
        "de_CH",
        "de_LI",
        "it_CH",
        "es_MX",
        "es_US",
        "es_PR",
        "es_GT",
        "es_HN",
        "es_NI",
        "es_PA",
        "es_PE",
        "es_SV",
        "es_DO",
    )
)


def has_decimal_comma(locale: str) -> bool:
    """Whether people of a locale write 1,5 for one and a half."""
    return locale.partition("_")[0] in _WITH_COMMA and locale not in _WITHOUT_COMMA


def write_csv(
    out: int, columns: Sequence[Column], rows: Iterable[Sequence[Cell]], *, style: Style, progress: Progress
) -> int:
    """Write rows into the file open as `out` and return how many there were.

    UTF-8 with a byte order mark, which spreadsheet programs need. Cells that one would calculate are escaped with an
    apostrophe; amounts are plain numbers, moments in the shop's zone.
    """
    is_comma = has_decimal_comma(style.locale)
    writers = [_writer(column, is_comma=is_comma, style=style) for column in columns]
    count = 0
    with open(out, "w", encoding="utf-8-sig", errors="replace", newline="", buffering=1 << 18, closefd=False) as stream:
        writer = csv.writer(stream, delimiter=";" if is_comma else ",")
        writer.writerow([escaped(column.title) for column in columns])
        for count, row in enumerate(rows, 1):
            writer.writerow([write(cell) for write, cell in zip(writers, row, strict=True)])
            if count % SAID_EVERY == 0:
                progress(count)
    return count


def _writer(column: Column, *, is_comma: bool, style: Style) -> Callable[[Cell], object]:
    zone = ZoneInfo(style.time_zone)

    def write(cell: Any) -> object:
        if cell is None:
            return ""
        if isinstance(cell, Link | Badge):
            return escaped(cell.text)
        if isinstance(cell, str):
            return escaped(cell)
        if isinstance(cell, bool):
            return "yes" if cell else "no"
        if isinstance(cell, datetime):
            return cell.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
        if isinstance(cell, date):
            return cell.isoformat()
        if column.kind in ("money", "quantity"):
            amount = cell if isinstance(cell, int) else from_decimal(cell)
            text = text_of(amount, least_decimals=2 if column.kind == "money" else 0)
            return text.replace(".", ",") if is_comma else text
        if column.kind in ("number", "size") and isinstance(cell, int):
            return cell
        return escaped(str(cell))

    return write
