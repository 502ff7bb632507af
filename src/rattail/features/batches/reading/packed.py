"""What a zip or an OLE2 file is: a spreadsheet that can be read, or something else that is named."""

import zipfile
from typing import BinaryIO, Literal

from rattail.errors import InputRejected

LARGEST_UNPACKED_BYTES = 2 << 30
_LARGEST_RATIO = 1000  # a sheet packs to a tenth; deflate cannot do more than 1:1032
_MOST_SECTORS = 4096
_END_OF_CHAIN = 0xFFFFFFFA


def looked_into_zip(stream: BinaryIO, called: str) -> Literal["xlsx"]:
    """Say that a zip is an Excel workbook that may be opened.

    Raises:
        InputRejected: it is another kind of zip, damaged, or unpacks to more than a spreadsheet may have.
    """
    try:
        with zipfile.ZipFile(stream) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError, EOFError):
        raise InputRejected(f"{called} is damaged or incomplete: ask the sender for it again.") from None
    names = {entry.filename for entry in entries}
    if "xl/workbook.xml" not in names:
        raise InputRejected(f"{called} {_other_zip(names)}.")
    unpacked_bytes = sum(entry.file_size for entry in entries)
    packed_bytes = sum(entry.compress_size for entry in entries)
    if unpacked_bytes > LARGEST_UNPACKED_BYTES or unpacked_bytes > _LARGEST_RATIO * (packed_bytes + 1024):
        raise InputRejected(
            f"{called} would unpack to {unpacked_bytes >> 20:,} MB, more than a spreadsheet may have.",
            hint="if it is genuine, save it as CSV",
        )
    if any(entry.flag_bits & 1 for entry in entries):
        raise _encrypted(called)
    return "xlsx"


def looked_into_ole2(stream: BinaryIO, called: str) -> Literal["xls"]:
    """Say that an OLE2 file is an old Excel workbook.

    Raises:
        InputRejected: it is an encrypted workbook, or another kind of document.
    """
    names = _stream_names(stream)
    if "EncryptedPackage" in names:
        raise _encrypted(called)
    if "Workbook" in names or "Book" in names:
        return "xls"
    if "WordDocument" in names:
        raise InputRejected(f"{called} is a Word document: ask the sender for a CSV or Excel file.")
    raise InputRejected(f"{called} is an Office file without a workbook in it, or it is incomplete.")


def _encrypted(called: str) -> InputRejected:
    return InputRejected(f"{called} is encrypted.", hint="save it without a password, or ask for it without one")


def _other_zip(names: set[str]) -> str:
    if "xl/workbook.bin" in names:
        return "is a binary workbook (.xlsb): save it as .xlsx or .csv"
    if "content.xml" in names and "mimetype" in names:
        return "is an OpenDocument file: save it as .xlsx or .csv"
    if "word/document.xml" in names:
        return "is a Word document: ask the sender for a CSV or Excel file"
    if not names:
        return "is a zip with no file in it"
    if len(names) == 1:
        return f"is a zip with one file, {sorted(names)[0]!r}: unpack it first"
    return f"is a zip with {len(names)} files: unpack it first and give the one that is meant"


def _stream_names(stream: BinaryIO) -> set[str]:
    """The names in the directory of an OLE2 file; none where it is damaged."""
    stream.seek(0)
    header = stream.read(512)
    if len(header) < 512:
        return set()
    sector_bytes = 1 << min(int.from_bytes(header[30:32], "little"), 20)
    tables = [int.from_bytes(header[at : at + 4], "little") for at in range(76, 512, 4)]
    sector = int.from_bytes(header[48:52], "little")
    names: set[str] = set()
    for _ in range(_MOST_SECTORS):
        if sector >= _END_OF_CHAIN:
            break
        content = _sector(stream, sector, sector_bytes)
        for at in range(0, len(content) - 127, 128):
            length = int.from_bytes(content[at + 64 : at + 66], "little")
            names.add(content[at : at + min(length, 64)].decode("utf-16-le", errors="replace").rstrip("\0"))
        per_table = max(sector_bytes // 4, 1)
        if sector // per_table >= len(tables) or tables[sector // per_table] >= _END_OF_CHAIN:
            break
        table = _sector(stream, tables[sector // per_table], sector_bytes)
        at = 4 * (sector % per_table)
        sector = int.from_bytes(table[at : at + 4], "little") if len(table) >= at + 4 else _END_OF_CHAIN
    return names


def _sector(stream: BinaryIO, number: int, sector_bytes: int) -> bytes:
    try:
        stream.seek((number + 1) * sector_bytes)
    except OSError:  # further than any file reaches
        return b""
    return stream.read(sector_bytes)
