"""Adding bytes at the end of an upload."""

from __future__ import annotations

import os
from collections.abc import Iterable

from rattail.appdir.refusal import refusal
from rattail.features.uploads.ground import Ground
from rattail.features.uploads.naming import RECORD
from rattail.features.uploads.refused import OffsetElsewhere, TooLarge
from rattail.features.uploads.service.find import upload_in
from rattail.features.uploads.service.start import megabytes, require_room
from rattail.features.uploads.upload import Upload, locked, open_content, opened_upload

BLOCK_BYTES = 1 << 20


def append(token: str, *, offset: int, blocks: Iterable[bytes], ground: Ground) -> Upload:
    """Add `blocks` at `offset`, which has to be where the content ends; what comes back says where it ends now.

    Each block is on the disk before the next is asked for, and all before this returns; where `blocks` breaks off
    with an error, those before stay, and the error goes on. The file is held only while a block is written: of two
    who send at once one is told where the other is, and a connection that hangs holds nobody up.

    Raises:
        OffsetElsewhere: the content ends elsewhere.
        TooLarge: more comes than was announced or is allowed. What came before stays.
        NoRoom: the disk is nearly full.
        AppDirBroken: the disk is full, or refuses. What came before stays, and can be gone on with.
        AppDirBusy: somebody else writes at this moment.
        NoSuchThing: there is no such upload, or it is another person's.
    """
    with opened_upload(token, ground=ground) as fd:
        upload = upload_in(fd, token, ground=ground)
        if upload.is_whole or offset != upload.received_bytes:
            raise elsewhere(upload)
        require_room(ground, coming_bytes=0)
        content = open_content(fd, upload)
        try:
            try:
                for block in blocks:
                    with locked(content):
                        offset = _add(content, block, upload, offset=offset, ground=ground)
            finally:
                _settle(content, fd, upload)
        finally:
            os.close(content)
    return upload._replace(received_bytes=offset)


def elsewhere(upload: Upload) -> OffsetElsewhere:
    """What to say to somebody who thinks that an upload ends elsewhere."""
    here = upload.received_bytes
    said = "it is whole" if upload.is_whole else f"it goes on at byte {here:,}"
    return OffsetElsewhere(f"{upload.name} does not go on there: {said}.", offset=here)


def _add(content: int, block: bytes, upload: Upload, *, offset: int, ground: Ground) -> int:
    end = os.fstat(content).st_size
    if end != offset:
        raise elsewhere(upload._replace(received_bytes=end))
    _require_fitting(upload, offset + len(block), ground=ground)
    view = memoryview(block)
    try:
        while view:
            written = os.pwrite(content, view, offset)
            view, offset = view[written:], offset + written
    except OSError as error:
        raise refusal("write", upload.path, error) from error
    return offset


def _require_fitting(upload: Upload, coming_bytes: int, *, ground: Ground) -> None:
    if upload.size_bytes is not None and coming_bytes > upload.size_bytes:
        raise TooLarge(
            f"{upload.name} was announced with {upload.size_bytes:,} bytes, and {coming_bytes:,} bytes or more came.",
            hint="perhaps the file has changed meanwhile: upload it anew",
        )
    largest_bytes = ground.limits.largest_bytes
    if upload.size_bytes is None and coming_bytes > largest_bytes:
        raise TooLarge(
            f"{upload.name} has more than {megabytes(largest_bytes)} MB; no more can be uploaded (uploads.max_mb).",
            hint="split the file, or ask whoever runs the app to raise the limit",
        )


def _settle(content: int, fd: int, upload: Upload) -> None:
    """What was written is on the disk, and what is written down about it does not grow old before it."""
    try:
        os.fsync(content)
        os.utime(RECORD, dir_fd=fd, follow_symlinks=False)
    except FileNotFoundError:
        return
    except OSError as error:
        raise refusal("write", upload.path, error) from error
