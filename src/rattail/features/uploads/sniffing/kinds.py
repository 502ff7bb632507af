"""The kinds of files that can be uploaded, what each purpose accepts, and names that are refused at sight."""

from __future__ import annotations

from typing import NamedTuple

from rattail.errors import NoSuchThing
from rattail.features.uploads.refused import Unsuited

_UNLIMITED = 1 << 62
_MEGABYTES = 1_000_000


class FileKind(NamedTuple):
    """`largest_bytes` holds beside the limit for all. `types` are how Content-Types of such files begin."""

    name: str
    title: str
    types: tuple[str, ...]
    largest_bytes: int = _UNLIMITED


TEXT = FileKind(
    "text",
    "a text of rows (CSV, TSV, fixed width)",
    ("text/", "application/csv", "application/x-csv", "application/vnd.ms-excel", "application/txt"),
)
EDI = FileKind("edi", "an EDI message (X12 or EDIFACT)", ("text/", "application/edi", "application/x-edi"))
XML = FileKind("xml", "an XML document", ("text/", "application/xml", "application/edi"), 200 * _MEGABYTES)
XLSX = FileKind(
    "xlsx",
    "an Excel workbook (.xlsx)",
    ("application/vnd.openxmlformats", "application/vnd.ms-excel", "application/x-zip", "application/zip"),
    200 * _MEGABYTES,
)
XLS = FileKind(
    "xls",
    "an old Excel workbook (.xls)",
    (
        "application/vnd.ms-excel",
        "application/msexcel",
        "application/x-msexcel",
        "application/cdfv2",
        "application/x-ole",
    ),
    200 * _MEGABYTES,
)
ODS = FileKind(
    "ods",
    "an OpenDocument spreadsheet (.ods)",
    ("application/vnd.oasis", "application/x-zip", "application/zip"),
    200 * _MEGABYTES,
)
PDF = FileKind("pdf", "a PDF", ("application/pdf", "application/x-pdf"), 100 * _MEGABYTES)

KINDS = (TEXT, EDI, XML, XLSX, XLS, ODS, PDF)
#: What may be uploaded for what. A batch reads what `rattail list-formats` lists.
PURPOSES = {
    "batch": (TEXT, EDI, XML, XLSX, XLS),
    "file": KINDS,
}
#: Content-Types that say nothing about a file.
_SAY_NOTHING = ("", "application/octet-stream", "binary/octet-stream", "application/x-download", "application/unknown")
_OF_PROGRAMS = frozenset(
    (
        *("apk", "app", "bat", "cmd", "com", "cpl", "dll", "dmg", "elf", "exe", "gadget", "hta", "jar", "js", "jse"),
        *("lnk", "msc", "msi", "msp", "pif", "ps1", "psm1", "py", "reg", "scr", "sh", "so", "sys", "vb", "vbe", "vbs"),
        *("wsf", "wsh", "asp", "aspx", "cgi", "jsp", "php", "phtml"),
    )
)
_OF_SOMETHING_ELSE = (
    *("image/", "audio/", "video/", "font/", "model/", "multipart/", "message/"),
    *("application/x-msdownload", "application/x-dosexec", "application/x-executable", "application/x-sh"),
    *("application/javascript", "application/x-javascript", "application/java-archive", "application/x-httpd"),
)


def purpose_named(name: str) -> tuple[FileKind, ...]:
    """The kinds that are accepted for a purpose.

    Raises:
        NoSuchThing: there is no such purpose.
    """
    if name not in PURPOSES:
        raise NoSuchThing(f"nothing can be uploaded for {name!r}: expected one of {', '.join(PURPOSES)}.")
    return PURPOSES[name]


def accepted(kinds: tuple[FileKind, ...]) -> str:
    """These kinds as the end of a sentence."""
    titles = [kind.title for kind in kinds]
    return f"accepted: {', '.join(titles[:-1])} or {titles[-1]}"


def require_plain_name(name: str, size_bytes: int | None) -> None:
    """Refuse what can be refused before its first byte: an empty file, and one with the name of a program.

    Raises:
        Unsuited: it is one of these.
    """
    if size_bytes == 0:
        raise Unsuited(f"{name} is empty.", hint="ask the sender for the file again")
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if ending in _OF_PROGRAMS:
        raise Unsuited(f"{name} is a program by its name (.{ending}): programs are not accepted.")


def require_type(name: str, said_type: str, kind: FileKind) -> None:
    """Refuse a file whose announced Content-Type is of something else; one that says nothing is fine.

    Raises:
        Unsuited: it says something else.
    """
    said = said_type.partition(";")[0].strip().lower()
    if said in _SAY_NOTHING or said.startswith(kind.types):
        return
    if said.startswith(_OF_SOMETHING_ELSE) or any(said.startswith(other.types) for other in KINDS):
        raise Unsuited(
            f"{name} was announced as {said[:80]!r}, and is {kind.title}: something is mixed up.",
            hint="look whether it is the right file, then upload it again",
        )
