"""One file to read: what it is, without trusting its name.

The container is told by the first bytes, the encoding by the whole text: a file of 100 MB is looked
through once, in a tenth of a second, so that nothing surprising comes up in the middle of reading it.
"""

import io
import os
import stat
from typing import BinaryIO, Literal, NamedTuple, TextIO

from rattail.errors import InputRejected
from rattail.features.batches.reading.encoding import TextFound, find_encoding, without_nul
from rattail.features.batches.reading.packed import looked_into_ole2, looked_into_zip

HEAD_BYTES = 64 * 1024
LARGEST_TEXT_BYTES = 2 << 30
LARGEST_SPREADSHEET_BYTES = 200 << 20

Container = Literal[
    "text", "xlsx", "xls", "zip", "gzip", "pdf", "encrypted", "xml", "x12", "edifact", "binary", "empty"
]

_OLE2_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
#: What a shop cannot use as it is, by its first bytes, and what to do.
_REFUSED = (
    (b"%PDF", "is a PDF: ask the sender for a CSV or Excel file with the same content"),
    (b"\x1f\x8b", "is compressed with gzip: unpack it first"),
    (b"BZh", "is compressed with bzip2: unpack it first"),
    (b"\xfd7zXZ\x00", "is compressed with xz: unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "is a 7-Zip archive: unpack it first"),
    (b"Rar!\x1a\x07", "is a RAR archive: unpack it first"),
    (b"\x89PNG", "is a picture: ask the sender for a CSV or Excel file with the same content"),
    (b"\xff\xd8\xff", "is a picture: ask the sender for a CSV or Excel file with the same content"),
    (b"GIF8", "is a picture: ask the sender for a CSV or Excel file with the same content"),
    (b"SQLite format 3\x00", "is a database: export the table as CSV first"),
    (b"\x7fELF", "is a program: expected a file of rows, such as CSV or Excel"),
    (b"PGP", "is encrypted: ask for it without a password"),
    (b"-----BEGIN PGP", "is encrypted: ask for it without a password"),
)


class Source(NamedTuple):
    """A file on the disk; `name` is what it was called by whoever sent it, for messages and recognition only.

    `encoding` and `text` (the head as text, byte order mark and NULs removed) are empty where it is no
    text. `has_nul`: NUL characters stand in it, which reading leaves out. `remarks` are what a person
    should know about the file as a whole.
    """

    path: str
    name: str
    size_bytes: int
    container: Container
    head: bytes
    encoding: str = ""
    text: str = ""
    has_nul: bool = False
    remarks: tuple[str, ...] = ()


def look_at(
    path: str,
    *,
    name: str = "",
    largest_bytes: int = LARGEST_TEXT_BYTES,
    largest_spreadsheet_bytes: int = LARGEST_SPREADSHEET_BYTES,
) -> Source:
    """Find out what the file at `path` is. `name` is what messages call it, by default its own name.

    What comes back can be read: its container is `text`, `xml`, `x12`, `edifact`, `xlsx` or `xls`.

    Raises:
        InputRejected: there is no plain file, it cannot be opened, is empty or only white space, larger
            than allowed, packed, encrypted, or nothing that has rows.
    """
    called = name or os.path.basename(os.path.normpath(path))
    with _opened(path, called) as stream:
        size_bytes = os.fstat(stream.fileno()).st_size
        head = stream.read(HEAD_BYTES)
        if not head:
            raise InputRejected(f"{called} is empty.", hint="ask the sender for the file again")
        for magic, said in _REFUSED:
            if head.startswith(magic):
                raise InputRejected(f"{called} {said}.")
        is_packed = head.startswith(_ZIP_MAGICS) or head.startswith(_OLE2_MAGIC)
        _require_size(called, size_bytes, min(largest_bytes, largest_spreadsheet_bytes) if is_packed else largest_bytes)
        if is_packed:
            looked_into = looked_into_ole2 if head.startswith(_OLE2_MAGIC) else looked_into_zip
            return Source(path, called, size_bytes, looked_into(stream, called), head)
        return _text_source(path, called, size_bytes, head, find_encoding(stream, called))


def open_text(source: Source) -> TextIO:
    """The text of a file from its beginning, without its byte order mark, line ends as they are.

    Never raises for what stands in it: a byte that its encoding does not have becomes U+FFFD.
    """
    raw = open(source.path, "rb", buffering=0)  # noqa: SIM115
    stream = without_nul(raw) if source.has_nul else io.BufferedReader(raw, 1 << 18)
    return io.TextIOWrapper(stream, encoding=source.encoding, errors="replace", newline="")


def _opened(path: str, called: str) -> BinaryIO:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except ValueError:
        raise InputRejected(f"{path!r} is not the name of a file.") from None
    except FileNotFoundError:
        raise InputRejected(f"there is no file '{path}'.") from None
    except OSError as error:
        raise InputRejected(f"{called} cannot be read: {(error.strerror or str(error)).lower()}.") from None
    mode = os.fstat(fd).st_mode
    if not stat.S_ISREG(mode):
        os.close(fd)
        raise InputRejected(f"{called} is {_kind_of(mode)}; expected a plain file.")
    return os.fdopen(fd, "rb")


def _kind_of(mode: int) -> str:
    kinds = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"))
    return next((kind for test, kind in kinds if test(mode)), "a device")


def _require_size(called: str, size_bytes: int, largest_bytes: int) -> None:
    if size_bytes > largest_bytes:
        raise InputRejected(
            f"{called} has {_megabytes(size_bytes)} MB; at most {_megabytes(largest_bytes)} MB are read.",
            hint="split it into several files, or save a spreadsheet as CSV, which may be larger",
        )


def _megabytes(size_bytes: int) -> str:
    return f"{max(1, size_bytes >> 20):,}"


def _text_source(path: str, called: str, size_bytes: int, head: bytes, found: TextFound) -> Source:
    text = head.decode(found.encoding, errors="ignore").replace("\0", "")
    start = text[:4096].lstrip()
    lowered = start[:1000].lower()
    container: Container = "text"
    if lowered.startswith(("<!doctype html", "<html")) or ("<table" in lowered and start.startswith("<")):
        raise InputRejected(
            f"{called} is a web page, whatever its name says.",
            hint="open it in a spreadsheet program and save it as .xlsx or .csv",
        )
    if lowered.startswith("{\\rtf"):
        raise InputRejected(f"{called} is a text document (RTF): expected a file of rows, such as CSV or Excel.")
    if start.startswith("<?xml") or (start.startswith("<") and start[1:2].isalpha()):
        container = "xml"
    elif start.startswith("ISA") and not start[3:4].isalnum() and (len(start) > 100 or start[3:4] in "*^|~"):
        container = "x12"
    elif start.startswith(("UNA", "UNB")) and not start[3:4].isalnum() and ("UNB" in start or "UNH" in start):
        container = "edifact"
    return Source(path, called, size_bytes, container, head, found.encoding, text, found.has_nul, found.remarks)
