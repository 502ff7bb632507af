"""Sessions as files: one for each, closed to others, replaced as a whole."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from rattail.appdir.files import create_file
from rattail.appdir.names import is_temporary
from rattail.appdir.refusal import refusal
from rattail.features.sessions.exchange import replace_if_there
from rattail.features.sessions.ground import Ground
from rattail.features.sessions.locks import FileLocks
from rattail.features.sessions.record import LARGEST_BYTES, NAME_LENGTH, Codec, Record, Unsound
from rattail.features.sessions.shelf import WAIT_S, Hold

_MODE = 0o600
_READ_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
_HEX = frozenset("0123456789abcdef")
_LEFTOVER_AGE_S = 24 * 3600
_OF_THE_DISK = (errno.EIO, errno.ESTALE, errno.EMFILE, errno.ENFILE, errno.ENOMEM)


class FilesShelf:
    """Sessions in a folder. Whoever reads sees the old one or the new one; only changing one takes its lock.

    Nothing is flushed to the disk: what a power cut leaves half-written is found unsound, and logs one person out.
    """

    def __init__(self, ground: Ground, *, locks: FileLocks, codec: Codec) -> None:
        self._ground = ground
        self._locks = locks
        self._codec = codec

    def hold(self, name: str, *, wait_s: float = WAIT_S) -> Hold:
        return self._locks.hold(name, wait_s=wait_s)

    def read(self, name: str) -> Record | None:
        with self._telling("read"):
            try:
                content = _content(self._ground.opened(), name)
            except FileNotFoundError:
                return None
        return self._codec.decode(name, content)

    def create(self, name: str, record: Record) -> bool:
        content = self._codec.encode(name, record)
        with self._telling("write"):
            return create_file(self._ground.opened(), name, content, mode=_MODE, is_durable=False)

    def replace(self, name: str, record: Record) -> bool:
        content = self._codec.encode(name, record)
        with self._telling("write"):
            return replace_if_there(self._ground.opened(), name, content, mode=_MODE)

    def remove(self, name: str) -> None:
        with self._telling("remove one of"), suppress(FileNotFoundError):
            folder_fd = self._ground.opened()
            try:
                os.unlink(name, dir_fd=folder_fd)
            except IsADirectoryError:
                with suppress(OSError):  # nobody of ours made it, and what is in it may be somebody's
                    os.rmdir(name, dir_fd=folder_fd)

    def names(self, *, person: str | None = None, seen_before_s: int | None = None) -> Iterator[str]:
        with self._telling("list"):
            names = os.listdir(self._ground.opened())
        yield from (name for name in names if len(name) == NAME_LENGTH and _HEX.issuperset(name))

    def remove_leftovers(self) -> int:
        """Remove what processes that were killed long ago left half-written; returns how many."""
        removed = 0
        with self._telling("clean"):
            folder_fd = self._ground.opened()
            for name in filter(is_temporary, os.listdir(folder_fd)):
                with suppress(FileNotFoundError):
                    if time.time() - os.lstat(name, dir_fd=folder_fd).st_mtime > _LEFTOVER_AGE_S:
                        os.unlink(name, dir_fd=folder_fd)
                        removed += 1
        return removed

    @contextmanager
    def _telling(self, doing: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise refusal(f"{doing} the sessions in", self._ground.location, error) from error


def _content(folder_fd: int, name: str) -> bytes:
    """The content of a session's file, as far as it can be one.

    Raises:
        FileNotFoundError: there is none.
        Unsound: what is there is no plain file, or cannot be opened.
    """
    try:
        fd = os.open(name, _READ_FLAGS, dir_fd=folder_fd)
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno in _OF_THE_DISK:
            raise
        raise Unsound(f"it cannot be opened ({error.strerror})") from None
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise Unsound("it is no plain file")
        return os.read(fd, LARGEST_BYTES + 1)
    finally:
        os.close(fd)
