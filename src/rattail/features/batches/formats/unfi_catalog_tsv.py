"""UNFI's catalog as tab-separated text: a message, then a row of names, then items with costs in whole cents."""

from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import NamedTuple, TextIO

from rattail.errors import InputRejected
from rattail.features.batches.reading.cells import BadCell, case_size
from rattail.features.batches.reading.cells import code as cell_code
from rattail.features.batches.reading.format import Format, Reading
from rattail.features.batches.reading.lines import CatalogLine, Event, Problem, Remark
from rattail.features.batches.reading.packs import size
from rattail.features.batches.reading.source import Source, open_text
from rattail.retail import amounts

_NAMES = ("UPRD", "UPCC", "BRND", "DESC", "SIZE", "PACK", "CAVD")
_TEN_THOUSANDTHS_IN_A_CENT = amounts.SCALE // 100
_MOST_LINES_BEFORE_NAMES = 20
_MOST_REMEMBERED = 10_000
_PRODUCT_DIGITS = 7  # a spreadsheet program may have taken the zeros in front

_NOT_IN_THE_FILE = tuple(CatalogLine._field_defaults[field] for field in CatalogLine._fields[8:])

_Cells = tuple[str, ...]


class _Columns(NamedTuple):
    """Where the seven columns stand among the `width` columns of the file; `line` is the row of names."""

    line: int
    names: list[str]
    pick: Callable[[list[str]], _Cells]
    code: int

    @property
    def width(self) -> int:
        return len(self.names)


