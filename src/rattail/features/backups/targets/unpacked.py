"""The content of the newest backup as plain files, in a fixed place: what goes into a repository.

restic and borg send only what differs, and skip what they know by its time and size. So nothing is written anew
that the last backup had: an index beside the files says what each of them is. Where a run was killed, all of it is
written anew. `folder/` in it is the app folder with a copy of the records, as somebody would copy it by hand.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from rattail.appdir.files import open_below, opened_folder
from rattail.appdir.refusal import refusal, shown
from rattail.errors import AppDirBroken
from rattail.features.backups.archive import format as names
from rattail.features.backups.archive.damaged import Damaged
from rattail.features.backups.archive.manifest import Entry, Head
from rattail.features.backups.archive.opened import Archive
from rattail.features.backups.archive.reading import Readable
from rattail.features.backups.records.copy import FILES, NOTE
from rattail.features.backups.shelf.shelf import Backup, make_private

Progress = Callable[[str, int, int | None], object]
FOLDER = "folder"
_RECORDS = f"{FOLDER}/data/database"
_PLACE = "unpacked"
_CHUNK_BYTES = 1 << 20
_TABLES = """
CREATE TABLE IF NOT EXISTS state (is_clean INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS known (
    path TEXT PRIMARY KEY, kind TEXT NOT NULL, said TEXT NOT NULL, run INTEGER NOT NULL, is_wanted INTEGER NOT NULL
) WITHOUT ROWID;
"""


class Unpacked(NamedTuple):
    """Where the files lie, how many they are and how long; folders and links are not counted."""

    path: str
    files: int
    file_bytes: int


def unpack_for_repository(archive: Archive, backup: Backup, *, shelf: str, progress: Progress) -> Unpacked:
    """Bring the place for the contents of the newest backup to those of this one; only under the lock of the shelf.

    Of an encrypted backup these are its parts as they are: there is no key here.

    Raises:
        Damaged: the backup is.
        AppDirBroken: the disk refuses or is too small.
    """
    path = f"{shelf}/{_PLACE}/{backup.app}"
    try:
        make_private(path, below=shelf)
        with _index(f"{path}.index") as index, opened_folder(path) as fd:
            _begin(index, path)
            work = _Bringing(index, fd, archive, path, progress)
            work.bring()
            index.execute("UPDATE state SET is_clean = 1")
            index.execute("COMMIT")
            return Unpacked(path, *_counted(path))
    except OSError as error:
        raise refusal("unpack the backup into", path, error) from error
    except sqlite3.Error as error:
        raise AppDirBroken(
            f"the index {shown(path + '.index')} cannot be used: {error}.",
            hint=f"remove {shown(path)} and it, then run the same command again",
        ) from error


@contextmanager
def _index(path: str) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous=OFF")
        connection.executescript(_TABLES)
        yield connection
    finally:
        connection.close()


def _begin(index: sqlite3.Connection, path: str) -> None:
    """Empty the place where a run did not come to its end; note that one has begun."""
    state = index.execute("SELECT is_clean FROM state").fetchone()
    if state is None or not state[0]:
        for name in os.listdir(path):
            inner = f"{path}/{name}"
            shutil.rmtree(inner) if os.path.isdir(inner) and not os.path.islink(inner) else os.unlink(inner)
        index.executescript("DELETE FROM known; DELETE FROM state; INSERT INTO state VALUES (0);")
    index.execute("UPDATE state SET is_clean = 0")
    index.execute("BEGIN")


class _Bringing:
    def __init__(
        self, index: sqlite3.Connection, root_fd: int, archive: Archive, path: str, progress: Progress
    ) -> None:
        self._index = index
        self._root_fd = root_fd
        self._archive = archive
        self._path = path
        self._progress = progress
        self._run = 1 + int(index.execute("SELECT coalesce(max(run), 0) FROM known").fetchone()[0])
        self._wanted_files = 0
        self._wanted_bytes = 0
        self._done_bytes = 0

    def bring(self) -> None:
        archive = self._archive
        unpacked = () if archive.is_encrypted else (*archive.parts, names.SUMS)
        members = [name for name in archive.members if name not in unpacked]
        wanted = [name for name in members if not self._is_known(name, "file", self._sum_of(name))]
        self._wanted_bytes += sum(archive.members[name].size_bytes for name in wanted)
        if not archive.is_encrypted:
            self._look_at_folder()
        self._remove_what_is_gone()
        self._require_room()
        for name in wanted:
            self._bring_member(name)
        if not archive.is_encrypted:
            self._bring_folder()
            self._dress_folders()

    def _sum_of(self, name: str) -> str:
        return self._archive.sums.get(name) or self._archive.digest  # the list of sums is in no list

    def _look_at_folder(self) -> None:
        with self._archive.manifest() as (head, entries):
            self._is_known(FOLDER, "folder", "")
            for entry in entries:
                is_known = self._is_known(f"{FOLDER}/{entry.path}", entry.kind, _said(entry), entry=entry)
                self._wanted_files += not is_known and entry.kind == "file"
                self._wanted_bytes += 0 if is_known else entry.size
            if head.database is not None:
                path = f"{_RECORDS}/{FILES[head.database['kind']]}"
                if not self._is_known(path, "file", self._archive.sums[head.database["part"]]):
                    self._wanted_bytes += int(head.database["size_bytes"])
                self._is_known(f"{_RECORDS}/{NOTE}", "file", self._archive.digest)

    def _is_known(self, path: str, kind: str, said: str, *, entry: Entry | None = None) -> bool:
        """Whether it lies there as the backup has it; what does not is written down as wanted."""
        row = self._index.execute("SELECT kind, said FROM known WHERE path = ?", (path,)).fetchone()
        is_known = row == (kind, said) and self._is_untouched(path, kind, entry)
        if row is not None and not is_known:
            self._remove(path)
        self._index.execute("REPLACE INTO known VALUES (?, ?, ?, ?, ?)", (path, kind, said, self._run, not is_known))
        return is_known

    def _is_untouched(self, path: str, kind: str, entry: Entry | None) -> bool:
        try:
            look = os.lstat(path, dir_fd=self._root_fd)
        except OSError:
            return False
        if kind == "file":
            is_same = entry is None or (look.st_size, look.st_mtime_ns) == (entry.size, entry.mtime_ns)
            return stat.S_ISREG(look.st_mode) and is_same
        return stat.S_ISDIR(look.st_mode) if kind == "folder" else stat.S_ISLNK(look.st_mode)

    def _remove_what_is_gone(self) -> None:
        gone = self._index.execute("SELECT path FROM known WHERE run <> ? ORDER BY length(path) DESC", (self._run,))
        for (path,) in gone:
            self._remove(path)
        self._index.execute("DELETE FROM known WHERE run <> ?", (self._run,))

    def _remove(self, path: str) -> None:
        """What was ours, whatever lies there now; a folder goes with all that is in it."""
        with suppress(FileNotFoundError, NotADirectoryError):
            if stat.S_ISDIR(os.lstat(path, dir_fd=self._root_fd).st_mode):
                shutil.rmtree(f"{self._path}/{path}")
            else:
                os.unlink(path, dir_fd=self._root_fd)

    def _require_room(self) -> None:
        disk = os.fstatvfs(self._root_fd)
        missing = self._wanted_bytes - disk.f_bavail * disk.f_frsize
        if missing > 0:
            raise AppDirBroken(
                f"there is too little room for the content of the backup in {shown(self._path)}, from where it goes "
                f"into a repository: {missing:,} bytes are missing.",
                hint="free some space there (df -h), then run the same command again",
            )

    def _bring_member(self, name: str) -> None:
        folder = os.path.dirname(name)
        if folder:
            with suppress(FileExistsError):
                os.mkdir(folder, 0o700, dir_fd=self._root_fd)
        self._write(name, self._archive.raw(name), sha256=self._sum_of(name))

    def _bring_folder(self) -> None:
        """Folders and links from the manifest, files from their part: that is read only where one is wanted."""
        with suppress(FileExistsError):
            os.mkdir(FOLDER, 0o700, dir_fd=self._root_fd)
        with self._archive.manifest() as (head, entries):
            for entry in entries:
                if entry.kind != "file" and self._is_wanted(f"{FOLDER}/{entry.path}"):
                    self._make(entry)
        if self._wanted_files:
            with self._archive.manifest() as (_, entries), self._archive.folder() as members:
                for member, entry in zip(members, entries, strict=False):
                    if member.name != entry.path or member.kind != entry.kind or member.size_bytes != entry.size:
                        raise Damaged(f"it holds {member.name!r} where its manifest tells of {entry.path!r}")
                    if entry.kind == "file" and self._is_wanted(f"{FOLDER}/{entry.path}"):
                        self._write(f"{FOLDER}/{entry.path}", members, sha256=entry.sha256, entry=entry)
        self._bring_records(head)

    def _bring_records(self, head: Head) -> None:
        database = head.database
        if database is None:
            return
        os.makedirs(f"{self._path}/{_RECORDS}", mode=0o700, exist_ok=True)
        path = f"{_RECORDS}/{FILES[database['kind']]}"
        if self._is_wanted(path):
            self._require_sum(database["part"])
            with self._archive.part(database["part"]) as content:
                self._write(path, content)
        note = {"at": head.document["made_at"], **{key: database[key] for key in _NOTED}}
        path = f"{_RECORDS}/{NOTE}"
        if self._is_wanted(path):
            self._write(path, _Text(json.dumps(note, indent=1).encode() + b"\n"))

    def _require_sum(self, name: str) -> None:
        found = hashlib.sha256()
        window = self._archive.raw(name)
        while piece := window.read(_CHUNK_BYTES):
            found.update(piece)
        if found.hexdigest() != self._archive.sums[name]:
            raise Damaged(f"the bytes of {name!r} are not those that were written")

    def _is_wanted(self, path: str) -> bool:
        row = self._index.execute("SELECT is_wanted FROM known WHERE path = ?", (path,)).fetchone()
        return bool(row and row[0])

    def _make(self, entry: Entry) -> None:
        with self._above(f"{FOLDER}/{entry.path}") as (fd, name):
            if entry.kind == "folder":
                os.mkdir(name, 0o700, dir_fd=fd)
            else:
                os.symlink(entry.target, name, dir_fd=fd)
                os.utime(name, ns=(entry.mtime_ns, entry.mtime_ns), dir_fd=fd, follow_symlinks=False)
        self._is_there(f"{FOLDER}/{entry.path}")

    def _write(self, path: str, content: Readable, *, sha256: str = "", entry: Entry | None = None) -> None:
        found = hashlib.sha256()
        with self._above(path) as (folder_fd, name):
            fd = os.open(
                name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=folder_fd
            )
            with open(fd, "wb", buffering=0) as stream:
                while piece := content.read(_CHUNK_BYTES):
                    found.update(piece)
                    stream.write(piece)
                    self._done_bytes += len(piece)
                    self._progress("unpacking", self._done_bytes, self._wanted_bytes)
                if entry is not None:
                    _dress(fd, entry, entry.mode & 0o777)
        if sha256 and found.hexdigest() != sha256:
            raise Damaged(f"the content of {path!r} is not what it was")
        self._is_there(path)

    def _is_there(self, path: str) -> None:
        self._index.execute("UPDATE known SET is_wanted = 0 WHERE path = ?", (path,))

    def _dress_folders(self) -> None:
        """Permissions and times of folders, last: whatever is put into one changes its time."""
        with self._archive.manifest() as (_, entries):
            for entry in entries:
                if entry.kind == "folder":
                    path, mode = f"{FOLDER}/{entry.path}", entry.mode & 0o777 | 0o700
                    look = os.lstat(path, dir_fd=self._root_fd)
                    if (look.st_mtime_ns, stat.S_IMODE(look.st_mode)) != (entry.mtime_ns, mode):
                        fd = open_below(self._root_fd, path)
                        try:
                            _dress(fd, entry, mode)
                        finally:
                            os.close(fd)

    @contextmanager
    def _above(self, path: str) -> Iterator[tuple[int, str]]:
        folder, _, name = path.rpartition("/")
        fd = open_below(self._root_fd, folder or ".")
        try:
            yield fd, name
        finally:
            os.close(fd)


_NOTED = ("kind", "size_bytes", "server_version", "migrations", "counts")


class _Text:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, size: int, /) -> bytes:
        content, self._content = self._content[:size], self._content[size:]
        return content


def _said(entry: Entry) -> str:
    """All that has to be the same for a file to be left as it is. Folders get what they are to be in the end."""
    if entry.kind == "folder":
        return ""
    return f"{entry.size} {entry.mode:o} {entry.uid} {entry.gid} {entry.mtime_ns} {entry.sha256} {entry.target}"


def _dress(fd: int, entry: Entry, mode: int) -> None:
    if os.geteuid() == 0:
        os.fchown(fd, entry.uid, entry.gid)
    os.fchmod(fd, mode)
    os.utime(fd, ns=(entry.mtime_ns, entry.mtime_ns))


def _counted(path: str) -> tuple[int, int]:
    files = size = 0
    for folder, _, file_names in os.walk(path):
        for name in file_names:
            look = os.lstat(f"{folder}/{name}")
            if stat.S_ISREG(look.st_mode):
                files += 1
                size += look.st_size
    return files, size
