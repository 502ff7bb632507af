"""A list as an Excel workbook. Codes stay text, so that no zero is lost; amounts and times are real ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from rattail.features.work.writing.written import SAID_EVERY, Progress, Style
from rattail.retail.amounts import from_decimal
from rattail.web.listing import Badge, Cell, Column, Link

ROWS_A_SHEET = 1_048_576
LONGEST_TEXT = 32_767
_CUT = " ... (cut off: a cell holds no more)"
_EXACT = 2**53
_ONE = 10_000
_FIRST_YEAR = 1900  # earlier days are no dates to a spreadsheet
_FORMATS = {
    "money": "#,##0.00##",
    "quantity": "#,##0.####",
    "number": "#,##0",
    "size": "#,##0",
    "day": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:mm",
    "code": "@",
    "text": "@",
    "yes": "General",
}
_WIDTHS = {"text": 28, "code": 18, "moment": 17, "day": 12, "yes": 8}
_WIDTH = 13


def write_xlsx(
    out: BinaryIO,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Cell]],
    *,
    title: str,
    style: Style,
    scratch: str,
    progress: Progress,
    rows_a_sheet: int = ROWS_A_SHEET,
) -> int:
    """Write rows into the file `out` and return how many there were; where one sheet is full, a next one begins.

    `scratch` is a folder for what is written on the way: rows go to the disk one by one.
    """
    import xlsxwriter  # costs a third of a second, and only this needs it

    book = xlsxwriter.Workbook(out, {"constant_memory": True, "tmpdir": scratch, "strings_to_urls": False})
    book.use_zip64()
    try:
        head = book.add_format({"bold": True, "bottom": 1})
        formats = {column.kind: book.add_format({"num_format": _FORMATS[column.kind]}) for column in columns}
        writers = [_writer(column, formats[column.kind], style) for column in columns]
        sheet = _new_sheet(book, columns, head, title=title)
        count, at = 0, 1
        for count, row in enumerate(rows, 1):
            if at == rows_a_sheet:
                sheet, at = _new_sheet(book, columns, head, title=title), 1
            for number, (write, cell) in enumerate(zip(writers, row, strict=True)):
                if cell is not None:
                    write(sheet, at, number, cell)
            at += 1
            if count % SAID_EVERY == 0:
                progress(count)
        book.close()
    finally:
        book.fileclosed = True  # after an error there is nothing to be written any more
    return count


def _new_sheet(book: Any, columns: Sequence[Column], head: Any, *, title: str) -> Any:
    number = len(book.worksheets()) + 1
    plain = "".join("-" if letter in "[]:*?/\\'" else letter for letter in title).strip() or "List"
    ending = f" {number}" if number > 1 else ""
    sheet = book.add_worksheet(plain[: 31 - len(ending)] + ending)
    for at, column in enumerate(columns):
        sheet.set_column(at, at, max(_WIDTHS.get(column.kind, _WIDTH), min(len(column.title) + 2, 40)))
    sheet.freeze_panes(1, 0)
    for at, column in enumerate(columns):
        sheet.write_string(0, at, column.title, head)
    return sheet


def _writer(column: Column, form: Any, style: Style) -> Callable[[Any, int, int, Any], object]:
    zone = ZoneInfo(style.time_zone)

    def write(sheet: Any, row: int, at: int, cell: Any) -> None:
        if isinstance(cell, Link | Badge):
            cell = cell.text
        if isinstance(cell, bool):
            sheet.write_string(row, at, "yes" if cell else "no")
        elif isinstance(cell, datetime) and cell.year > _FIRST_YEAR:
            sheet.write_datetime(row, at, cell.astimezone(zone).replace(tzinfo=None), form)
        elif isinstance(cell, date) and cell.year >= _FIRST_YEAR:
            sheet.write_datetime(row, at, cell, form)
        elif isinstance(cell, str):
            sheet.write_string(row, at, _whole(cell), form)
        elif column.kind in ("money", "quantity"):
            sheet.write_number(row, at, (cell if isinstance(cell, int) else from_decimal(cell)) / _ONE, form)
        elif column.kind in ("number", "size") and isinstance(cell, int) and abs(cell) < _EXACT:
            sheet.write_number(row, at, cell, form)
        else:
            sheet.write_string(row, at, _whole(str(cell)), form)

    return write


def _whole(text: str) -> str:
    """A text as a cell can hold it, without halves of characters, which no file can hold."""
    plain = text.encode("utf-8", errors="replace").decode()
    return plain if len(plain) <= LONGEST_TEXT else plain[: LONGEST_TEXT - len(_CUT)] + _CUT
