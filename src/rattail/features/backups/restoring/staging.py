"""What was restored, prepared beside its place: unpacked, mended, with the records, and on the disk."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime

from rattail.appdir.files import opened_folder, replace_file
from rattail.appdir.marker import Identity
from rattail.appdir.names import IDENTITY
from rattail.appdir.owner import Owner
from rattail.appdir.refusal import refusal
from rattail.config.load import load_settings
from rattail.database.setup import DATABASE_FILE, Whereabouts, whereabouts
from rattail.errors import BackupUnproven
from rattail.features.backups.records.check import check_copy
from rattail.features.backups.records.copy import Copied, CopyNote, keep_copy
from rattail.features.backups.records.load import load_database
from rattail.features.backups.restoring.moves import Beside
from rattail.features.backups.restoring.source import Records, Source
from rattail.registry import Registry

Progress = Callable[[str, int, int | None], object]
_FOLDER_MODE = 0o750
_RECORDS_MODE = 0o640


def make_new(place: Beside, *, like: str) -> None:
    """Make the empty folder for new content, with the permissions of `like`, if that is there.

    Raises:
        AppDirBroken: the system refuses.
    """
    try:
        os.mkdir(place.staging, 0o700)
        os.mkdir(place.new, 0o700)
        mode = os.stat(like).st_mode & 0o777 if os.path.isdir(like) else _FOLDER_MODE
        os.chmod(place.new, mode)
    except OSError as error:
        raise refusal("make a folder for what is restored,", place.staging, error) from error


def carry(name: str, new: str, place: Beside, *, identity: Identity | None, owner: Owner | None) -> None:
    """Bring a folder that was unpacked to the disk where it belongs, and write down there whose it is.

    Raises:
        AppDirBroken: the system refuses.
    """
    above, _, last = f"{new}/{name}".rpartition("/")
    try:
        os.mkdir(place.staging, 0o700)
        with opened_folder(above) as fd, opened_folder(last, dir_fd=fd):  # no link, whatever a backup says
            try:
                os.rename(last, place.new, src_dir_fd=fd)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                shutil.copytree(f"{above}/{last}", place.new, symlinks=True)
                if owner is not None:
                    _give(place.new, owner)
                shutil.rmtree(last, dir_fd=fd)
        if identity is not None:
            with opened_folder(place.new) as fd:
                who = None if owner is None else (owner.uid, owner.gid)
                replace_file(fd, IDENTITY, identity.encode(), mode=0o640, owner=who)
    except OSError as error:
        raise refusal("bring to its disk", place.new, error) from error


def where_records(root: str, registry: Registry, *, data_folder: str) -> Whereabouts:
    """Where the settings of the folder `root` say that the records are.

    Raises:
        ConfigInvalid: the settings have faults.
    """
    settings = load_settings(registry.options, root=root, environ=os.environ).require_sound()
    return whereabouts(
        data_folder=data_folder, url=settings.text("database.url"), password=settings.text("database.password")
    )


def put_records(
    source: Source,
    records: Records,
    where: Whereabouts,
    *,
    scratch: str,
    copy_folder: str,
    owner: Owner | None,
    progress: Progress,
) -> Mapping[str, int]:
    """Put the records where they belong: a file that is not there yet, or an empty database. Returns their counts.

    Where `copy_folder` is not empty, they are the newest consistent copy in that folder, too, of the time of which they
    are, so that the folder alone is a backup from its first minute.

    Raises:
        BackupUnproven: the copy is not good, or does not have the rows that the backup tells of.
        InputRejected: the settings want another kind of database.
        DatabaseUnreachable, WouldOverwrite, AppDirBroken: as `load_database`.
    """
    path = f"{scratch}/records"
    counts: Mapping[str, int]
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            source.write_records(fd, progress=lambda done, total: progress("unpacking the records", done, total))
        finally:
            os.close(fd)
        if records.kind == "sqlite" and where.path:
            checked = check_copy(path, "sqlite")
            if not checked.ok:
                raise BackupUnproven(f"the copy of the records is not good: {checked.problem}.")
            counts = checked.counts
            _keep_copy(path, records, counts, copy_folder, owner=owner, is_taken=False)
            os.chmod(path, _RECORDS_MODE)
            if owner is not None:
                os.chown(path, owner.uid, owner.gid)
            with opened_folder(os.path.dirname(where.path)) as data_fd:
                os.rename(path, DATABASE_FILE, dst_dir_fd=data_fd)
        else:
            loaded = load_database(
                path,
                records.kind,
                where,
                progress=lambda done: progress("loading the records", done, records.size_bytes),
            )
            counts = loaded.counts
            _keep_copy(path, records, counts, copy_folder, owner=owner, is_taken=True)
            with suppress(FileNotFoundError):
                os.unlink(path)
    except OSError as error:
        raise refusal("put the records into", where.shown, error) from error
    if records.counts and dict(counts) != dict(records.counts):
        raise BackupUnproven(
            "the copy of the records does not have the rows that the backup tells of.", hint="restore another backup"
        )
    return counts


def _keep_copy(
    path: str, records: Records, counts: Mapping[str, int], into: str, *, owner: Owner | None, is_taken: bool
) -> None:
    """Put the copy that was restored where copies are; nothing where nobody knows how old it is."""
    try:
        at = datetime.fromisoformat(records.at)
    except ValueError:
        return
    if not into:
        return
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    copied = Copied(path, records.kind, os.path.getsize(path), "", records.migrations, dict(counts))
    who = None if owner is None else (owner.uid, owner.gid)
    keep_copy(path, CopyNote(at, copied), into, is_taken=is_taken, owner=who)


def flush(folder: str) -> None:
    """Have everything on the disk of a folder, before names are changed."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(fd) != 0:
            number = ctypes.get_errno()
            raise refusal("write to the disk", folder, OSError(number, os.strerror(number)))
    finally:
        os.close(fd)


def _give(top: str, owner: Owner) -> None:
    """Give a copy of ours, in a folder that is closed to others."""
    os.chown(top, owner.uid, owner.gid)
    for folder, names, files in os.walk(top):
        for name in (*names, *files):
            os.chown(f"{folder}/{name}", owner.uid, owner.gid, follow_symlinks=False)
