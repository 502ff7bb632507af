"""Reading a backup back from the disk: every byte against the sums, every file against the manifest, the records
opened and looked through."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from rattail.appdir.files import write_all
from rattail.appdir.names import TEMPORARY_HEX_DIGITS, TEMPORARY_PREFIX
from rattail.appdir.refusal import refusal
from rattail.features.backups.archive import tar
from rattail.features.backups.archive.damaged import Damaged
from rattail.features.backups.archive.manifest import Entry, Head
from rattail.features.backups.archive.opened import Archive, open_archive
from rattail.features.backups.archive.reading import Member, Members
from rattail.features.backups.records.check import check_copy

if TYPE_CHECKING:
    from pyrage import x25519

_CHUNK_BYTES = 1 << 20


class ReadBack(NamedTuple):
    """What was found; `problem` is empty where all is as it should be. `is_whole_only`: nothing inside an encrypted
    backup was looked at, because no key was given."""

    problem: str
    seconds: float
    is_whole_only: bool = False


def read_back(
    path: str,
    *,
    scratch: str,
    identities: Sequence[x25519.Identity] = (),
    progress: Callable[[int, int | None], object] = lambda _done, _total: None,
) -> ReadBack:
    """Read a whole archive and compare it with itself. Without a key only the sums of an encrypted one are compared.

    The copy of the records is unpacked for a while into the folder `scratch`. `progress` is told the
    bytes so far and of how many; what it raises ends the reading.

    Raises:
        AppDirBroken: it cannot be read at all, or there is no room in `scratch`.
        KeyDoesNotFit: the key is not the one of this backup.
    """
    begun = time.monotonic()
    try:
        with open_archive(path, identities=identities) as archive:
            _from_the_disk(path)
            is_whole_only = archive.is_encrypted and not identities
            _check(archive, scratch, is_whole_only=is_whole_only, progress=progress)
    except Damaged as error:
        return ReadBack(error.what, time.monotonic() - begun)
    return ReadBack("", time.monotonic() - begun, is_whole_only)


def _from_the_disk(path: str) -> None:
    """Have what is read come from the disk and not from memory, as far as the system does that."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(fd)


def _check(
    archive: Archive, scratch: str, *, is_whole_only: bool, progress: Callable[[int, int | None], object]
) -> None:
    total = sum(stored.size_bytes for stored in archive.members.values())
    progress(0, total)
    sums = _Task(lambda: _check_sums(archive))
    tasks = [sums]
    if not is_whole_only:
        head = archive.head()
        _check_head(archive, head)
        tasks.append(_Task(lambda: _check_records(archive, head, scratch)))
        tasks.append(_Task(lambda: _check_folder(archive)))
    try:
        while any(task.is_alive() for task in tasks):
            progress(archive.read_bytes, total)
            for task in tasks:
                task.join(0.05)
    finally:
        archive.is_given_up = True
        for task in tasks:
            task.join()
    for task in tasks:
        if task.error is not None:
            raise task.error
    progress(total, total)


class _Task(threading.Thread):
    """One of the checks that go on at the same time: two processors have something to do."""

    def __init__(self, check: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self._check = check
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._check()
        except BaseException as error:  # noqa: BLE001 - it is told where the task is waited for
            self.error = error


def _check_sums(archive: Archive) -> None:
    _check_between(archive)
    for name, said in archive.sums.items():
        found = hashlib.sha256()
        window = archive.raw(name)
        while content := window.read(_CHUNK_BYTES):
            found.update(content)
            archive.count(len(content))
        if found.hexdigest() != said:
            raise Damaged(f"the bytes of {name!r} are not those that were written")


def _check_between(archive: Archive) -> None:
    """What lies between the members says nothing, and has to be as it was written all the same."""
    end, name = 0, "its beginning"
    for following, stored in archive.members.items():
        gap = archive.between(end, stored.offset - tar.BLOCK)  # the header has a check sum of its own
        padding = gap.read(-end % tar.BLOCK)
        rest = stored.offset - tar.BLOCK - end - len(padding)
        is_filler = rest != tar.BLOCK and all(gap.read(len(piece)) == piece for piece in tar.filler(rest))
        if padding.strip(b"\0") or not is_filler:
            raise Damaged(f"the bytes after {name!r} are not those that were written")
        end, name = stored.offset + stored.size_bytes, following


def _check_head(archive: Archive, head: Head) -> None:
    parts = {part.name: part for part in head.parts}
    if tuple(parts) != archive.parts:
        raise Damaged("its manifest tells of other parts than there are")
    for name, part in parts.items():
        if part.stored_sha256 != archive.sums[name] or part.stored_bytes != archive.members[name].size_bytes:
            raise Damaged(f"its manifest and its list of sums do not agree about {name!r}")


def _check_folder(archive: Archive) -> None:
    """Every member of the folder's part against its entry of the manifest, in the same order."""
    with archive.manifest() as (head, entries), archive.folder() as members:
        files = 0
        for member in members:
            entry = next(entries, None)
            if entry is None:
                raise Damaged(f"it holds {member.name!r}, of which its manifest does not tell")
            check_member(member, entry, members)
            files += entry.kind == "file"
        missing = next(entries, None)
        if missing is not None:
            raise Damaged(f"{missing.path!r} is missing, of which its manifest tells")
        if files != head.files:
            raise Damaged(f"it holds {files:,} files, and its manifest says {head.files:,}")


def check_member(member: Member, entry: Entry, members: Members) -> None:
    """Compare one member, and its whole content, with its entry.

    Raises:
        Damaged: they differ.
    """
    said = (entry.path, entry.kind, entry.size, entry.target)
    if (member.name, member.kind, member.size_bytes, member.target) != said:
        raise Damaged(f"what it holds as {member.name!r} is not what its manifest tells of {entry.path!r}")
    if entry.kind == "file":
        found = hashlib.sha256()
        while content := members.read(_CHUNK_BYTES):
            found.update(content)
        if found.hexdigest() != entry.sha256:
            raise Damaged(f"the content of {entry.path!r} is not what it was")


def _check_records(archive: Archive, head: Head, scratch: str) -> None:
    database = head.database
    if database is None:
        return
    path = f"{scratch}/{TEMPORARY_PREFIX}{os.urandom(TEMPORARY_HEX_DIGITS // 2).hex()}"  # SQLite wants a name
    try:
        _check_unpacked(archive, database, path)
    except OSError as error:
        raise refusal("unpack the copy of the records, to look at it, into", scratch, error) from error


def _check_unpacked(archive: Archive, database: Mapping[str, Any], path: str) -> None:
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        size = 0
        with archive.part(str(database["part"])) as content:
            while chunk := content.read(_CHUNK_BYTES):
                size += len(chunk)
                if size > int(database["size_bytes"]):
                    break
                write_all(fd, chunk)
        if size != database["size_bytes"]:
            raise Damaged("the copy of the records is not as long as its manifest says")
        checked = check_copy(path, database["kind"], cancelled=lambda: archive.is_given_up)
        if not checked.ok:
            raise Damaged(f"the copy of the records is not good: {checked.problem}")
        if checked.counts != dict(database["counts"]):
            raise Damaged("the copy of the records does not have the rows that its manifest tells of")
    finally:
        os.close(fd)
        os.unlink(path)
