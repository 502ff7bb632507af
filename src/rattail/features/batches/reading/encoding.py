"""In which encoding a text is written, told by all of its bytes."""

import codecs
import io
import re
from typing import BinaryIO, NamedTuple

from rattail.errors import InputRejected

_CHUNK_BYTES = 1 << 20
_MOST_SAMPLES = 20_000  # of bytes above ASCII, for the choice between code pages
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: A byte above ASCII with the letters around it, and a letter as UTF-8 writes it.
_ABOVE_ASCII = re.compile(rb"(?<=[A-Za-z])[\x80-\xff]|[\x80-\xff](?=[a-z])")
_UTF8_LETTER = re.compile(rb"[\xc3-\xc5][\x80-\xbf](?![\x80-\xbf])")
#: Letters of Central Europe in cp1250 that are signs, or rare, in cp1252.
_CENTRAL = frozenset(b"\x8a\x8e\x9a\x9e\x9c\x9f\xb3\xb9\xbf")
_NOT_IN_CP1252 = frozenset(b"\x81\x8d\x8f\x90\x9d")
#: Control characters that no text has: a file with many of them is none.
_CONTROLS = bytes(set(range(1, 32)) - set(b"\t\n\r\f\x0b\x1a\x1b\x1c\x1d\x1e\x1f\x02\x03\x07\x08\x11\x12\x13\x14"))


class TextFound(NamedTuple):
    """An encoding that reads the whole file, and what to say about it."""

    encoding: str
    has_nul: bool
    remarks: tuple[str, ...]


def find_encoding(stream: BinaryIO, called: str) -> TextFound:
    """Look through a whole file for its encoding: a byte order mark, UTF-16 by its pattern, UTF-8, else a code page.

    Raises:
        InputRejected: it is no text, or white space only.
    """
    stream.seek(0)
    head = stream.read(_CHUNK_BYTES)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            wide = _require_text(stream, called, encoding=encoding) if encoding != "utf-8-sig" else None
            if wide:
                return wide
            break
    else:
        if wide_name := _utf16_by_pattern(head):
            return _require_text(stream, called, encoding=wide_name)
    return _look_through(stream, called)


def without_nul(raw: io.RawIOBase | io.FileIO) -> io.BufferedReader:
    """The same bytes without the zero ones: handheld counters leave them in their texts."""
    return io.BufferedReader(_WithoutNul(raw), 1 << 18)


class _WithoutNul(io.RawIOBase):
    def __init__(self, raw: io.RawIOBase | io.FileIO) -> None:
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview[int] | bytearray") -> int:  # type: ignore[override]
        while chunk := self._raw.read(len(buffer)):
            kept = chunk.replace(b"\0", b"")
            if kept:
                buffer[: len(kept)] = kept
                return len(kept)
        return 0

    def close(self) -> None:
        self._raw.close()
        super().close()


def _utf16_by_pattern(head: bytes) -> str:
    """UTF-16 without a mark: every second byte of plain text is zero."""
    sample = head[:4096]
    if len(sample) < 8:
        return ""
    evens, odds = sample[0::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if odds > half * 0.7 and evens < half * 0.05:
        return "utf-16-le"
    return "utf-16-be" if evens > half * 0.7 and odds < half * 0.05 else ""


def _require_text(stream: BinaryIO, called: str, *, encoding: str) -> TextFound:
    """UTF-16 and UTF-32 are rare: read once as text, to see that there is something and whether it decodes."""
    stream.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    is_blank, is_broken, has_nul = True, False, False
    while chunk := stream.read(_CHUNK_BYTES):
        text = decoder.decode(chunk)
        is_broken = is_broken or "\ufffd" in text
        has_nul = has_nul or "\0" in text
        is_blank = is_blank and not text.strip("\ufeff\0 \t\r\n")
    if is_blank:
        raise _blank(called)
    remarks = ("some of its characters are damaged; they are shown as \ufffd",) if is_broken else ()
    return TextFound(encoding, False, remarks)


def _look_through(stream: BinaryIO, called: str) -> TextFound:
    """One pass over the bytes: whether they are UTF-8, and what speaks for which code page where they are not."""
    stream.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")(errors="strict")
    is_utf8, has_nul, is_blank, utf8_letters, controls, size_bytes = True, False, True, 0, 0, 0
    samples = bytearray()
    while chunk := stream.read(_CHUNK_BYTES):
        size_bytes += len(chunk)
        has_nul = has_nul or b"\0" in chunk
        if is_blank:
            is_blank = not chunk.replace(b"\0", b"").removeprefix(codecs.BOM_UTF8).strip()
        if size_bytes <= _CHUNK_BYTES:
            controls = len(chunk) - len(chunk.translate(None, _CONTROLS))
        if chunk.isascii() and not decoder.getstate()[0]:
            continue
        if is_utf8:
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                is_utf8 = False
                decoder.reset()
        if len(samples) < _MOST_SAMPLES:
            utf8_letters += len(_UTF8_LETTER.findall(chunk))
            samples += b"".join(_ABOVE_ASCII.findall(_UTF8_LETTER.sub(b"", chunk)))
            samples += bytes(_NOT_IN_CP1252.intersection(chunk))
    if is_blank:
        raise _blank(called)
    if controls > 8 + min(size_bytes, _CHUNK_BYTES) // 200:
        raise InputRejected(f"{called} is no text, no spreadsheet and no EDI: nothing in it looks like rows.")
    remarks = ["it holds NUL characters, which were left out"] if has_nul else []
    if is_utf8:
        is_cut = bool(decoder.getstate()[0])
        remarks += ["its last character is cut off: the file may be incomplete"] if is_cut else []
        return TextFound("utf-8-sig", has_nul, tuple(remarks))
    return _code_page(bytes(samples), utf8_letters, has_nul=has_nul, remarks=remarks)


def _code_page(samples: bytes, utf8_letters: int, *, has_nul: bool, remarks: list[str]) -> TextFound:
    central = sum(samples.count(byte) for byte in _CENTRAL)
    if central and central * 20 >= len(samples):
        encoding = "cp1250"
    elif any(byte in _NOT_IN_CP1252 for byte in samples) and not utf8_letters:
        encoding = "latin-1"
    else:
        encoding = "cp1252"
    if utf8_letters and encoding == "cp1252":
        remarks.append("it mixes UTF-8 with cp1252; it was read as cp1252, so some letters look wrong")
    return TextFound(encoding, has_nul, tuple(remarks))


def _blank(called: str) -> InputRejected:
    return InputRejected(f"{called} holds only white space.", hint="ask the sender for the file again")
