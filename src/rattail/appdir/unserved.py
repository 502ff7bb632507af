"""Nobody serves the app folder, and no backup of it is made: for those who put another one in its place."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from rattail.appdir.hints import pasted
from rattail.appdir.names import LOCK
from rattail.appdir.refusal import refusal, shown
from rattail.errors import AppDirBusy

_FIRST, _SERVING, _ALL = (
    1 << 40,
    2,
    3,
)  # bytes of the lock file: who serves (web, worker), and whoever needs files still
_FLOCK = "hhqqi4x"  # struct flock of Linux on 64 bits: type, whence, start, length, pid


@contextmanager
def unserved(root: str) -> Iterator[None]:
    """Let nobody serve the app folder at `root`, nor make a backup of it, for the duration of the block.

    The lock belongs to an open file, and ends with the process.

    Raises:
        AppDirBusy: somebody does already; the hint says what to type.
        AppDirBroken: the lock file cannot be opened.
    """
    try:
        fd = os.open(f"{root}/{LOCK}", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, 0o640)
    except OSError as error:
        raise refusal("open the lock file", f"{root}/{LOCK}", error) from error
    try:
        if os.geteuid() == 0:
            owner = os.stat(root)
            os.fchown(fd, owner.st_uid, owner.st_gid)
        try:
            fcntl.fcntl(fd, fcntl.F_OFD_SETLK, _asked(_ALL))
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise refusal("lock", f"{root}/{LOCK}", error) from error
            raise _busy(fd, root) from None
        yield
    finally:
        os.close(fd)


def _busy(fd: int, root: str) -> AppDirBusy:
    kind, *_, pid = struct.unpack(_FLOCK, fcntl.fcntl(fd, fcntl.F_OFD_GETLK, _asked(_SERVING)))
    if kind == fcntl.F_UNLCK:
        return AppDirBusy(
            f"a backup of app folder {shown(root)} is being made, or files are removed from it.",
            hint="run the same command again when that has ended",
        )
    who = f"process {pid}" if pid > 0 else "another process"
    return AppDirBusy(
        f"app folder {shown(root)} is being served, by {who}.",
        hint=f"stop that first: kill {pid}, or, where systemd runs it: systemctl stop 'rattail-*' "
        if pid > 0
        else f"stop that first; to see who it is: fuser {pasted(f'{root}/{LOCK}')}",
    )


def _asked(length: int) -> bytes:
    return struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, _FIRST, length, 0)
