"""Copy files so that a name in the new folder always stands for a whole file, whatever kills us."""

import errno
import os
import stat
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import NamedTuple

from rattail.appdir import files
from rattail.appdir.names import TEMPORARY_HEX_DIGITS, TEMPORARY_PREFIX
from rattail.appdir.refusal import refusal, shown
from rattail.features.core.adopt.old import open_old
from rattail.features.core.adopt.places import UPSTREAM_FOLDER
from rattail.features.core.adopt.survey import Copy

_CHUNK_BYTES = 1 << 20
_NS_PER_S = 1_000_000_000
_NO_HARD_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK)


class Copied(NamedTuple):
    """What copying did. Files that `changed` under it were not taken; the same command takes them later."""

    files: int
    size_bytes: int
    already_there: int
    changed: tuple[str, ...]
    problems: tuple[str, ...]


def is_copied(copy: Copy, location: str) -> bool:
    """Whether the file has been copied before: same size and time (in seconds where the disk keeps no less)."""
    try:
        found = os.lstat(location)
    except OSError:
        return False
    if not stat.S_ISREG(found.st_mode) or found.st_size != copy.size_bytes:
        return False
    if found.st_mtime_ns % _NS_PER_S == 0:
        return found.st_mtime_ns // _NS_PER_S == copy.mtime_ns // _NS_PER_S
    return found.st_mtime_ns == copy.mtime_ns


def copy_files(
    copies: Iterable[Copy],
    folders: Iterable[str],
    *,
    locate: Callable[[str], tuple[str, str]],
    on_file: Callable[[int], None],
) -> Copied:
    """Copy everything that is not there yet. `locate` gives the absolute folder of ours and the path below it.

    What is there under the same name and differs stays, and is reported.

    Raises:
        AppDirBroken: the disk is full or refuses; what was copied before is whole and stays.
    """
    copying = _Copying(locate, on_file)
    try:
        for folder in folders:
            copying.enter(folder)
        for copy in copies:
            copying.file(copy)
    finally:
        copying.leave()
    return Copied(
        copying.files, copying.size_bytes, copying.already_there, tuple(copying.changed), tuple(copying.problems)
    )


class _Copying:
    """Remembers the folder that is open, because files come folder by folder."""

    def __init__(self, locate: Callable[[str], tuple[str, str]], on_file: Callable[[int], None]) -> None:
        self.locate = locate
        self.on_file = on_file
        self.files = self.size_bytes = self.already_there = 0
        self.changed: list[str] = []
        self.problems: list[str] = []
        self._folder: str | None = None
        self._fd = -1
        self._is_written = False

    def enter(self, folder: str) -> None:
        """Open a folder of ours, making what is missing of it."""
        if folder == self._folder:
            return
        self.leave()
        base, path = self.locate(folder)
        try:
            self._fd = _made(base, path, mode=0o700 if folder.partition("/")[0] == UPSTREAM_FOLDER else 0o750)
        except OSError as error:
            raise refusal("make folder", f"{base}/{path}", error) from error
        self._folder = folder

    def leave(self) -> None:
        if self._fd >= 0:
            if self._is_written:
                with suppress(OSError):
                    os.fsync(self._fd)
            os.close(self._fd)
        self._fd, self._folder, self._is_written = -1, None, False

    def file(self, copy: Copy) -> None:
        folder, name = os.path.split(copy.to)
        self.enter(folder or ".")
        there = f"/proc/self/fd/{self._fd}/{name}"
        if os.path.lexists(there):
            if is_copied(copy, there):
                self.already_there += 1
            else:
                self.problems.append(
                    f"{shown(copy.to)} is there already and differs; it stays, {shown(copy.source)} was not copied."
                )
            return
        for _ in range(2):
            taken = self._take(copy, name)
            if taken is not None:
                break
        if taken is None:
            self.changed.append(copy.source)
        elif taken >= 0:
            self.files += 1
            self.size_bytes += taken
            self._is_written = True
        self.on_file(self.files + self.already_there)

    def _take(self, copy: Copy, name: str) -> int | None:
        """Copy one file: its size, None where it changed meanwhile, -1 where it cannot be had."""
        try:
            old = _opened(copy)
        except OSError as error:
            self.problems.append(f"{shown(copy.source)} was not copied: {error.strerror}.")
            return -1
        try:
            before = os.fstat(old)
            if not stat.S_ISREG(before.st_mode):
                self.problems.append(f"{shown(copy.source)} was not copied: it is no file any more.")
                return -1
            return self._write(old, before, copy, name)
        except OSError as error:
            raise refusal("copy to", copy.to, error) from error
        finally:
            os.close(old)

    def _write(self, old: int, before: os.stat_result, copy: Copy, name: str) -> int | None:
        temporary = ""
        try:
            new = os.open(".", os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o600, dir_fd=self._fd)
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL):
                raise
            temporary = TEMPORARY_PREFIX + os.urandom(TEMPORARY_HEX_DIGITS // 2).hex()
            new = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=self._fd)
        try:
            size = _poured(old, new, before.st_size if copy.may_grow else None)
            after = os.fstat(old)
            is_same = size == before.st_size and (after.st_size, after.st_mtime_ns) == (
                before.st_size,
                before.st_mtime_ns,
            )
            if not (is_same or (copy.may_grow and size == before.st_size)):
                return None
            os.fchmod(new, copy.mode)
            os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
            os.fsync(new)
            _name_it(new, temporary, name, self._fd)
            temporary = ""
            return size
        finally:
            os.close(new)
            if temporary:
                os.unlink(temporary, dir_fd=self._fd)


def _name_it(new: int, temporary: str, name: str, dir_fd: int) -> None:
    """Give the finished file its name, unless something has it."""
    if not temporary:
        os.link(f"/proc/self/fd/{new}", name, dst_dir_fd=dir_fd, follow_symlinks=True)
        return
    try:
        os.link(temporary, name, src_dir_fd=dir_fd, dst_dir_fd=dir_fd, follow_symlinks=False)
        os.unlink(temporary, dir_fd=dir_fd)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        os.rename(temporary, name, src_dir_fd=dir_fd, dst_dir_fd=dir_fd)


def _opened(copy: Copy) -> int:
    folder, name = os.path.split(copy.path)
    with files.opened_folder(copy.base) as base:
        inner = files.open_below(base, folder or ".")
    try:
        return open_old(name, dir_fd=inner)
    finally:
        os.close(inner)


def _poured(old: int, new: int, at_most: int | None) -> int:
    size = 0
    while at_most is None or size < at_most:
        chunk = os.read(old, _CHUNK_BYTES if at_most is None else min(_CHUNK_BYTES, at_most - size))
        if not chunk:
            break
        view = memoryview(chunk)
        while view:
            view = view[os.write(new, view) :]
        size += len(chunk)
    return size


def _made(base: str, path: str, *, mode: int) -> int:
    """Open `path` below `base`, making the folders that are missing; no link is followed."""
    with files.opened_folder(base) as root:
        fd = files.open_below(root, ".")
    for part in [] if path == "." else path.split("/"):
        try:
            with suppress(FileExistsError):
                os.mkdir(part, mode, dir_fd=fd)
            deeper = files.open_below(fd, part)
        finally:
            os.close(fd)
        fd = deeper
    return fd
