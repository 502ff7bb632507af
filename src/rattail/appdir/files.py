"""Writing so that a reader, a crash or a second writer never sees half a file.

All of it works on open directory descriptors, so that nobody can swap a folder on the way for a
link while we write.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rattail.appdir.names import TEMPORARY_HEX_DIGITS, TEMPORARY_PREFIX
from rattail.errors import InputRejected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_PASSING_FLAGS = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC  # need no permission to list
_WRITE_FLAGS = os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW
_KEPT_OPEN = 8
_NO_UNNAMED_FILES = (errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL)


@contextmanager
def opened_folder(path: str, *, dir_fd: int | None = None) -> Iterator[int]:
    """Open a folder, refusing a link in any part of an absolute path, and close it at the end.

    Absolute paths of ours have been resolved; a link in one was put there since.
    """
    fd = os.open(path, _FOLDER_FLAGS, dir_fd=dir_fd) if path[:1] != "/" else _open_absolute(path)
    try:
        yield fd
    finally:
        os.close(fd)


def open_below(root_fd: int, path: str) -> int:
    """Open the folder `path` (relative, plain) below `root_fd`, following no link in any part.

    The caller closes the descriptor.

    Raises:
        OSError: ELOOP or ENOTDIR where a link or a file stands in the way, ENOENT where nothing does.
    """
    fd = os.open(".", _FOLDER_FLAGS, dir_fd=root_fd)
    for part in [] if path == "." else path.split("/"):
        try:
            deeper = os.open(part, _FOLDER_FLAGS, dir_fd=fd)
        finally:
            os.close(fd)
        fd = deeper
    return fd


@contextmanager
def descending(root_fd: int) -> Iterator[Callable[[str], int]]:
    """Gives a function that opens folders as `open_below` does and keeps open those above the last one: for a walk, in
    which most folders lie beside the one before. What it gives is good until it is called again.
    """
    names: list[str] = []  # of those that are kept open, from the root downwards
    fds: list[int] = []  # theirs, and the last one's where it lies too deep to be kept

    def leave(kept: int) -> None:
        del names[kept:]
        while len(fds) > kept:
            os.close(fds.pop())

    def opened(path: str) -> int:
        parts = [".", *([] if path == "." else path.split("/"))]
        same = 0
        while same < min(len(parts) - 1, len(names)) and parts[same] == names[same]:
            same += 1
        leave(same)
        for part in parts[same:]:
            fd = os.open(part, _FOLDER_FLAGS, dir_fd=fds[-1] if fds else root_fd)
            if len(fds) > len(names):
                os.close(fds.pop())
            fds.append(fd)
            if len(fds) <= _KEPT_OPEN:
                names.append(part)
        return fds[-1]

    try:
        yield opened
    finally:
        leave(0)


def create_file(dir_fd: int, name: str, content: bytes, *, mode: int, is_durable: bool = True) -> bool:
    """Create a file that is either whole and durable or not there at all.

    Returns False, and writes nothing, where the name exists already. The file has no name until it
    is complete, so that a process killed at any point leaves nothing behind. With `is_durable` False a power
    cut may leave an empty or a half file: for what can be lost.
    """
    try:
        fd = os.open(".", os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, mode, dir_fd=dir_fd)
    except OSError as error:
        if error.errno not in _NO_UNNAMED_FILES:
            raise
        return _create_by_temporary_name(dir_fd, name, content, mode=mode, is_durable=is_durable)
    try:
        _fill(fd, content, mode, is_durable)
        try:
            os.link(f"/proc/self/fd/{fd}", name, dst_dir_fd=dir_fd, follow_symlinks=True)
        except FileExistsError:
            return False
        except FileNotFoundError:  # no /proc
            return _create_by_temporary_name(dir_fd, name, content, mode=mode, is_durable=is_durable)
    finally:
        os.close(fd)
    if is_durable:
        os.fsync(dir_fd)
    return True


def replace_file(
    dir_fd: int,
    name: str,
    content: bytes,
    *,
    mode: int,
    owner: tuple[int, int] | None = None,
    is_durable: bool = True,
) -> None:
    """Put a whole new file in place of an old one: readers see the old or the new, never a part.

    The new one belongs to `owner` (user and group, as numbers) or to this process. A process killed in
    the middle leaves the old file and at most one `.tmp-` file beside it. `is_durable` as in `create_file`.
    """
    temporary = _write_temporary(dir_fd, content, mode, owner=owner, is_durable=is_durable)
    try:
        os.rename(temporary, name, src_dir_fd=dir_fd, dst_dir_fd=dir_fd)
    except OSError:
        os.unlink(temporary, dir_fd=dir_fd)
        raise
    if is_durable:
        os.fsync(dir_fd)


def read_file(dir_fd: int, name: str, *, limit_bytes: int = 16 << 20) -> bytes | None:
    """The content of a plain file, or None where there is none; anything else is refused (ELOOP, EEXIST)."""
    try:
        fd = os.open(name, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=dir_fd)
    except FileNotFoundError:
        return None
    with open(fd, "rb") as stream:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise FileExistsError(errno.EEXIST, "not a plain file", name)
        return stream.read(limit_bytes)


def write_all(fd: int, content: bytes) -> None:
    """Write all of it, in as many steps as the system wants: it writes less than asked before it says that it is full.

    Raises:
        OSError: it does not go on.
    """
    view = memoryview(content)
    while view:
        view = view[os.write(fd, view) :]


def probe_writable(dir_fd: int) -> None:
    """Prove that a folder can be written, by writing; the folder's time does not change.

    Raises:
        OSError: whatever the system said to the attempt.
    """
    try:
        fd = os.open(".", os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o600, dir_fd=dir_fd)
    except OSError as error:
        if error.errno not in _NO_UNNAMED_FILES:
            raise
        before = os.fstat(dir_fd)
        os.unlink(_write_temporary(dir_fd, b"probe", 0o600), dir_fd=dir_fd)
        os.utime(dir_fd, ns=(before.st_atime_ns, before.st_mtime_ns))
        return
    try:
        os.write(fd, b"probe")
        os.fsync(fd)
    finally:
        os.close(fd)


def safe_child(root: str, name: str) -> str:
    """The path of `name` directly inside `root`, whatever text `name` is, or a refusal.

    Raises:
        InputRejected: the name is empty, `.` or `..`, holds a `/` or a NUL, is longer than 255 bytes
            or cannot be encoded.
    """
    try:
        encoded = os.fsencode(name)
    except UnicodeEncodeError:
        encoded = b""
    if not encoded or name in (".", "..") or b"/" in encoded or b"\0" in encoded or len(encoded) > 255:
        raise InputRejected(f"{name!r} is not a file name: expected one plain name of at most 255 bytes.")
    return f"{root}/{name}"


def _open_absolute(path: str) -> int:
    parts = [part for part in path.split("/") if part]
    fd = os.open("/", _PASSING_FLAGS if parts else _FOLDER_FLAGS)
    for number, part in enumerate(parts, 1):
        try:
            deeper = os.open(part, _FOLDER_FLAGS if number == len(parts) else _PASSING_FLAGS, dir_fd=fd)
        finally:
            os.close(fd)
        fd = deeper
    return fd


def _create_by_temporary_name(dir_fd: int, name: str, content: bytes, *, mode: int, is_durable: bool) -> bool:
    temporary = _write_temporary(dir_fd, content, mode, is_durable=is_durable)
    try:
        os.link(temporary, name, src_dir_fd=dir_fd, dst_dir_fd=dir_fd, follow_symlinks=False)
    except FileExistsError:
        return False
    finally:
        os.unlink(temporary, dir_fd=dir_fd)
    if is_durable:
        os.fsync(dir_fd)
    return True


def _write_temporary(
    dir_fd: int, content: bytes, mode: int, *, owner: tuple[int, int] | None = None, is_durable: bool = True
) -> str:
    name = TEMPORARY_PREFIX + os.urandom(TEMPORARY_HEX_DIGITS // 2).hex()
    fd = os.open(name, _WRITE_FLAGS | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=dir_fd)
    try:
        if owner is not None:
            os.fchown(fd, *owner)
        _fill(fd, content, mode, is_durable)
    except OSError:
        os.unlink(name, dir_fd=dir_fd)
        raise
    finally:
        os.close(fd)
    return name


def _fill(fd: int, content: bytes, mode: int, is_durable: bool) -> None:
    write_all(fd, content)
    os.fchmod(fd, mode)
    if is_durable:
        os.fsync(fd)
