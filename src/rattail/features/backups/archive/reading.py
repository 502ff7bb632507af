"""Reading a tar from front to back, believing nothing that it says.

Files, folders and links are understood, and what Python and GNU tar need for long names; whatever else a tar can hold
(devices, hard links, holes, several volumes) is refused: no backup of ours has it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from rattail.features.backups.archive import tar
from rattail.features.backups.archive.damaged import Damaged

_MOST_PATH_BYTES, _MOST_PART_BYTES = 4096, 255
_MOST_EXTENDED_BYTES = 64 << 10
_MOST_FILLER_BYTES = 1 << 20  # where it cannot be passed over
_SKIP_BYTES = 1 << 20
_MOST_TRAILING_BYTES = 1 << 20
_KIND_OF_TYPE = {b"0": "file", b"\0": "file", b"2": "link", b"5": "folder"}
_REFUSED_TYPES = {
    b"1": "a hard link",
    b"3": "a device",
    b"4": "a device",
    b"6": "a named pipe",
    b"S": "a file with holes",
    b"M": "a part of another volume",
    b"D": "a list of a folder",
}
_GNU_LONG = {b"L": "path", b"K": "linkpath"}
_OCTAL_DIGITS = b"01234567"
_ORDINARY = re.compile(r"(?:[A-Za-z0-9_][^/\0]{0,99}/)*[A-Za-z0-9_][^/\0]{0,99}")  # most paths; seen at a glance
_ORDINARY_CHARACTERS = 1000
_IGNORED_RECORDS = ("mtime", "atime", "ctime", "comment", "charset")


class Readable(Protocol):
    """Anything that gives at most so many bytes, none at its end."""

    def read(self, size: int, /) -> bytes: ...


class Member(NamedTuple):
    """One entry of an archive, as its header says. `name` is a plain relative path."""

    name: str
    kind: str
    size_bytes: int
    mode: int
    mtime_s: int
    target: str
    uid: int
    gid: int
    user: str
    group: str


class Members:
    """Iterate over the members of a tar; while one is at hand, `read` gives its content.

    `skip` passes over so many bytes of the source; without it they are read.

    Raises (while it is iterated or read):
        Damaged: what is wrong, and at which member.
    """

    def __init__(self, source: Readable, *, skip: Callable[[int], object] | None = None) -> None:
        self._source = source
        self._is_streamed = skip is None
        self._skip = skip or self._read_over  # contents that nobody asked for
        self._left = 0  # of the present member's content
        self._padding = 0
        self._last = ""

    def __iter__(self) -> Iterator[Member]:
        while True:
            self._skip(self._left + self._padding)
            self._left = self._padding = 0
            member = self._next()
            if member is None:
                return
            self._left, self._padding = member.size_bytes, -member.size_bytes % tar.BLOCK
            self._last = member.name
            yield member

    def read(self, size: int) -> bytes:
        """At most `size` bytes of the present member's content, none at its end."""
        content = self._source.read(min(size, self._left))
        if not content and self._left and size:
            raise Damaged(f"it ends in the middle of {_shown(self._last)}")
        self._left -= len(content)
        return content

    def _next(self) -> Member | None:
        said: dict[str, str] = {}
        before: set[bytes] = set()  # types of headers that came before the member's own
        while True:
            block = self._block()
            if block == bytes(tar.BLOCK):
                self._end(said)
                return None
            kind, size_bytes = _checked(block, self._last)
            if kind in before:
                raise Damaged(f"the member after {_shown(self._last)} has more than one extended header of a kind")
            if kind == tar.PAX:
                before.add(kind)
                said.update(_records(self._whole(size_bytes), self._last))
            elif kind == tar.PAX_GLOBAL:
                self._filler(size_bytes)
            elif kind in _GNU_LONG:
                before.add(kind)
                said[_GNU_LONG[kind]] = _text(self._whole(size_bytes).rstrip(b"\0"))
            else:
                return _member(block, kind, size_bytes, said, after=self._last)

    def _end(self, said: dict[str, str]) -> None:
        if said:
            raise Damaged(f"after {_shown(self._last)} it tells of a member that does not come")
        if self._block() != bytes(tar.BLOCK):
            raise Damaged(f"its end mark after {_shown(self._last)} is only half there")
        trailing = 0
        while more := self._source.read(_SKIP_BYTES):
            trailing += len(more)
            if more.strip(b"\0") or trailing > _MOST_TRAILING_BYTES:
                raise Damaged("something follows after its end")

    def _filler(self, size_bytes: int) -> None:
        """Skip a header for all that follows, which may hold a comment and nothing else."""
        if self._is_streamed and size_bytes > _MOST_FILLER_BYTES:
            raise Damaged(f"after {_shown(self._last)} comes a comment of {size_bytes:,} bytes")
        begin = self._exactly(min(size_bytes, 64))
        length, _, rest = begin.partition(b" ")
        if not length.isdigit() or int(length) != size_bytes or not rest.startswith(b"comment="):
            raise Damaged(f"after {_shown(self._last)} it sets something for all members that follow")
        self._skip(size_bytes - len(begin) + -size_bytes % tar.BLOCK)

    def _whole(self, size_bytes: int) -> bytes:
        if size_bytes > _MOST_EXTENDED_BYTES:
            raise Damaged(f"the name of a member after {_shown(self._last)} is {size_bytes:,} bytes long")
        content = self._exactly(size_bytes)
        self._skip(-size_bytes % tar.BLOCK)
        return content

    def _block(self) -> bytes:
        return self._exactly(tar.BLOCK)

    def _exactly(self, size: int) -> bytes:
        parts = []
        while size:
            part = self._source.read(size)
            if not part:
                raise Damaged(f"it ends after {_shown(self._last)}, before its end mark")
            parts.append(part)
            size -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _read_over(self, size: int) -> None:
        while size:
            part = self._source.read(min(size, _SKIP_BYTES))
            if not part:
                raise Damaged(f"it ends in the middle of {_shown(self._last)}")
            size -= len(part)


