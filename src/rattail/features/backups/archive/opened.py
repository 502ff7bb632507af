"""An archive that is looked into: its members by name, its parts unpacked as they are read."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from rattail.appdir.refusal import refusal, shown
from rattail.errors import InputRejected, Interrupted, KeyDoesNotFit
from rattail.features.backups.archive import format as names
from rattail.features.backups.archive.crypt import Decrypting
from rattail.features.backups.archive.damaged import Damaged
from rattail.features.backups.archive.manifest import Entry, Head, read_manifest
from rattail.features.backups.archive.reading import Member, Members, Readable

if TYPE_CHECKING:
    from pyrage import x25519

_SUM = re.compile(r"(?P<sum>[0-9a-f]{64})  (?P<name>[^\n]+)")
_WHEEL = re.compile(rf"{names.WHEELS}/[A-Za-z0-9][A-Za-z0-9._+!-]*\.whl")
_PARTS = frozenset((names.FOLDER_PART, *names.DATABASE_PARTS.values()))
_MOST_WINDOW_BYTES = 8 << 20  # level 3, with which we pack, has 2 MiB
_HELD_BYTES = 256 << 10


class Stored(NamedTuple):
    """Where a member's content lies in the archive."""

    offset: int
    size_bytes: int


class Archive:
    """An archive that is open for reading. Its bytes are checked where they are read back, not here."""

    def __init__(self, fd: int, path: str, identities: Sequence[x25519.Identity]) -> None:
        self._fd = fd
        self._identities = identities
        self.path = path
        #: How many bytes whoever checks the archive has read so far, and whether that was given up.
        self.read_bytes = 0
        self.is_given_up = False
        self.members = _members(fd)
        self.sums = self._sums()

    def count(self, size: int) -> None:
        """Note that so many bytes were read; ends the reading where it was given up.

        Raises:
            Interrupted: it was.
        """
        self.read_bytes += size
        if self.is_given_up:
            raise Interrupted("reading the backup was given up.")

    @property
    def is_encrypted(self) -> bool:
        return names.MANIFEST + names.ENCRYPTED in self.members

    @property
    def digest(self) -> str:
        """The SHA-256 of the list of sums: it stands for the whole archive."""
        return hashlib.sha256(self.small(names.SUMS)).hexdigest()

    @property
    def wheels(self) -> tuple[str, ...]:
        """The names of the members that are wheels."""
        return tuple(name for name in self.members if name.startswith(f"{names.WHEELS}/"))

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(name for name in self.members if name.removesuffix(names.ENCRYPTED) in _PARTS)

    def environment(self) -> Mapping[str, Any]:
        """The record of the environment, which is never encrypted."""
        try:
            document = json.loads(self.small(names.ENVIRONMENT))
            if not isinstance(document, dict):
                raise ValueError("not an object")
        except (ValueError, RecursionError) as error:
            raise Damaged(f"its {names.ENVIRONMENT} cannot be understood") from error
        return document

    def small(self, name: str) -> bytes:
        """The whole content of a small member."""
        stored = self._stored(name)
        if stored.size_bytes > names.MOST_SMALL_BYTES:
            raise Damaged(f"its member {name!r} is {stored.size_bytes:,} bytes long")
        return Window(self._fd, stored).read(stored.size_bytes)

    def raw(self, name: str) -> Window:
        """A member's bytes as they are stored."""
        return Window(self._fd, self._stored(name))

    def between(self, begin: int, end: int) -> Window:
        """The bytes of a stretch of the archive, whatever they are."""
        return Window(self._fd, Stored(begin, end - begin))

    @contextmanager
    def manifest(self) -> Iterator[tuple[Head, Iterator[Entry]]]:
        """The head of the manifest and its entries, which are read as they are asked for."""
        with self._decrypted(names.MANIFEST) as source:
            yield read_manifest(source)

    def head(self) -> Head:
        with self.manifest() as (head, _):
            return head

    @contextmanager
    def part(self, name: str) -> Iterator[Readable]:
        """The content of a part, decrypted and unpacked as it is read."""
        import zstandard

        with self._decrypted(name) as source:
            whole: Any = source
            unpacking = zstandard.ZstdDecompressor(max_window_size=_MOST_WINDOW_BYTES).stream_reader(
                whole, read_across_frames=True, closefd=False
            )
            yield _Unpacked(unpacking, name)

    def folder(self) -> _Folder:
        """The members of the folder's part: use as a context."""
        return _Folder(self)

    @contextmanager
    def _decrypted(self, name: str) -> Iterator[Readable]:
        if not self.is_encrypted:
            yield self.raw(name)
            return
        if not self._identities:
            raise InputRejected(
                f"the backup {shown(os.path.basename(self.path))} is encrypted, and no key was given.",
                hint="give the file with its secret age key: --identity FILE",
            )
        stored = name + names.ENCRYPTED
        try:
            with Decrypting(self.raw(stored), self._identities, what=name) as source:
                yield source
        except KeyDoesNotFit:
            self._require_sum(
                stored
            )  # where the words for a key are damaged, it looks as if the key were another one's
            raise

    def _require_sum(self, name: str) -> None:
        digest, content = hashlib.sha256(), self.raw(name)
        while chunk := content.read(_HELD_BYTES):
            digest.update(chunk)
        if digest.hexdigest() != self.sums[name]:
            raise Damaged(f"the bytes of {name!r} are not those that were written")

    def _stored(self, name: str) -> Stored:
        try:
            return self.members[name]
        except KeyError:
            raise Damaged(f"it has no member {name!r}") from None

    def _sums(self) -> dict[str, str]:
        """By member, its SHA-256 as the list of sums says."""
        sums = {}
        for line in self.small(names.SUMS).decode("ascii", "replace").splitlines():
            found = _SUM.fullmatch(line)
            if found is None or found["name"] in sums:
                raise Damaged(f"its list {names.SUMS} cannot be understood")
            sums[found["name"]] = found["sum"]
        if list(sums) != list(self.members)[:-1]:
            raise Damaged(f"its list {names.SUMS} is not about what it holds")
        return sums


