"""What a file is, by what it holds: real files of each kind, and those that only pretend."""

from __future__ import annotations

import io
import os
import random
import struct
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from rattail.features.uploads.ground import Ground
from rattail.features.uploads.refused import TooLarge, Unsuited
from rattail.features.uploads.sniffing import kinds, zips
from rattail.features.uploads.sniffing.look import look_into
from tests.features.uploads.conftest import ROWS, upload_whole

ISA = "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *261122*1200*U*00401*000000001*0*P*>~"
UBL = (
    '<?xml version="1.0"?><Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"><ID>1</ID></Invoice>'
)


def xlsx(rows: int = 50) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        for number in range(rows):
            sheet.write_row(number, 0, ["0074305001321", "Apple sauce", 24.5])
    return out.getvalue()


def zipped(parts: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def book_of(**parts: bytes) -> bytes:
    """A zip with what makes it an Excel workbook, and these parts in its sheet folder."""
    own = {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"}
    return zipped({**own, **{f"xl/{name}.xml": content for name, content in parts.items()}})


def ods() -> bytes:
    return zipped({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<office/>"})


def ole2(stream: str) -> bytes:
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    header[30:32] = struct.pack("<H", 9)
    header[48:52] = struct.pack("<I", 0)
    header[76:512] = b"\xff" * 436
    name = stream.encode("utf-16-le")
    entry = name.ljust(64, b"\0") + struct.pack("<H", len(name) + 2)
    return bytes(header) + entry.ljust(128, b"\0") * 4


RIGHT: dict[str, tuple[bytes, str]] = {
    "csv in utf-8": (ROWS, "text"),
    "csv with a byte order mark": (b"\xef\xbb\xbf" + ROWS, "text"),
    "csv in cp1252": ("Käse,Crème brûlée,1.50\n".encode("cp1252") * 50, "text"),
    "csv in utf-16 with a mark": (ROWS.decode().encode("utf-16"), "text"),
    "csv in utf-16 without one": (ROWS.decode().encode("utf-16-le"), "text"),
    "csv in shift-jis": ("りんご,牛乳\n".encode("shift-jis") * 50, "text"),
    "csv with some NULs": (ROWS.replace(b"Apple", b"App\0e", 3), "text"),
    "one short row": (b"1,2\n", "text"),
    "rows that begin as a program does": (b"MZ-100,Mozzarella,2.50\n" * 20, "text"),
    "rows that begin as a picture does": (b"GIF8 wrap,paper,2.50\n" * 20, "text"),
    "x12": (f"{ISA}GS*SC*A*B~".encode(), "edi"),
    "x12 with control characters": (f"{ISA}GS*SC~".replace("*", "\x1d").replace("~", "\x1c").encode(), "edi"),
    "edifact": (b"UNA:+.? 'UNB+UNOC:3+1+2+261122:1200+1'UNH+1+INVOIC:D:96A:UN'", "edi"),
    "ubl": (UBL.encode(), "xml"),
    "xlsx": (xlsx(), "xlsx"),
    "ods": (ods(), "ods"),
    "xls": (ole2("Workbook"), "xls"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "pdf"),
}


@pytest.mark.parametrize(("content", "kind"), RIGHT.values(), ids=RIGHT)
def test_a_file_is_known_by_what_it_holds(ground: Ground, content: bytes, kind: str) -> None:
    assert upload_whole(ground, content, name="whatever").content_kind == kind


SAYS_SMALL = book_of(sheet=b"x" * 1_000_000)
WRONG: dict[str, tuple[bytes, str]] = {
    "a program for Windows": (b"MZ\x90\0\x03" + os.urandom(4000), "a program for Windows"),
    "a program for Linux": (Path("/bin/true").read_bytes(), "a program for Linux"),
    "a shell script": (b"#!/bin/sh\nrm -rf /\n", "a script"),
    "a batch file": (b"@echo off\r\ndel *.*\r\n", "a script"),
    "php": (b"<?php system($_GET['c']); ?>", "a script"),
    "a web page": (b"<!DOCTYPE html><html><body>Sign in</body></html>", "a web page"),
    "a page with a script": (b"<script>alert(1)</script>", "script"),
    "a picture with a script": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', "web page"),
    "xml with entities": (b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "entities"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + os.urandom(500), "a picture"),
    "gzip": (b"\x1f\x8b\x08" + os.urandom(500), "compressed with gzip"),
    "noise": (random.Random(1).randbytes(20_000), "no text"),
    "white space": (b" \r\n\t" * 100, "only white space"),
    "NULs": (bytes(5000), "no text"),
    "a database": (b"SQLite format 3\0" + bytes(500), "a database"),
    "a Word document": (zipped({"word/document.xml": b"<w/>"}), "a Word document"),
    "a zip of one file": (zipped({"a.csv": ROWS}), "unpacked first"),
    "a binary workbook": (zipped({"xl/workbook.bin": b"x"}), ".xlsb"),
    "a zip that is cut off": (xlsx()[:-300], "damaged or incomplete"),
    "an old Word document": (ole2("WordDocument"), "a Word document"),
    "an encrypted workbook": (ole2("EncryptedPackage"), "encrypted"),
    "an old workbook that is cut off": (ole2("Workbook")[:300], "incomplete"),
    "a workbook with a program in it": (book_of(sheet=b"MZ" + bytes(100)), "a program in it"),
    "a zip bomb in a workbook": (book_of(sheet=bytes(60_000_000)), "would unpack to 60 MB"),
    "a zip in a zip": (book_of(sheet=zipped({"a": bytes(100_000)})), "an archive in it"),
    "a part that says too little of its size": (
        SAYS_SMALL.replace(struct.pack("<I", 1_000_000), struct.pack("<I", 10)),
        "more than it says",
    ),
    "a part that says too much of its size": (
        SAYS_SMALL.replace(struct.pack("<I", 1_000_000), struct.pack("<I", 2_000_000)),
        "damaged or incomplete",
    ),
}


@pytest.mark.parametrize(("content", "said"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_used_is_refused_with_what_it_is_and_what_is_accepted(
    ground: Ground, content: bytes, said: str
) -> None:
    with pytest.raises(Unsuited, match="accepted: ") as refused:
        upload_whole(ground, content, name="prices.csv", purpose="batch")

    assert said in str(refused.value)
    assert os.listdir(ground.folder) == []


def test_a_list_of_parts_without_end_is_refused_before_it_is_read(tmp_path: Path) -> None:
    content = bytearray(book_of())
    end = content.rfind(b"PK\x05\x06")
    content[end + 10 : end + 12] = struct.pack("<H", 60_000)
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)

    with path.open("rb") as stream:
        assert zips.look_into_zip(stream.fileno(), len(content)) == (
            None,
            "a zip of 60,000 parts, more than any spreadsheet has",
        )


@pytest.mark.parametrize("content", [RIGHT["pdf"][0], RIGHT["ods"][0]], ids=["pdf", "ods"])
def test_a_batch_takes_only_what_can_be_read(ground: Ground, content: bytes) -> None:
    with pytest.raises(Unsuited, match=r"accepted: a text of rows .* or an old Excel workbook"):
        upload_whole(ground, content, purpose="batch")


@pytest.mark.parametrize(
    ("said", "content"),
    [
        ("image/png", ROWS),
        ("text/csv", RIGHT["pdf"][0]),
        ("application/pdf", ROWS),
        ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ROWS),
        ("TEXT/CSV; charset=utf-8", RIGHT["xlsx"][0]),
        ("application/x-msdownload", ROWS),
    ],
)
def test_a_content_type_that_lies_is_refused(ground: Ground, said: str, content: bytes) -> None:
    with pytest.raises(Unsuited, match="something is mixed up"):
        upload_whole(ground, content, said_type=said)

    assert os.listdir(ground.folder) == []


@pytest.mark.parametrize(
    "said", ["", "text/csv", "text/plain", "application/vnd.ms-excel", "application/octet-stream", "x/unheard-of"]
)
def test_a_content_type_that_browsers_say_of_csv_is_fine(ground: Ground, said: str) -> None:
    assert upload_whole(ground, said_type=said).content_kind == "text"


def test_a_kind_has_a_limit_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.7")
    os.truncate(path, kinds.PDF.largest_bytes + 1)

    with path.open("rb") as stream, pytest.raises(TooLarge, match="at most 100 MB are accepted of that kind"):
        look_into(stream.fileno(), name="a.pdf", purpose="file", said_type="")


def test_a_huge_file_is_looked_through_in_little_memory(tmp_path: Path) -> None:
    import tracemalloc

    path = tmp_path / "a.csv"
    path.write_bytes(ROWS * 50_000)
    with path.open("rb") as stream:
        look_into(stream.fileno(), name="a.csv", purpose="file", said_type="")
        tracemalloc.start()
        look_into(stream.fileno(), name="a.csv", purpose="file", said_type="")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

    assert path.stat().st_size > 30_000_000
    assert peak < 5_000_000
