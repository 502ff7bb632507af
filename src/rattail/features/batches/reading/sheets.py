"""The rows of a spreadsheet as lists of text, and what a person should know about it."""

import re
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any, NamedTuple

from rattail.errors import InputRejected
from rattail.features.batches.reading.lines import Remark
from rattail.features.batches.reading.source import Source

_HEAD_ROWS = 61
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
    errors: dict[int, list[tuple[int, str]]] = {}


def open_sheet(source: Source, *, sheet: str, is_better: Callable[[Sequence[Sequence[str]]], int]) -> Sheet:
    """Open a sheet by name, or the one whose first rows `is_better` counts highest; hidden ones are left out.

    Numbers are written out (`74305001321.0` becomes `74305001321`; from 16 digits on they are inexact and
    stay in scientific notation), dates are ISO texts. A formula counts with the value that was saved.

    Raises:
        InputRejected: it cannot be opened, or has no such sheet.
    """
    import python_calamine

    called = source.name
    if source.container == "xlsx":
        _require_true_sizes(source)
    with _refused(called), open(source.path, "rb") as stream:  # by its bytes: of a path it believes the extension
        book = python_calamine.load_workbook(stream)
        kinds = book.sheets_metadata
    is_shown = [kind.visible == python_calamine.SheetVisibleEnum.Visible for kind in kinds]
    is_sheet = [kind.typ == python_calamine.SheetTypeEnum.WorkSheet for kind in kinds]
    names = [kind.name for kind, one in zip(kinds, is_sheet, strict=True) if one]
    shown = [kind.name for kind, here, one in zip(kinds, is_shown, is_sheet, strict=True) if here and one]
    if sheet and sheet not in names:
        raise InputRejected(f"{called} has no sheet '{sheet}'; it has {_listed(names)}.")
    if not shown and not sheet:
        raise InputRejected(f"{called} has no sheet that is shown; its hidden ones: {_listed(names) or 'none'}.")
    chosen, opened = _choose(book, [sheet] if sheet else shown, is_better, called)
    remarks = []
    hidden = [name for name in names if name not in shown and name != chosen]
    others = [name for name in shown if name != chosen]
    if hidden:
        remarks.append(Remark(0, f"hidden sheets were not read: {_listed(hidden)}"))
    if others:
        remarks.append(Remark(0, f"sheet '{chosen}' was read, these were not: {_listed(others)}"))
    scan = _scan(source, chosen) if source.container == "xlsx" else _Scan()
    remarks += _remarks(scan)
    return Sheet(chosen, _rows(opened, scan.errors), remarks)


def _choose(book: Any, names: Sequence[str], is_better: Callable[..., int], called: str) -> tuple[str, Any]:
    best, best_score, kept = names[0], -1, None
    for name in names:
        opened = _opened(book, name, called)
        if len(names) == 1:
            return name, opened
        score = is_better(list(islice(_rows(opened, {}), _HEAD_ROWS)))
        if score > best_score:
            best, best_score, kept = name, score, opened
        del opened
    return best, kept


def _opened(book: Any, name: str, called: str) -> Any:
    with _refused(called):
        return book.get_sheet_by_name(name)


def _rows(opened: Any, errors: dict[int, list[tuple[int, str]]]) -> Iterator[list[str]]:
    before = [""] * (opened.start[1] if opened.start else 0)
    for number, row in enumerate(opened.iter_rows(), 1):
        cells = before + [cell if type(cell) is str else _text(cell) for cell in row]
        for column, said in errors.get(number, ()) if errors else ():
            cells += [""] * (column + 1 - len(cells))
            cells[column] = said
        yield cells


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


def _require_true_sizes(source: Source) -> None:
    """Unpack once without keeping anything: a zip may lie about how large it is, and be cut off."""
    try:
        with zipfile.ZipFile(source.path) as archive:
            for entry in archive.infolist():
                if entry.filename.startswith("xl/sharedStrings") or entry.filename == "xl/workbook.xml":
                    with archive.open(entry) as stream:
                        while stream.read(_CHUNK_BYTES):
                            pass
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
        raise _damaged(source.name, error) from None


def _scan(source: Source, sheet: str) -> _Scan:
    """Count the formulas of a sheet, and find its error cells, which the reader of the values leaves empty."""
    try:
        with zipfile.ZipFile(source.path) as archive:
            member = _member_of(archive, sheet)
            if not member:
                return _Scan()
            with archive.open(member) as stream:
                return _scanned(stream)
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
        raise _damaged(source.name, error) from None


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
