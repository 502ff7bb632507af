"""A plain copy of an app folder, made by rsync, tar or anything else, perhaps while the application ran.

Its files are taken as they are; its records are the newest consistent copy in `data/database`, never the file that
was live, which a copy may show half changed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rattail.appdir.files import open_below, write_all
from rattail.appdir.layout import Layout
from rattail.appdir.marker import require_marker
from rattail.appdir.refusal import group_name, refusal, shown, user_name
from rattail.database.setup import DATABASE_FILE
from rattail.errors import BackupUnproven, NoSuchThing
from rattail.features.backups.archive.manifest import Entry
from rattail.features.backups.environment.wheel import Wheel
from rattail.features.backups.making.walk import Found, Walk
from rattail.features.backups.records.check import CopyFound, find_copy
from rattail.features.backups.records.copy import FILES, NOTE, CopyNote
from rattail.features.backups.restoring.source import About, OwnerOf, Records, Told
from rattail.features.backups.restoring.unpack import Unpacked, leads_out

_FILE_BITS, _FOLDER_BITS = 0o777, 0o3777
_CHUNK_BYTES = 1 << 20
_TELLS_EVERY = 64


class CopySource:
    """A folder that was copied."""

    def __init__(self, path: str, layout: Layout) -> None:
        self._path = os.path.realpath(path)
        self._layout = layout
        marker = require_marker(self._path)
        place = os.stat(self._path)
        found = _records(self._path)
        self._copied = found.note.copied if found else None
        files = file_bytes = 0
        walk = self._walk()
        for each in walk:
            files += each.kind == "file"
            file_bytes += each.look.st_size if each.kind == "file" else 0
        elsewhere = tuple(
            f"{shown(name)} lay outside of the folder, at {shown(at)}, and is not in a plain copy of it."
            for name, at in marker.relocated.items()
            if not os.path.isdir(f"{self._path}/{name}")
        )
        self.about = About(
            app_id=marker.app_id,
            name=marker.name,
            layout=marker.layout,
            made_at="",
            root="",
            relocated=dict(marker.relocated),
            owner=(user_name(place.st_uid), group_name(place.st_gid)),
            files=files,
            file_bytes=file_bytes,
            records=None if found is None else _told(found.note),
            is_archive=False,
            warnings=(*walk.warnings, *elsewhere, *_warnings(found)),
        )

    def _walk(self) -> Walk:
        live = (DATABASE_FILE, f"{DATABASE_FILE}-wal", f"{DATABASE_FILE}-shm", f"{DATABASE_FILE}-journal")
        copies = (*FILES.values(), NOTE)
        return Walk(
            self._layout.place(self._path, {}),
            root=self._path,
            app_id="",
            is_full=True,
            without=(*(f"data/{name}" for name in live), *(f"data/database/{name}" for name in copies)),
        )

    @contextmanager
    def entries(self) -> Iterator[Iterator[Entry]]:
        yield (_entry(found) for found in self._walk())

    def unpack(self, into_fd: int, *, only: Sequence[str], owner_of: OwnerOf | None, progress: Told) -> Unpacked:
        """Copy the folder, or what lies at `only` of it, into the empty folder `into_fd`. Raises as `unpack_folder`."""
        counts = {"file": 0, "folder": 0, "link": 0}
        done = 0
        links_out: list[str] = []
        missing = set(only)
        folders: list[Entry] = []
        for number, found in enumerate(self._walk()):
            wanted = [one for one in only if found.path == one or found.path.startswith(f"{one}/")]
            if only and not wanted and not any(one.startswith(f"{found.path}/") for one in only):
                continue
            missing -= set(wanted)
            if only and not wanted and found.kind != "folder":
                continue
            entry = _entry(found, has_sum=False)
            counts[found.kind] += 1
            try:
                done += _put(found, entry, into_fd, owner_of)
            except OSError as error:
                raise refusal("copy", found.path, error) from error
            if found.kind == "folder":
                folders.append(entry)
            elif found.kind == "link" and leads_out(entry):
                links_out.append(entry.path)
            if not number % _TELLS_EVERY:
                progress(done, self.about.file_bytes)
        if missing:
            raise NoSuchThing(f"the copy holds nothing at {', '.join(map(shown, sorted(missing)))}.")
        for entry in folders:
            fd = open_below(into_fd, entry.path)
            try:
                _dress(fd, entry, owner_of, _FOLDER_BITS)
            finally:
                os.close(fd)
        return Unpacked(counts["file"], counts["folder"], counts["link"], done, tuple(links_out))

    def write_records(self, fd: int, *, progress: Told) -> None:
        """Write the copy of the records into an open file."""
        copied = self._copied
        assert copied is not None
        try:
            with open(copied.path, "rb", buffering=0) as stream:
                done = 0
                while content := stream.read(_CHUNK_BYTES):
                    write_all(fd, content)
                    done += len(content)
                    progress(done, copied.size_bytes)
        except OSError as error:
            raise refusal("read", copied.path, error) from error

    def wheels(self, into: str) -> tuple[Wheel, ...]:
        """None: a folder does not hold its environment."""
        return ()


def _records(path: str) -> CopyFound | None:
    """The newest consistent copy of the records.

    Raises:
        BackupUnproven: there are records, and no good copy of them.
    """
    found = find_copy(f"{path}/data/database")
    if found is None and os.path.lexists(f"{path}/data/{DATABASE_FILE}"):
        raise BackupUnproven(
            f"the copy {shown(path)} has no consistent copy of the records in 'data/database', and the file that was "
            "live may be half changed.",
            hint="take an older copy, or one of: rattail list-backups",
        )
    return found


def _told(note: CopyNote) -> Records:
    copied = note.copied
    return Records(copied.kind, copied.size_bytes, copied.counts, copied.migrations, note.at.isoformat())


def _warnings(found: CopyFound | None) -> Iterator[str]:
    if found is None:
        yield "the copy holds no records: there is nothing in its 'data/database'."
    elif not found.is_noted:
        yield (
            "the copy of the records was made anew while the folder was copied, so that what tells of it is of another "
            "one. It was looked through and is good; how old it is, is the time of its file, which is right where "
            "whoever copied the folder kept the times of files (rsync -a, cp -a, tar)."
        )


def _entry(found: Found, *, has_sum: bool = True) -> Entry:
    look = found.look
    is_file = found.kind == "file"
    return Entry(
        path=found.path,
        kind=found.kind,
        size=look.st_size if is_file else 0,
        mode=look.st_mode & 0o7777,
        uid=look.st_uid,
        gid=look.st_gid,
        user=user_name(look.st_uid) if has_sum else "",
        group=group_name(look.st_gid) if has_sum else "",
        mtime_ns=look.st_mtime_ns,
        sha256=sum_of(found.folder_fd, found.name) if is_file and has_sum else "",
        target=found.target,
    )


def sum_of(folder_fd: int, name: str) -> str:
    """The SHA-256 of a plain file, in hex; empty where there is none or it cannot be read."""
    digest = hashlib.sha256()
    try:
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder_fd)
    except OSError:
        return ""
    try:
        while content := os.read(fd, _CHUNK_BYTES):
            digest.update(content)
    except OSError:
        return ""
    finally:
        os.close(fd)
    return digest.hexdigest()


def _put(found: Found, entry: Entry, into_fd: int, owner_of: OwnerOf | None) -> int:
    """Copy one entry; returns the bytes of a file."""
    folder, _, name = found.path.rpartition("/")
    _make_above(into_fd, folder)
    fd = open_below(into_fd, folder or ".")
    try:
        if found.kind == "folder":
            os.mkdir(name, 0o700, dir_fd=fd)
            return 0
        if found.kind == "link":
            os.symlink(found.target, name, dir_fd=fd)
            if owner_of is not None:
                os.chown(name, *owner_of(entry), dir_fd=fd, follow_symlinks=False)
            os.utime(name, ns=(entry.mtime_ns, entry.mtime_ns), dir_fd=fd, follow_symlinks=False)
            return 0
        return _put_file(found, entry, fd, name, owner_of)
    finally:
        os.close(fd)


def _put_file(found: Found, entry: Entry, fd: int, name: str, owner_of: OwnerOf | None) -> int:
    source = os.open(found.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=found.folder_fd)
    try:
        out = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=fd)
        try:
            size = 0
            while sent := os.sendfile(out, source, None, 8 * _CHUNK_BYTES):
                size += sent
            _dress(out, entry, owner_of, _FILE_BITS)
        finally:
            os.close(out)
    finally:
        os.close(source)
    return size


def _make_above(into_fd: int, folder: str) -> None:
    """The folders above, which a walk does not show where nobody wants what is in them."""
    at = ""
    for part in folder.split("/") if folder else ():
        at = f"{at}/{part}" if at else part
        above = open_below(into_fd, at.rpartition("/")[0] or ".")
        try:
            os.mkdir(part, 0o750, dir_fd=above)
        except FileExistsError:
            continue
        finally:
            os.close(above)


def _dress(fd: int, entry: Entry, owner_of: OwnerOf | None, bits: int) -> None:
    if owner_of is not None:
        os.fchown(fd, *owner_of(entry))
    os.fchmod(fd, entry.mode & bits)
    os.utime(fd, ns=(entry.mtime_ns, entry.mtime_ns))
