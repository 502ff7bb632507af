"""The bytes of one file as they were at one moment, although others go on writing.

A small file is read whole, and again where it changed meanwhile. A large one is read while it is packed: had it
changed, the backup begins anew and takes a copy of that file first. Whatever was written to a short while ago is
copied first anyway. A database of SQLite is copied by SQLite's own means.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from rattail.appdir.refusal import refusal, shown
from rattail.features.backups.making.walk import Found

SMALL_BYTES = 4 << 20
CHUNK_BYTES = 1 << 20
_TRIES = 5
_PAUSE_S = 0.02
_SETTLED_AFTER_S = 300.0
_SQLITE_MAGIC = b"SQLite format 3\0"
_SQLITE_BESIDE = ("-wal", "-shm", "-journal")
_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class ChangedWhileRead(Exception):
    """A large file changed while it was packed. It is to be copied first, and the backup begun anew."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class Content(NamedTuple):
    """What goes in of one file: exactly `size_bytes`, in chunks that are to be read once."""

    size_bytes: int
    mtime_ns: int
    chunks: Iterator[bytes]


class Contents:
    """Opens files for packing.

    `scratch_fd` is a folder on the disk of the backup where copies without a name are made; `hot` are the logical
    paths of large files that changed in an earlier try; `copy_sqlite(source, destination)` copies a database
    consistently, or raises ValueError where the file is none.
    """

    def __init__(
        self,
        *,
        scratch_fd: int,
        hot: set[str],
        copy_sqlite: Callable[[str, str], None],
        now_s: float,
    ) -> None:
        self.warnings: list[str] = []
        self._scratch_fd = scratch_fd
        self._hot = hot
        self._copy_sqlite = copy_sqlite
        self._now_s = now_s

    @contextmanager
    def opened(self, found: Found) -> Iterator[Content | None]:
        """The content of a file, None where it has gone or belongs to the database beside it.

        Raises:
            ChangedWhileRead: from reading the chunks.
            AppDirBroken: the file cannot be read.
        """
        try:
            fd = os.open(found.name, _READ_FLAGS, dir_fd=found.folder_fd)
        except FileNotFoundError:
            yield None
            return
        except OSError as error:
            raise refusal("read", found.path, error) from error
        try:
            look = os.fstat(fd)
            if not stat.S_ISREG(look.st_mode) or self._is_beside_a_database(found):
                yield None
            else:
                yield self._content(fd, look, found)
        finally:
            os.close(fd)

    def _content(self, fd: int, look: os.stat_result, found: Found) -> Content:
        try:
            if os.pread(fd, len(_SQLITE_MAGIC), 0) == _SQLITE_MAGIC:
                copied = self._database(fd, look, found)
                if copied is not None:
                    return copied
            if look.st_size <= SMALL_BYTES:
                whole = self._small(fd, found)
                if whole is not None:
                    return whole
                look = os.fstat(fd)  # it grew
            if found.path in self._hot or self._now_s - look.st_mtime < _SETTLED_AFTER_S:
                return self._copied_first(fd, found)
        except OSError as error:
            raise refusal("read", found.path, error) from error
        return Content(look.st_size, look.st_mtime_ns, self._large(fd, look, found))

    def _small(self, fd: int, found: Found) -> Content | None:
        """A file read at one go; None where it is not small any more."""
        for number in range(_TRIES):
            before = os.fstat(fd)
            content = os.pread(fd, SMALL_BYTES + 1, 0)
            while part := os.pread(fd, SMALL_BYTES + 1 - len(content), len(content)):
                content += part
            if len(content) > SMALL_BYTES:
                return None
            after = os.fstat(fd)
            if _is_same(before, after) and len(content) == after.st_size:
                break
            time.sleep(_PAUSE_S * number)
        else:
            self._torn(found)
        return Content(len(content), after.st_mtime_ns, iter((content,) if content else ()))

    def _large(self, fd: int, look: os.stat_result, found: Found) -> Iterator[bytes]:
        offset = 0
        while offset < look.st_size:
            try:
                part = os.pread(fd, min(CHUNK_BYTES, look.st_size - offset), offset)
            except OSError as error:
                raise refusal("read", found.path, error) from error
            if not part:
                raise ChangedWhileRead(found.path)
            offset += len(part)
            yield part
        if not _is_same(look, os.fstat(fd)):
            raise ChangedWhileRead(found.path)

    def _copied_first(self, fd: int, found: Found) -> Content:
        copy_fd = os.open(".", os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600, dir_fd=self._scratch_fd)
        try:
            for number in range(_TRIES):
                before = os.fstat(fd)
                size_bytes = _copy(fd, copy_fd, before.st_size)
                if _is_same(before, os.fstat(fd)) and size_bytes == before.st_size:
                    break
                if size_bytes == before.st_size and _begins_with(fd, copy_fd, size_bytes):
                    break  # it only grew: what was there has not changed
                time.sleep(_PAUSE_S * number)
            else:
                self._torn(found)
        except BaseException:
            os.close(copy_fd)
            raise
        return Content(size_bytes, before.st_mtime_ns, _chunks_of(copy_fd, size_bytes))

    def _database(self, fd: int, look: os.stat_result, found: Found) -> Content | None:
        """A consistent copy of another database; None where the file only begins like one."""
        source = f"{os.readlink(f'/proc/self/fd/{found.folder_fd}')}/{found.name}"
        scratch = os.readlink(f"/proc/self/fd/{self._scratch_fd}")
        copy = f"{scratch}/.tmp-{os.urandom(8).hex()}"
        try:
            self._copy_sqlite(source, copy)
            copy_fd = os.open(copy, _READ_FLAGS)
        except ValueError as error:
            self.warnings.append(
                f"{shown(found.path)} looks like a database of SQLite but cannot be copied as one ({error}): it went "
                "in as the plain file it is."
            )
            return None
        finally:
            for suffix in ("", *_SQLITE_BESIDE):
                with suppress(FileNotFoundError):
                    os.unlink(copy + suffix)
        size_bytes = os.fstat(copy_fd).st_size
        return Content(size_bytes, look.st_mtime_ns, _chunks_of(copy_fd, size_bytes))

    def _is_beside_a_database(self, found: Found) -> bool:
        for suffix in _SQLITE_BESIDE:
            if found.name.endswith(suffix):
                try:
                    fd = os.open(found.name.removesuffix(suffix), _READ_FLAGS, dir_fd=found.folder_fd)
                except OSError:
                    return False
                try:
                    return os.pread(fd, len(_SQLITE_MAGIC), 0) == _SQLITE_MAGIC
                finally:
                    os.close(fd)
        return False

    def _torn(self, found: Found) -> None:
        self.warnings.append(
            f"{shown(found.path)} changed each of {_TRIES} times that it was read: what went in may be a mixture of "
            "older and newer bytes."
        )


