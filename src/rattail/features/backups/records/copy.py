"""The newest consistent copy of the records, in a folder of its own: `rattail.sqlite3` or `rattail.sql`."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from rattail.appdir.files import opened_folder, read_file, replace_file
from rattail.appdir.names import TEMPORARY_HEX_DIGITS, TEMPORARY_PREFIX
from rattail.appdir.refusal import refusal
from rattail.database.setup import DATABASE_FILE, Whereabouts
from rattail.errors import BackupUnproven, Interrupted
from rattail.features.backups.records import postgresql, sqlite
from rattail.features.backups.records.problem import Problem
from rattail.features.backups.records.sqlite import Cancelled, Progress

Kind = Literal["sqlite", "postgresql"]
FILES: Mapping[Kind, str] = {"sqlite": DATABASE_FILE, "postgresql": "rattail.sql"}
NOTE = "records.json"
_MODE = 0o600
_READ_AT_ONCE = 1 << 20


class Copied(NamedTuple):
    """A copy of the records.

    `server_version` is the server's, or that of the SQLite library. `migrations` are (app, name) as they were applied:
    how old the tables are. `counts` are the rows of each table.
    """

    path: str
    kind: Kind
    size_bytes: int
    server_version: str
    migrations: tuple[tuple[str, str], ...]
    counts: dict[str, int]


class CopyNote(NamedTuple):
    """What is written beside a copy; `at` is an aware time in UTC, before which all was committed that is in it."""

    at: datetime
    copied: Copied


def copy_database(
    where: Whereabouts,
    into_folder: str,
    *,
    now: datetime,
    progress: Progress = lambda _count: None,
    cancelled: Cancelled = lambda: False,
    environ: Mapping[str, str] | None = None,
) -> Copied:
    """Copy the records into the folder, in place of the copy that is there, and write down what it is beside it.

    The copy shows one moment, whoever writes meanwhile, and nobody waits for it. It has its name only when it is
    whole and on the disk: whatever happens, the folder holds the old one or the new one. `progress` is told the bytes
    so far; where `cancelled` says so, copying ends within a second and leaves nothing. `environ` is where PATH is
    looked up, this process's where it is not given.

    Raises:
        DatabaseUnreachable: the records are missing, broken or do not answer.
        NoSuchThing: the server is PostgreSQL, and there is no `pg_dump` that is as new.
        BackupUnproven: `pg_dump` failed, or what it wrote is not whole.
        AppDirBroken: the folder cannot be written; the disk is full.
        Interrupted: `cancelled` said so.
    """
    kind: Kind = "sqlite" if where.path else "postgresql"
    try:
        with opened_folder(into_folder) as folder:
            _forget_leftovers(folder)
            with _temporary(folder) as (temporary, fd):
                path = f"{into_folder}/{temporary}"
                if kind == "sqlite":
                    copied = _copy_sqlite(where, path, progress=progress, cancelled=cancelled)
                else:
                    search = os.environ if environ is None else environ
                    copied = _dump(where, fd, search, progress=progress, cancelled=cancelled)
                copied = copied._replace(path=f"{into_folder}/{FILES[kind]}", size_bytes=os.fstat(fd).st_size)
                if cancelled():
                    raise Interrupted("copying the records was cancelled; nothing was left.")
                with suppress(FileNotFoundError):
                    os.unlink(NOTE, dir_fd=folder)  # it tells of the copy that goes
                os.rename(temporary, FILES[kind], src_dir_fd=folder, dst_dir_fd=folder)
            replace_file(folder, NOTE, _note(copied, now), mode=_MODE)
            for other in FILES.values():
                if other != FILES[kind]:
                    with suppress(FileNotFoundError):
                        os.unlink(other, dir_fd=folder)
            os.fsync(folder)
    except OSError as error:
        raise refusal("copy the records into", into_folder, error) from error
    return copied


def read_note(folder: str) -> CopyNote | None:
    """What was written beside the copy in `folder`; None where there is no copy, or the note is not of this one."""
    try:
        with opened_folder(folder) as fd:
            content = read_file(fd, NOTE)
            said = json.loads(content) if content else {}
            copied = Copied(
                path=f"{folder}/{FILES[said['kind']]}",
                kind=said["kind"],
                size_bytes=int(said["size_bytes"]),
                server_version=str(said["server_version"]),
                migrations=tuple((str(app), str(name)) for app, name in said["migrations"]),
                counts={str(table): int(rows) for table, rows in said["counts"].items()},
            )
            is_of_it = os.stat(FILES[copied.kind], dir_fd=fd, follow_symlinks=False).st_size == copied.size_bytes
            at = datetime.fromisoformat(said["at"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return CopyNote(at, copied) if is_of_it and at.tzinfo else None


def _copy_sqlite(where: Whereabouts, path: str, *, progress: Progress, cancelled: Cancelled) -> Copied:
    from sqlite3 import Error, sqlite_version

    sqlite.copy_sqlite(where.path, path, progress=progress, cancelled=cancelled)
    try:
        with sqlite.looked_into(path, cancelled=cancelled) as records:
            migrations, counts = sqlite.migrations_of(records), sqlite.counts_of(records)
    except Error as error:
        raise _bad(str(error)) from error
    return Copied(path, "sqlite", 0, sqlite_version, migrations, counts)


def _dump(
    where: Whereabouts, fd: int, environ: Mapping[str, str], *, progress: Progress, cancelled: Cancelled
) -> Copied:
    """Dump, flush, and read back from the file what was written."""
    major, version = postgresql.server_version(where)
    program = postgresql.find_program(major, environ=environ)
    postgresql.dump(where, fd, program, progress=progress, cancelled=cancelled)
    os.fsync(fd)
    os.lseek(fd, 0, os.SEEK_SET)
    try:
        with open(fd, "rb", buffering=_READ_AT_ONCE, closefd=False) as stream:
            contents = postgresql.contents_of(stream, cancelled=cancelled)
    except Problem as problem:
        raise _bad(f"{program.path} said that all was well, but {problem}") from None
    return Copied("", "postgresql", 0, version, contents.migrations, contents.counts)


def _bad(problem: str) -> BackupUnproven:
    return BackupUnproven(f"the copy of the records is not good: {problem}.", hint="run the same command again")


def _note(copied: Copied, now: datetime) -> bytes:
    said = {"at": now.astimezone(UTC).isoformat(), **copied._asdict()}
    del said["path"]
    return json.dumps(said, indent=1).encode() + b"\n"


@contextmanager
def _temporary(folder: int) -> Iterator[tuple[str, int]]:
    """A new file under a temporary name, locked while somebody writes it; gone at the end if it has no other name."""
    name = TEMPORARY_PREFIX + os.urandom(TEMPORARY_HEX_DIGITS // 2).hex()
    fd = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, _MODE, dir_fd=folder)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield name, fd
    finally:
        os.close(fd)
        for each in (name, f"{name}-journal"):
            with suppress(FileNotFoundError):
                os.unlink(each, dir_fd=folder)


def _forget_leftovers(folder: int) -> None:
    """Remove what copies left that were killed; such a file is not locked any more."""
    for name in os.listdir(folder):
        if not name.startswith(TEMPORARY_PREFIX):
            continue
        try:
            fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        except OSError:
            continue
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(name, dir_fd=folder)
        except (BlockingIOError, FileNotFoundError):
            continue
        finally:
            os.close(fd)
