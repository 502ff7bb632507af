"""Starting an upload: its folder and what is announced of it, before the first byte."""

from __future__ import annotations

import os
from collections.abc import Iterator

from rattail.appdir.files import opened_folder
from rattail.appdir.names import TEMPORARY_HEX_DIGITS, TEMPORARY_PREFIX
from rattail.appdir.refusal import refusal
from rattail.features.uploads.ground import Ground
from rattail.features.uploads.naming import safe_name
from rattail.features.uploads.refused import NoRoom, TooLarge
from rattail.features.uploads.service.find import all_uploads
from rattail.features.uploads.service.remove import remove_upload
from rattail.features.uploads.sniffing.kinds import purpose_named, require_plain_name
from rattail.features.uploads.upload import FILE_MODE, Upload, new_token, write_upload

CHUNK_BYTES = 8 << 20
MOST_WAITING = 200
_FOLDER_MODE = 0o700
_MEGABYTE = 1_000_000
_TYPE_LENGTH = 200


def start_upload(
    ground: Ground, *, name: str, size_bytes: int | None, purpose: str = "file", said_type: str = ""
) -> Upload:
    """Make room for a file of `size_bytes` (None: nobody knows yet) that `ground.actor` is going to send.

    `purpose` says what it is for, and so what it may be; `said_type` is the Content-Type that was announced.

    Raises:
        TooLarge: it is larger than allowed, or too much waits already.
        Unsuited: its name is that of a program, or it is empty.
        NoRoom: the disk would have too little room left.
        NoSuchThing: there is no such purpose.
    """
    purpose_named(purpose)
    kept_name = safe_name(name)
    require_plain_name(kept_name, size_bytes)
    if size_bytes is not None and size_bytes > ground.limits.largest_bytes:
        raise TooLarge(
            f"{kept_name} has {megabytes(size_bytes)} MB; at most {megabytes(ground.limits.largest_bytes)} MB can be "
            "uploaded (uploads.max_mb).",
            hint="split the file, or ask whoever runs the app to raise the limit",
        )
    others = list(all_uploads(ground._replace(sees_all=True)))
    _require_few(others, ground)
    require_room(ground, coming_bytes=(size_bytes or 0) + sum(_still_to_come(others)))
    upload = Upload(
        token=(token := new_token()),
        folder=f"{ground.folder}/{token}",
        name=kept_name,
        size_bytes=size_bytes,
        received_bytes=0,
        purpose=purpose,
        said_type=said_type[:_TYPE_LENGTH],
        by=ground.actor,
        started_at=ground.now,
        part=TEMPORARY_PREFIX + os.urandom(TEMPORARY_HEX_DIGITS // 2).hex(),
    )
    _make(upload, ground)
    _require_total(upload, ground)
    return upload


def require_room(ground: Ground, *, coming_bytes: int) -> None:
    """Make sure that the disk has room for so much, and for what is to stay free.

    Raises:
        NoRoom: it has not.
    """
    try:
        disk = os.statvfs(ground.folder)
    except OSError as error:
        raise refusal("look at the disk of", ground.folder, error) from error
    free_bytes = disk.f_bavail * disk.f_frsize
    if free_bytes - coming_bytes < ground.limits.least_free_bytes:
        raise NoRoom(
            f"the disk has no room for this file: {megabytes(free_bytes)} MB are free, of which "
            f"{megabytes(ground.limits.least_free_bytes)} MB stay free (check.min_free_mb).",
            hint="ask whoever runs the app to make room (rattail clean-appdir), then go on with the upload",
        )


def megabytes(size_bytes: int) -> str:
    """A size for a sentence, in whole megabytes, never 0 for something."""
    return f"{-(-size_bytes // _MEGABYTE):,}"


def _make(upload: Upload, ground: Ground) -> None:
    """The record first: a folder of an upload without one is none."""
    try:
        with opened_folder(ground.folder) as uploads:
            os.mkdir(upload.token, _FOLDER_MODE, dir_fd=uploads)
            with opened_folder(upload.token, dir_fd=uploads) as fd:
                write_upload(fd, upload)
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
                os.close(os.open(upload.part, flags, FILE_MODE, dir_fd=fd))
                os.fsync(fd)
            os.fsync(uploads)
    except OSError as error:
        remove_upload(upload, ground=ground, is_forced=True)
        raise refusal("start an upload in", ground.folder, error) from error


def _require_few(others: list[Upload], ground: Ground) -> None:
    waiting = sum(1 for one in others if one.by == ground.actor)
    if waiting >= MOST_WAITING:
        raise TooLarge(
            f"{waiting} of your uploads wait to be used; there can be {MOST_WAITING}.",
            hint="use or delete some of them first",
        )


def _require_total(upload: Upload, ground: Ground) -> None:
    """Together with this one: two that start at once may both be refused, and never be both too much."""
    total_bytes = sum(_size(one) for one in all_uploads(ground._replace(sees_all=True)))
    if total_bytes > ground.limits.total_bytes:
        remove_upload(upload, ground=ground, is_forced=True)
        raise TooLarge(
            f"all uploads together would have {megabytes(total_bytes)} MB; there is room for "
            f"{megabytes(ground.limits.total_bytes)} MB (uploads.max_total_mb).",
            hint="delete uploads that are not needed any more, or ask whoever runs the app to raise the limit",
        )


def _size(upload: Upload) -> int:
    return max(upload.size_bytes or 0, upload.received_bytes)


def _still_to_come(uploads: list[Upload]) -> Iterator[int]:
    return (_size(one) - one.received_bytes for one in uploads if not one.is_whole)
