"""A SQLite database: copied while others write to it, and looked into afterwards."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

from rattail.errors import DatabaseUnreachable, Interrupted
from rattail.features.backups.records.flushing import Flushing, make_room
from rattail.features.backups.records.problem import Problem

if TYPE_CHECKING:
    from sqlite3 import Connection

Progress = Callable[[int], object]
Cancelled = Callable[[], bool]

_PAGES_AT_ONCE = 256
_CACHED_PAGES = 10  # each page is read and written once: keeping more makes it a quarter slower
_UNFLUSHED_BYTES = 256_000_000  # no more than this waits for the disk until the copy is read
_PATIENCE_S = 30
_SAID_PROBLEMS = 5
_STEPS_BETWEEN_LOOKS = 10_000  # of SQLite's own small machine: a millisecond
_CALLED_OFF = "looking through the copy of the records was cancelled."
_OF_A_FILE = b"\x01\x01"  # the database keeps a rollback journal: what a file needs to be read on its own
_AT_BYTE = 18


def copy_sqlite(source: str, target: str, *, progress: Progress, cancelled: Cancelled) -> None:
    """Copy the database `source` as it is now into the empty file `target`, and flush it; a file on its own.

    The source is read in one transaction, some pages at a time, as fast as may be. In WAL mode, which is the
    application's, nobody ever waits for that; only the WAL cannot begin anew meanwhile: it grows by what is written
    (with 200 MB and 1,000 commits a second: half a second, 5 MB), and the next writer that finds nobody reading takes
    it over as usual; nothing is checkpointed here. The copy is brought to the disk afterwards, slowly as long as others
    write (see `flushing`). A database in another mode is copied rightly as well, but then writers wait while it is
    read.

    The file of the source is opened by SQLite alone: closing it in any other way would let go of all locks that
    this process holds on it.

    `progress` is told the bytes so far: half of one is done when it is copied, and half when it is on the disk.

    Raises:
        DatabaseUnreachable: the source is missing, no database, or busy for longer than half a minute.
        Interrupted: `cancelled` said so; what is in `target` is worth nothing.
        OSError: the target cannot be written.
    """
    import sqlite3

    try:
        with open(target, "r+b", buffering=0) as out:
            flushing = Flushing(out.fileno(), f"{source}-wal")
            copied_bytes = 0

            def told(flushed_bytes: int) -> None:
                if cancelled():
                    raise Interrupted("copying the records was cancelled; nothing was left.")
                progress((copied_bytes + flushed_bytes) // 2)

            with _reading(source) as records, _writing(target) as copy:
                size_bytes, pages = (
                    records.execute(f"PRAGMA {of}").fetchone()[0] for of in ("page_size", "page_count")
                )
                if not pages:
                    raise DatabaseUnreachable(
                        f"the records in '{source}' have no tables yet.", hint="rattail migrate-db"
                    )
                make_room(out.fileno(), size_bytes * pages, target)

                def step(_status: int, remaining: int, total: int) -> None:
                    nonlocal copied_bytes
                    copied_bytes = (total - remaining) * size_bytes
                    flushing.flush(copied_bytes - _UNFLUSHED_BYTES, told)

                records.backup(copy, pages=_PAGES_AT_ONCE, progress=step)
            flushing.flush(os.fstat(out.fileno()).st_size, told)
    except sqlite3.Error as error:
        _raise_if_full(error, target)
        raise DatabaseUnreachable(
            f"the records in '{source}' cannot be copied: {error}.",
            hint="see what is wrong with them: rattail check-appdir",
        ) from error
    _finish(target)


@contextmanager
def looked_into(path: str, *, cancelled: Cancelled = lambda: False) -> Iterator[Connection]:
    """A copy, to be read only, as one that nobody changes: no file is made beside it, nothing in it is trusted.

    Raises:
        Interrupted: `cancelled` said so, in the midst of whatever was asked.
    """
    import sqlite3

    records = sqlite3.connect(f"file:{quote(path)}?mode=ro&immutable=1", uri=True, isolation_level=None)
    try:
        for word in ("trusted_schema = OFF", "cell_size_check = ON", "query_only = ON"):
            records.execute(f"PRAGMA {word}")
        records.set_progress_handler(cancelled, _STEPS_BETWEEN_LOOKS)
        yield records
        if cancelled():
            raise Interrupted(_CALLED_OFF)
    except sqlite3.OperationalError:
        if cancelled():
            raise Interrupted(_CALLED_OFF) from None
        raise
    finally:
        records.close()


def check_sqlite(path: str, *, cancelled: Cancelled) -> dict[str, int]:
    """Check every page of a copy and every reference between its rows; returns the rows of each table.

    Raises:
        Problem: what is wrong with it.
        Interrupted: `cancelled` said so.
    """
    import sqlite3

    try:
        if not os.path.getsize(path):
            raise Problem("it is empty")
        with looked_into(path, cancelled=cancelled) as records:
            said = [str(row[0]) for row in records.execute(f"PRAGMA integrity_check({_SAID_PROBLEMS})")]
            if said != ["ok"]:
                raise Problem("; ".join(" ".join(line.split()) for line in said))
            if cancelled():
                raise Interrupted(_CALLED_OFF)
            loose = records.execute("PRAGMA foreign_key_check").fetchone()
            if loose:
                raise Problem(f"a row of table {loose[0]} refers to one of {loose[2]} that is not there")
            return counts_of(records)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise Problem(str(error)) from error


def counts_of(records: Connection) -> dict[str, int]:
    """The rows of each table, by name."""
    names = tables_of(records)
    return {name: records.execute(f"SELECT count(*) FROM {quoted(name)}").fetchone()[0] for name in names}  # noqa: S608


def tables_of(records: Connection) -> list[str]:
    """The names of all tables but SQLite's own."""
    rows = records.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
        "AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name"
    )
    return [name for (name,) in rows]


