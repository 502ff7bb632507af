"""Proving a backup: all the way to an application that answers, in a scratch place."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from rattail.appdir.hints import pasted_line
from rattail.appdir.refusal import refusal
from rattail.database.setup import Whereabouts
from rattail.errors import AppDirBroken, AppDirBusy, BackupUnproven, LayoutOutdated
from rattail.features.backups.archive.damaged import Damaged
from rattail.features.backups.archive.opened import open_archive
from rattail.features.backups.keys.proving import prove_keys
from rattail.features.backups.making.readback import read_back
from rattail.features.backups.proving.quarantine import started, wait_ready
from rattail.features.backups.proving.scratch import only_these_settings, scratch_place, scratch_records
from rattail.features.backups.restoring.plan import RestoreRequest
from rattail.features.backups.restoring.restore import Restored, restore
from rattail.features.backups.shelf.shelf import Backup
from rattail.features.backups.shelf.state import Known, Look, known_to_change, write_known
from rattail.registry import Registry

if TYPE_CHECKING:
    from pyrage import x25519

Progress = Callable[[str, int, int | None], object]
_READING, _STARTING = "reading it back", "starting the application in quarantine"
_NO_WHEELS = "no packages are in it: the environment that proves runs it"
_CLEARING = "removing the scratch place"
_MOST_PROBLEM = 1000


class ProveRequest(NamedTuple):
    """Which backup is proved. `where` are the live records: their server has room for a scratch database."""

    backup: Backup
    registry: Registry
    where: Whereabouts
    now: datetime
    identities: Sequence[x25519.Identity] = ()


class Proof(NamedTuple):
    """A proof that went well: each step with its seconds, and how many rows each table had."""

    path: str
    steps: tuple[tuple[str, float], ...]
    rows: Mapping[str, int]
    has_built_environment: bool
    seconds: float


class _Steps:
    """What is done at present, for how long; tells whoever watches."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._took: dict[str, float] = {}
        self._since = time.monotonic()
        self.now = ""

    def tell(self, what: str, done: int = 0, total: int | None = None) -> None:
        moment = time.monotonic()
        if self.now:
            self._took[self.now] = self._took.get(self.now, 0.0) + moment - self._since
        self.now, self._since = what, moment
        self._took.setdefault(what, 0.0)
        self._progress(what, done, total)

    def all(self) -> tuple[tuple[str, float], ...]:
        self._took[self.now] = self._took.get(self.now, 0.0) + time.monotonic() - self._since
        self._since = time.monotonic()
        return tuple((what, round(seconds, 3)) for what, seconds in self._took.items())


def prove(request: ProveRequest, *, progress: Progress = lambda *_: None) -> Proof:
    """Read a backup back, restore it into a scratch place beside it, start the application there.

    The environment is rebuilt where its packages are in the backup, the rows are counted, check-appdir is run, and
    the application, in quarantine, has to say that it is ready.

    The result is kept with the backup, with the seconds of each step. The scratch place is removed whatever happens;
    what `progress` raises cancels, and then nothing is kept.

    Raises:
        BackupUnproven: it was not shown to be good: which step failed, and why.
        KeyDoesNotFit, InputRejected: it is encrypted, and the key is another one's, or missing.
        AppDirBusy: somebody proves a backup there already.
        NotAllowed, DatabaseUnreachable: the server refuses a scratch database.
    """
    steps, begun = _Steps(progress), time.monotonic()
    steps.tell(_READING)
    path = request.backup.path
    try:
        with scratch_place(os.path.dirname(path)) as place:
            _read_back(request, place, steps)
            restored = _proved(request, place, steps)
            steps.tell(_CLEARING)
    except (BackupUnproven, AppDirBroken, LayoutOutdated) as error:
        failed = BackupUnproven(
            f"{request.backup.file_name} was not proved; while {steps.now}: {error.message}",
            hint=error.hint or pasted_line("rattail", "make-backup"),
        )
        _keep(request, steps, time.monotonic() - begun, problem=f"while {steps.now}: {error.message}")
        raise failed from error
    seconds = time.monotonic() - begun
    _keep(request, steps, seconds)
    _keep_keys(request)
    return Proof(path, steps.all(), restored.rows, restored.has_built_environment, seconds)


def _read_back(request: ProveRequest, place: str, steps: _Steps) -> None:
    """Compare every byte; what is found is kept with the backup, also where nothing was known of it before."""
    path = request.backup.path
    with open_archive(path, identities=request.identities) as archive:
        head, digest, is_encrypted = archive.head(), archive.digest, archive.is_encrypted
    looked = read_back(
        path,
        scratch=place,
        identities=request.identities,
        progress=lambda done, total: steps.tell(_READING, done, total),
    )
    try:
        known = known_to_change(path)
        if known.digest != digest:
            keys = tuple(str(identity.to_public()) for identity in request.identities) if is_encrypted else ()
            known = Known(digest, keys, is_full=bool(head.document.get("is_full")), warnings=head.warnings)
        write_known(path, known._replace(read_back=Look(request.now, looked.problem, looked.seconds)))
    except OSError as error:
        raise refusal("keep what was found beside", path, error) from error
    if looked.problem:
        raise Damaged(looked.problem)


def _proved(request: ProveRequest, place: str, steps: _Steps) -> Restored:
    environment = f"{place}/env"
    with open_archive(request.backup.path, identities=request.identities) as archive:
        database = archive.head().database
        has_wheels = bool(archive.wheels)
    try:
        if not has_wheels:
            steps.tell(_NO_WHEELS)
            os.mkdir(environment, 0o700)
            with open(f"{environment}/pyvenv.cfg", "x", encoding="ascii"):
                pass
    except OSError as error:
        raise refusal("make a scratch place in", place, error) from error
    kind = "" if database is None else str(database["kind"])
    with scratch_records(kind, request.where) as variables, only_these_settings(variables):
        wanted = RestoreRequest(
            backup=request.backup.path,
            environment=environment,
            registry=request.registry,
            now=request.now,
            identities=request.identities,
        )
        restored = restore(wanted, progress=steps.tell)
        if restored.errors:
            raise BackupUnproven(f"check-appdir finds {restored.errors[0]}")
        if kind:
            steps.tell(_STARTING)
            output = f"{place}/output"
            with started(environment, restored.root, output=output) as (process, address):
                wait_ready(process, address, output=output, waiting=lambda: steps.tell(_STARTING))
                steps.tell("stopping it")
    return restored


def _keep(request: ProveRequest, steps: _Steps, seconds: float, *, problem: str = "") -> None:
    """Keep the result with the backup."""
    path = request.backup.path
    look = Look(request.now, problem[:_MOST_PROBLEM], round(seconds, 3), steps.all())
    try:
        write_known(path, known_to_change(path)._replace(proved=look))
    except OSError as error:
        raise refusal("keep the proof beside", path, error) from error


def _keep_keys(request: ProveRequest) -> None:
    """What opened the backup is the secret key of what it is encrypted to: nobody has to prove that once more."""
    recipients = known_to_change(request.backup.path).recipients
    if request.identities and recipients:
        with suppress(AppDirBusy):  # a backup is being made there: the list says how to do it afterwards
            prove_keys(os.path.dirname(request.backup.path), recipients, request.identities, now=request.now)
