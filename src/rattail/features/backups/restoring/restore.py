"""Restoring a backup: prepared beside, put in its place in a few renames, and taken back where it is not sound."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from datetime import UTC
from typing import NamedTuple

from rattail.appdir.lock import lock_appdir
from rattail.appdir.marker import Identity
from rattail.appdir.refusal import refusal, shown
from rattail.appdir.unserved import unserved
from rattail.database.setup import Whereabouts
from rattail.errors import BackupUnproven, ConfigInvalid, InputRejected
from rattail.features.backups.records.copy import COPY_FOLDER, FILES
from rattail.features.backups.restoring import databases, place
from rattail.features.backups.restoring.difference import Live
from rattail.features.backups.restoring.journal import Journal, State, only_restorer
from rattail.features.backups.restoring.mend import mend_paths, name_database
from rattail.features.backups.restoring.missing import missing_files
from rattail.features.backups.restoring.moves import Beside, beside, parts, whole
from rattail.features.backups.restoring.plan import (
    COMMAND,
    RestoreRequest,
    checked,
    kept_whole,
    opened,
    program_of,
    staying,
    wanted_parts,
)
from rattail.features.backups.restoring.proof import Program
from rattail.features.backups.restoring.recover import forget_empty, give_up, recover
from rattail.features.backups.restoring.source import Source
from rattail.features.backups.restoring.staging import Progress, carry, flush, make_new, put_records, where_records
from rattail.features.backups.restoring.target import Target, live_view, ownership
from rattail.registry import Registry


class Restored(NamedTuple):
    """What was restored. `kept` is where the old content lies now, `kept_database` what the old database is called,
    `missing` are files that the records name and the backup lacks, by logical name: a plain copy of a folder may."""

    root: str
    environment: str
    has_built_environment: bool
    files: int
    file_bytes: int
    rows: Mapping[str, int]
    records_at: str
    missing: tuple[str, ...]
    migrations: tuple[str, ...]
    kept: str
    kept_database: str
    errors: tuple[str, ...]
    messages: tuple[str, ...]
    seconds: float


def restore(request: RestoreRequest, *, progress: Progress = lambda *_: None) -> Restored:
    """Restore a backup, or parts of it, into an environment, which is built where it is not there.

    All is prepared beside and looked through before anything that is live is touched; then names are exchanged, and
    the application of the environment itself is asked whether all is well. Where it is not, or `progress` raises, or
    the process is interrupted, what was there comes back. What a killed restore left is finished or taken back first.

    Raises:
        Damaged, KeyDoesNotFit: the backup is not good, or the key is another one's.
        LayoutOutdated: the backup is newer than the application.
        WouldOverwrite: another app, or something else is there; or the database holds records, and nothing that is
            replaced uses it.
        AppDirBusy: the application is being served, or somebody else writes.
        AppDirBroken: there is too little room, or the system refuses; nothing was changed.
        BackupUnproven: what was restored is not sound, and what was there came back.
        NotAllowed, DatabaseUnreachable: the server's.
    """
    begun = time.monotonic()
    try:
        with opened(request) as source:
            messages = [*source.about.warnings]
            program = program_of(request)
            target = checked(request, source, program)
            built = not target.has_environment
            if built:
                _build(request, source, target, progress)
                program = program_of(request)
            with only_restorer(target.environment):
                said = recover(target.root, registry=request.registry)
                messages += [said] if said else []
                target = checked(request, source, program)
                restored = _Restoring(request, source, target, program, progress, messages).run()
    except OSError as error:
        raise refusal("restore into", error.filename or request.environment, error) from error
    return restored._replace(has_built_environment=built, seconds=time.monotonic() - begun)


def recover_only(environment: str, *, registry: Registry) -> str:
    """Finish or take back what a killed restore left; says what was done, empty where there was nothing to do."""
    environment = os.path.realpath(environment)
    with only_restorer(environment):
        return recover(os.path.realpath(f"{environment}/app"), registry=registry)


class _Restoring:
    def __init__(
        self,
        request: RestoreRequest,
        source: Source,
        target: Target,
        program: Program,
        progress: Progress,
        messages: list[str],
    ) -> None:
        self._request = request
        self._source = source
        self._about = source.about
        self._target = target
        self._progress = progress
        self._messages = messages
        self._only = wanted_parts(request)
        self._live = live_view(target, request.registry)
        self._program = program
        self._mark = os.urandom(4).hex()
        self._time = request.now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        self._owner_of, self._owner, said = ownership(target, self._about)
        messages += [said] if said else []
        self._root = beside(target.root, mark=self._mark, time=self._time)
        self._places: dict[str, Beside] = {".": self._root}
        self._stays: Mapping[str, str] = {}
        self._counts: Mapping[str, int] = {}
        self._missing: tuple[str, ...] = ()
        self._journal = Journal(
            target.root, State.PREPARING, request.backup, (), self._root.kept, is_part=bool(self._only)
        )

    def run(self) -> Restored:
        target = self._target
        with ExitStack() as stack, ExitStack() as writing:
            before: frozenset[str] = frozenset()
            if target.is_taken:
                stack.enter_context(unserved(target.root))
                writing.enter_context(lock_appdir(target.root, command=COMMAND))
                before = frozenset(self._program.errors(target.root) if target.marker else ())
            try:
                self._prepare()
                stack.enter_context(unserved(self._root.new)) if not self._only else None
                self._swap()
                writing.close()  # the application, which is asked now, writes
                migrations, errors = self._prove(before)
            except BaseException:
                give_up(self._journal, registry=self._request.registry)
                raise
            for staging in self._journal.stagings:
                place.remove_tree(staging)
            self._journal.forget()
        return self._restored(migrations, errors)

    def _prepare(self) -> None:
        """Everything beside its place."""
        stays = staying(self._about, self._target, self._live, is_part=bool(self._only))
        self._stays = stays
        for name, at in stays.items():
            self._places[name] = beside(at, mark=self._mark, time=self._time)
        stagings = tuple(one.staging for one in self._places.values())
        self._journal = self._journal.entered(State.PREPARING, stagings=stagings)
        make_new(self._root, like=self._target.root)
        self._unpack()
        if not self._only:
            inside = {name: at for name, at in self._about.relocated.items() if name not in stays}
            self._messages += mend_paths(
                self._root.new,
                was=self._about.root,
                is_now=self._target.root,
                inside=inside,
                options=self._request.registry.options,
            )
        for name in stays:
            if os.path.isdir(f"{self._root.new}/{name}"):
                identity = None if self._only else Identity(self._about.app_id, name, self._target.root)
                carry(name, self._root.new, self._places[name], identity=identity, owner=self._owner)
            else:
                del self._places[name]
        if not self._only:
            self._put_records()
            if self._owner is not None:
                os.chown(self._root.new, self._owner.uid, self._owner.gid)
        self._progress("writing to the disk", 0, None)
        for one in self._places.values():
            flush(one.staging)

    def _unpack(self) -> None:
        try:
            fd = os.open(self._root.new, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            raise refusal("open", self._root.new, error) from error
        try:
            self._unpacked = self._source.unpack(
                fd,
                only=self._only,
                owner_of=self._owner_of,
                progress=lambda done, total: self._progress("unpacking files", done, total),
            )
        finally:
            os.close(fd)
        if self._unpacked.links_out:
            names = ", ".join(map(shown, self._unpacked.links_out[:5]))
            self._messages.append(f"{len(self._unpacked.links_out)} links lead out of the folder, such as {names}.")

    def _put_records(self) -> None:
        records = self._about.records
        if records is None:
            return
        where = where_records(self._root.new, self._request.registry, data_folder=f"{self._root.new}/data")
        if where.url:
            said = name_database(self._root.new, url=where.url, options=self._request.registry.options)
            self._messages += [said] if said else []
            if not (self._request.may_replace_records or self._is_of_target(where)):
                databases.require_empty(where)
            move = databases.planned(where, mark=f"{self._time.lower()}_{self._mark}")
            self._journal = self._journal.entered(State.PREPARING, database=move)
            databases.make_beside(move, where)
            if move.new:
                where = databases.with_name(where, move.new)
        copy_folder = self._copy_folder()
        self._counts = put_records(
            self._source,
            records,
            where,
            scratch=self._root.staging,
            copy_folder=copy_folder,
            owner=self._owner,
            progress=self._progress,
        )
        copy = f"{copy_folder}/{FILES[records.kind]}"
        if not self._about.is_archive and os.path.exists(copy):
            declared = self._request.registry.row_files
            self._missing = missing_files(copy, records.kind, declared, location=self._prepared)
            if self._missing:
                self._messages.append(
                    f"{len(self._missing):,} of the files that the records name are not in the copy, such as "
                    f"{shown(self._missing[0])}."
                )

    def _is_of_target(self, where: Whereabouts) -> bool:
        """Whether it is the database of the app folder that is replaced."""
        try:
            return self._target.is_taken and self._where().url == where.url
        except ConfigInvalid:
            return False

    def _copy_folder(self) -> str:
        """Where the newest copy of the records is to lie; empty where the folder for it is on another disk, and there
        is nothing for it in the backup."""
        folder = self._prepared(COPY_FOLDER)
        if COPY_FOLDER in self._stays and COPY_FOLDER not in self._places:
            return ""
        try:
            os.mkdir(folder, 0o700)
            if self._owner is not None:
                os.chown(folder, self._owner.uid, self._owner.gid)
        except FileExistsError:
            return folder
        except OSError as error:
            raise refusal("make", folder, error) from error
        return folder

    def _prepared(self, path: str) -> str:
        """Where what has this logical path lies for now."""
        for name, at in self._stays.items():
            if path == name or path.startswith(f"{name}/"):
                return (self._places[name].new if name in self._places else at) + path[len(name) :]
        return f"{self._root.new}/{path}"

    def _swap(self) -> None:
        if self._only:
            unheld = {
                name for name in kept_whole(self._request.registry) if not os.path.lexists(f"{self._root.new}/{name}")
            }
            live = self._live or Live(self._target.root, {}, frozenset())
            moves = tuple(parts(self._only, live, self._places, unheld))
        else:
            moves = tuple(move for one in reversed(self._places.values()) for move in whole(one))
        self._progress("putting it in its place", 0, None)
        self._journal = self._journal.entered(State.SWAPPING, moves=moves)
        place.do(moves)
        if self._journal.database is not None:
            databases.do(self._journal.database, self._where())
        self._journal = self._journal.entered(State.PROVING)

    def _prove(self, before: frozenset[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Ask the application; returns the migrations that were applied, and the errors that stand anyway."""
        root = self._target.root
        self._progress("asking the application whether all is well", 0, None)
        migrations: tuple[str, ...] = ()
        if not self._only:
            self._program.complete(root)
            records = self._about.records
            if records is not None and self._program.expected_migrations() - set(records.migrations):
                migrations = self._program.migrate(root)
        errors = tuple(one for one in self._program.errors(root) if one not in before)
        if errors and self._target.is_taken:
            raise BackupUnproven(
                f"what was restored is not sound: {errors[0]} What was there before came back.",
                hint="to see all of it, restore into a new environment beside: --into ENV",
            )
        return migrations, errors

    def _where(self) -> Whereabouts:
        return where_records(self._target.root, self._request.registry, data_folder=f"{self._target.root}/data")

    def _restored(self, migrations: tuple[str, ...], errors: tuple[str, ...]) -> Restored:
        forget_empty(self._journal)
        kept = [one.kept for one in self._places.values() if os.path.lexists(one.kept)]
        for path in list(kept):
            with suppress(OSError):
                os.rmdir(path)  # where it held nothing
                kept.remove(path)
        self._messages += [f"what was there before is kept in {shown(path)}, too." for path in kept[1:]]
        database = self._journal.database
        return Restored(
            root=self._target.root,
            environment=self._target.environment,
            has_built_environment=False,
            files=self._unpacked.files,
            file_bytes=self._unpacked.file_bytes,
            rows=self._counts,
            records_at=self._about.records.at if self._about.records and not self._only else "",
            missing=self._missing,
            migrations=migrations,
            kept=kept[0] if kept else "",
            kept_database=database.old if database and database.new else "",
            errors=errors,
            messages=tuple(self._messages),
            seconds=0.0,
        )


def _build(request: RestoreRequest, source: Source, target: Target, progress: Progress) -> None:
    """Build the environment from the wheels of the backup, without a network."""
    from rattail.features.backups.environment import standalone
    from rattail.features.backups.environment.rebuild import as_errors
    from rattail.features.backups.environment.standalone import WheelFile

    with as_errors():
        standalone.version_of(request.python)
        with standalone.claimed(target.environment) as scratch:
            folder = f"{scratch}/wheels"
            os.mkdir(folder)
            progress("unpacking the environment", 0, None)
            wheels = source.wheels(folder)
            if not wheels:
                raise InputRejected(
                    f"{shown(request.backup)} holds no packages, so that the environment {shown(target.environment)} "
                    "cannot be built from it.",
                    hint=f"make it first: python3 -m venv {target.environment}, then install rattail in it",
                )
            progress("building the environment", 0, len(wheels))
            files = [WheelFile(wheel.file_name, wheel.sha256) for wheel in wheels]
            standalone.build(target.environment, scratch, files, request.python)
            progress("building the environment", len(wheels), len(wheels))
