"""One writer at a time, and the name of the one who holds the lock."""

import fcntl
import json
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from rattail.appdir.hints import pasted_line
from rattail.appdir.names import LOCK
from rattail.appdir.refusal import refusal, shown
from rattail.errors import AppDirBroken, AppDirBusy

_RETRY_EVERY_S = 0.02
_FLAGS = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK  # a pipe would wait for its other end


class LockHolder(NamedTuple):
    """Who wrote their name into the lock file: a process, its machine, its command, since when (UTC).

    The texts are safe to print, whoever wrote them.
    """

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
        AppDirBroken: the lock file cannot be opened, or is no file.
    """
    fd = open_lock_file(root)
    try:
        _acquire(fd, root, wait_s)
        _write_name(fd, command)
        try:
            yield
        finally:
            with suppress(OSError):
                os.ftruncate(fd, 0)
    finally:
        os.close(fd)


def read_holder(root: str) -> tuple[LockHolder | None, bool]:
    """Who is named in the lock file, and whether the lock is really held by anybody now."""
    try:
        fd = os.open(f"{root}/{LOCK}", os.O_RDONLY | _FLAGS)
    except OSError:
        return None, False
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return None, False
        holder = _parse(os.pread(fd, 4096, 0))
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return holder, True
        return holder, False
    except OSError:
        return None, False
    finally:
        os.close(fd)


def in_place_of_lock(root: str) -> str:
    """What stands where the lock file should be; empty where that is a file, or nothing."""
    try:
        mode = os.lstat(f"{root}/{LOCK}").st_mode
    except OSError:
        return ""
    if stat.S_ISREG(mode):
        return ""
    kinds = ((stat.S_ISDIR, "a folder"), (stat.S_ISLNK, "a link"), (stat.S_ISFIFO, "a pipe"))
    return next((kind for test, kind in kinds if test(mode)), "a socket or a device")


def away_line(root: str) -> str:
    """The command that moves what stands in the place of the lock file out of the way, over nothing."""
    path = f"{root}/{LOCK}"
    return pasted_line("mv", "-nT", path, f"{path}.away")


def open_lock_file(root: str) -> int:
    """Open the lock file to be locked, and make it where it is missing.

    Raises:
        AppDirBroken: it cannot be opened, or is no file.
    """
    kind = in_place_of_lock(root)
    if kind:
        raise AppDirBroken(
            f"the lock file {shown(f'{root}/{LOCK}')} should be a plain file, but it is {kind}.",
            hint=away_line(root),
        )
    try:
        return os.open(f"{root}/{LOCK}", os.O_RDWR | os.O_CREAT | _FLAGS, 0o640)
    except OSError as error:
        raise refusal("open the lock file", f"{root}/{LOCK}", error) from error


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
        host, command, since = (_printable(str(document[key])) for key in ("host", "command", "since"))
        return LockHolder(int(document["pid"]), host, command, since)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


def _printable(text: str) -> str:
    return text if text.isprintable() else ascii(text)[1:-1]