def _checked(block: bytes, after: str) -> tuple[bytes, int]:
    """The type and the size of a header whose check sum is right."""
    magic = block[257:265]
    if magic not in (b"ustar\x0000", b"ustar  \0"):
        raise Damaged(f"what follows {_shown(after)} is no header of a tar")
    said = _octal(block[148:156], "check sum", after)
    if sum(block[:148]) + sum(block[156:]) + 8 * ord(" ") != said:
        raise Damaged(f"the header after {_shown(after)} does not have the check sum that it says")
    kind = block[156:157]
    if kind in _REFUSED_TYPES:
        raise Damaged(f"after {_shown(after)} comes {_REFUSED_TYPES[kind]}, which no backup holds")
    if kind not in _KIND_OF_TYPE and kind not in (tar.PAX, tar.PAX_GLOBAL, *_GNU_LONG):
        raise Damaged(f"after {_shown(after)} comes a member of the unknown type {kind!r}")
    return kind, _number(block[124:136], "size", after)


def _member(block: bytes, kind: bytes, size_bytes: int, said: dict[str, str], *, after: str) -> Member:
    is_posix = block[257:263] == b"ustar\0"
    short, prefix = _field(block[0:100]), _field(block[345:500]) if is_posix else b""
    path = said.get("path", _text(prefix + b"/" + short if prefix else short))
    size_bytes = _said_number(said, "size", size_bytes, after)
    what = _KIND_OF_TYPE[kind]
    target = said.get("linkpath", _text(_field(block[157:257]))) if what == "link" else ""
    if what != "file" and size_bytes:
        raise Damaged(f"{_shown(path)} is a {what} and says that it holds {size_bytes:,} bytes")
    if what == "link" and (not target or "\0" in target or len(target) > _MOST_PATH_BYTES):
        raise Damaged(f"the link {_shown(path)} points to nothing that can be")
    return Member(
        name=_plain(path.removesuffix("/") if what == "folder" else path),
        kind=what,
        size_bytes=size_bytes,
        mode=_octal(block[100:108], "mode", path),
        mtime_s=_number(block[136:148], "time", path),
        target=target,
        uid=_said_number(said, "uid", _number(block[108:116], "owner", path), path),
        gid=_said_number(said, "gid", _number(block[116:124], "group", path), path),
        user=said.get("uname", _text(_field(block[265:297]))),
        group=said.get("gname", _text(_field(block[297:329]))),
    )


def _plain(path: str) -> str:
    """A path that stays below where it is unpacked, or the refusal."""
    if path.isascii() and len(path) <= _ORDINARY_CHARACTERS and _ORDINARY.fullmatch(path):
        return path
    parts = path.split("/")
    if path.startswith("/"):
        raise Damaged(f"it holds {_shown(path)}, which is an absolute path")
    if any(part == ".." for part in parts):
        raise Damaged(f"it holds {_shown(path)}, which leads out of the folder")
    if "\0" in path or any(part in ("", ".") for part in parts):
        raise Damaged(f"it holds {_shown(path)}, which is no plain path")
    raw = path.encode("utf-8", "surrogateescape")
    if len(raw) > _MOST_PATH_BYTES or any(len(part) > _MOST_PART_BYTES for part in raw.split(b"/")):
        raise Damaged(f"it holds {_shown(path)}, which is too long for a path")
    return path


def _records(content: bytes, after: str) -> dict[str, str]:
    """The records of a pax header; those that would change what a member is are refused."""
    found: dict[str, str] = {}
    at = 0
    while at < len(content):
        length_text, space, _ = content[at : at + 12].partition(b" ")
        if not space or not length_text.isdigit():
            raise Damaged(f"the extended header after {_shown(after)} cannot be understood")
        length = int(length_text)
        record = content[at : at + length]
        key, equals, value = record[len(length_text) + 1 : -1].partition(b"=")
        if len(record) != length or not equals or record[-1:] != b"\n":
            raise Damaged(f"the extended header after {_shown(after)} cannot be understood")
        name = _text(key)
        if name in ("path", "linkpath", "size", "uid", "gid", "uname", "gname"):
            if name in found:
                raise Damaged(f"the extended header after {_shown(after)} says {name!r} twice")
            found[name] = _text(value)
        elif name not in (*_IGNORED_RECORDS, "hdrcharset"):
            raise Damaged(f"the extended header after {_shown(after)} says {_shown(name)}, which no backup does")
        at += length
    return found


def _said_number(said: dict[str, str], key: str, otherwise: int, after: str) -> int:
    text = said.get(key)
    if text is None:
        return otherwise
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise Damaged(f"the {key} of a member near {_shown(after)} is {_shown(text[:40])}, not a number")
    return int(text)


def _number(field: bytes, what: str, after: str) -> int:
    if field[0] == 0x80:
        value = int.from_bytes(field[1:], "big")
        if value >= 1 << 63:
            raise Damaged(f"the {what} of a member near {_shown(after)} is beyond all measure")
        return value
    return _octal(field, what, after)


def _octal(field: bytes, what: str, after: str) -> int:
    text = field.rstrip(b" \0").lstrip(b" ")
    if not text:
        return 0
    if text.strip(_OCTAL_DIGITS):
        raise Damaged(f"the {what} of a member near {_shown(after)} is no number")
    return int(text, 8)


def _field(raw: bytes) -> bytes:
    return raw.partition(b"\0")[0]


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _shown(name: str) -> str:
    if not name:
        return "its beginning"
    return repr(name if len(name) < 200 else name[:200] + "...")
