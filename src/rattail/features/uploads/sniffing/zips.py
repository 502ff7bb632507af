"""Zips: the spreadsheets among them, and everything that only pretends to be one.

The list of a zip is looked at before it is read, since it may itself be huge; and every part is unpacked once, with
the output thrown away, since what a zip says about its sizes need not be true.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from typing import NamedTuple

from rattail.features.uploads.sniffing.kinds import ODS, XLSX, FileKind

MAGICS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
MOST_PARTS = 10_000
LARGEST_LIST_BYTES = 4 << 20
LARGEST_UNPACKED_BYTES = 2 << 30
#: Spreadsheets pack to a tenth, with many alike rows to a hundredth.
LARGEST_RATIO = 250
_SMALL_BYTES = 20 << 20
_BLOCK_BYTES = 1 << 18
_END_MAGIC, _END_BYTES = b"PK\x05\x06", 22
_LOCATOR_MAGIC, _LOCATOR_BYTES = b"PK\x06\x07", 20
_END64_MAGIC, _END64_BYTES = b"PK\x06\x06", 56
_ARCHIVES = (*MAGICS, b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ")
_PROGRAMS = (b"MZ", b"\x7fELF")
_MAY_HOLD_ARCHIVES = ("xl/embeddings/", "xl/media/", "Object ", "media/", "Pictures/", "customXml/")
_ODS_TYPES = (b"application/vnd.oasis.opendocument.spreadsheet",)


class _Bad(Exception):
    """The zip is nothing that may be opened; the text says what it is."""


class _List(NamedTuple):
    parts: int
    size_bytes: int


def look_into_zip(content: int, size_bytes: int) -> tuple[FileKind | None, str]:
    """Which spreadsheet a zip is; or None, and what it is instead."""
    try:
        found = _find_list(content, size_bytes)
        if found.parts > MOST_PARTS or found.size_bytes > LARGEST_LIST_BYTES:
            raise _Bad(f"a zip of {found.parts:,} parts, more than any spreadsheet has")
        with open(os.dup(content), "rb") as stream:
            stream.seek(0)
            with zipfile.ZipFile(stream) as archive:
                return _look_into(archive, content, size_bytes), ""
    except _Bad as bad:
        return None, str(bad)
    except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, RuntimeError, EOFError):
        return None, "a damaged or incomplete zip"


def _find_list(content: int, size_bytes: int) -> _List:
    """How many parts the zip says it has, and how long the list of them is."""
    start = max(0, size_bytes - _END_BYTES - 0xFFFF - _LOCATOR_BYTES)
    tail = os.pread(content, size_bytes - start, start)
    end = tail.rfind(_END_MAGIC)
    if end < 0 or len(tail) - end < _END_BYTES:
        raise _Bad("a damaged or incomplete zip")
    found = _List(
        int.from_bytes(tail[end + 10 : end + 12], "little"), int.from_bytes(tail[end + 12 : end + 16], "little")
    )
    locator = tail[end - _LOCATOR_BYTES : end] if end >= _LOCATOR_BYTES else b""
    if locator.startswith(_LOCATOR_MAGIC):
        at = min(int.from_bytes(locator[8:16], "little"), size_bytes)
        for where in (at, start + end - _LOCATOR_BYTES - _END64_BYTES):
            record = os.pread(content, _END64_BYTES, max(0, where))
            if record.startswith(_END64_MAGIC):
                parts, length = int.from_bytes(record[32:40], "little"), int.from_bytes(record[40:48], "little")
                found = _List(max(found.parts, parts), max(found.size_bytes, length))
    return found


def _look_into(archive: zipfile.ZipFile, content: int, size_bytes: int) -> FileKind:
    parts = [part for part in archive.infolist() if not part.is_dir()]
    names = {part.filename for part in parts}
    if any(part.flag_bits & 1 for part in parts):
        raise _Bad("an encrypted zip")
    if len(names) < len(parts):
        raise _Bad("a zip that has two parts of one name")
    kind = _spreadsheet(archive, names)
    unpacked_bytes = sum(part.file_size for part in parts)
    if unpacked_bytes > LARGEST_UNPACKED_BYTES:
        raise _bomb(unpacked_bytes)
    if sum(part.compress_size for part in parts) > size_bytes:
        raise _Bad("a zip whose parts overlap")
    actual_bytes = 0
    for part in parts:
        actual_bytes += _unpack(content, part)
        if actual_bytes > _SMALL_BYTES and actual_bytes > LARGEST_RATIO * size_bytes:
            raise _bomb(unpacked_bytes)
    return kind


def _spreadsheet(archive: zipfile.ZipFile, names: set[str]) -> FileKind:
    if {"xl/workbook.xml", "[Content_Types].xml"} <= names:
        return XLSX
    if {"content.xml", "mimetype"} <= names:
        with archive.open("mimetype") as stream:
            if stream.read(100).strip().startswith(_ODS_TYPES):
                return ODS
        raise _Bad("an OpenDocument file that is no spreadsheet")
    if "xl/workbook.bin" in names:
        raise _Bad("a binary workbook (.xlsb), which has to be saved as .xlsx first")
    if "word/document.xml" in names:
        raise _Bad("a Word document")
    if "ppt/presentation.xml" in names:
        raise _Bad("a presentation")
    if "AndroidManifest.xml" in names or "META-INF/MANIFEST.MF" in names:
        raise _Bad("a program for Java or Android")
    if len(names) == 1:
        raise _Bad("a zip with one file, which has to be unpacked first")
    raise _Bad(f"a zip with {len(names)} files, which have to be unpacked first")


def _unpack(content: int, part: zipfile.ZipInfo) -> int:
    """Unpack a part to nowhere and return how many bytes that were.

    Raises:
        _Bad: it is more than it says, or an archive or a program itself.
    """
    header = os.pread(content, 30, part.header_offset)
    if len(header) < 30 or not header.startswith(MAGICS[0]):
        raise _Bad("a damaged or incomplete zip")
    lengths = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
    offset = part.header_offset + 30 + lengths
    if part.compress_type == zipfile.ZIP_STORED:
        _require_harmless(part, os.pread(content, 16, offset))
        return part.compress_size
    if part.compress_type != zipfile.ZIP_DEFLATED:
        raise _Bad("a zip packed in a way that spreadsheets are not")
    inflater, left, count, is_first = zlib.decompressobj(-15), part.compress_size, 0, True
    packed = b""
    while not inflater.eof:
        if not packed:
            packed = os.pread(content, min(left, _BLOCK_BYTES), offset)
            offset, left = offset + len(packed), left - len(packed)
            if not packed:
                break
        out = inflater.decompress(packed, _BLOCK_BYTES)
        packed = inflater.unconsumed_tail
        if is_first and out:
            _require_harmless(part, out[:16])
            is_first = False
        count += len(out)
        if count > part.file_size:
            raise _Bad("a zip that unpacks to more than it says")
    if count != part.file_size:
        raise _Bad("a damaged or incomplete zip")
    return count


def _require_harmless(part: zipfile.ZipInfo, start: bytes) -> None:
    if start.startswith(_ARCHIVES) and not part.filename.startswith(_MAY_HOLD_ARCHIVES):
        raise _Bad("a zip with an archive in it")
    if start.startswith(_PROGRAMS):
        raise _Bad("a zip with a program in it")


def _bomb(unpacked_bytes: int) -> _Bad:
    return _Bad(
        f"a zip that would unpack to {max(1, unpacked_bytes // 1_000_000):,} MB, more than a spreadsheet may have"
    )
