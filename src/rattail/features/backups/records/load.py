"""Putting a copy of the records where the application has its records: a file, or an empty database."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from rattail.appdir.files import opened_folder
from rattail.appdir.names import TEMPORARY_HEX_DIGITS, TEMPORARY_PREFIX
from rattail.appdir.refusal import refusal
from rattail.database.setup import Whereabouts
from rattail.errors import BackupUnproven, InputRejected, WouldOverwrite
from rattail.features.backups.records import postgresql, sqlite
from rattail.features.backups.records.copy import Kind
from rattail.features.backups.records.dump import Rows, Statement, read_dump
from rattail.features.backups.records.problem import Problem
from rattail.features.backups.records.sqlite import Progress
from rattail.features.backups.records.statements import is_loaded

if TYPE_CHECKING:
    from psycopg import Connection

_MODE = 0o640
_AT_ONCE = 1 << 20
_BESIDE = ("", "-wal", "-shm", "-journal")
_SETTING = re.compile(r"SET ([a-z_.]+) = ")
#: What belongs to the server and is there already; and what a part of the dump begins and ends for itself.
_LEFT_OUT = re.compile(r"COMMENT ON (?:EXTENSION|SCHEMA) .*|CREATE SCHEMA public;|BEGIN;|COMMIT;", re.DOTALL)

#: Classes of the states that a server says: connection lost, no room, stopped by somebody.
_OF_THE_SERVER = ("08", "53", "57")


class Loaded(NamedTuple):
    """The rows of each table that were loaded."""

    counts: dict[str, int]


def load_database(copy: str, kind: Kind, where: Whereabouts, *, progress: Progress = lambda _count: None) -> Loaded:
    """Put a copy where the settings say that the records are; there must be none yet.

    A SQLite file has its name only when it is whole and on the disk. A dump goes into an empty database in one
    transaction: all of it, or nothing. `progress` is told the bytes so far.

    Raises:
        InputRejected: the copy is of another kind than the database.
        WouldOverwrite: there are records already.
        BackupUnproven: the copy is not good, or the server refuses what is in it.
        DatabaseUnreachable: the server does not answer, is lost in the middle, or has no room.
        AppDirBroken: the file cannot be written.
    """
    if (kind == "sqlite") != bool(where.path):
        names = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
        other = names["sqlite" if where.path else "postgresql"]
        raise InputRejected(
            f"the copy of the records is of {names[kind]}, and the settings say {other}.",
            hint="give the option database.url as it was when the backup was made: rattail show-config database.url",
        )
    if kind == "sqlite":
        return _place(copy, where.path, progress)
    try:
        with open(copy, "rb", buffering=_AT_ONCE) as stream, postgresql.connected(where) as connection:
            _require_empty(connection, where)
            return _load(stream, connection, progress)
    except Problem as problem:
        raise _bad(str(problem)) from None
    except OSError as error:
        raise _bad(f"it cannot be read: {error.strerror}") from error


def _place(copy: str, target: str, progress: Progress) -> Loaded:
    """Copy the file; the copy is looked through where it is then."""
    there = [f"{target}{ending}" for ending in _BESIDE if os.path.lexists(f"{target}{ending}")]
    if there:
        raise WouldOverwrite(f"there is '{there[0]}' already.", hint="move it away, then run the same command again")
    folder, name = os.path.split(target)
    temporary = TEMPORARY_PREFIX + os.urandom(TEMPORARY_HEX_DIGITS // 2).hex()
    try:
        with opened_folder(folder) as fd:
            try:
                _fill(copy, os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=fd), progress)
                counts = sqlite.check_sqlite(f"{folder}/{temporary}", cancelled=lambda: False)
                os.link(temporary, name, src_dir_fd=fd, dst_dir_fd=fd, follow_symlinks=False)
            finally:
                with suppress(FileNotFoundError):
                    os.unlink(temporary, dir_fd=fd)
            os.fsync(fd)
    except FileExistsError:
        raise WouldOverwrite(f"there is '{target}' already.") from None
    except OSError as error:
        raise refusal("put the records into", target, error) from error
    except Problem as problem:
        raise _bad(str(problem)) from None
    return Loaded(counts)


def _fill(copy: str, out: int, progress: Progress) -> None:
    try:
        done = 0
        with open(copy, "rb", buffering=0) as stream:
            while sent := os.sendfile(out, stream.fileno(), None, 8 * _AT_ONCE):
                done += sent
                progress(done)
        os.fchmod(out, _MODE)
        os.fsync(out)
    finally:
        os.close(out)


def _require_empty(connection: Connection[Any], where: Whereabouts) -> None:
    row = connection.execute(
        "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%' "
        "AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') ORDER BY 1 LIMIT 1"
    ).fetchone()
    if row:
        raise WouldOverwrite(
            f"the database {where.shown!r} is not empty: there is '{row[0]}'.",
            hint="name an empty one in the option database.url; to make one: createdb NAME",
        )


def _is_of_the_server(error: Any) -> bool:
    """Whether it was lost, stopped or full, rather than asked for what it cannot do."""
    return error.sqlstate is None or error.sqlstate[:2] in _OF_THE_SERVER


def _load(stream: Any, connection: Connection[Any], progress: Progress) -> Loaded:
    """Carry out the dump; what the server says to it is told with the line."""
    import psycopg

    counts: dict[str, int] = {}
    known = {name for (name,) in connection.execute("SELECT name FROM pg_settings")}
    for part in read_dump(stream):
        statement = part.statement if isinstance(part, Rows) else part
        try:
            if isinstance(part, Rows):
                counts[part.table] = _copy_in(part, stream, connection, progress)
            elif _is_wanted(part, known):
                connection.execute(part.text.encode())
        except psycopg.Error as error:
            if _is_of_the_server(error):
                raise
            said = " ".join(str(error).split())
            raise _bad(f"the server refuses what begins in line {statement.line}: {said}") from error
    return Loaded(counts)


def _copy_in(rows: Rows, stream: Any, connection: Connection[Any], progress: Progress) -> int:
    count = 0
    with connection.cursor() as cursor, cursor.copy(rows.statement.text.rstrip(";").encode()) as copy:
        for block in rows.blocks:
            copy.write(block)
            count += block.count(b"\n")
            progress(stream.tell())
    return count


def _is_wanted(statement: Statement, known: set[str]) -> bool:
    """Whether to carry a statement out. A server that is older than `pg_dump` lacks some of the settings."""
    if not is_loaded(statement.text):
        raise Problem(f"line {statement.line} is nothing that a dump of records has: {statement.text[:80]!r}")
    if _LEFT_OUT.fullmatch(statement.text):
        return False
    setting = _SETTING.match(statement.text)
    return setting is None or setting[1] in known


def _bad(problem: str) -> BackupUnproven:
    return BackupUnproven(f"the copy of the records is not good: {problem}.", hint="restore another backup")
