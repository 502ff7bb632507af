"""One writer at a time, and the name of the one who holds the lock."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from rattail.appdir.names import LOCK
from rattail.appdir.refusal import shown
from rattail.errors import AppDirBusy

_RETRY_EVERY_S = 0.02
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


class LockHolder(NamedTuple):
    """Who wrote their name into the lock file: a process, its machine, its command, since when (UTC)."""

    pid: int
    host: str
    command: str
    since: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} since {self.since} (rattail {self.command})"


@contextmanager
def lock_appdir(root: str, *, command: str, wait_s: float = 30.0) -> Iterator[None]:
    """Be the only writer of the app folder for the duration of the block.

    The kernel's lock (`flock`) is what counts: it ends with the process, however that ends. The name
    in the file is for people; writing it is allowed to fail, so that a full disk locks as well.

    Raises:
        AppDirBusy: somebody else still held it after `wait_s` seconds; the message says who.
    """
    fd = os.open(f"{root}/{LOCK}", _FLAGS, 0o640)
    try:
        _acquire(fd, root, wait_s)
        _write_name(fd, command)
        try:
            yield
        finally:
            os.ftruncate(fd, 0)
    finally:
        os.close(fd)


def read_holder(root: str) -> tuple[LockHolder | None, bool]:
    """Who is named in the lock file, and whether the lock is really held by anybody now."""
    try:
        fd = os.open(f"{root}/{LOCK}", os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None, False
    try:
        holder = _parse(os.pread(fd, 4096, 0))
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return holder, True
        return holder, False
    finally:
        os.close(fd)


def _acquire(fd: int, root: str, wait_s: float) -> None:
    deadline = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                holder = _parse(os.pread(fd, 4096, 0)) or "another process"
                raise AppDirBusy(
                    f"app folder {shown(root)} is locked by {holder}. Waited {wait_s:.0f} s.",
                    hint="wait for it to end and run the same command again",
                ) from None
            time.sleep(_RETRY_EVERY_S)
        else:
            return


def _write_name(fd: int, command: str) -> None:
    since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    document = {"pid": os.getpid(), "host": os.uname().nodename, "command": command, "since": since}
    try:
        os.ftruncate(fd, 0)
        os.pwrite(fd, json.dumps(document).encode(), 0)
    except OSError:
        return


def _parse(content: bytes) -> LockHolder | None:
    try:
        document = json.loads(content)
        return LockHolder(int(document["pid"]), str(document["host"]), str(document["command"]), str(document["since"]))
    except (ValueError, KeyError, TypeError):
        return None
