"""The archive while it is written: members one after the other, the manifest in the room that was kept for it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from rattail.features.backups.archive import format as names
from rattail.features.backups.archive import tar
from rattail.features.backups.archive.crypt import encrypt
from rattail.features.backups.archive.manifest import Part, write_manifest
from rattail.features.backups.archive.stream import PartWriter

if TYPE_CHECKING:
    from pyrage import x25519

_COPIED_AT_ONCE = 1 << 20
_GATHERED_BYTES = 1 << 20
_AGE_SLACK_BYTES = 64 << 10


class RoomTooSmall(Exception):
    """The manifest became longer than the room that was kept for it: the backup is begun anew with more."""


class ArchiveFile:
    """Writes an archive into an empty file, once from front to back but for the manifest.

    Raises (from everything):
        OSError: the disk refuses; whatever `on_stored` (told the size so far) raises.
    """

    def __init__(
        self,
        fd: int,
        *,
        made_at_s: int,
        recipients: Sequence[x25519.Recipient],
        on_stored: Callable[[int], object],
    ) -> None:
        self._fd = fd
        self._made_at_s = made_at_s
        self._recipients = recipients
        self._on_stored = on_stored
        self._at = 0
        self._sums: dict[str, str] = {}
        self._manifest_at = self._manifest_room = 0
        self.digest = ""

    @property
    def size_bytes(self) -> int:
        return self._at

    def add(self, name: str, content: bytes) -> None:
        """A small member."""
        self._write(self._header(name, len(content)) + content + tar.padding(len(content)))
        self._sums[name] = hashlib.sha256(content).hexdigest()

    def add_file(self, name: str, path: str, *, size_bytes: int, sha256: str) -> None:
        """A file of the disk, whose size and SHA-256 are known and are compared.

        Raises:
            ValueError: the file is another one now.
        """
        self._write(self._header(name, size_bytes))
        found = hashlib.sha256()
        copied = 0
        with open(path, "rb", buffering=0) as stream:
            while content := stream.read(_COPIED_AT_ONCE):
                found.update(content)
                copied += len(content)
                if copied > size_bytes:
                    break
                self._write(content)
        if copied != size_bytes or found.hexdigest() != sha256:
            raise ValueError(f"{path} changed while it was packed")
        self._write(tar.padding(size_bytes))
        self._sums[name] = sha256

    def keep_room(self, size_bytes: int) -> None:
        """Leave room for a manifest of at most `size_bytes`, and go on behind it."""
        if self._recipients:
            size_bytes += size_bytes // 2048 + _AGE_SLACK_BYTES  # age adds 16 bytes to each 64 KiB, and its own head
        self._manifest_at = self._at
        self._manifest_room = 2 * tar.BLOCK + tar.padded(size_bytes) + tar.BLOCK
        self._sums[self._named(names.MANIFEST)] = ""  # its place among the sums
        self._at += self._manifest_room
        os.ftruncate(self._fd, self._at)

    def add_part(self, name: str, fill: Callable[[Callable[[bytes], None]], None]) -> Part:
        """A part: `fill` gets a function that takes its content, piece by piece, and returns when it is all told."""
        stored_as = self._named(name)
        begin = self._at + tar.BLOCK
        told = self._at
        writer = PartWriter(
            self._fd,
            begin,
            stored_as,
            recipients=self._recipients,
            on_stored=lambda stored: self._on_stored(told + stored),
        )
        with writer:
            fill(writer.write)
            part = writer.finish()
        os.pwrite(self._fd, self._header(stored_as, part.stored_bytes), self._at)
        self._at = begin + part.stored_bytes
        self._write(tar.padding(part.stored_bytes))
        self._sums[stored_as] = part.stored_sha256
        return part

    def put_manifest(self, head: Mapping[str, Any], lines: Callable[[], Iterator[bytes]]) -> None:
        """Write the manifest where room was kept for it.

        Raises:
            RoomTooSmall: there is too little.
        """
        for white_space in (0, tar.BLOCK):
            size, digest = self._manifest(head, lines(), white_space)
            rest = self._manifest_room - tar.BLOCK - tar.padded(size)
            if rest != tar.BLOCK:  # which no filler is as short as
                break
        name = self._named(names.MANIFEST)
        os.pwrite(self._fd, self._header(name, size), self._manifest_at)
        behind = self._manifest_at + tar.BLOCK + size
        for piece in chain((tar.padding(size),), tar.filler(rest)):
            behind += os.pwrite(self._fd, piece, behind)
        self._sums[name] = digest

    def finish(self) -> None:
        """Write the list of sums and the end mark, and have all of it on the disk."""
        content = "".join(f"{digest}  {name}\n" for name, digest in self._sums.items()).encode("ascii")
        self.digest = hashlib.sha256(content).hexdigest()
        self._write(self._header(names.SUMS, len(content)) + content + tar.padding(len(content)) + tar.END)
        os.fsync(self._fd)

    def _manifest(self, head: Mapping[str, Any], lines: Iterator[bytes], white_space: int) -> tuple[int, str]:
        """Write the content of the manifest; its size and SHA-256 as they are stored."""
        out = _Placed(self._fd, self._manifest_at + tar.BLOCK, room=self._manifest_room - 2 * tar.BLOCK)
        if self._recipients:
            pieces = _Pieces(_document(head, lines, white_space))
            encrypt(pieces.take, out.put, self._recipients)
        else:
            for piece in _document(head, lines, white_space):
                out.put(piece)
        out.flush()
        if out.is_full:
            raise RoomTooSmall
        return out.size_bytes, out.hash.hexdigest()

    def _named(self, name: str) -> str:
        return name + names.ENCRYPTED if self._recipients else name

    def _header(self, name: str, size_bytes: int) -> bytes:
        return tar.header(name, size_bytes=size_bytes, mtime_s=self._made_at_s)

    def _write(self, content: bytes) -> None:
        view = memoryview(content)
        while view:
            written = os.pwrite(self._fd, view, self._at)
            self._at += written
            view = view[written:]
        self._on_stored(self._at)


def _document(head: Mapping[str, Any], lines: Iterator[bytes], white_space: int) -> Iterator[bytes]:
    gathered: list[bytes] = []
    for piece in write_manifest(head, lines):
        gathered.append(piece)
        if len(gathered) >= 4096:
            yield b"".join(gathered)
            gathered = []
    yield b"".join(gathered) + b"\n" * white_space


class _Pieces:
    """Pieces of any size, given out in the size that is asked for."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held = b""

    def take(self, size: int) -> bytes:
        while not self._held:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._held = piece
        given, self._held = self._held[:size], self._held[size:]
        return given


class _Placed:
    """Writes into a stretch of the file and counts; what does not fit any more is only noted."""

    def __init__(self, fd: int, at: int, *, room: int) -> None:
        self._fd = fd
        self._at = at
        self._room = room
        self._gathered: list[bytes] = []
        self._gathered_bytes = 0
        self.size_bytes = 0
        self.hash = hashlib.sha256()
        self.is_full = False

    def put(self, content: bytes) -> None:
        self._gathered.append(content)
        self._gathered_bytes += len(content)
        if self._gathered_bytes >= _GATHERED_BYTES:
            self.flush()

    def flush(self) -> None:
        content = b"".join(self._gathered)
        self._gathered, self._gathered_bytes = [], 0
        if self.size_bytes + len(content) > self._room:
            self.is_full = True
            return
        self.hash.update(content)
        view = memoryview(content)
        while view:
            written = os.pwrite(self._fd, view, self._at + self.size_bytes)
            self.size_bytes += written
            view = view[written:]
