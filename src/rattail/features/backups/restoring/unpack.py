"""Unpacking the folder's part of an archive into a new, empty folder.

Everything happens through directory descriptors that follow no link, and nothing that exists is opened for writing:
whatever an archive says, nothing is written outside. Every member is compared with its entry of the manifest.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
from collections.abc import Callable, Sequence
from typing import NamedTuple

from rattail.appdir.files import open_below
from rattail.appdir.refusal import refusal, shown
from rattail.errors import AppDirBroken, NoSuchThing, WouldOverwrite
from rattail.features.backups.archive import format as names
from rattail.features.backups.archive.damaged import Damaged
from rattail.features.backups.archive.manifest import Entry, Head
from rattail.features.backups.archive.opened import Archive
from rattail.features.backups.archive.reading import Member, Members

_FILE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK_BYTES = 1 << 20
_LARGE_BYTES = 64 << 20  # before each such file the room on the disk is looked at
_TOLD_EVERY = 256
_MOST_NAMED = 1000
_FILE_BITS, _FOLDER_BITS = 0o777, 0o3777  # nothing runs as somebody else because a backup says so


class Unpacked(NamedTuple):
    """What was unpacked. `links_out` are links that lead out of the folder, as the backup had them (at most 1,000)."""

    files: int
    folders: int
    links: int
    file_bytes: int
    links_out: tuple[str, ...]


def unpack_folder(
    archive: Archive,
    into_fd: int,
    *,
    only: Sequence[str] = (),
    owner_of: Callable[[Entry], tuple[int, int]] | None = None,
    progress: Callable[[int, int | None], object] = lambda _done, _total: None,
) -> Unpacked:
    """Unpack the folder, or of it what lies at the logical paths `only`, into the empty folder `into_fd`.

    `owner_of` says uid and gid of an entry; without it everything belongs to whoever unpacks. Permissions and times
    are those of the backup, but nothing is setuid. `progress` is told the bytes so far and of how many; what it raises
    ends it. Whatever ends it leaves what was unpacked so far; nothing is flushed to the disk.

    Raises:
        Damaged: the archive is not what it says.
        NoSuchThing: the backup holds nothing at one of the paths `only`.
        WouldOverwrite: the folder is not empty.
        AppDirBroken: the disk refuses, or is too small.
        KeyDoesNotFit: the key is not the one of this backup.
    """
    if os.listdir(into_fd):
        raise WouldOverwrite("the folder to unpack into is not empty.", hint="name a new one")
    _require_manifest(archive)
    unpacking = _Unpacking(into_fd, tuple(path.strip("/") for path in only), owner_of, progress)
    try:
        unpacking.unpack(archive)
        unpacking.finish_folders(archive)
    finally:
        unpacking.close()
    return unpacking.unpacked()


class _Unpacking:
    def __init__(
        self,
        into_fd: int,
        only: tuple[str, ...],
        owner_of: Callable[[Entry], tuple[int, int]] | None,
        progress: Callable[[int, int | None], object],
    ) -> None:
        self._into_fd = into_fd
        self._only = only
        self._found: set[str] = set()
        self._owner_of = owner_of
        self._progress = progress
        self._at, self._at_fd = "", -1  # the folder at hand
        self._untold: set[str] = set()  # folders that were made before their entry came
        self._read_bytes = self._told_bytes = 0
        self._total = 0
        self._files = self._folders = self._links = self._file_bytes = 0
        self._links_out: list[str] = []

    def close(self) -> None:
        if self._at_fd >= 0:
            os.close(self._at_fd)

    def unpacked(self) -> Unpacked:
        return Unpacked(self._files, self._folders, self._links, self._file_bytes, tuple(self._links_out))

    def unpack(self, archive: Archive) -> None:
        with archive.manifest() as (head, entries), archive.folder() as members:
            self._total = head.file_bytes
            if not self._only:
                self._require_room(head.file_bytes)
            files = 0
            for number, member in enumerate(members):
                entry = next(entries, None)
                require_told(member, entry)
                assert entry is not None
                files += entry.kind == "file"
                self._require_counted(head, entry, files)
                if self._is_wanted(entry):
                    self._put(entry, members)
                if not number % _TOLD_EVERY:
                    self._progress(self._read_bytes, self._total)
            _require_all(head, next(entries, None), files)
        missing = [path for path in self._only if path not in self._found]
        if missing:
            raise NoSuchThing(f"the backup holds nothing at {', '.join(map(shown, missing))}.")
        self._progress(self._total, self._total)

    def finish_folders(self, archive: Archive) -> None:
        """Permissions, owners and times of folders: last, because whatever is put into one changes its time."""
        with archive.manifest() as (_, entries):
            for entry in entries:
                if entry.kind == "folder" and self._is_wanted(entry):
                    try:
                        fd = open_below(self._into_fd, entry.path)
                        try:
                            self._dress(fd, entry, entry.mode & _FOLDER_BITS)
                        finally:
                            os.close(fd)
                    except OSError as error:
                        raise refusal("set the permissions of", entry.path, error) from error

    def _is_wanted(self, entry: Entry) -> bool:
        if not self._only:
            return True
        path = entry.path
        for wanted in self._only:
            if path == wanted or path.startswith(f"{wanted}/"):
                self._found.add(wanted)
                return True
        return entry.kind == "folder" and any(wanted.startswith(f"{path}/") for wanted in self._only)

    def _put(self, entry: Entry, members: Members) -> None:
        folder, _, name = entry.path.rpartition("/")
        try:
            if folder != self._at or self._at_fd < 0:
                self._enter(folder)
            if entry.kind == "file":
                self._put_file(entry, name, members)
            elif entry.kind == "link":
                self._put_link(entry, name)
            else:
                self._put_folder(entry, name)
        except FileExistsError as error:
            raise Damaged(f"it holds {entry.path!r} twice, or two names that are one on this disk") from error
        except NotADirectoryError as error:
            raise Damaged(f"it holds {entry.path!r} in what is no folder") from error
        except (OSError, ValueError) as error:
            if isinstance(error, OSError):
                raise refusal("unpack", entry.path, error) from error
            raise Damaged(f"it holds {entry.path!r}, which cannot be the name of a file here") from error

    def _enter(self, folder: str) -> None:
        self.close()
        self._at_fd = -1
        try:
            self._at_fd = open_below(self._into_fd, folder or ".")
        except FileNotFoundError:  # of a relocated folder the backup may not hold what lies above
            at = ""
            for part in folder.split("/"):
                at = f"{at}/{part}" if at else part
                self._make_untold(at)
            self._at_fd = open_below(self._into_fd, folder)
        self._at = folder

    def _make_untold(self, path: str) -> None:
        above, _, name = path.rpartition("/")
        fd = open_below(self._into_fd, above or ".")
        try:
            os.mkdir(name, 0o700, dir_fd=fd)
            self._untold.add(path)
        except FileExistsError:
            pass  # whether it is a folder is seen when it is entered
        finally:
            os.close(fd)

    def _put_folder(self, entry: Entry, name: str) -> None:
        if entry.path in self._untold:
            self._untold.remove(entry.path)
        else:
            os.mkdir(name, 0o700, dir_fd=self._at_fd)
        self._folders += 1

    def _put_link(self, entry: Entry, name: str) -> None:
        os.symlink(entry.target, name, dir_fd=self._at_fd)
        if self._owner_of is not None:
            uid, gid = self._owner_of(entry)
            os.chown(name, uid, gid, dir_fd=self._at_fd, follow_symlinks=False)
        times = (entry.mtime_ns, entry.mtime_ns)
        os.utime(name, ns=times, dir_fd=self._at_fd, follow_symlinks=False)
        self._links += 1
        if leads_out(entry) and len(self._links_out) < _MOST_NAMED:
            self._links_out.append(entry.path)

    def _put_file(self, entry: Entry, name: str, members: Members) -> None:
        if entry.size >= _LARGE_BYTES:
            self._require_room(entry.size)
        fd = os.open(name, _FILE_FLAGS, 0o600, dir_fd=self._at_fd)
        try:
            digest = hashlib.sha256()
            while content := members.read(_CHUNK_BYTES):
                digest.update(content)
                _write(fd, content)
                self._read_bytes += len(content)
                if entry.size > _CHUNK_BYTES:
                    self._progress(self._read_bytes, self._total)
            if digest.hexdigest() != entry.sha256:
                raise Damaged(f"the content of {entry.path!r} is not what it was")
            self._dress(fd, entry, entry.mode & _FILE_BITS)
        finally:
            os.close(fd)
        self._files += 1
        self._file_bytes += entry.size

    def _dress(self, fd: int, entry: Entry, mode: int) -> None:
        if self._owner_of is not None:
            os.fchown(fd, *self._owner_of(entry))
        os.fchmod(fd, mode)
        os.utime(fd, ns=(entry.mtime_ns, entry.mtime_ns))

    def _require_counted(self, head: Head, entry: Entry, files: int) -> None:
        """A manifest that says less than it lists would unpack to more than there is room for."""
        self._told_bytes += entry.size if entry.kind == "file" else 0
        if self._told_bytes > head.file_bytes or files > head.files:
            raise Damaged(f"its manifest lists more than the {head.files:,} files that it tells of")

    def _require_room(self, size_bytes: int) -> None:
        disk = os.fstatvfs(self._into_fd)
        free = disk.f_bavail * disk.f_frsize
        if free < size_bytes:
            raise AppDirBroken(
                f"unpacking needs {size_bytes:,} bytes; {free:,} are free.", hint="free some space, or unpack elsewhere"
            )


def require_told(member: Member, entry: Entry | None) -> None:
    """Compare a member with the entry that should be its own.

    Raises:
        Damaged: they differ, or there is none.
    """
    if entry is None:
        raise Damaged(f"it holds {member.name!r}, of which its manifest does not tell")
    said = (entry.path, entry.kind, entry.size, entry.target)
    if (member.name, member.kind, member.size_bytes, member.target) != said:
        raise Damaged(f"what it holds as {member.name!r} is not what its manifest tells of {entry.path!r}")


def leads_out(link: Entry) -> bool:
    """Whether a link points to what lies outside of the folder."""
    if link.target.startswith("/"):
        return True
    return posixpath.normpath(posixpath.join(posixpath.dirname(link.path), link.target)).split("/")[0] == ".."


def _require_manifest(archive: Archive) -> None:
    """The manifest is believed from here on: its bytes must be those that were written."""
    name = names.MANIFEST + (names.ENCRYPTED if archive.is_encrypted else "")
    window, digest = archive.raw(name), hashlib.sha256()
    while content := window.read(_CHUNK_BYTES):
        digest.update(content)
    if digest.hexdigest() != archive.sums[name]:
        raise Damaged(f"the bytes of {name!r} are not those that were written")


def _require_all(head: Head, missing: Entry | None, files: int) -> None:
    if missing is not None:
        raise Damaged(f"{missing.path!r} is missing, of which its manifest tells")
    if files != head.files:
        raise Damaged(f"it holds {files:,} files, and its manifest says {head.files:,}")


def _write(fd: int, content: bytes) -> None:
    written = os.write(fd, content)
    if written != len(content):
        view = memoryview(content)[written:]
        while view:
            view = view[os.write(fd, view) :]
