"""An Excel workbook (.xlsx, .xlsm) that is read while it streams by: its sheets, and the rows of each."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import unquote

from rattail.features.batches.reading.sheet_values import NumberKind, kind_of_format
from rattail.features.batches.reading.xlsx_rows import SheetReader
from rattail.features.batches.reading.xlsx_strings import SharedStrings, load_strings
from rattail.features.batches.reading.xlsx_xml import Damaged

_BOOK = "xl/workbook.xml"
_LARGEST_PART_BYTES = 32 << 20


class SheetPart(NamedTuple):
    """A sheet of a workbook, and where in the zip it is."""

    name: str
    is_shown: bool
    member: str


class Workbook(NamedTuple):
    """What all sheets share, in memory; the rows stay in the file."""

    path: str
    sheets: tuple[SheetPart, ...]
    strings: SharedStrings
    formats: Mapping[str, NumberKind]
    is_1904: bool


def load_workbook(path: str) -> Workbook:
    """Read everything but the rows.

    Raises:
        Damaged, and what `damage` turns into that: it is no workbook that can be read.
    """
    with zipfile.ZipFile(path) as archive:
        book, related = _tree(archive, _BOOK), _related(archive)
        members = set(archive.namelist())
        usual = (("sharedStrings", "xl/sharedStrings.xml"), ("styles", "xl/styles.xml"))
        targets = {kind: member for kind, member in (*usual, *related.values()) if member in members}
        strings = SharedStrings()
        if "sharedStrings" in targets:
            with archive.open(targets["sharedStrings"]) as stream:
                strings = load_strings(stream)
        formats = _formats(_tree(archive, targets["styles"])) if "styles" in targets else {}
    sheets, is_1904 = [], False
    for element in book.iter():
        kind = _local(element.tag)
        if kind == "workbookPr":
            is_1904 = element.get("date1904") in ("1", "true")
        elif kind == "sheet":
            relation = next((value for key, value in element.items() if key.endswith("}id")), "")
            is_of, member = related.get(relation, ("", ""))
            if is_of == "worksheet":
                is_shown = element.get("state", "visible") == "visible"
                sheets.append(SheetPart(str(element.get("name") or ""), is_shown, member))
    return Workbook(path, tuple(sheets), strings, formats, is_1904)


@contextmanager
def open_part(book: Workbook, part: SheetPart) -> Generator[SheetReader]:
    """Open a sheet at its first row.

    Raises:
        Damaged, KeyError: it is not there.
    """
    with zipfile.ZipFile(book.path) as archive, archive.open(part.member) as stream:
        yield SheetReader(stream, strings=book.strings, formats=book.formats, is_1904=book.is_1904)


def _related(archive: zipfile.ZipFile) -> dict[str, tuple[str, str]]:
    """The parts of the workbook by their ids: what kind each is, and where in the zip."""
    found = {}
    for element in _tree(archive, "xl/_rels/workbook.xml.rels").iter():
        if _local(element.tag) == "Relationship" and element.get("TargetMode") != "External":
            target = unquote(str(element.get("Target") or "")).replace("\\", "/")
            member = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
            found[str(element.get("Id"))] = (str(element.get("Type") or "").rpartition("/")[2], member)
    return found


def _formats(styles: Any) -> dict[str, NumberKind]:
    """The kinds of the styles that make of a number something else, by the number of the style."""
    groups = {_local(group.tag): group for group in styles}
    codes = {_number(one.get("numFmtId")): str(one.get("formatCode") or "") for one in groups.get("numFmts", ())}
    numbers = [_number(one.get("numFmtId")) for one in groups.get("cellXfs", ())]
    kinds = ((str(place), kind_of_format(number, codes.get(number))) for place, number in enumerate(numbers))
    return {place: kind for place, kind in kinds if kind}


def _number(text: object) -> int:
    return int(text) if isinstance(text, str) and text.isdecimal() else 0


def _tree(archive: zipfile.ZipFile, member: str) -> Any:
    from defusedxml import ElementTree
    from defusedxml.common import DefusedXmlException

    entry = archive.getinfo(member)
    if entry.file_size > _LARGEST_PART_BYTES:
        raise Damaged(f"{member} has {entry.file_size >> 20} MB, which is nothing that a spreadsheet program writes")
    try:
        return ElementTree.fromstring(archive.read(entry), forbid_dtd=True)
    except DefusedXmlException:
        raise Damaged("it declares a document type, which no spreadsheet program writes") from None
    except ElementTree.ParseError as error:
        raise Damaged(f"{member}: its XML is broken: {error}") from None


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2]
