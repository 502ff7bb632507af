"""Is anybody using this file? Asked of the kernel, and in such a way that the answer stays true."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
_SCAN_HOLDS_S = 1.0
_REPLACED = (errno.ELOOP, errno.ENXIO, errno.ENOENT)


class InUse(Exception):
    """Somebody has the file open, or locked."""


class OpenFiles:
    """What is open on this machine, for file systems where the kernel itself cannot be asked."""

    def __init__(self) -> None:
        self._found: frozenset[tuple[int, int]] = frozenset()
        self._scanned_at = float("-inf")

    def __contains__(self, inode: tuple[int, int]) -> bool:
        if time.monotonic() - self._scanned_at > _SCAN_HOLDS_S:
            self._found = frozenset((*_open_by_processes(), *_locked()))
            self._scanned_at = time.monotonic()
        return inode in self._found

    @contextmanager
    def held_alone(self, dir_fd: int, name: str, inode: tuple[int, int]) -> Iterator[Callable[[], bool]]:
        """Hold a plain file that nobody else has open; gives a function that says whether that is so still.

        The kernel lends us the file (a write lease): it refuses where anybody has it open, a lock
        needs it open, and whoever opens it later waits until we are done and makes the answer False.
        Where it cannot be lent (a network file system, a file of another user), the open files
        of all processes that we may look at are searched instead; that sees nothing of other machines.

        Raises:
            InUse: somebody has it open.
            FileNotFoundError: the name means another file than `inode` (device, number) now.
        """
        try:
            fd = os.open(name, _FLAGS, dir_fd=dir_fd)
        except BlockingIOError:
            raise InUse from None
        except PermissionError:
            yield from self._held_unread(inode)
            return
        except OSError as error:
            if error.errno in _REPLACED:
                raise FileNotFoundError(errno.ENOENT, "another file", name) from error
            raise
        try:
            found = os.fstat(fd)
            if (found.st_dev, found.st_ino) != inode:
                raise FileNotFoundError(errno.ENOENT, "another file", name)
            if _lend(fd):
                yield lambda: fcntl.fcntl(fd, fcntl.F_GETLEASE) == fcntl.F_WRLCK
            else:
                yield from self._held_unread(inode)
        finally:
            os.close(fd)

    def _held_unread(self, inode: tuple[int, int]) -> Iterator[Callable[[], bool]]:
        if inode in self:
            raise InUse
        yield lambda: inode not in self


def _lend(fd: int) -> bool:
    """Take the lease; False where this file system, or this file's owner, does not allow it."""
    try:
        # A broken lease is told by a signal, and the usual one would end the process.
        fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    except BlockingIOError:
        raise InUse from None
    except OSError:
        return False
    return True


def _open_by_processes() -> Iterator[tuple[int, int]]:
    own = str(os.getpid())
    for pid in _listed("/proc"):
        if not pid.isdecimal() or pid == own:
            continue
        for fd in _listed(f"/proc/{pid}/fd"):
            try:
                found = os.stat(f"/proc/{pid}/fd/{fd}")
            except OSError:
                continue
            yield found.st_dev, found.st_ino


def _locked() -> Iterator[tuple[int, int]]:
    try:
        with open("/proc/locks", "rb") as stream:
            lines = stream.read().splitlines()
    except OSError:
        return
    for line in lines:
        for word in line.split():
            numbers = word.split(b":")
            if len(numbers) == 3:
                yield os.makedev(int(numbers[0], 16), int(numbers[1], 16)), int(numbers[2])


def _listed(path: str) -> list[str]:
    try:
        return os.listdir(path)
    except OSError:
        return []