class _Folder:
    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._stack = ExitStack()

    def __enter__(self) -> Members:
        return Members(self._stack.enter_context(self._archive.part(names.FOLDER_PART)))

    def __exit__(self, *_: object) -> None:
        self._stack.close()


@contextmanager
def open_archive(path: str, *, identities: Sequence[x25519.Identity] = ()) -> Iterator[Archive]:
    """Open an archive and look at what it is made of; `identities` are needed to read an encrypted one.

    Raises:
        Damaged: it is no whole archive.
        InputRejected: it is no file at all.
        AppDirBroken: it cannot be read.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise refusal("read", path, error) from error
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise InputRejected(f"{shown(path)} is no file; expected a backup, such as 'shop-20261122T023000Z.tar'.")
        yield Archive(fd, path, identities)
    finally:
        os.close(fd)


class Window:
    """A stretch of an open file, read from front to back."""

    def __init__(self, fd: int, stored: Stored) -> None:
        self._fd = fd
        self._at = stored.offset
        self._end = stored.offset + stored.size_bytes

    def read(self, size: int = -1) -> bytes:
        size = self._end - self._at if size < 0 else min(size, self._end - self._at)
        parts = []
        while size:
            part = _pread(self._fd, size, self._at)
            if not part:
                raise Damaged("it ends in the middle of a member")
            parts.append(part)
            self._at += len(part)
            size -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)


class _Unpacked:
    """What is unpacked, with the faults of the compressor told as what they are. Small reads are served from memory."""

    def __init__(self, source: Any, name: str) -> None:
        self._source = source
        self._name = name
        self._held = b""
        self._at = 0

    def read(self, size: int) -> bytes:
        if self._at >= len(self._held):
            if size >= _HELD_BYTES:
                return self._unpack(size)
            self._held, self._at = self._unpack(_HELD_BYTES), 0
        content = self._held[self._at : self._at + size]
        self._at += len(content)
        return content

    def _unpack(self, size: int) -> bytes:
        import zstandard

        try:
            content: bytes = self._source.read(size)
        except zstandard.ZstdError as error:
            raise Damaged(f"its part {self._name!r} cannot be unpacked ({error})") from error
        return content


class _Outer:
    """The outer tar, of which only headers are read: contents are passed over."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._size = os.fstat(fd).st_size
        self.at = 0

    def read(self, size: int) -> bytes:
        content = _pread(self._fd, min(size, max(self._size - self.at, 0)), self.at)
        self.at += len(content)
        return content

    def skip(self, size: int) -> None:
        self.at += size


def _pread(fd: int, size: int, at: int) -> bytes:
    """What the disk cannot give back is damage; whatever else is in the way may go away."""
    try:
        return os.pread(fd, size, at)
    except OSError as error:
        if error.errno == errno.EIO:
            raise Damaged(f"the disk cannot read it at byte {at:,} (input/output error)") from error
        raise refusal("read", os.readlink(f"/proc/self/fd/{fd}"), error) from error


def _members(fd: int) -> dict[str, Stored]:
    """The members of the outer tar, in their order, which is known."""
    found: dict[str, Stored] = {}
    outer = _Outer(fd)
    members = Members(outer, skip=outer.skip)
    for member in members:
        _require_known(member, found)
        found[member.name] = Stored(outer.at, member.size_bytes)
        if outer.at + member.size_bytes > os.fstat(fd).st_size:
            raise Damaged(f"it ends in the middle of {member.name!r}")
    order = [name.removesuffix(names.ENCRYPTED) for name in found if not name.startswith(f"{names.WHEELS}/")]
    parts = order[4:-1]
    if (
        order[:4] != [names.RESTORE_TEXT, names.RESTORE_PROGRAM, names.ENVIRONMENT, names.MANIFEST]
        or order[-1:] != [names.SUMS]
        or parts[-1:] != [names.FOLDER_PART]
        or len(parts) > 2
    ):
        raise Damaged("it is no backup of ours, or not a whole one")
    encrypted = {name.endswith(names.ENCRYPTED) for name in found if name.removesuffix(names.ENCRYPTED) in order[3:-1]}
    if len(encrypted) > 1:
        raise Damaged("some of its parts are encrypted and some are not")
    return found


def _require_known(member: Member, found: Mapping[str, Stored]) -> None:
    plain = member.name.removesuffix(names.ENCRYPTED)
    is_known = (
        member.name in (names.RESTORE_TEXT, names.RESTORE_PROGRAM, names.ENVIRONMENT, names.SUMS)
        or plain == names.MANIFEST
        or plain in _PARTS
        or _WHEEL.fullmatch(member.name) is not None
    )
    if not is_known or member.kind != "file":
        raise Damaged(f"it holds {member.name!r}, which no backup does")
    if member.name in found or (plain != member.name and plain in found):
        raise Damaged(f"it holds {member.name!r} twice")
    if len(found) >= names.MOST_MEMBERS:
        raise Damaged(f"it holds more than {names.MOST_MEMBERS:,} members")
