"""A PostgreSQL database: dumped by `pg_dump`, and the dump looked into afterwards, without a server."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from rattail.database.setup import Whereabouts, hint_for
from rattail.errors import BackupUnproven, DatabaseUnreachable, Interrupted, NoSuchThing
from rattail.features.backups.records.dump import Readable, Rows, Statement, read_dump
from rattail.features.backups.records.problem import Problem
from rattail.features.backups.records.sqlite import Cancelled, Progress
from rattail.features.backups.records.statements import is_loaded

if TYPE_CHECKING:
    from psycopg import Connection

PROGRAM = "pg_dump"
#: Where distributions put the programs of each version, beside those on PATH.
PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin")
_WORDS = (
    *("--format=plain", "--encoding=UTF8", "--no-owner", "--no-privileges", "--no-tablespaces", "--no-publications"),
    *("--no-subscriptions", "--no-security-labels", "--no-password", "--lock-wait-timeout=30000"),
)
_VERSION = re.compile(r"pg_dump \(PostgreSQL\) (\d+)(\S*)")
_LOOKED_EVERY_S = 0.1
_PATIENCE_S = 10
_KEPT_OF_ERROR = 2_000
_OF_MIGRATIONS = "django_migrations"


class DumpProgram(NamedTuple):
    """A `pg_dump`, and its version: `version` is the whole word, `major` what counts."""

    path: str
    major: int
    version: str


class Contents(NamedTuple):
    """What is in a dump: the rows of each table, and the migrations that were applied, as (app, name)."""

    counts: dict[str, int]
    migrations: tuple[tuple[str, str], ...]


@contextmanager
def connected(where: Whereabouts) -> Iterator[Connection[Any]]:
    """A connection of its own with the server, in a transaction that is committed at the end.

    Raises:
        DatabaseUnreachable: the server does not answer or refuses us, or fails in the middle.
    """
    import psycopg

    try:
        connection = psycopg.connect(where.url, connect_timeout=_PATIENCE_S, password=where.password or None)
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise DatabaseUnreachable(
            f"the database {where.shown!r} does not answer: {reason}.",
            hint=hint_for(reason) or "see what is configured: rattail show-config",
        ) from error
    try:
        with connection:
            yield connection
    except psycopg.OperationalError as error:
        raise DatabaseUnreachable(
            f"the server of the database {where.shown!r} failed: {' '.join(str(error).split())}.",
            hint="mend that at the server, then run the same command again",
        ) from error


def server_version(where: Whereabouts) -> tuple[int, str]:
    """The major version of the server, and all of it as it says it itself."""
    with connected(where) as connection:
        return connection.info.server_version // 10_000, connection.info.parameter_status("server_version") or ""


def find_program(major: int, *, environ: Mapping[str, str]) -> DumpProgram:
    """The `pg_dump` to use for a server of this major version: the first on PATH that is as new, else any that is.

    Raises:
        NoSuchThing: there is none that is as new as the server.
    """
    found = []
    for path in _programs(environ):
        program = _asked(path)
        if program is None:
            continue
        if program.major >= major:
            return program
        found.append(f"{program.path} is of version {program.version}")
    said = "; ".join(found) or "there is none at all"
    raise NoSuchThing(
        f"the server is PostgreSQL {major}, and a {PROGRAM} of version {major} or newer is needed to copy it: {said}.",
        hint=f"install the programs of PostgreSQL {major}, for instance: apt-get install postgresql-client-{major}",
    )


def dump(where: Whereabouts, out: int, program: DumpProgram, *, progress: Progress, cancelled: Cancelled) -> None:
    """Write a dump into the file open as `out`, one moment of all tables; nobody who writes waits for it.

    The password goes by the environment, which other users cannot see. `progress` is told the bytes so far.

    Raises:
        BackupUnproven: the program failed; what it said is in the message.
        Interrupted: `cancelled` said so; the program was stopped.
    """
    import subprocess

    command = [program.path, *_WORDS, f"--dbname={where.url}"]
    password = {"PGPASSWORD": where.password} if where.password else {}
    environ = {**os.environ, **password, "PGTZ": "UTC", "PGAPPNAME": "rattail", "LC_ALL": "C"}
    errors = os.memfd_create("errors", os.MFD_CLOEXEC)
    try:
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=errors, env=environ, start_new_session=True
        ) as running:
            code = _waited(running, out, progress=progress, cancelled=cancelled)
        if code:
            how = f"was killed by signal {-code}" if code < 0 else f"ended with {code}"
            raise BackupUnproven(
                f"{program.path} {how}; the records were not copied. {_said(errors)}".rstrip(),
                hint="see what it says itself, then run the same command again",
            )
    except OSError as error:
        raise NoSuchThing(f"{program.path} cannot be run: {error.strerror}.") from error
    finally:
        os.close(errors)


def contents_of(stream: Readable, *, cancelled: Cancelled) -> Contents:
    """Read a dump to its end, and count.

    Raises:
        Problem: what is wrong with it.
        Interrupted: `cancelled` said so.
    """
    counts: dict[str, int] = {}
    migrations: list[tuple[str, str]] = []
    for part in read_dump(stream):
        if isinstance(part, Statement):
            if not is_loaded(part.text):
                raise Problem(f"line {part.line} is nothing that a dump of records has: {part.text[:80]!r}")
            continue
        if part.table in counts:
            raise Problem(f"table {part.table} is in it twice")
        counts[part.table] = 0
        for block in _whole(part):
            if cancelled():
                raise Interrupted("checking the copy of the records was cancelled.")
            counts[part.table] += block.count(b"\n")
            if part.table == _OF_MIGRATIONS:
                migrations += _pairs(block, part.columns)
    return Contents(counts, tuple(migrations))


def _whole(rows: Rows) -> Iterator[bytes]:
    """The blocks of a table, each with as many cells as its rows have columns."""
    for block in rows.blocks:
        if block.count(b"\t") != block.count(b"\n") * max(len(rows.columns) - 1, 0) or b"\0" in block:
            raise Problem(f"a row of table {rows.table} has not {len(rows.columns)} cells")
        yield block


def _pairs(block: bytes, columns: Sequence[str]) -> list[tuple[str, str]]:
    try:
        app, name = columns.index("app"), columns.index("name")
    except ValueError:
        return []
    rows = [line.split("\t") for line in block.decode("utf-8", "replace").split("\n")]
    return [(row[app], row[name]) for row in rows if len(row) == len(columns)]


def _programs(environ: Mapping[str, str]) -> Iterator[str]:
    """Every `pg_dump` there is, those on PATH first, then the oldest version first."""
    from glob import glob
    from shutil import which

    on_path = [which(PROGRAM, path=folder) for folder in environ.get("PATH", os.defpath).split(os.pathsep) if folder]
    elsewhere = [which(PROGRAM, path=folder) for place in PLACES for folder in sorted(glob(place), key=_by_number)]
    yield from dict.fromkeys(path for path in (*on_path, *elsewhere) if path)


def _by_number(folder: str) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", folder)]


def _asked(path: str) -> DumpProgram | None:
    """Its version, or None where it does not say one."""
    import subprocess

    try:
        done = subprocess.run(
            [path, "--version"], stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.match(done.stdout.decode(errors="replace"))
    return DumpProgram(path, int(match[1]), match[1] + match[2]) if match and not done.returncode else None


def _waited(running: Any, out: int, *, progress: Progress, cancelled: Cancelled) -> int:
    """Wait for the program's end, and stop it, with whatever it started, if nobody waits for it any more."""
    import signal
    import subprocess

    try:
        while not cancelled():
            try:
                return int(running.wait(_LOOKED_EVERY_S))
            except subprocess.TimeoutExpired:
                progress(os.fstat(out).st_size)
        raise Interrupted("copying the records was cancelled; nothing was left.")
    except BaseException:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
        raise


def _said(errors: int) -> str:
    size_bytes = os.fstat(errors).st_size
    text = os.pread(errors, _KEPT_OF_ERROR, max(0, size_bytes - _KEPT_OF_ERROR)).decode(errors="replace")
    return f"It said: {' '.join(text.split())}" if text.strip() else "It said nothing."
