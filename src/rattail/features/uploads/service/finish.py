"""The end of an upload: is all of it here, what is it, and then its name."""

from __future__ import annotations

import os

from rattail.appdir.refusal import refusal
from rattail.errors import InputRejected
from rattail.features.uploads.ground import Ground
from rattail.features.uploads.service.append import elsewhere
from rattail.features.uploads.service.find import upload_in
from rattail.features.uploads.service.remove import remove_upload
from rattail.features.uploads.sniffing.kinds import require_plain_name
from rattail.features.uploads.sniffing.look import look_into
from rattail.features.uploads.upload import Upload, locked, open_content, opened_upload, write_upload


def finish(token: str, *, ground: Ground) -> Upload:
    """Look into an upload that has all its bytes, and give it its name. Doing it twice is no harm.

    A process killed in between leaves an upload with all its bytes, which can be finished again. What is refused
    is removed at once.

    Raises:
        OffsetElsewhere: bytes are missing.
        Unsuited: it is nothing that can be used; says what it is and what is accepted.
        TooLarge: it is larger than its kind may be.
        AppDirBusy: it is being written, or finished, at this moment.
        NoSuchThing: there is no such upload, or it is another person's.
    """
    with opened_upload(token, ground=ground) as fd:
        content = open_content(fd, upload_in(fd, token, ground=ground))
        try:
            with locked(content):
                upload = upload_in(fd, token, ground=ground)  # as it is now that nobody else writes
                if upload.is_whole:
                    return upload
                if upload.size_bytes not in (None, upload.received_bytes):
                    raise elsewhere(upload)
                try:
                    return _finish(fd, content, upload, ground=ground)
                except InputRejected:
                    remove_upload(upload, ground=ground, is_forced=True)
                    raise
        finally:
            os.close(content)


def _finish(fd: int, content: int, upload: Upload, *, ground: Ground) -> Upload:
    require_plain_name(upload.name, upload.received_bytes)
    try:
        looked = look_into(content, name=upload.name, purpose=upload.purpose, said_type=upload.said_type)
        whole = upload._replace(
            size_bytes=upload.received_bytes,
            finished_at=ground.now,
            sha256=looked.sha256,
            content_kind=looked.kind.name,
        )
        os.fsync(content)
        try:
            os.rename(upload.part, upload.name, src_dir_fd=fd, dst_dir_fd=fd)
        except FileNotFoundError:  # it has its name already: a process was killed after that
            os.lstat(upload.name, dir_fd=fd)
        os.utime(content)
        os.fsync(fd)
        write_upload(fd, whole)
    except OSError as error:
        raise refusal("finish", upload.path, error) from error
    return whole
