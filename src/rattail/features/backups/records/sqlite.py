"""A SQLite database: copied while others write to it, and looked into afterwards."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

from rattail.errors import DatabaseUnreachable, Interrupted
from rattail.features.backups.records.problem import Problem

if TYPE_CHECKING:
    from sqlite3 import Connection

Progress = Callable[[int], object]
Cancelled = Callable[[], bool]

_PAGES_AT_ONCE = 64
_YIELDED = 2.0  # for each second of work, where others write
_LONGEST_YIELD_S = 0.1
_PATIENCE_S = 30
_SAID_PROBLEMS = 5
_STEPS_BETWEEN_LOOKS = 10_000  # of SQLite's own small machine: a millisecond
_CALLED_OFF = "looking through the copy of the records was cancelled."
_OF_A_FILE = b"\x01\x01"  # the database keeps a rollback journal: what a file needs to be read on its own
_AT_BYTE = 18


def copy_sqlite(source: str, target: str, *, progress: Progress, cancelled: Cancelled) -> None:
    """Copy the database `source` as it is now into the empty file `target`, and flush it; a file on its own.

    The source is read in one transaction, some pages at a time. In WAL mode, which is the application's, nobody ever
    waits for that; and as writers want the disk and the processors, too, two thirds of the time are theirs for as
    long as they write. Only the WAL cannot begin anew meanwhile: it grows by what is written until the copy is done
    (with 200 MB and 1,000 commits a second: some 2 seconds, 20 MB), and the next writer that finds nobody reading takes
    it over as usual; nothing is checkpointed here. A database in another mode is copied rightly as well, but then
    writers wait until the copy is done.

    The file of the source is opened by SQLite alone: closing it in any other way would let go of all locks that
    this process holds on it.

    `progress` is told the bytes so far.

    Raises:
        DatabaseUnreachable: the source is missing, no database, or busy for longer than half a minute.
        Interrupted: `cancelled` said so; what is in `target` is worth nothing.
        OSError: the target cannot be written.
    """
    import sqlite3

    try:
        with _reading(source) as records, _writing(target) as copy, open(target, "r+b", buffering=0) as out:
            size_bytes, pages = (records.execute(f"PRAGMA {of}").fetchone()[0] for of in ("page_size", "page_count"))
            if not pages:
                raise DatabaseUnreachable(f"the records in '{source}' have no tables yet.", hint="rattail migrate-db")
            _make_room(out.fileno(), size_bytes * pages, target)
            said, yielding = 0, _Yielding(source)

            def step(_status: int, remaining: int, total: int) -> None:
                nonlocal said
                if cancelled():
                    raise Interrupted("copying the records was cancelled; nothing was left.")
                done = (total - remaining) * size_bytes
                # Have the disk begin with what is there: writers would wait for one large flush at the end.
                os.posix_fadvise(out.fileno(), said, done - said, os.POSIX_FADV_DONTNEED)
                said = done
                progress(done)
                yielding.rest()

            records.backup(copy, pages=_PAGES_AT_ONCE, progress=step)
    except sqlite3.Error as error:
        _raise_if_full(error, target)
        raise DatabaseUnreachable(
            f"the records in '{source}' cannot be copied: {error}.",
            hint="see what is wrong with them: rattail check-appdir",
        ) from error
    _finish(target)


class _Yielding:
    """Leaves time to those who write to a database in WAL mode: as its WAL changes, there are some."""

    def __init__(self, source: str) -> None:
        self._wal = f"{source}-wal"
        self._seen = self._look()
        self._since = time.monotonic()

    def rest(self) -> None:
        """Rest for as long as the work since the last time deserves, if somebody wrote since."""
        seen = self._look()
        if seen != self._seen:
            self._seen = seen
            time.sleep(min(_LONGEST_YIELD_S, _YIELDED * (time.monotonic() - self._since)))
        self._since = time.monotonic()

    def _look(self) -> int:
        try:
            return os.stat(self._wal).st_mtime_ns
        except OSError:
            return 0


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
        yield copy
    finally:
        copy.close()


def _make_room(fd: int, size_bytes: int, target: str) -> None:
    """Take the room for the copy before it is written, where the file system can, without making the file longer.

    A disk that is too small is found out at once; and what is written into room that was taken is not a part of the
    file system's own journal, which every writer's commit waits for.
    """
    import ctypes
    import errno

    keep_size = 1
    fallocate = ctypes.CDLL(None, use_errno=True).fallocate
    if fallocate(fd, keep_size, ctypes.c_int64(0), ctypes.c_int64(max(size_bytes, 1))) == 0:
        return
    code = ctypes.get_errno()
    if code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        raise OSError(code, os.strerror(code), target)


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
