"""A copy in another folder: written beside under `.part`, read back, renamed."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import suppress

from rattail.appdir.hints import pasted
from rattail.appdir.names import TEMPORARY_PREFIX
from rattail.appdir.refusal import refusal, shown
from rattail.errors import AppDirBroken, AppDirBusy, BackupUnproven, InputRejected, NoSuchThing, WouldOverwrite
from rattail.features.backups.archive.format import parse_name
from rattail.features.backups.shelf.shelf import PART_SUFFIX, Backup
from rattail.features.backups.shelf.state import SUFFIX, Known, write_known
from rattail.features.backups.targets.reading import CHUNK_BYTES, Sending, digest_of

Progress = Callable[[str, int, int | None], object]
_MODE = 0o600
_HOUR_NS = 3600 * 10**9
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


def copy_to_folder(backup: Backup, sending: Sending, folder: str, *, progress: Progress) -> tuple[str, ...]:
    """Copy a backup into the folder, and read it back there; returns what a person should know of it.

    What an earlier try brought there is compared and not written again. The copy has its name only when it is whole.

    Raises:
        NoSuchThing: the folder is not there.
        InputRejected: it is the folder of the backup itself.
        WouldOverwrite: another file has the name of the backup there.
        BackupUnproven: what was read back differs, or the backup itself is damaged.
        AppDirBusy: somebody else copies the same backup there.
        AppDirBroken: the disk there refuses.
    """
    if not os.path.isdir(folder):
        raise NoSuchThing(
            f"there is no folder {shown(folder)} to copy backups to.",
            hint=f"is its disk mounted? otherwise: mkdir -m 700 -p {pasted(folder)}",
        )
    own = os.path.dirname(backup.path)
    if os.path.samefile(folder, own):
        raise InputRejected(f"{shown(folder)} is the folder where the backups are; a copy has to be somewhere else.")
    path = f"{folder}/{backup.file_name}"
    try:
        if os.path.lexists(path):
            _compare(path, sending, progress)
        else:
            _bring(path, sending, os.stat(backup.path).st_mtime_ns, progress)
        write_known(path, Known(**{**backup.known._asdict(), "copies": {}}))
        _tidy(folder, own, backup.app, now_ns=os.stat(path + SUFFIX).st_mtime_ns)
        is_same_disk = os.stat(folder).st_dev == os.stat(own).st_dev
    except OSError as error:
        raise refusal("copy the backup to", path, error) from error
    return (f"{shown(folder)} lies on the same disk as the backups themselves.",) if is_same_disk else ()


def _bring(path: str, sending: Sending, mtime_ns: int, progress: Progress) -> None:
    part = path + PART_SUFFIX
    fd = os.open(part, _FLAGS, _MODE)
    try:
        _lock(fd, part)
        _require_room(fd, part, sending.size_bytes)
        _write(fd, sending, progress)
        os.fsync(fd)
        try:
            _compare_digest(fd, sending, path, progress)
        except BackupUnproven:
            os.ftruncate(fd, 0)  # nothing of it is to be gone on with
            raise
        os.utime(fd, ns=(mtime_ns, mtime_ns))
        if os.path.lexists(path):
            raise _in_the_way(path)
        os.rename(part, path)
        _flush_folder(os.path.dirname(path))
    finally:
        os.close(fd)


def _write(fd: int, sending: Sending, progress: Progress) -> None:
    """Write what is not there yet. From the first difference on, what is there is of no use."""
    at = 0
    is_same = True
    for piece in sending:
        if is_same and os.pread(fd, len(piece), at) != piece:
            is_same = False
            os.ftruncate(fd, at)
        view = memoryview(piece) if not is_same else memoryview(b"")
        done = at
        while view:
            written = os.pwrite(fd, view, done)
            view = view[written:]
            done += written
        at += len(piece)
        progress("copying", at, sending.size_bytes)
    os.ftruncate(fd, at)


def _compare(path: str, sending: Sending, progress: Progress) -> None:
    """A file with the name is there already: the same, or none of ours."""
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if os.fstat(fd).st_size != sending.size_bytes:
            raise _in_the_way(path)
        for piece in sending:  # the sums of the backup itself
            progress("reading the backup", len(piece), None)
        try:
            _compare_digest(fd, sending, path, progress)
        except BackupUnproven:
            raise _in_the_way(path) from None
    finally:
        os.close(fd)


def _compare_digest(fd: int, sending: Sending, path: str, progress: Progress) -> None:
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)  # from the disk, not from memory
    found = digest_of(_pieces(fd), progress=lambda done: progress("reading the copy back", done, sending.size_bytes))
    if found != sending.sha256:
        raise BackupUnproven(
            f"the copy {shown(path)} was written but cannot be read back as it was.",
            hint="check the disk there (dmesg, smartctl), then run the same command again",
        )


def _pieces(fd: int) -> Iterator[bytes]:
    at = 0
    while piece := os.pread(fd, CHUNK_BYTES, at):
        yield piece
        at += len(piece)


def _lock(fd: int, part: str) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise AppDirBusy(f"somebody copies {shown(part)} already.", hint="wait until that has ended") from None


def _require_room(fd: int, part: str, size_bytes: int) -> None:
    disk = os.fstatvfs(fd)
    missing = size_bytes - os.fstat(fd).st_size - disk.f_bavail * disk.f_frsize
    if missing > 0:
        raise AppDirBroken(
            f"there is too little room for {shown(part)}: {missing:,} bytes are missing.",
            hint="free some space there (df -h), then run the same command again: it goes on where it broke off",
        )


def _tidy(folder: str, own: str, app: str, *, now_ns: int) -> None:
    """Remove what killed copies left there: of backups of this app that are gone from their own folder `own`, which
    nobody will complete, and small files of whoever it was an hour ago. `now_ns` is by the clock of that disk."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            named = parse_name(entry.name.removesuffix(PART_SUFFIX))
            if entry.name.startswith(TEMPORARY_PREFIX):
                is_left = entry.stat(follow_symlinks=False).st_mtime_ns < now_ns - _HOUR_NS
            else:
                is_part = entry.name.endswith(PART_SUFFIX) and named is not None and named[0] == app
                is_left = is_part and not os.path.lexists(f"{own}/{entry.name.removesuffix(PART_SUFFIX)}")
            if is_left and entry.is_file(follow_symlinks=False):
                with suppress(OSError, AppDirBusy):
                    _remove_unlocked(entry.path)


def _remove_unlocked(path: str) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        _lock(fd, path)
        os.unlink(path)
    finally:
        os.close(fd)


def _in_the_way(path: str) -> WouldOverwrite:
    return WouldOverwrite(
        f"{shown(path)} is there already and is another file than the backup: a damaged copy, or somebody else's.",
        hint="look at it, move it away, then run the same command again",
    )


def _flush_folder(folder: str) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
