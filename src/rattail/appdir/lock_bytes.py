"""Single bytes of the lock file, far behind its content: which is whose, and how they are asked for.

They are locks of records (`fcntl`), which do not meet the lock of the whole file (`flock`) of whoever writes, and which
know no end of a file.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct

_FIRST = 1 << 40
#: Who serves the pages, who does the jobs, whoever needs that no essential file goes away, and who makes the copy of
#: the records anew.
WEB, WORKER, FILES, COPY = _FIRST, _FIRST + 1, _FIRST + 2, _FIRST + 3
#: What fcntl answers where somebody else has the lock.
TAKEN = (errno.EAGAIN, errno.EACCES)
_FLOCK = "hhqqi4x"  # struct flock of Linux on 64 bits: type, whence, start, length, pid


def asked_for(kind: int, first: int, count: int = 1) -> bytes:
    """What to give to `fcntl` for a lock of `count` bytes; `kind` is `fcntl.F_RDLCK` or `fcntl.F_WRLCK`."""
    return struct.pack(_FLOCK, kind, os.SEEK_SET, first, count, 0)


def holder_pid(answer: bytes) -> int | None:
    """Who has one of these bytes, from what `fcntl` answered; None: nobody, 0 or less: it cannot be said."""
    kind, *_, pid = struct.unpack(_FLOCK, answer)
    return None if kind == fcntl.F_UNLCK else int(pid)
