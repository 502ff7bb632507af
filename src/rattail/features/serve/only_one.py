"""One supervisor for each app folder: a lock of the kernel that ends with the process, and the name of its holder."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rattail.appdir.names import LOCK
from rattail.appdir.refusal import refusal, shown
from rattail.errors import AppDirBusy
from rattail.features.serve.door import process_shown

#: Bytes of the lock file, far behind its content: record locks know no end of a file.
_BYTES = {"web": 1 << 40, "worker": (1 << 40) + 1}
_FLOCK = "hhqqi4x"  # struct flock of Linux on 64 bits: type, whence, start, length, pid


@contextmanager
def the_only_one(root: str, parts: Sequence[str]) -> Iterator[None]:
    """Be the one who serves these parts (`web`, `worker`) of an app folder.

    The lock file's whole-file lock is for writers; these are locks of single bytes in it, which do not meet it. They
    belong to this process alone (children do not inherit them), and end when it closes that file for any reason.

    Raises:
        AppDirBusy: somebody serves it already; the message says who.
        AppDirBroken: the lock file cannot be opened.
    """
    try:
        fd = os.open(f"{root}/{LOCK}", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, 0o640)
    except OSError as error:
        raise refusal("open the lock file", f"{root}/{LOCK}", error) from error
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
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            raise refusal("lock", f"{root}/{LOCK}", error) from error
        asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, _BYTES[part], 1, 0)
        pid = struct.unpack(_FLOCK, fcntl.fcntl(fd, fcntl.F_GETLK, asked))[4]
        who = process_shown(pid) if pid > 0 else "another process"
        raise AppDirBusy(
            f"app folder {shown(root)} is served already, by {who}.",
            hint=f"stop that one first: kill {pid}" if pid > 0 else "stop that one first",
        ) from None
