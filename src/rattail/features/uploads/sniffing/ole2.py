"""OLE2 files: old Excel workbooks, and other documents in the same box."""

from __future__ import annotations

import os

from rattail.features.uploads.sniffing.kinds import XLS, FileKind

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEADER_BYTES = 512
_ENTRY_BYTES = 128
_END_OF_CHAIN = 0xFFFFFFFA
_MOST_SECTORS = 1024


def look_into_ole2(content: int) -> tuple[FileKind | None, str]:
    """Whether an OLE2 file is an old Excel workbook; or None, and what it is instead."""
    names = _names(content)
    if "EncryptedPackage" in names:
        return None, "an encrypted workbook"
    if "Workbook" in names or "Book" in names:
        return XLS, ""
    if "WordDocument" in names:
        return None, "a Word document"
    if any(name.startswith(("\u4840", "!_StringData")) for name in names):
        return None, "an installer for Windows"
    return None, "an Office file without a workbook in it, or an incomplete one"


def _names(content: int) -> set[str]:
    """The names in its directory, as far as they can be found; a chain that bites its tail ends."""
    header = os.pread(content, _HEADER_BYTES, 0)
    if len(header) < _HEADER_BYTES:
        return set()
    sector_bytes = 1 << min(int.from_bytes(header[30:32], "little"), 16)
    tables = [int.from_bytes(header[at : at + 4], "little") for at in range(76, _HEADER_BYTES, 4)]
    per_table = max(sector_bytes // 4, 1)
    sector = int.from_bytes(header[48:52], "little")
    names: set[str] = set()
    for _ in range(_MOST_SECTORS):
        if sector >= _END_OF_CHAIN:
            break
        directory = os.pread(content, sector_bytes, (sector + 1) * sector_bytes)
        for at in range(0, len(directory) - _ENTRY_BYTES + 1, _ENTRY_BYTES):
            length = min(int.from_bytes(directory[at + 64 : at + 66], "little"), 64)
            names.add(directory[at : at + length].decode("utf-16-le", errors="replace").rstrip("\0"))
        number = sector // per_table
        if number >= len(tables) or tables[number] >= _END_OF_CHAIN:
            break
        link = os.pread(content, 4, (tables[number] + 1) * sector_bytes + 4 * (sector % per_table))
        sector = int.from_bytes(link, "little") if len(link) == 4 else _END_OF_CHAIN
    return names
