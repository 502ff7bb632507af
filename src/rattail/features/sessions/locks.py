"""Locks of sessions: a fixed set of files that are locked by the kernel, and never removed.

A lock that belonged to one session would have to be removed with it, and between opening and locking a file
that is removed two processes hold two different ones. A fixed set has no such moment; two sessions that share one
wait for each other now and then.
"""

from __future__ import annotations

import fcntl
import os
import threading
from functools import partial

from rattail.appdir.refusal import refusal
from rattail.features.sessions.ground import Ground
from rattail.features.sessions.shelf import wait_for

NUMBER = 256
_MODE = 0o600
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class _OfThread(threading.local):
    """What this thread holds: the descriptor of each lock file, and how often it was taken."""

    def __init__(self) -> None:
        self.held: dict[int, list[int]] = {}


class FileHold:
    """One lock file, held by one thread. Taken twice by the same thread, it is let go of at the second release."""

    def __init__(self, locks: FileLocks, number: int) -> None:
        self._locks: FileLocks | None = locks
        self._number = number

    def release(self) -> None:
        if self._locks is not None:
            self._locks.release(self._number)
            self._locks = None


class FileLocks:
    """The locks in a folder."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._mine = _OfThread()

    def hold(self, name: str, *, wait_s: float) -> FileHold:
        """Hold the lock that a session has a share in.

        Raises:
            AppDirBusy: somebody else still held it after `wait_s` seconds.
            AppDirBroken: the folder of the locks is gone or cannot be written.
        """
        number = int(name[:2], 16)
        held = self._mine.held.get(number)
        if held is not None:
            held[1] += 1
            return FileHold(self, number)
        while True:
            fd = self._open(number)
            try:
                wait_for(partial(_locked, fd), wait_s=wait_s)
                if os.fstat(fd).st_nlink:
                    break
            except BaseException:
                os.close(fd)
                raise
            os.close(fd)  # somebody removed it by hand: others lock the one that is there now
        self._mine.held[number] = [fd, 1]
        return FileHold(self, number)

    def release(self, number: int) -> None:
        held = self._mine.held[number]
        held[1] -= 1
        if not held[1]:
            del self._mine.held[number]
            fcntl.flock(held[0], fcntl.LOCK_UN)  # a process that was forked meanwhile would keep it
            os.close(held[0])

    def _open(self, number: int) -> int:
        file = f"{number:02x}"
        try:
            return os.open(file, _FLAGS, _MODE, dir_fd=self._ground.opened())
        except OSError as error:
            raise refusal("open the lock of sessions", f"{self._ground.location}/{file}", error) from error


def _locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
