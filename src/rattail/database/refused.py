"""What a database refuses for the outside world's sake, as a sentence."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from rattail.appdir.refusal import refusal
from rattail.database.setup import configured
from rattail.errors import AppDirBusy, DatabaseUnreachable

_FULL = ("disk is full", "no space left", "could not extend file")
_BUSY = ("locked", "lock timeout")
_GONE = ("connection", "terminating", "starting up", "shutting down", "unable to open", "disk i/o error")


@contextmanager
def in_sentences() -> Iterator[None]:
    """Around a transaction: a full disk, a writer that takes too long and a lost server are no faults of ours.

    Raises:
        AppDirBroken: the disk under the records is full.
        AppDirBusy: another process has been writing for too long.
        DatabaseUnreachable: the server or the file went away, or cannot be read.
    """
    from django.db import DatabaseError, InterfaceError, OperationalError

    try:
        yield
    except (OperationalError, InterfaceError) as error:
        said = " ".join(str(error).split())
        if any(word in said.lower() for word in _FULL):
            raise refusal("write", configured().shown, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))) from error
        if any(word in said.lower() for word in _BUSY):
            raise AppDirBusy("another process has been writing the records for too long; nothing was done.") from error
        if any(word in said.lower() for word in _GONE):
            raise DatabaseUnreachable(f"the database {configured().shown!r} went away: {said}.") from error
        raise
    except DatabaseError as error:
        said = " ".join(str(error).split())
        if "malformed" in said or "not a database" in said:
            raise DatabaseUnreachable(f"the database {configured().shown!r} is damaged: {said}.") from error
        if "permission denied" in said:
            raise DatabaseUnreachable(
                f"the database {configured().shown!r} does not let us: {said}.",
                hint="let the user of database.url own the database: ALTER DATABASE NAME OWNER TO USER",
            ) from error
        raise
