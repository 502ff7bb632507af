"""The rows of a spreadsheet as lists of text, and what a person should know about it."""

import os
import re
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

from rattail.errors import InputRejected
from rattail.features.batches.reading.lines import Remark
from rattail.features.batches.reading.source import Source

_HEAD_ROWS = 300  # those above the names, and those that are looked at below them
_EXACT_BELOW = 10**15  # a floating-point number has no more digits than that
_CHUNK_BYTES = 1 << 20
_MOST_ERRORS = 200_000
_SECONDS_A_DAY = 86_400
_FORMULA = re.compile(rb"<(?:\w{1,20}:)?f[ >/]")
_WITHOUT_VALUE = re.compile(rb"(?:</(?:\w{1,20}:)?f>|<(?:\w{1,20}:)?f [^<>]{0,200}/>)</(?:\w{1,20}:)?c>")
_ERROR_CELL = re.compile(
    rb'<(?:\w{1,20}:)?c [^<>]{0,100}?r="([A-Z]{1,3})(\d{1,7})"[^<>]{0,100}?t="e"[^<>]{0,100}>'
    rb"(?:<(?:\w{1,20}:)?f[^<>]{0,200}/>|<(?:\w{1,20}:)?f[^<>]{0,200}>[^<]{0,9000}</(?:\w{1,20}:)?f>)?"
    rb"<(?:\w{1,20}:)?v>([^<]{1,20})</"
)


class Sheet(NamedTuple):
    """One sheet: all rows from the first one of the sheet on, each from its first column on."""

    name: str
    rows: Iterator[list[str]]
    remarks: Sequence[Remark]


class _Scan(NamedTuple):
    """What stands in a sheet beside its values."""

    formulas: int = 0
    without_value: int = 0
    errors: Mapping[int, list[tuple[int, str]]] = {}


class _Looked(NamedTuple):
    """One sheet of a workbook: its first rows, whether they are all, and what stands beside the values."""

    name: str
    is_shown: bool
    head: Sequence[Sequence[str]]
    is_all: bool
    scan: _Scan