def _is_same(before: os.stat_result, after: os.stat_result) -> bool:
    return (before.st_size, before.st_mtime_ns, before.st_ctime_ns) == (
        after.st_size,
        after.st_mtime_ns,
        after.st_ctime_ns,
    )


def _copy(fd: int, copy_fd: int, size_bytes: int) -> int:
    os.ftruncate(copy_fd, 0)
    offset = 0
    while offset < size_bytes:
        part = os.pread(fd, min(CHUNK_BYTES, size_bytes - offset), offset)
        if not part:
            break
        offset += os.pwrite(copy_fd, part, offset)
    return offset


def _begins_with(fd: int, copy_fd: int, size_bytes: int) -> bool:
    return all(
        os.pread(fd, min(CHUNK_BYTES, size_bytes - offset), offset)
        == os.pread(copy_fd, min(CHUNK_BYTES, size_bytes - offset), offset)
        for offset in range(0, size_bytes, CHUNK_BYTES)
    )


def _chunks_of(copy_fd: int, size_bytes: int) -> Iterator[bytes]:
    try:
        offset = 0
        while offset < size_bytes:
            part = os.pread(copy_fd, CHUNK_BYTES, offset)
            if not part:
                raise EOFError("a copy is shorter than it was")
            offset += len(part)
            yield part
    finally:
        os.close(copy_fd)
