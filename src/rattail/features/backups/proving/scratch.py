"""The scratch place of a proof: on the disk of the backups, closed to others, and gone afterwards whatever happens."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from urllib.parse import unquote, urlsplit

from rattail.appdir.refusal import refusal, shown
from rattail.database.setup import Whereabouts
from rattail.errors import AppDirBusy, BackupUnproven, NotAllowed
from rattail.features.backups.restoring.databases import drop, make_beside, name_of, with_name
from rattail.features.backups.restoring.journal import DatabaseMove

PREFIX = ".proving-"
_LOCK = "proving.lock"
_LOCK_MODE = 0o600
_MOST_NAME = 40
_MARK = "_rattail_proving"


@contextmanager
def scratch_place(target: str) -> Iterator[str]:
    """An empty folder in the folder `target`, for one proof at a time; what killed proofs left is removed first.

    Raises:
        AppDirBusy: somebody proves a backup there already.
        AppDirBroken: it cannot be made.
    """
    try:
        lock = os.open(f"{target}/{_LOCK}", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, _LOCK_MODE)
    except OSError as error:
        raise refusal("prove a backup in", target, error) from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AppDirBusy(
                f"somebody proves a backup in {shown(target)} already.",
                hint="wait until that has ended; rattail list-jobs shows whether it is a job",
            ) from None
        try:
            _clear(target)
            place = tempfile.mkdtemp(prefix=PREFIX, dir=target)
        except OSError as error:
            raise refusal("make a scratch place in", target, error) from error
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)
            with suppress(OSError):
                _clear(target)  # what a killed proof started may have written until now
    finally:
        os.close(lock)


def _clear(target: str) -> None:
    for name in os.listdir(target):
        if name.startswith(PREFIX):
            shutil.rmtree(f"{target}/{name}", ignore_errors=True)


@contextmanager
def scratch_records(kind: str, where: Whereabouts) -> Iterator[Mapping[str, str]]:
    """Somewhere for the records of a backup of this kind, as variables of the environment for settings.

    A SQLite file lies in the scratch place; on a server it is a database of its own, which is dropped afterwards.

    Raises:
        BackupUnproven: the records are a server's, and no server is set.
        NotAllowed: the role may not make a database there.
        DatabaseUnreachable: the server does not answer.
    """
    if kind != "postgresql":
        yield {}
        return
    if not where.url:
        raise BackupUnproven(
            "the records in it are of a PostgreSQL server, and database.url names none.",
            hint="prove it where a server is set",
        )
    live = name_of(where.url)
    move = DatabaseMove(where.url, live, f"{live[:_MOST_NAME]}{_MARK}", "")
    drop(move, where)  # what a killed proof left
    try:
        make_beside(move, where)
    except NotAllowed as error:
        role = unquote(urlsplit(where.url).username or "NAME")
        error.hint = (
            "the records are proved in a scratch database; let the role of database.url make one, as the server's "
            f"administrator: psql -c 'ALTER ROLE \"{role}\" CREATEDB'"
        )
        raise
    try:
        scratch = with_name(where, move.new)
        yield {"RATTAIL_DATABASE_URL": scratch.url, "RATTAIL_DATABASE_PASSWORD": where.password or ""}
    finally:
        drop(move, where)


@contextmanager
def only_these_settings(variables: Mapping[str, str]) -> Iterator[None]:
    """Nothing of ours in the environment of this process but `variables`: what is restored must find its way neither
    to the live records nor to folders that lie elsewhere."""
    before = {name: value for name, value in os.environ.items() if name.startswith("RATTAIL_")}
    for name in before:
        del os.environ[name]
    os.environ.update({name: value for name, value in variables.items() if value})
    try:
        yield
    finally:
        for name in [name for name in os.environ if name.startswith("RATTAIL_")]:
            with suppress(KeyError):
                del os.environ[name]
        os.environ.update(before)