def migrations_of(records: Connection) -> tuple[tuple[str, str], ...]:
    """The migrations that were applied, as (app, name), in the order in which they were."""
    is_there = records.execute("SELECT 1 FROM sqlite_schema WHERE name = 'django_migrations'").fetchone()
    return tuple(records.execute("SELECT app, name FROM django_migrations ORDER BY id")) if is_there else ()


def quoted(name: str) -> str:
    """A name as SQL has it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def _reading(source: str) -> Iterator[Connection]:
    """The live database, in a transaction that reads, and that shows one moment to its end."""
    import sqlite3

    if not os.path.exists(source):
        raise DatabaseUnreachable(f"there are no records in '{source}'.", hint="rattail migrate-db")
    # Reading alone leaves a WAL that is there as it is. Where there is none, SQLite makes one, and only somebody who
    # may write tidies it up.
    records = _opened(source, "ro" if os.path.exists(f"{source}-wal") else "rw")
    try:
        try:
            _begin(records)
        except sqlite3.OperationalError as error:
            if "lock" in str(error):
                raise
            # A transaction that was cut off has to be taken back first, which reading alone may not.
            records.close()
            records = _opened(source, "rw")
            _begin(records)
        yield records
    finally:
        records.close()


def _opened(source: str, mode: str) -> Connection:
    import sqlite3

    records = sqlite3.connect(f"file:{quote(source)}?mode={mode}", uri=True, timeout=_PATIENCE_S, isolation_level=None)
    records.execute("PRAGMA query_only = ON")
    records.execute(f"PRAGMA cache_size = {_CACHED_PAGES}")
    return records


def _begin(records: Connection) -> None:
    records.execute("BEGIN")
    records.execute("SELECT count(*) FROM sqlite_schema").fetchone()


@contextmanager
def _writing(target: str) -> Iterator[Connection]:
    """The copy, written without a journal and unflushed: what fails is thrown away, and what is whole flushed once."""
    import sqlite3

    copy = sqlite3.connect(f"file:{quote(target)}?mode=rw", uri=True, isolation_level=None)
    try:
        for word in ("journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE"):
            copy.execute(f"PRAGMA {word}")
        copy.execute(f"PRAGMA cache_size = {_CACHED_PAGES}")
        yield copy
    finally:
        copy.close()


def _finish(target: str) -> None:
    fd = os.open(target, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        os.pwrite(fd, _OF_A_FILE, _AT_BYTE)
        os.fsync(fd)
    finally:
        os.close(fd)


def _raise_if_full(error: Exception, target: str) -> None:
    """SQLite names a full disk and a failed write in its own words; say them as the system's."""
    import errno

    code = getattr(error, "sqlite_errorname", "")
    if code == "SQLITE_FULL":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), target) from error
    if code.startswith("SQLITE_IOERR_WRITE"):
        raise OSError(errno.EIO, os.strerror(errno.EIO), target) from error
