"""Appending to a log file that several processes write, and that becomes a new one when it is full.

A line is one `write` to a file opened for appending, so no two are ever mixed. While it is written the file is
locked, shared with other writers; whoever makes a new file of it locks it for itself, and only then renames it. So
no line goes into a file that was renamed, and was perhaps removed, under the writer's hands: each looks, with
the lock, whether the name still means the file that it has open.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from contextlib import suppress

from rattail.appdir.files import opened_folder

_MODE = 0o640
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_TRIES = 50
_PAUSE_S = 0.005
_SHORT_PAUSE_S = 0.001
_HANGING_S = 10.0
_LARGEST_NUMBER = 9999


class LogFile:
    """`KIND.log` in a folder; former ones are `KIND.log.1` (the newest), `KIND.log.2` and so on.

    For one thread at a time; a process that was forked opens the file anew.
    """

    def __init__(self, folder: str, kind: str, *, rotate_bytes: int, keep_files: int) -> None:
        self.name = f"{kind}.log"
        self._folder = folder
        self._rotate_bytes = rotate_bytes
        self._keep_files = keep_files
        self._fd: int | None = None
        self._pid = 0
        self._is_torn = False
        self._not_before_s = 0.0

    def append(self, line: bytes) -> None:
        """Append a line, which ends with a line end. Waits a quarter of a second at most.

        Raises:
            OSError: it could not be written as a whole (the disk is full, the folder is gone); nothing of it is left.
        """
        is_to_stay = False
        for _ in range(_TRIES):
            fd = self._opened()
            is_locked = self._lock(fd)
            try:
                if not self._is_current(fd):
                    self.close()
                    continue
                if not is_to_stay and os.fstat(fd).st_size + len(line) > self._rotate_bytes:
                    is_to_stay = not self._rotate(fd)
                    continue  # either way the lock that was held is gone
                self._write(fd, line)
                return
            finally:
                if is_locked and self._fd is not None:
                    fcntl.flock(fd, fcntl.LOCK_UN)
        self._write(self._opened(), line)  # somebody makes one new file after the other

    def close(self) -> None:
        """Close the file; the next line opens it again."""
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)

    def _opened(self) -> int:
        """The file; a descriptor that came from before a fork shares its locks with the other process."""
        if self._fd is not None and self._pid != os.getpid():
            self.close()
        if self._fd is None:
            with opened_folder(self._folder) as folder_fd:
                self._fd = os.open(self.name, _FLAGS, _MODE, dir_fd=folder_fd)
            self._pid = os.getpid()
        return self._fd

    def _lock(self, fd: int, kind: int = fcntl.LOCK_SH, *, pause_s: float = _PAUSE_S) -> bool:
        """Keep the file from being renamed, or (with LOCK_EX) from being written; False where somebody keeps us
        from it for so long that he hangs."""
        for _ in range(_TRIES):
            try:
                fcntl.flock(fd, kind | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(pause_s)
            except OSError:
                return False  # a file system without locks
            else:
                return True
        return False

    def _is_current(self, fd: int) -> bool:
        try:
            named = os.lstat(f"{self._folder}/{self.name}")
        except OSError:
            return False
        return os.path.samestat(named, os.fstat(fd))

    def _write(self, fd: int, line: bytes) -> None:
        line = b"\n" + line if self._is_torn else line
        count = os.write(fd, line)
        if count == len(line):
            self._is_torn = False
            return
        self._take_back(fd, count)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self.name)

    def _take_back(self, fd: int, count: int) -> None:
        """Take a part of a line back, if nobody wrote after it; else the next line ends it."""
        end = os.lseek(fd, 0, os.SEEK_CUR)
        self._is_torn = True
        with suppress(OSError):
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(fd).st_size == end:
                os.ftruncate(fd, end - count)
                self._is_torn = False

    def _rotate(self, fd: int) -> bool:
        """Make room for a new file; False where that has to wait, because others are writing just now."""
        if os.fstat(fd).st_size == 0 or time.monotonic() < self._not_before_s:
            return False
        try:
            if not self._lock(fd, fcntl.LOCK_EX, pause_s=_SHORT_PAUSE_S):
                self._not_before_s = time.monotonic() + _HANGING_S  # do not wait for it again at every line
                return False
            if self._is_current(fd):  # changing the kind of a lock lets go of it for a moment
                with opened_folder(self._folder) as folder_fd:
                    _shift(folder_fd, self.name, keep=self._keep_files)
        except OSError:
            return False
        self.close()
        return True


def numbered(folder_fd: int, name: str) -> dict[int, str]:
    """The former files of a log, by their number."""
    found = {}
    for entry in os.listdir(folder_fd):
        digits = entry.removeprefix(f"{name}.")
        if entry != digits and digits.isascii() and digits.isdecimal() and len(digits) <= 4 and digits[0] != "0":
            found[int(digits)] = entry
    return found


def _shift(folder_fd: int, name: str, *, keep: int) -> None:
    """Give every file the next number, the last first, so that a kill in between leaves a gap and no loss."""
    for number, entry in sorted(numbered(folder_fd, name).items(), reverse=True):
        if number >= min(keep, _LARGEST_NUMBER):
            os.unlink(entry, dir_fd=folder_fd)
        else:
            os.rename(entry, f"{name}.{number + 1}", src_dir_fd=folder_fd, dst_dir_fd=folder_fd)
    os.rename(name, f"{name}.1", src_dir_fd=folder_fd, dst_dir_fd=folder_fd)
