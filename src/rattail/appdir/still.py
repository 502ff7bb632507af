"""Essential files hold still while a backup is made: nothing that the copy of the records names may go away meanwhile.

Files are made before the row that names them, and removed after it. So a copy of the records that is taken first, and
files that are read after it, fit together, as long as nobody removes or moves a file in between. Whoever wants to
remove one asks here; any number of backups hold the same lock.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rattail.appdir.lock import open_lock_file
from rattail.appdir.lock_bytes import COPY, FILES, TAKEN, asked_for
from rattail.appdir.names import LOCK
from rattail.appdir.refusal import refusal, shown
from rattail.errors import AppDirBusy

_RETRY_EVERY_S = 0.02


@contextmanager
def files_held_still(root: str, *, wait_s: float = 60.0) -> Iterator[None]:
    """Let nobody remove an essential file of the app folder for the duration of the block.

    The lock belongs to an open file (`F_OFD_SETLK`), so that threads of one process meet it, too; it ends with the
    process.

    Raises:
        AppDirBusy: files were still being removed after `wait_s` seconds.
        AppDirBroken: the lock file cannot be opened.
    """
    busy = f"files are being removed from app folder {shown(root)}"
    with _locked(root, FILES, fcntl.F_RDLCK, wait_s, busy):
        yield


@contextmanager
def removing_files(root: str, *, wait_s: float = 30.0) -> Iterator[None]:
    """Remove essential files, and the rows that name them, only in such a block.

    Raises:
        AppDirBusy: a backup was still being made after `wait_s` seconds; nothing may be removed.
        AppDirBroken: the lock file cannot be opened.
    """
    with _locked(root, FILES, fcntl.F_WRLCK, wait_s, f"a backup of app folder {shown(root)} is being made"):
        yield


@contextmanager
def copying_records(
    root: str, *, wait_s: float = 600.0, waiting: Callable[[], object] = lambda: None
) -> Iterator[None]:
    """Be the only one who makes the copy of the records in the app folder anew, or reads it as the one just made.

    `waiting` is called now and then while somebody else does; what it raises ends the wait.

    Raises:
        AppDirBusy: somebody else did for longer than `wait_s` seconds.
        AppDirBroken: the lock file cannot be opened.
    """
    busy = f"somebody else makes the copy of the records in app folder {shown(root)} anew"
    with _locked(root, COPY, fcntl.F_WRLCK, wait_s, busy, waiting=waiting):
        yield


@contextmanager
def _locked(
    root: str, first: int, kind: int, wait_s: float, what: str, *, waiting: Callable[[], object] = lambda: None
) -> Iterator[None]:
    fd = open_lock_file(root)
    try:
        _take(fd, root, asked_for(kind, first), wait_s, what, waiting)
        yield
    finally:
        os.close(fd)


def _take(fd: int, root: str, asked: bytes, wait_s: float, what: str, waiting: Callable[[], object]) -> None:
    deadline = time.monotonic() + wait_s
    while True:
        try:
            fcntl.fcntl(fd, fcntl.F_OFD_SETLK, asked)
        except OSError as error:
            if error.errno not in TAKEN:
                raise refusal("lock", f"{root}/{LOCK}", error) from error
            if time.monotonic() >= deadline:
                raise AppDirBusy(
                    f"{what}. Waited {wait_s:.0f} s; nothing was done.",
                    hint="run the same command again in a minute",
                ) from None
            waiting()
            time.sleep(_RETRY_EVERY_S)
        else:
            return
