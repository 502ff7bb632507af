"""Headers of a tar archive, as POSIX (ustar, and pax where that is not enough) has them.

Written by hand, because Python's own module wants to know the size of a member before its first byte, and because
the other direction has to refuse what that module lets pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

BLOCK = 512
END = bytes(2 * BLOCK)
FILE, LINK, FOLDER = b"0", b"2", b"5"
PAX, PAX_GLOBAL = b"x", b"g"
KINDS = {"file": FILE, "link": LINK, "folder": FOLDER}
_PAX_NAME = b"././@PaxHeader"
_PIECE_BYTES = 1 << 18
_MOST_IN_OCTAL = 8**11
_NAME_BYTES, _PREFIX_BYTES, _LINK_BYTES = 100, 155, 100
_MOST_ID = 8**7 - 1
_FIELDS = Struct("100s 8s 8s 8s 12s 12s 8s 1s 100s 8s 32s 32s 16x 155s 12x")


def header(
    name: str,
    *,
    size_bytes: int = 0,
    mode: int = 0o600,
    mtime_s: int = 0,
    kind: str = "file",
    target: str = "",
    uid: int = 0,
    gid: int = 0,
    user: str = "",
    group: str = "",
) -> bytes:
    """The header of one member; where a name is long or not ASCII a pax record goes before it.

    `kind` is "file", "folder" or "link". Sizes of 8 GiB and more are in base 256, as GNU tar and Python have it.
    """
    path, link = name.encode("utf-8", "surrogateescape"), target.encode("utf-8", "surrogateescape")
    records = b""
    split = _split(path) if path.isascii() else None
    if split is None:
        records += _record(b"path", path)
        split = b"", path.decode("ascii", "replace").encode("ascii", "replace")[:_NAME_BYTES]
    if len(link) > _LINK_BYTES or not link.isascii():
        records += _record(b"linkpath", link)
        link = link.decode("ascii", "replace").encode("ascii", "replace")[:_LINK_BYTES]
    for key, number in ((b"uid", uid), (b"gid", gid)):
        if number > _MOST_ID:
            records += _record(key, str(number).encode("ascii"))
    for key, text in ((b"uname", user), (b"gname", group)):
        if not text.isascii() or len(text) > 31:
            records += _record(key, text.encode("utf-8", "surrogateescape"))
    prefix, short = split
    plain = _block(
        short,
        prefix=prefix,
        size_bytes=size_bytes,
        mode=mode,
        mtime_s=max(mtime_s, 0),
        kind=KINDS[kind],
        link=link,
        uid=uid if uid <= _MOST_ID else 0,
        gid=gid if gid <= _MOST_ID else 0,
        user=user.encode("ascii", "replace")[:31],
        group=group.encode("ascii", "replace")[:31],
    )
    return _extended(PAX, records) + plain if records else plain


def filler(size_bytes: int) -> Iterator[bytes]:
    """A member without meaning of exactly `size_bytes`, a multiple of 512 that is 0 or from 1,024 on, in pieces."""
    assert size_bytes % BLOCK == 0
    assert size_bytes != BLOCK
    if not size_bytes:
        return
    room = size_bytes - BLOCK
    text = b"%d comment=" % room
    yield _block(_PAX_NAME, prefix=b"", size_bytes=room, mode=0o600, mtime_s=0, kind=PAX_GLOBAL) + text
    blank = room - len(text) - 1
    while blank:
        piece = min(blank, _PIECE_BYTES)
        yield b" " * piece
        blank -= piece
    yield b"\n"


def padding(size_bytes: int) -> bytes:
    """What fills the last block of a member of that size."""
    return bytes(-size_bytes % BLOCK)


def padded(size_bytes: int) -> int:
    """The room of a member's content in the archive."""
    return size_bytes + -size_bytes % BLOCK


def _extended(kind: bytes, records: bytes) -> bytes:
    head = _block(_PAX_NAME, prefix=b"", size_bytes=len(records), mode=0o600, mtime_s=0, kind=kind)
    return head + records + padding(len(records))


def _block(
    name: bytes,
    *,
    prefix: bytes,
    size_bytes: int,
    mode: int,
    mtime_s: int,
    kind: bytes,
    link: bytes = b"",
    uid: int = 0,
    gid: int = 0,
    user: bytes = b"",
    group: bytes = b"",
) -> bytes:
    fields = (
        name,
        b"%07o" % (mode & 0o7777),
        b"%07o" % uid,
        b"%07o" % gid,
        _number(size_bytes),
        _number(mtime_s),
        b" " * 8,
        kind,
        link,
        b"ustar\x0000",
        user,
        group,
        prefix,
    )
    raw = bytearray(_FIELDS.pack(*fields))
    raw[148:156] = b"%06o\0 " % sum(raw)
    return bytes(raw)


def _number(value: int) -> bytes:
    if value < _MOST_IN_OCTAL:
        return b"%011o\0" % value
    return b"\x80" + value.to_bytes(11, "big")


def _record(key: bytes, value: bytes) -> bytes:
    """One record of a pax header: its own length in front counts itself."""
    rest = len(key) + len(value) + 3
    length = rest + len(str(rest))
    while rest + len(str(length)) != length:
        length = rest + len(str(length))
    return b"%d %s=%s\n" % (length, key, value)


def _split(path: bytes) -> tuple[bytes, bytes] | None:
    """Prefix and name of a path that fits into a plain header; None where it does not."""
    if len(path) <= _NAME_BYTES:
        return b"", path
    at = path.find(b"/", len(path) - _NAME_BYTES - 1)
    if at < 1 or at > _PREFIX_BYTES or at == len(path) - 1:
        return None
    return path[:at], path[at + 1 :]
