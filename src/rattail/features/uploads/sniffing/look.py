"""Looking into a whole file once: its SHA-256, and what it is."""

from __future__ import annotations

import os
from typing import NamedTuple

from rattail.features.uploads.refused import TooLarge, Unsuited
from rattail.features.uploads.sniffing import ole2, texts, zips
from rattail.features.uploads.sniffing.kinds import PDF, FileKind, accepted, purpose_named, require_type

HEAD_BYTES = 64 << 10
_BLOCK_BYTES = 1 << 20
#: What is none of the kinds, by its first bytes. Programs first.
_KNOWN = (
    (b"MZ", "a program for Windows"),
    (b"\x7fELF", "a program for Linux"),
    (b"#!", "a script"),
    (b"\xca\xfe\xba\xbe", "a program for Java or macOS"),
    (b"\xcf\xfa\xed\xfe", "a program for macOS"),
    (b"\xce\xfa\xed\xfe", "a program for macOS"),
    (b"\xfe\xed\xfa\xcf", "a program for macOS"),
    (b"\xfe\xed\xfa\xce", "a program for macOS"),
    (b"\0asm", "a program (WebAssembly)"),
    (b"dex\n", "a program for Android"),
    (b"L\0\0\0\x01\x14\x02\0", "a shortcut for Windows"),
    (b"MSCF", "a Windows cabinet"),
    (b"\x1f\x8b", "compressed with gzip"),
    (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ\0", "compressed with xz"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstandard"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"II*\0", "a picture"),
    (b"MM\0*", "a picture"),
    (b"OggS", "sound or a film"),
    (b"ID3", "sound"),
    (b"\x1aE\xdf\xa3", "a film"),
    (b"SQLite format 3\0", "a database"),
    (b"-----BEGIN PGP", "encrypted"),
    (b"{\\rtf", "a text document (RTF)"),
)
#: These first letters may also begin a text of rows; what follows must then be no text.
_ALSO_IN_TEXT = (b"MZ", b"BZh", b"ID3", b"MSCF", b"OggS", b"dex\n", b"GIF8")


class Looked(NamedTuple):
    sha256: str
    kind: FileKind


def look_into(content: int, *, name: str, purpose: str, said_type: str) -> Looked:
    """Look through the file open as `content`, whatever its size in bounded memory, and say what it is.

    Raises:
        Unsuited: it is none of the kinds that `purpose` accepts, would unpack to too much, is damaged or encrypted,
            or was announced as something else.
        TooLarge: it is larger than its kind may be.
    """
    from hashlib import sha256

    digest, tally, offset = sha256(), texts.Tally(), 0
    head = os.pread(content, HEAD_BYTES, 0)
    while block := os.pread(content, _BLOCK_BYTES, offset):
        digest.update(block)
        tally.add(block)
        offset += len(block)
    kinds = purpose_named(purpose)
    kind = _kind_of(content, head, tally, offset, name, accepted(kinds))
    if kind not in kinds:
        raise unsuited(name, kind.title, accepted(kinds))
    if offset > kind.largest_bytes:
        raise TooLarge(
            f"{name} is {kind.title} of {offset // 1_000_000:,} MB; at most {kind.largest_bytes // 1_000_000:,} MB are "
            "accepted of that kind.",
            hint="save it as CSV, which may be larger, or split it",
        )
    require_type(name, said_type, kind)
    return Looked(digest.hexdigest(), kind)


def unsuited(name: str, what: str, accepts: str) -> Unsuited:
    return Unsuited(f"{name} is {what}, whatever its name says; {accepts}.")


def _kind_of(content: int, head: bytes, tally: texts.Tally, size_bytes: int, name: str, accepts: str) -> FileKind:
    for magic, what in _KNOWN:
        if head.startswith(magic) and not (magic in _ALSO_IN_TEXT and tally.is_text):
            raise unsuited(name, what, accepts)
    if head.startswith(b"%PDF-"):
        return PDF
    if head.startswith(zips.MAGICS):
        kind, what = zips.look_into_zip(content, size_bytes)
    elif head.startswith(ole2.MAGIC):
        kind, what = ole2.look_into_ole2(content)
    else:
        kind, what = texts.look_into_text(head, tally)
    if kind is None:
        raise unsuited(name, what, accepts)
    return kind
