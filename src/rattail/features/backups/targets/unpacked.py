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
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from typing import Any, NamedTuple

from rattail.appdir.files import open_below, opened_folder
from rattail.appdir.refusal import refusal, shown
from rattail.errors import AppDirBroken
from rattail.features.backups.archive import format as names
from rattail.features.backups.archive.damaged import Damaged
from rattail.features.backups.archive.manifest import Entry
from rattail.features.backups.archive.opened import Archive
from rattail.features.backups.archive.reading import Readable
from rattail.features.backups.records.copy import FILES, NOTE
from rattail.features.backups.shelf.shelf import Backup, make_private
from rattail.features.backups.targets.index import Index, Row, Todo, open_index

Progress = Callable[[str, int, int | None], object]
FOLDER = "folder"
_RECORDS = f"{FOLDER}/data/database"
_PLACE = "unpacked"
_CHUNK_BYTES = 1 << 20
_AT_ONCE = 500  # paths looked up in the index


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
        with open_index(f"{path}.index") as index, opened_folder(path) as fd:
            if not index.begin():
                _empty(path)
            work = _Bringing(index, fd, archive, path, progress)
            work.bring()
            counted = work.counted()
            index.end(work.left_at() if counted == work.ours else {})
            return Unpacked(path, *counted)
    except OSError as error:
        raise refusal("unpack the backup into", path, error) from error
    except sqlite3.Error as error:
        raise AppDirBroken(
            f"the index {shown(path + '.index')} cannot be used: {error}.",
            hint=f"remove {shown(path)} and it, then run the same command again",
        ) from error


def _empty(path: str) -> None:
    for name in os.listdir(path):
        inner = f"{path}/{name}"
        shutil.rmtree(inner) if os.path.isdir(inner) and not os.path.islink(inner) else os.unlink(inner)


class _Item(NamedTuple):
    """What is to lie there; `said` is all that the backup says of it."""

    path: str
    kind: str
    said: str
    entry: Entry | None = None


