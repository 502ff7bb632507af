"""One supervisor for each app folder: a lock of the kernel that ends with the process, and the name of its holder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rattail.appdir.lock import open_lock_file
from rattail.appdir.lock_bytes import TAKEN, WEB, WORKER, asked_for, holder_pid
from rattail.appdir.names import LOCK
from rattail.appdir.refusal import refusal, shown
from rattail.errors import AppDirBusy
from rattail.features.serve.door import process_shown

_BYTES = {"web": WEB, "worker": WORKER}


@contextmanager
def the_only_one(root: str, parts: Sequence[str]) -> Iterator[None]:
    """Be the one who serves these parts (`web`, `worker`) of an app folder.

    The lock file's whole-file lock is for writers; these are locks of single bytes in it, which do not meet it. They
    belong to this process alone (children do not inherit them), and end when it closes that file for any reason.

    Raises:
        AppDirBusy: somebody serves it already; the message says who.
        AppDirBroken: the lock file cannot be opened.
    """
    fd = open_lock_file(root)
    try:
        for part in parts:
            _take(fd, root, part)
        yield
    finally:
        os.close(fd)


def _take(fd: int, root: str, part: str) -> None:
    try:
        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _BYTES[part])
    except OSError as error:
        if error.errno not in TAKEN:
            raise refusal("lock", f"{root}/{LOCK}", error) from error
        pid = holder_pid(fcntl.fcntl(fd, fcntl.F_GETLK, asked_for(fcntl.F_WRLCK, _BYTES[part]))) or 0
        who = process_shown(pid) if pid > 0 else "another process"
        raise AppDirBusy(
            f"app folder {shown(root)} is served already, by {who}.",
            hint=f"stop that one first: kill {pid}" if pid > 0 else "stop that one first",
        ) from None
