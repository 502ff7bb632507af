"""The newest consistent copy of the records, in a folder of its own: `rattail.sqlite3` or `rattail.sql`."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
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
COPY_FOLDER = "data/database"
_MODE = 0o600
_READ_AT_ONCE = 1 << 20
_CALLED_OFF = "copying the records was cancelled; nothing was left."


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
    """What is written beside a copy; `at` is an aware time in UTC: whatever was committed by then is in it."""

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
    whole and on the disk: whatever happens, the folder holds the old one or the new one. Its own time of change is
    `now`, and what is written beside it has its sum, so that whoever copies the folder meanwhile, and gets one of the
    old and the other of the new, can tell. `progress` is told the bytes so far; where `cancelled` says so, copying
    ends within a second and leaves nothing. `environ` is where PATH is looked up, this process's where it is not given.

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
                    raise Interrupted(_CALLED_OFF)
                note = _dated(fd, CopyNote(now, copied), sha256=sum_of_file(fd))
                with suppress(FileNotFoundError):
                    os.unlink(NOTE, dir_fd=folder)  # it tells of the copy that goes
                os.rename(temporary, FILES[kind], src_dir_fd=folder, dst_dir_fd=folder)
            _put_note(folder, note, kind)
    except OSError as error:
        raise refusal("copy the records into", into_folder, error) from error
    return copied


def keep_copy(path: str, note: CopyNote, into_folder: str, *, is_taken: bool, owner: tuple[int, int] | None) -> None:
    """Put the whole copy at `path` into the folder, as `copy_database` leaves one; `note` says what it is.

    `is_taken`: the file itself goes there, where that is on the same disk; else a copy of it does.

    Raises:
        OSError: the system refuses.
    """
    kind = note.copied.kind
    with opened_folder(into_folder) as folder, _temporary(folder) as (temporary, fd):
        with open(path, "rb", buffering=0) as source:
            is_there = is_taken and _is_renamed(path, temporary, folder)
            sha256 = sum_of_file(source.fileno(), into=None if is_there else fd)
            at = source.fileno() if is_there else fd
            if owner is not None:
                os.fchown(at, *owner)
            os.fchmod(at, _MODE)
            text = _dated(at, note, sha256=sha256)
        os.rename(temporary, FILES[kind], src_dir_fd=folder, dst_dir_fd=folder)
        _put_note(folder, text, kind, owner=owner)


def read_note(folder: str) -> CopyNote | None:
    """What was written beside the copy in `folder`; None where there is no copy, or the note is not of this one.

    It is of this one where size and time of change are those that it tells of, or the sum of the content is.
    """
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
            is_of_it = _is_of_it(fd, copied, said)
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


def _dated(fd: int, note: CopyNote, *, sha256: str) -> bytes:
    """Give the file of a copy the time of which it is, and have it on the disk; returns what is written beside it."""
    since = note.at.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    at_ns = since // timedelta(microseconds=1) * 1000
    os.utime(fd, ns=(at_ns, at_ns))
    os.fsync(fd)
    said = {
        "at": note.at.astimezone(UTC).isoformat(),
        **note.copied._asdict(),
        "sha256": sha256,
        "mtime_ns": os.fstat(fd).st_mtime_ns,
    }
    del said["path"]
    return json.dumps(said, indent=1).encode() + b"\n"


def _put_note(folder: int, note: bytes, kind: Kind, *, owner: tuple[int, int] | None = None) -> None:
    """What belongs to a copy that has its name now: the note beside it, and no copy of another kind."""
    replace_file(folder, NOTE, note, mode=_MODE, owner=owner)
    for other in FILES.values():
        if other != FILES[kind]:
            with suppress(FileNotFoundError):
                os.unlink(other, dir_fd=folder)
    os.fsync(folder)


def _is_of_it(folder: int, copied: Copied, said: Mapping[str, object]) -> bool:
    fd = os.open(FILES[copied.kind], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    try:
        look = os.fstat(fd)
        if not stat.S_ISREG(look.st_mode) or look.st_size != copied.size_bytes:
            return False
        if "sha256" not in said:  # of an archive, whose two came together
            return True
        return look.st_mtime_ns == said.get("mtime_ns") or sum_of_file(fd) == said["sha256"]
    finally:
        os.close(fd)


def sum_of_file(fd: int, *, into: int | None = None) -> str:
    """The SHA-256 of an open file, in hex; with `into` its content is written there, too."""
    digest = hashlib.sha256()
    os.lseek(fd, 0, os.SEEK_SET)
    while content := os.read(fd, _READ_AT_ONCE):
        digest.update(content)
        view = memoryview(content)
        while into is not None and view:
            view = view[os.write(into, view) :]
    return digest.hexdigest()


def _is_renamed(path: str, name: str, folder: int) -> bool:
    """Give a file another name; False where that would be on another disk."""
    try:
        os.rename(path, name, dst_dir_fd=folder)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return False
    return True


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
