"""Nobody serves the app folder, and no backup of it is made: for those who put another one in its place."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from rattail.appdir.hints import pasted
from rattail.appdir.lock import open_lock_file
from rattail.appdir.lock_bytes import COPY, TAKEN, WEB, WORKER, asked_for, holder_pid
from rattail.appdir.names import LOCK
from rattail.appdir.refusal import refusal, shown
from rattail.errors import AppDirBusy

_SERVING = asked_for(fcntl.F_WRLCK, WEB, WORKER + 1 - WEB)
_ALL = asked_for(fcntl.F_WRLCK, WEB, COPY + 1 - WEB)


@contextmanager
def unserved(root: str) -> Iterator[None]:
    """Let nobody serve the app folder at `root`, nor make a backup of it, for the duration of the block.

    The lock belongs to an open file, and ends with the process.

    Raises:
        AppDirBusy: somebody does already; the hint says what to type.
        AppDirBroken: the lock file cannot be opened.
    """
    fd = open_lock_file(root)
    try:
        try:
            if os.geteuid() == 0:
                owner = os.stat(root)
                os.fchown(fd, owner.st_uid, owner.st_gid)
            fcntl.fcntl(fd, fcntl.F_OFD_SETLK, _ALL)
        except OSError as error:
            if error.errno not in TAKEN:
                raise refusal("lock", f"{root}/{LOCK}", error) from error
            raise _busy(fd, root) from None
        yield
    finally:
        os.close(fd)


def _busy(fd: int, root: str) -> AppDirBusy:
    pid = holder_pid(fcntl.fcntl(fd, fcntl.F_OFD_GETLK, _SERVING))
    if pid is None:
        return AppDirBusy(
            f"a backup of app folder {shown(root)} is being made, or files are removed from it.",
            hint="run the same command again when that has ended",
        )
    who = f"is being served, by process {pid}" if pid > 0 else "is being served, or restored, by another process"
    return AppDirBusy(
        f"app folder {shown(root)} {who}.",
        hint=f"stop that first: kill {pid}, or, where systemd runs it: systemctl stop 'rattail-*' "
        if pid > 0
        else f"let that end first; to see who it is: fuser {pasted(f'{root}/{LOCK}')}",
    )
