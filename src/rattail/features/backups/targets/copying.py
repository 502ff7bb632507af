"""Copying a backup to other places; what became of it is kept beside the backup."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from rattail.appdir.refusal import refusal
from rattail.errors import BackupUnproven, ConfigInvalid, RattailError
from rattail.features.backups.archive.damaged import Damaged
from rattail.features.backups.archive.opened import Archive, open_archive
from rattail.features.backups.shelf.shelf import Backup, target_lock
from rattail.features.backups.shelf.state import Copy, Known, Look, State, known_to_change, read_known, write_known
from rattail.features.backups.targets.address import copy_to_address
from rattail.features.backups.targets.borg import send_to_borg
from rattail.features.backups.targets.folder import copy_to_folder
from rattail.features.backups.targets.reading import Sending
from rattail.features.backups.targets.repository import Repository
from rattail.features.backups.targets.restic import send_to_restic
from rattail.features.backups.targets.unpacked import unpack_for_repository

Progress = Callable[[str, int, int | None], object]
#: What is noted while a copy is made: it stays where that is killed.
BROKEN_OFF = "it was begun and broke off"
_REPOSITORIES = {"restic": send_to_restic, "borg": send_to_borg}
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://.+")


class CopyRequest(NamedTuple):
    """Which backup of the folder `shelf` goes where. `password` opens repositories; `environ` is this process's."""

    backup: Backup
    shelf: str
    places: tuple[str, ...]
    password: str
    environ: Mapping[str, str]
    now: datetime


class CopyMade(NamedTuple):
    """What became of the copy at one place; without an `error` it is whole there, and was looked at there."""

    place: str
    seconds: float
    warnings: tuple[str, ...] = ()
    error: RattailError | None = None


def require_places(places: Sequence[str]) -> None:
    """Refuse what is no place to copy to, all of it at once.

    Raises:
        ConfigInvalid: those that are none.
    """
    faults = [
        f"{place!r} is no place for copies; expected an absolute path of a folder, an address such as "
        "'s3://bucket/folder', or 'restic:PLACE' or 'borg:PLACE' with an absolute path or an address of theirs."
        for place in places
        if not _is_place(place)
    ]
    if faults:
        raise ConfigInvalid(faults, hint="mend backups.copy_to or --to")


def copy_backup(request: CopyRequest, *, progress: Progress = lambda *_: None) -> tuple[CopyMade, ...]:
    """Copy one backup to each of the places, one after the other; one that fails does not hinder the next.

    Doing it again completes what broke off, and looks again at what is there. What `progress` raises ends all of it.

    Raises:
        ConfigInvalid: a place is none.
        BackupUnproven: the backup is known to be damaged, or is found to be.
        AppDirBusy: somebody makes, copies or prunes backups there.
        AppDirBroken: what became of a copy cannot be kept, or the backup not be read.
    """
    require_places(request.places)
    with target_lock(request.shelf):
        known = read_known(request.backup.path)
        if known.state is State.DAMAGED:
            raise BackupUnproven(
                f"{request.backup.file_name} is damaged and is not copied: {known.problem}.",
                hint="rattail make-backup makes a new one",
            )
        return tuple(_copy(request, place, progress) for place in request.places)


def _copy(request: CopyRequest, place: str, progress: Progress) -> CopyMade:
    begun = time.monotonic()
    path = request.backup.path
    is_first_try = place not in read_known(path).copies
    _note(request, place, BROKEN_OFF)
    warnings: tuple[str, ...] = ()
    error: RattailError | None = None
    try:
        with open_archive(path) as archive:
            warnings = _to_place(request, place, archive, is_first_try=is_first_try, progress=progress)
    except Damaged as damaged:
        _note_damaged(path, damaged, now=request.now)
        raise
    except RattailError as failed:
        error = failed
    _note(request, place, error.message if error else "")
    return CopyMade(place, time.monotonic() - begun, warnings, error)


def _to_place(
    request: CopyRequest, place: str, archive: Archive, *, is_first_try: bool, progress: Progress
) -> tuple[str, ...]:
    repository = _repository_of(place)
    if repository:
        return _to_repository(request, *repository, archive, is_first_try=is_first_try, progress=progress)
    try:
        fd = os.open(request.backup.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise refusal("read", request.backup.path, error) from error
    try:
        copy = copy_to_address if _ADDRESS.fullmatch(place) else copy_to_folder
        return copy(request.backup, Sending(archive, fd), place, progress=progress)
    finally:
        os.close(fd)


def _to_repository(
    request: CopyRequest, program: str, place: str, archive: Archive, *, is_first_try: bool, progress: Progress
) -> tuple[str, ...]:
    repository = Repository(program, place, request.password, request.shelf, request.environ)
    repository.require_program()
    unpacked = unpack_for_repository(archive, request.backup, shelf=request.shelf, progress=progress)
    send = _REPOSITORIES[program]
    send(repository, request.backup, unpacked, is_first_try=is_first_try, progress=progress)
    if archive.is_encrypted:
        return (
            f"{repository.shown} gets encrypted backups whole: what is encrypted has no likeness to the one before.",
        )
    return ()


def _is_place(text: str) -> bool:
    repository = _repository_of(text)
    if repository:
        return os.path.isabs(repository[1]) or ":" in repository[1]
    return _ADDRESS.fullmatch(text) is not None or os.path.isabs(text)


def _repository_of(place: str) -> tuple[str, str] | None:
    program, colon, rest = place.partition(":")
    return (program, rest) if program in _REPOSITORIES and colon and rest else None


def _note(request: CopyRequest, place: str, problem: str) -> None:
    copy = Copy(request.now, problem)
    _change(request.backup.path, lambda known: known._replace(copies={**known.copies, place: copy}))


def _note_damaged(path: str, damaged: Damaged, *, now: datetime) -> None:
    _change(path, lambda known: known._replace(read_back=Look(now, damaged.what)))


def _change(path: str, change: Callable[[Known], Known]) -> None:
    try:
        write_known(path, change(known_to_change(path)))
    except OSError as error:
        raise refusal("keep what became of the copy of", path, error) from error