class _Bad(Exception):
    """A row that is set aside; the reason completes "it ..."."""

    def __init__(self, column: str, value: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.value, self.reason = column, value, reason


def recognise(source: Source) -> str:
    """Whether one of the first lines names the columns of this catalog."""
    if source.container != "text":
        return ""
    columns = _find_columns(iter(source.text.splitlines()[: _MOST_LINES_BEFORE_NAMES + 1]))
    return f"line {columns.line} names its columns UPRD, UPCC, PACK and CAVD" if columns else ""


def read(source: Source, _reading: Reading) -> Iterator[Event]:
    """A `CatalogLine` for every item, without unit costs: the file has none.

    Raises:
        InputRejected: no row names the columns.
    """
    with open_text(_western(source)) as lines:
        columns = _require_columns(lines, source)
        yield from (Remark(0, text) for text in source.remarks)
        yield from _read_items(lines, columns)


def codes(source: Source, _reading: Reading) -> Iterator[str]:
    """The UPCC of every row that has one.

    Raises:
        InputRejected: no row names the columns.
    """
    with open_text(_western(source)) as lines:
        position = _require_columns(lines, source).code
        for line in lines:
            cells = line.split("\t", position + 1)
            if len(cells) > position and (code := cells[position].strip(' "\r\n')):
                yield code  # a spoiled one as well: whoever votes passes over it


def _western(source: Source) -> Source:
    """The vendor writes Latin-1; a few of its signs may look Central European to whoever counts letters."""
    return source._replace(encoding="cp1252") if source.encoding == "cp1250" else source


def _require_columns(lines: TextIO, source: Source) -> _Columns:
    columns = _find_columns(lines)
    if columns is None:
        raise InputRejected(
            f"{source.name}: none of its first {_MOST_LINES_BEFORE_NAMES} lines names the columns {', '.join(_NAMES)}.",
            hint="is it another layout? See: rattail list-formats",
        )
    return columns


def _find_columns(lines: Iterator[str]) -> _Columns | None:
    for number, line in zip(range(1, _MOST_LINES_BEFORE_NAMES + 1), lines, strict=False):
        names = [_unquoted(name.strip()).upper() for name in line.split("\t")]
        if set(_NAMES) <= set(names):
            positions = [names.index(name) for name in _NAMES]
            return _Columns(number, names, itemgetter(*positions), positions[1])
    return None


def _read_items(lines: Iterator[str], columns: _Columns) -> Iterator[Event]:
    """The loop of a million rows: one split, seven cells, and whatever is unusual elsewhere."""
    pick, width = columns.pick, columns.width
    case_sizes: dict[str, int] = {}
    new_line = tuple.__new__  # what CatalogLine(...) comes to, in half the time
    for row, line in enumerate(lines, columns.line + 1):
        cells = line.strip(" \r\n\x1a").split("\t")
        if len(cells) != width or '"' in line or " \t" in line or "\t " in line or "\xa0" in line:
            cells = _mended(cells, width)
            if len(cells) != width:
                if any(cells):
                    yield _odd_width(row, cells, columns)
                continue
        vendor_code, code, brand, description, of_one, pack, cents = pick(cells)
        in_case = case_sizes.get(pack)
        try:
            if in_case is None:
                in_case = _case_size(pack)
                if len(case_sizes) < _MOST_REMEMBERED:
                    case_sizes[pack] = in_case
            if not (cents.isdigit() and cents.isascii() and len(cents) < 12):
                raise _bad_cents(cents)
            if not (code.isdigit() and code.strip("0")):
                code = _odd_code(code, vendor_code)
        except _Bad as bad:
            if any(cell.strip() for cell in cells) and vendor_code != "UPRD":
                yield Problem(row, bad.column, bad.value[:200], bad.reason, code, vendor_code, description)
            continue
        if len(vendor_code) < _PRODUCT_DIGITS and vendor_code.isdigit():
            vendor_code = vendor_code.zfill(_PRODUCT_DIGITS)
        cost = int(cents) * _TEN_THOUSANDTHS_IN_A_CENT
        yield new_line(
            CatalogLine, (row, code, vendor_code, brand, description, size(of_one), in_case, cost, *_NOT_IN_THE_FILE)
        )


def _odd_code(code: str, vendor_code: str) -> str:
    """A code that is no plain number; none and all zeros are as good, as long as the vendor's own is there."""
    try:
        found = cell_code(code) if code else ""
    except BadCell as bad:
        raise _Bad("UPCC", code, bad.reason) from None
    if found.strip("0-. "):
        return found
    if not vendor_code:
        raise _Bad("UPRD", "", "is empty, and so is UPCC: the row names no item")
    return ""


def _mended(cells: list[str], width: int) -> list[str]:
    """Quotation marks that a spreadsheet program put around cells taken off, and empty cells at the end."""
    mended = [_unquoted(cell.strip()) for cell in cells]
    while len(mended) > width and not mended[-1]:
        mended.pop()
    return mended


def _unquoted(cell: str) -> str:
    if len(cell) > 1 and cell[0] == cell[-1] == '"':
        return cell[1:-1].replace('""', '"')
    return cell


def _odd_width(row: int, cells: list[str], columns: _Columns) -> Problem:
    found = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
    reason = f"has {found}; expected {columns.width}, as many as line {columns.line} has names"
    code = cells[columns.code] if len(cells) > columns.code else ""
    return Problem(row, "", " | ".join(cells)[:200], reason, code)


def _case_size(pack: str) -> int:
    try:
        return case_size(pack)
    except BadCell as bad:
        raise _Bad("PACK", pack, bad.reason) from None


def _bad_cents(cents: str) -> _Bad:
    if not cents:
        return _Bad("CAVD", "", "is empty: expected the cost of a case in whole cents")
    if cents[:1] == "-":
        return _Bad("CAVD", cents, "is below zero: expected the cost of a case in whole cents")
    return _Bad("CAVD", cents, "is not a cost in whole cents, such as 3468 for 34.68")


FORMAT = Format(
    name="unfi_catalog_tsv",
    title="UNFI catalog, tab-separated (UPRD, UPCC, ..., cost in cents)",
    kind="vendor_catalog",
    recognise=recognise,
    read=read,
    codes=codes,
)