class _Bringing:
    def __init__(self, index: Index, root_fd: int, archive: Archive, path: str, progress: Progress) -> None:
        self._index = index
        self._root_fd = root_fd
        self._archive = archive
        self._path = path
        self._progress = progress
        unpacked = () if archive.is_encrypted else (*archive.parts, names.SUMS)
        self._members = [name for name in archive.members if name not in unpacked]
        self._database: Mapping[str, Any] | None = None
        self._note = b""
        self._files = 0
        self._file_bytes = 0
        self._is_as_left = bool(index.left_at) and all(self._mtime_ns(name) == at for name, at in index.left_at.items())
        self._wanted_entries = 0
        self._wanted_files = 0
        self._wanted_bytes = 0
        self._done_bytes = 0

    def bring(self) -> None:
        archive = self._archive
        sizes = {name: archive.members[name].size_bytes for name in self._members}
        wanted = self._look_at([_Item(name, "file", self._sum_of(name)) for name in self._members])
        self._count(len(sizes), sum(sizes.values()))
        self._wanted_bytes += sum(sizes[item.path] for item in wanted)
        if not archive.is_encrypted:
            self._look_at_folder()
        for path in self._index.forget_gone():
            self._remove(path)
        self._require_room()
        for item in wanted:
            self._bring_member(item.path)
        if not archive.is_encrypted:
            self._bring_folder()
            self._bring_records()
            self._dress_folders()

    @property
    def ours(self) -> tuple[int, int]:
        """How many files were put there, and their bytes."""
        return self._files, self._file_bytes

    def left_at(self) -> dict[str, int | None]:
        """The times of the folders that no manifest tells of: if one is another next time, somebody was at it."""
        inner = {os.path.dirname(name) for name in self._members} - {""}
        return {name: self._mtime_ns(name) for name in ("", FOLDER, _RECORDS, *sorted(inner))}

    def counted(self) -> tuple[int, int]:
        """How many files lie there, and their bytes; where somebody else may have put some in, by going there."""
        return self.ours if self._is_as_left else _counted(self._path)

    def _count(self, files: int, file_bytes: int) -> None:
        self._files += files
        self._file_bytes += file_bytes

    def _mtime_ns(self, path: str) -> int | None:
        try:
            return os.lstat(path or ".", dir_fd=self._root_fd).st_mtime_ns
        except OSError:
            return None

    def _sum_of(self, name: str) -> str:
        return self._archive.sums.get(name) or self._archive.digest  # the list of sums is in no list

    def _look_at_folder(self) -> None:
        with self._archive.manifest() as (head, entries):
            self._look_at([_Item(FOLDER, "folder", "")])
            while chunk := list(islice(entries, _AT_ONCE)):
                self._count(sum(one.kind == "file" for one in chunk), sum(one.size for one in chunk))
                items = [_Item(f"{FOLDER}/{one.path}", one.kind, _said(one), one) for one in chunk]
                for item in self._look_at(items):
                    self._wanted_entries += 1
                    self._wanted_files += item.kind == "file"
                    self._wanted_bytes += item.entry.size if item.entry else 0
        database = self._database = head.database
        if database is None:
            return
        note = {"at": head.document["made_at"], **{key: database[key] for key in _NOTED}}
        self._note = json.dumps(note, indent=1).encode() + b"\n"
        size, path = int(database["size_bytes"]), f"{_RECORDS}/{FILES[database['kind']]}"
        self._count(2, size + len(self._note))
        if self._look_at([_Item(path, "file", self._archive.sums[database["part"]])]):
            self._wanted_bytes += size
        self._look_at([_Item(f"{_RECORDS}/{NOTE}", "file", self._archive.digest)])

    def _look_at(self, items: Sequence[_Item]) -> list[_Item]:
        """Compare what is to lie there with what does; gives what is to be brought, and writes down that it is."""
        known = self._index.known([item.path for item in items])
        wanted, seen, rows = [], [], []
        for item in items:
            kind, said = known.get(item.path, ("", ""))
            is_known = kind == item.kind and (said == item.said or kind == "folder")
            if is_known and self._is_untouched(item, said):
                if said == item.said:
                    seen.append(item.path)
                else:
                    rows.append(Row(item.path, kind, item.said, Todo.DRESS))
                continue
            if kind:
                self._remove(item.path)
            wanted.append(item)
        self._index.seen(seen)
        self._index.put(rows)
        self._index.put(Row(item.path, item.kind, item.said, Todo.BRING) for item in wanted)
        return wanted

    def _is_untouched(self, item: _Item, said: str) -> bool:
        """Whether that kind of thing lies there, as it was put there; a folder's time may be another one."""
        try:
            look = os.lstat(item.path, dir_fd=self._root_fd)
        except OSError:
            return False
        entry = item.entry
        if item.kind == "file":
            is_same = entry is None or (look.st_size, look.st_mtime_ns) == (entry.size, entry.mtime_ns)
            return stat.S_ISREG(look.st_mode) and is_same
        if item.kind == "link":
            return stat.S_ISLNK(look.st_mode)
        if entry is not None and said != _dress_of(look.st_mode, look.st_uid, look.st_gid, look.st_mtime_ns):
            self._is_as_left = False
            self._index.undressed(item.path)
        return stat.S_ISDIR(look.st_mode)

    def _remove(self, path: str) -> None:
        """What was ours, whatever lies there now; a folder goes with all that is in it."""
        with suppress(FileNotFoundError, NotADirectoryError):
            if stat.S_ISDIR(os.lstat(path, dir_fd=self._root_fd).st_mode):
                shutil.rmtree(f"{self._path}/{path}")
            else:
                os.unlink(path, dir_fd=self._root_fd)
            self._index.undressed(os.path.dirname(path))

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
        """Folders and links from the manifest, files from their part: each is read only where one is wanted."""
        with suppress(FileExistsError):
            os.mkdir(FOLDER, 0o700, dir_fd=self._root_fd)
        self._index.set_todo(FOLDER, Todo.NOTHING)
        if self._wanted_entries:
            with self._archive.manifest() as (_, entries):
                for entry in entries:
                    if entry.kind != "file" and self._index.is_to_bring(f"{FOLDER}/{entry.path}"):
                        self._make(entry)
        if self._wanted_files:
            with self._archive.manifest() as (_, entries), self._archive.folder() as members:
                for member, entry in zip(members, entries, strict=False):
                    if member.name != entry.path or member.kind != entry.kind or member.size_bytes != entry.size:
                        raise Damaged(f"it holds {member.name!r} where its manifest tells of {entry.path!r}")
                    if entry.kind == "file" and self._index.is_to_bring(f"{FOLDER}/{entry.path}"):
                        self._write(f"{FOLDER}/{entry.path}", members, sha256=entry.sha256, entry=entry)

    def _bring_records(self) -> None:
        database = self._database
        if database is None:
            return
        os.makedirs(f"{self._path}/{_RECORDS}", mode=0o700, exist_ok=True)
        path = f"{_RECORDS}/{FILES[database['kind']]}"
        if self._index.is_to_bring(path):
            self._require_sum(database["part"])
            with self._archive.part(database["part"]) as content:
                self._write(path, content)
        path = f"{_RECORDS}/{NOTE}"
        if self._index.is_to_bring(path):
            self._write(path, _Text(self._note))

    def _require_sum(self, name: str) -> None:
        found = hashlib.sha256()
        window = self._archive.raw(name)
        while piece := window.read(_CHUNK_BYTES):
            found.update(piece)
        if found.hexdigest() != self._archive.sums[name]:
            raise Damaged(f"the bytes of {name!r} are not those that were written")

    def _make(self, entry: Entry) -> None:
        with self._above(f"{FOLDER}/{entry.path}") as (fd, name):
            if entry.kind == "folder":
                os.mkdir(name, 0o700, dir_fd=fd)
            else:
                os.symlink(entry.target, name, dir_fd=fd)
                os.utime(name, ns=(entry.mtime_ns, entry.mtime_ns), dir_fd=fd, follow_symlinks=False)
        self._is_there(f"{FOLDER}/{entry.path}", Todo.DRESS if entry.kind == "folder" else Todo.NOTHING)

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
                    _dress(fd, entry.mode & 0o777, entry.uid, entry.gid, entry.mtime_ns)
        if sha256 and found.hexdigest() != sha256:
            raise Damaged(f"the content of {path!r} is not what it was")
        self._is_there(path)

    def _is_there(self, path: str, todo: Todo = Todo.NOTHING) -> None:
        self._index.set_todo(path, todo)
        self._index.undressed(os.path.dirname(path))

    def _dress_folders(self) -> None:
        """Owners, permissions and times of folders, last: whatever is put into one changes its time."""
        for path, said in self._index.to_dress():
            fd = open_below(self._root_fd, path)
            try:
                mode, uid, gid, mtime_ns = said.split()
                _dress(fd, int(mode, 8), int(uid), int(gid), int(mtime_ns))
            finally:
                os.close(fd)
        self._index.dressed()

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
    """All that has to be the same for a file or link to be left as it is; of a folder, how it is dressed."""
    if entry.kind == "folder":
        return _dress_of(entry.mode & 0o777 | 0o700, entry.uid, entry.gid, entry.mtime_ns)
    return f"{entry.size} {entry.mode:o} {entry.uid} {entry.gid} {entry.mtime_ns} {entry.sha256} {entry.target}"


def _dress_of(mode: int, uid: int, gid: int, mtime_ns: int) -> str:
    if os.geteuid():
        uid, gid = os.geteuid(), os.getegid()  # nobody but root can give anything away
    return f"{stat.S_IMODE(mode):o} {uid} {gid} {mtime_ns}"


def _dress(fd: int, mode: int, uid: int, gid: int, mtime_ns: int) -> None:
    if os.geteuid() == 0:
        os.fchown(fd, uid, gid)
    os.fchmod(fd, mode)
    os.utime(fd, ns=(mtime_ns, mtime_ns))


def _counted(path: str) -> tuple[int, int]:
    files = size = 0
    for folder, _, file_names in os.walk(path):
        for name in file_names:
            look = os.lstat(f"{folder}/{name}")
            if stat.S_ISREG(look.st_mode):
                files += 1
                size += look.st_size
    return files, size
