"""The rows of a spreadsheet as lists of text, and what a person should know about it."""

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

from rattail.errors import InputRejected
from rattail.features.batches.reading.lines import Problem, Remark
from rattail.features.batches.reading.sheet_values import value_text
from rattail.features.batches.reading.source import Source
from rattail.features.batches.reading.xlsx import SheetPart, Workbook, load_workbook, open_part
from rattail.features.batches.reading.xlsx_rows import SheetReader
from rattail.features.batches.reading.xlsx_xml import Damaged, damage

_HEAD_ROWS = 300  # those above the names, and those that are looked at below them


class Sheet(NamedTuple):
    """One sheet: all rows from the first one of the sheet on, each from its first column on."""

    name: str
    rows: Iterator[list[str]]
    remarks: Sequence[Remark]


class _Looked(NamedTuple):
    """One sheet of a workbook: its first rows, whether they are all, and formulas in them, with and without a value.

    `book` and `part` are those of a workbook that streams; the older kind is loaded as a whole.
    """

    name: str
    is_shown: bool
    head: Sequence[Sequence[str]]
    is_all: bool
    formulas: tuple[int, int] = (0, 0)
    book: Workbook | None = None
    part: SheetPart = SheetPart("", True, "")


def open_sheet(
    source: Source,
    *,
    sheet: str,
    is_better: Callable[[Sequence[Sequence[str]]], int],
    troubles: list[Problem | Remark] | None = None,
) -> Sheet:
    """Open a sheet by name, or the one whose first rows `is_better` counts highest; hidden ones are left out.

    Numbers are written out (`74305001321.0` becomes `74305001321`; from 16 digits on they are inexact and
    stay in scientific notation), dates are ISO texts. A formula counts with the value that was saved; how many
    there are is known after the last row, and then put into `troubles`.

    Raises:
        InputRejected: it cannot be opened, or has no such sheet.
    """
    found = os.stat(source.path)
    book = _looked_into(source.path, source.name, source.container, (found.st_ino, found.st_mtime_ns, found.st_size))
    called = source.name
    names, shown = [one.name for one in book], [one.name for one in book if one.is_shown]
    if sheet and sheet not in names:
        raise InputRejected(f"{called} has no sheet '{sheet}'; it has {_listed(names)}.")
    if not shown and not sheet:
        raise InputRejected(f"{called} has no sheet that is shown; its hidden ones: {_listed(names) or 'none'}.")
    chosen = max(
        (one for one in book if one.name in ([sheet] if sheet else shown)), key=lambda one: is_better(one.head)
    )
    remarks = []
    hidden = [name for name in names if name not in shown and name != chosen.name]
    others = [name for name in shown if name != chosen.name]
    if hidden:
        remarks.append(Remark(0, f"hidden sheets were not read: {_listed(hidden)}"))
    if others:
        remarks.append(Remark(0, f"sheet '{chosen.name}' was read, these were not: {_listed(others)}"))
    return Sheet(chosen.name, _rows_of(source, chosen, [] if troubles is None else troubles), remarks)


@lru_cache(maxsize=1)
def _looked_into(path: str, called: str, container: str, _version: tuple[int, ...]) -> tuple[_Looked, ...]:
    """The first rows of every sheet. Many formats look at the beginning of a file before one reads it."""
    return _looked_into_xlsx(path, called) if container == "xlsx" else _looked_into_xls(path, called)


def _looked_into_xlsx(path: str, called: str) -> tuple[_Looked, ...]:
    found = []
    with _damage_to(called):
        book = load_workbook(path)
        for part in book.sheets:
            with open_part(book, part) as reader:
                rows = reader.rows()
                head = tuple(tuple(row) for row in islice(rows, _HEAD_ROWS))
                is_all = len(head) < _HEAD_ROWS
            formulas = (reader.formulas, reader.without_value)
            found.append(_Looked(part.name, part.is_shown, head, is_all, formulas, book, part))
    return tuple(found)


def _looked_into_xls(path: str, called: str) -> tuple[_Looked, ...]:
    import python_calamine

    book = _book(path, called)
    found = []
    with _refused(called):
        kinds = book.sheets_metadata
    for kind in kinds:
        if kind.typ != python_calamine.SheetTypeEnum.WorkSheet:
            continue
        opened = _opened(book, kind.name, called)
        head = tuple(tuple(row) for row in islice(_cells(opened), _HEAD_ROWS))
        is_all = opened.start is None or opened.total_height <= _HEAD_ROWS
        del opened
        found.append(_Looked(kind.name, kind.visible == python_calamine.SheetVisibleEnum.Visible, head, is_all))
    return tuple(found)


def _book(path: str, called: str) -> Any:
    import python_calamine

    with _refused(called), open(path, "rb") as stream:  # by its bytes: of a path it believes the extension
        return python_calamine.load_workbook(stream)


def _opened(book: Any, name: str, called: str) -> Any:
    with _refused(called):
        return book.get_sheet_by_name(name)


def _rows_of(source: Source, chosen: _Looked, troubles: list[Problem | Remark]) -> Iterator[list[str]]:
    """The rows of a sheet; what is behind the first ones is opened only where somebody goes on to there."""
    for row in chosen.head:
        yield list(row)
    if chosen.is_all:
        troubles += _remarks(*chosen.formulas)
    elif chosen.book is None:
        opened = _opened(_book(source.path, source.name), chosen.name, source.name)
        yield from islice(_cells(opened), len(chosen.head), None)
    else:
        reader: SheetReader
        with _damage_to(source.name), open_part(chosen.book, chosen.part) as reader:
            yield from islice(reader.rows(), len(chosen.head), None)
        troubles += _remarks(reader.formulas, reader.without_value)


def _cells(opened: Any) -> Iterator[list[str]]:
    before = [""] * (opened.start[1] if opened.start else 0)
    for row in opened.iter_rows():
        yield before + [cell if type(cell) is str else value_text(cell) for cell in row]


def _remarks(formulas: int, without_value: int) -> list[Remark]:
    remarks = []
    if formulas:
        said = f"{formulas:,} cells hold formulas: their values are those"
        if formulas == 1:
            said = "1 cell holds a formula: its value is that"
        remarks.append(Remark(0, f"{said} of the last time it was saved"))
    if without_value:
        said = f"{without_value:,} formulas have no saved value and count"
        if without_value == 1:
            said = "1 formula has no saved value and counts"
        remarks.append(Remark(0, f"{said} as empty: open the file in a spreadsheet program and save it"))
    return remarks


@contextmanager
def _damage_to(called: str) -> Generator[None]:
    try:
        with damage():
            yield
    except Damaged as error:
        raise _damaged(called, error) from None


@contextmanager
def _refused(called: str) -> Generator[None]:
    """What the library raises for a workbook that it cannot open, as one sentence."""
    import python_calamine

    try:
        yield
    except python_calamine.PasswordError:
        raise InputRejected(
            f"{called} is encrypted.", hint="save it without a password, or ask for it without one"
        ) from None
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise _damaged(called, error) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # Rust's, for damage that nobody foresaw; it has no other name
            raise
        raise _damaged(called, error) from None


def _damaged(called: str, error: BaseException) -> InputRejected:
    said = str(error).strip().splitlines()
    return InputRejected(
        f"{called} cannot be opened as a spreadsheet: it is damaged or incomplete ({said[0] if said else '?'}).",
        hint="open it in a spreadsheet program and save it again, or save it as CSV",
    )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:10])
    return f"{shown} and {len(names) - 10} more" if len(names) > 10 else shown