def open_sheet(source: Source, *, sheet: str, is_better: Callable[[Sequence[Sequence[str]]], int]) -> Sheet:
    """Open a sheet by name, or the one whose first rows `is_better` counts highest; hidden ones are left out.

    Numbers are written out (`74305001321.0` becomes `74305001321`; from 16 digits on they are inexact and
    stay in scientific notation), dates are ISO texts. A formula counts with the value that was saved.

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
    remarks += _remarks(chosen.scan)
    return Sheet(chosen.name, _rows_of(source, chosen), remarks)


@lru_cache(maxsize=2)
def _looked_into(path: str, called: str, container: str, _version: tuple[int, ...]) -> tuple[_Looked, ...]:
    """The first rows of every sheet. Many formats look at the beginning of a file before one reads it."""
    import python_calamine

    if container == "xlsx":
        _require_true_sizes(path, called)
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
        scan = _scan(path, called, kind.name) if container == "xlsx" else _Scan()
        is_shown = kind.visible == python_calamine.SheetVisibleEnum.Visible
        found.append(_Looked(kind.name, is_shown, head, is_all, scan))
    return tuple(found)


def _book(path: str, called: str) -> Any:
    import python_calamine

    with _refused(called), open(path, "rb") as stream:  # by its bytes: of a path it believes the extension
        return python_calamine.load_workbook(stream)


def _opened(book: Any, name: str, called: str) -> Any:
    with _refused(called):
        return book.get_sheet_by_name(name)


def _rows_of(source: Source, chosen: _Looked) -> Iterator[list[str]]:
    """The rows of a sheet; the whole of it is loaded only where somebody goes on behind the first ones."""
    errors = chosen.scan.errors
    for number, row in enumerate(chosen.head, 1):
        yield _with_errors(list(row), errors.get(number, ()))
    if chosen.is_all:
        return
    opened = _opened(_book(source.path, source.name), chosen.name, source.name)
    rows = islice(_cells(opened), len(chosen.head), None)
    if not errors:
        yield from rows
        return
    for number, cells in enumerate(rows, len(chosen.head) + 1):
        yield _with_errors(cells, errors.get(number, ()))


def _with_errors(cells: list[str], errors: Sequence[tuple[int, str]]) -> list[str]:
    for column, said in errors:
        cells += [""] * (column + 1 - len(cells))
        cells[column] = said
    return cells


def _cells(opened: Any) -> Iterator[list[str]]:
    before = [""] * (opened.start[1] if opened.start else 0)
    for row in opened.iter_rows():
        yield before + [cell if type(cell) is str else _text(cell) for cell in row]


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        if abs(cell) >= _EXACT_BELOW:
            return f"{cell:.14E}"
        return str(int(cell)) if cell.is_integer() else f"{cell:.10f}".rstrip("0").rstrip(".")
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):  # a number that is formatted as a span of time
        return f"{cell.total_seconds() / _SECONDS_A_DAY:.10f}".rstrip("0").rstrip(".")
    return "" if cell is None else str(cell)


def _require_true_sizes(path: str, called: str) -> None:
    """Unpack once without keeping anything: a zip may lie about how large it is, and be cut off."""
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if entry.filename.startswith("xl/sharedStrings") or entry.filename == "xl/workbook.xml":
                    with archive.open(entry) as stream:
                        while stream.read(_CHUNK_BYTES):
                            pass
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
        raise _damaged(called, error) from None


def _scan(path: str, called: str, sheet: str) -> _Scan:
    """Count the formulas of a sheet, and find its error cells, which the reader of the values leaves empty."""
    try:
        with zipfile.ZipFile(path) as archive:
            member = _member_of(archive, sheet)
            if not member:
                return _Scan()
            with archive.open(member) as stream:
                return _scanned(stream)
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
        raise _damaged(called, error) from None


def _scanned(stream: Any) -> _Scan:
    formulas = without_value = found = 0
    errors: dict[int, list[tuple[int, str]]] = {}
    rest = b""
    while chunk := stream.read(_CHUNK_BYTES):
        content = rest + chunk
        cut = content.rfind(b"<row") if b"<row" in content else -1
        rest = content[cut:] if cut > 0 and len(content) - cut < _CHUNK_BYTES else b""
        part = content[:cut] if rest else content
        formulas, without_value, found = _take(part, errors, formulas, without_value, found)
    formulas, without_value, found = _take(rest, errors, formulas, without_value, found)
    return _Scan(formulas, without_value, errors)


def _take(
    part: bytes, errors: dict[int, list[tuple[int, str]]], formulas: int, without_value: int, found: int
) -> tuple[int, int, int]:
    here = len(_FORMULA.findall(part))
    if here:
        without_value += len(_WITHOUT_VALUE.findall(part))
    if found < _MOST_ERRORS and b't="e"' in part:
        for match in _ERROR_CELL.finditer(part):
            found += 1
            errors.setdefault(int(match[2]), []).append((_index(match[1]), match[3].decode("ascii", "replace")))
    return formulas + here, without_value, found


def _index(letters: bytes) -> int:
    index = 0
    for letter in letters:
        index = index * 26 + letter - 64
    return index - 1


def _member_of(archive: zipfile.ZipFile, sheet: str) -> str:
    """The file in the zip that holds a sheet; empty where the workbook does not say."""
    from defusedxml import ElementTree
    from defusedxml.common import DefusedXmlException

    try:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    except (ElementTree.ParseError, DefusedXmlException, KeyError):
        return ""
    wanted = ""
    for element in book.iter():
        if element.tag.endswith("}sheet") and element.get("name") == sheet:
            wanted = next((value for key, value in element.items() if key.endswith("}id")), "")
    for element in relations.iter():
        if wanted and element.get("Id") == wanted:
            target = str(element.get("Target") or "")
            path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            return path if path in archive.namelist() else ""
    return ""


def _remarks(scan: _Scan) -> list[Remark]:
    remarks = []
    if scan.formulas:
        plural = "s" if scan.formulas > 1 else ""
        said = f"{scan.formulas:,} cell{plural} hold formulas: their values are those of the last time it was saved"
        remarks.append(Remark(0, said))
    if scan.without_value:
        said = f"{scan.without_value:,} formulas have no saved value and count as empty: open the file in a spreadsheet"
        remarks.append(Remark(0, f"{said} program and save it"))
    return remarks


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
