"""Who works on a batch: a lock that the system takes away from a process that ends, however it ends.

On this machine it is a lock on a file in the batch's folder. Where the records are in PostgreSQL, and the
folder may be seen by several machines, the database session holds one as well. Nothing has to beat, and
nothing has to be waited for: a lease that can be taken had no living holder.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from rattail.appdir.files import opened_folder
from rattail.appdir.refusal import refusal
from rattail.database.bulk import fetch_rows
from rattail.database.dialect import is_sqlite
from rattail.errors import AppDirBusy
from rattail.retail.numbers import number_text

_FILE = ".lease"
_MODE = 0o640
ADVISORY_LOCKS = 0x52415454  # the first half of our advisory locks in PostgreSQL


@contextmanager
def leased(number: int, folder: str) -> Iterator[None]:
    """Hold a batch while reading, executing or undoing it.

    Raises:
        AppDirBusy: another process, here or on another machine, is at it.
    """
    fd = _open(folder)
    try:
        _lock(fd, number)
        if not is_sqlite() and not fetch_rows("SELECT pg_try_advisory_lock(%s, %s)", [ADVISORY_LOCKS, number])[0][0]:
            raise _busy(number)
        try:
            yield
        finally:
            _unlock_database(number)
    finally:
        if fd is not None:
            os.close(fd)


def is_leased(number: int, folder: str) -> bool:
    """Whether somebody works on a batch right now."""
    try:
        with leased(number, folder):
            return False
    except AppDirBusy:
        return True


def _open(folder: str) -> int | None:
    try:
        with opened_folder(folder) as folder_fd:
            return os.open(_FILE, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, _MODE, dir_fd=folder_fd)
    except FileNotFoundError:  # the folder was cleaned away; the batch can still be shown and undone
        return None
    except OSError as error:
        raise refusal("hold a lock in", folder, error) from error


def _lock(fd: int | None, number: int) -> None:
    if fd is None:
        return
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            raise
        raise _busy(number) from None


def _unlock_database(number: int) -> None:
    from django.db import connection

    if not is_sqlite() and connection.connection is not None and not connection.needs_rollback:
        fetch_rows("SELECT pg_advisory_unlock(%s, %s)", [ADVISORY_LOCKS, number])


def _busy(number: int) -> AppDirBusy:
    return AppDirBusy(
        f"batch {number_text(number)} is being worked on by another process.",
        hint=f"see how far it is: rattail show-batch {number}",
    )
