"""Making a backup: the records first, then the files, the manifest last; read back before it gets its name."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC
from typing import Any, NamedTuple

from rattail.appdir.files import opened_folder
from rattail.appdir.refusal import refusal, shown
from rattail.appdir.still import copying_records, files_held_still
from rattail.errors import BackupUnproven, DatabaseUnreachable, WouldOverwrite
from rattail.features.backups.archive import format as names
from rattail.features.backups.archive.format import archive_name
from rattail.features.backups.archive.manifest import Part
from rattail.features.backups.environment.record import Record, environment_document, environment_record
from rattail.features.backups.environment.restore_text import Described, restore_program, restore_text
from rattail.features.backups.environment.wheel import Wheel
from rattail.features.backups.environment.wheels import wheels
from rattail.features.backups.keys.keys import make_key, parse_recipients, read_identities
from rattail.features.backups.making.content import ChangedWhileRead, Contents
from rattail.features.backups.making.file import ArchiveFile, RoomTooSmall
from rattail.features.backups.making.packing import Packed
from rattail.features.backups.making.plan import BackupPlan, MakeRequest, Room, plan_backup
from rattail.features.backups.making.readback import read_back
from rattail.features.backups.making.renew import CopyPlace
from rattail.features.backups.records.copy import Copied, copy_database
from rattail.features.backups.records.sqlite import copy_sqlite
from rattail.features.backups.shelf.shelf import PART_SUFFIX, make_shelf, remove_parts, target_lock
from rattail.features.backups.shelf.state import Known, Look, State, write_known
from rattail.version import VERSION

Progress = Callable[[str, int, int | None], object]
_TRIES = 5
_LOOK_EVERY_BYTES = 32 << 20
_WHEELS_FOLDER = "wheels"
_MODE = 0o600
_CHUNK_BYTES = 1 << 20
_SLACK = 1.05
_SLACK_BYTES = 256 << 10


class Made(NamedTuple):
    """A backup that was made and read back. `bytes_by_part` are those stored, by member."""

    path: str
    size_bytes: int
    state: State
    files: int
    file_bytes: int
    bytes_by_part: Mapping[str, int]
    is_encrypted: bool
    warnings: tuple[str, ...]
    seconds: float


def make_backup(request: MakeRequest, *, progress: Progress = lambda *_: None) -> Made:
    """Make one backup and read it back from the disk; it has its name only then.

    `progress` is told what is done, how many bytes (of the wheels: how many) of it, and of how many where that is
    known; what it raises cancels, and nothing is left.

    Raises:
        AppDirBroken: something essential cannot be read, the target not be written, or there is too little room.
        AppDirBusy: somebody else makes a backup there, or removes files.
        DatabaseUnreachable, NoSuchThing: the records cannot be copied.
        BackupUnproven: what was written cannot be read back.
        ConfigInvalid: a public key is none.
    """
    begun = time.monotonic()
    parse_recipients(request.recipients)
    make_shelf(request.target)
    try:
        with target_lock(request.target):
            remove_parts(request.target)
            plan = plan_backup(request, progress=lambda count: progress("looking what there is", count, None))
            Room(request.target).require(plan.total_bytes, what="a backup")
            made = _Making(request, plan, progress).run()
    except OSError as error:
        raise refusal("make a backup in", error.filename or request.target, error) from error
    return made._replace(seconds=time.monotonic() - begun)


class _Making:
    def __init__(self, request: MakeRequest, plan: BackupPlan, progress: Progress) -> None:
        self._request = request
        self._plan = plan
        self._progress = progress
        self._hot: set[str] = set()
        self._room_factor = _SLACK
        self._warnings: list[str] = []
        self._name = archive_name(request.name, request.now)
        self._path = f"{request.target}/{self._name}"
        if os.path.lexists(self._path):
            raise WouldOverwrite(f"there is {shown(self._path)} already, of this very second.", hint="run it again")
        self._room = Room(request.target)
        self._looked_at = 0
        # Whoever reads back what was encrypted needs a key: one of this run, which is forgotten with it.
        self._own_key = make_key() if request.recipients else None
        own = (self._own_key.public,) if self._own_key else ()
        self._recipients = parse_recipients((*request.recipients, *own))

    def run(self) -> Made:
        record = environment_record(self._request.prefix)
        packed_wheels = self._wheels() if self._request.has_wheels else ()
        for number in range(_TRIES):
            try:
                return self._try(record, packed_wheels)
            except ChangedWhileRead as changed:
                self._hot.add(changed.path)
            except RoomTooSmall:
                self._room_factor *= 2
            if number == _TRIES - 1:
                break
        raise BackupUnproven(
            f"the files changed so much while they were read that {_TRIES} tries were not enough.",
            hint="make it when less is going on",
        )

    def _wheels(self) -> tuple[Wheel, ...]:
        return wheels(
            self._request.prefix,
            f"{self._request.target}/{_WHEELS_FOLDER}",
            progress=self._tell_wheels,
            warn=self._warnings.append,
        )

    def _tell_wheels(self, count: int) -> None:
        self._progress("packing the environment", count, None)

    def _try(self, record: Record, packed_wheels: tuple[Wheel, ...]) -> Made:
        part_path = self._path + PART_SUFFIX
        with opened_folder(self._request.target) as scratch_fd, _new_file(part_path) as fd:
            archive = ArchiveFile(
                fd,
                made_at_s=int(self._request.now.timestamp()),
                recipients=self._recipients,
                on_stored=self._watch_room,
            )
            made = self._write(archive, record, packed_wheels, scratch_fd)
            known = self._read_back(part_path, archive, made)
            write_known(part_path, known, about=self._path)
            os.rename(part_path, self._path)
            os.fsync(scratch_fd)
        return made._replace(state=known.state)

    def _write(self, archive: ArchiveFile, record: Record, packed_wheels: tuple[Wheel, ...], scratch_fd: int) -> Made:
        request = self._request
        contents = Contents(
            scratch_fd=scratch_fd, hot=self._hot, copy_sqlite=_copy_other, now_s=request.now.timestamp()
        )
        walk = request.walk()
        with files_held_still(request.root), ExitStack() as turn:
            turn.enter_context(copying_records(request.root, waiting=self._tell_waiting))
            copied = self._copy_records()
            self._begin(archive, record, packed_wheels, copied)
            parts = [self._records_part(archive, copied)] if copied else []
            turn.close()
            with Packed(walk, contents, scratch_fd=scratch_fd) as packed:
                folder = archive.add_part(
                    names.FOLDER_PART,
                    lambda write: packed.fill(
                        write, progress=lambda done: self._progress("packing files", done, self._plan.file_bytes)
                    ),
                )
                parts.append(folder)
                warnings = (*walk.warnings, *contents.warnings, *self._warnings)
                archive.put_manifest(self._head(record, copied, parts, packed, warnings), packed.lines)
            archive.finish()
        return Made(
            path=self._path,
            size_bytes=archive.size_bytes,
            state=State.UNPROVEN,
            files=packed.files,
            file_bytes=packed.file_bytes,
            bytes_by_part={
                **{part.name: part.stored_bytes for part in parts},
                _WHEELS_FOLDER: sum(wheel.size_bytes for wheel in packed_wheels),
            },
            is_encrypted=bool(request.recipients),
            warnings=warnings,
            seconds=0.0,
        )

    def _tell_waiting(self) -> None:
        self._progress("waiting until the records are copied", 0, None)

    def _copy_records(self) -> Copied | None:
        """The newest consistent copy, in the folder itself; None where there are no records yet."""
        request = self._request
        place = CopyPlace.of(request.root, request.places, request.settings)
        if not place.has_records:
            return None
        return copy_database(
            place.records,
            place.folder,
            now=request.now,
            progress=lambda done: self._progress("copying the records", done, self._plan.database_bytes or None),
        )

    def _begin(
        self, archive: ArchiveFile, record: Record, packed_wheels: tuple[Wheel, ...], copied: Copied | None
    ) -> None:
        """What lies before the parts."""
        request = self._request
        text = restore_text(
            Described(
                archive_name=self._name,
                app=request.name,
                made_at=request.now,
                made_by=_made_by(),
                host=platform.node(),
                root=request.root,
                environment_path=request.prefix,
                record=record,
                database=copied.kind if copied else "",
                server_version=copied.server_version if copied else "",
                encrypted_to=tuple(request.recipients),
                is_full=request.is_full,
                wheel_count=len(packed_wheels),
                relocated=self._relocated,
            )
        )
        archive.add(names.RESTORE_TEXT, text.encode("utf-8"))
        archive.add(names.RESTORE_PROGRAM, restore_program().encode("utf-8"))
        self._environment = environment_document(
            record, packed_wheels, app=request.name, made_at=request.now, is_encrypted=bool(request.recipients)
        )
        archive.add(names.ENVIRONMENT, _json(self._environment))
        head_room = _SLACK_BYTES + 4 * len(_json(self._environment)) + 2 * sum(map(len, self._plan.warnings))
        archive.keep_room(int(self._plan.manifest_bytes * self._room_factor) + head_room * round(self._room_factor))
        for wheel in packed_wheels:
            archive.add_file(
                f"{names.WHEELS}/{wheel.file_name}", wheel.path, size_bytes=wheel.size_bytes, sha256=wheel.sha256
            )

    def _records_part(self, archive: ArchiveFile, copied: Copied) -> Part:
        with open(copied.path, "rb", buffering=0) as stream:

            def fill(write: Callable[[bytes], None]) -> None:
                done = 0
                while content := stream.read(_CHUNK_BYTES):
                    write(content)
                    done += len(content)
                    self._progress("packing the records", done, copied.size_bytes)

            return archive.add_part(names.DATABASE_PARTS[copied.kind], fill)

    def _head(
        self, record: Record, copied: Copied | None, parts: list[Part], packed: Packed, warnings: tuple[str, ...]
    ) -> dict[str, Any]:
        request = self._request
        database = copied and {
            "kind": copied.kind,
            "part": names.DATABASE_PARTS[copied.kind],
            "size_bytes": copied.size_bytes,
            "server_version": copied.server_version,
            "migrations": copied.migrations,
            "counts": copied.counts,
        }
        return {
            "app": {"id": request.app_id, "name": request.name, "layout": request.layout},
            "made_by": _made_by(),
            "made_at": request.now.astimezone(UTC).isoformat(),
            "is_full": request.is_full,
            "host": platform.node(),
            "root": request.root,
            "environment_path": request.prefix,
            "relocated": self._relocated,
            "encrypted_to": list(request.recipients),
            "database": database,
            "environment": self._environment,
            "totals": {"files": packed.files, "entries": packed.entries, "bytes": packed.file_bytes},
            "parts": [part._asdict() for part in parts],
            "warnings": list(warnings),
        }

    def _read_back(self, part_path: str, archive: ArchiveFile, made: Made) -> Known:
        identities = read_identities(self._own_key.secret, source="the key of this run") if self._own_key else []
        looked = read_back(
            part_path,
            identities=identities,
            scratch=self._request.target,
            progress=lambda done, total: self._progress("reading it back", done, total),
        )
        if looked.problem:
            raise BackupUnproven(
                f"the backup was written but cannot be read back: {looked.problem}. It was not kept.",
                hint="check the disk (dmesg, smartctl), then run the same command again",
            )
        return Known(
            digest=archive.digest,
            recipients=self._request.recipients,
            is_full=self._request.is_full,
            bytes_by_part=made.bytes_by_part,
            warnings=made.warnings,
            read_back=Look(self._request.now, seconds=looked.seconds),
        )

    @property
    def _relocated(self) -> dict[str, str]:
        return {place.path: place.location for place in self._request.places if place.is_relocated}

    def _watch_room(self, stored: int) -> None:
        if not 0 <= stored - self._looked_at < _LOOK_EVERY_BYTES:
            self._looked_at = stored
            self._room.look()


@contextmanager
def _new_file(path: str) -> Iterator[int]:
    """A new file, open for reading and writing; gone where the block fails."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, _MODE)
    try:
        yield fd
    except BaseException:
        with suppress(FileNotFoundError):  # it has its own name by then
            os.unlink(path)
        raise
    finally:
        os.close(fd)


def _copy_other(source: str, target: str) -> None:
    """A consistent copy of a database that is not ours. Raises ValueError where it is none."""
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, _MODE))
    try:
        copy_sqlite(source, target, progress=lambda _: None, cancelled=lambda: False)
    except DatabaseUnreachable as error:
        raise ValueError(error.message) from error


def _made_by() -> str:
    return f"rattail-appfolder {VERSION}"


def _json(document: Mapping[str, object]) -> bytes:
    import json

    return json.dumps(document, indent=1).encode("ascii") + b"\n"
