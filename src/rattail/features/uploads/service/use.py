"""Using an upload: claim it, put it where it is needed, and let it go."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from rattail.appdir.files import create_file, opened_folder
from rattail.appdir.names import CLAIM, TEMPORARY_HEX_DIGITS, TEMPORARY_PREFIX
from rattail.appdir.refusal import refusal
from rattail.errors import AppDirBusy, RattailError, WouldOverwrite
from rattail.features.uploads.ground import Ground
from rattail.features.uploads.service.find import find_whole_upload, upload_in
from rattail.features.uploads.service.remove import remove_upload
from rattail.features.uploads.upload import FILE_MODE, Upload, claimant, no_such_upload, open_content, opened_upload

_COPIED_AT_ONCE_BYTES = 1 << 20
_CANNOT_LINK = (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOSYS)


def claim(token: str, *, by: str, ground: Ground) -> Upload:
    """Say inside the upload's own folder that `by` ("batch 00000012", "job 7") uses it, so that nothing cleans it away.

    Claiming again for the same one is no harm.

    Raises:
        AppDirBusy: another one uses it, or it is not whole yet.
        NoSuchThing: there is no such upload, or it is another person's.
    """
    upload = find_whole_upload(token, ground=ground)
    text = json.dumps({"by": by, "at": ground.now.isoformat()}).encode() + b"\n"
    with opened_upload(token, ground=ground) as fd:
        try:
            is_new = create_file(fd, CLAIM, text, mode=FILE_MODE)
            there = claimant(fd)
        except OSError as error:
            raise refusal("claim", upload.folder, error) from error
        if not is_new and there != by:
            raise AppDirBusy(f"{upload.name} is in use by {there}.", hint="wait until that is done")
        try:
            os.close(open_content(fd, upload_in(fd, token, ground=ground)))
        except BaseException:  # a cleaning was quicker
            with suppress(OSError):
                os.unlink(CLAIM, dir_fd=fd)
            raise
    return upload._replace(claimed_by=by)


def release(token: str, *, by: str, ground: Ground) -> None:
    """Take the claim of `by` back; nothing to do where there is none.

    Raises:
        NoSuchThing: there is no such upload.
    """
    with opened_upload(token, ground=ground) as fd:
        if claimant(fd) == by:
            with suppress(FileNotFoundError):
                os.unlink(CLAIM, dir_fd=fd)


@contextmanager
def used_up(token: str, *, by: str, ground: Ground) -> Iterator[Upload]:
    """Hold a claim; at the end the upload goes, as whoever used it has it now. After an error it stays, unclaimed.

    A process killed inside leaves the claim, which the same `by` can take again.

    Raises:
        AppDirBusy, NoSuchThing: as `claim`.
    """
    upload = claim(token, by=by, ground=ground)
    try:
        yield upload
    except BaseException:
        with suppress(RattailError):
            release(token, by=by, ground=ground)
        raise
    remove_upload(upload, ground=ground, is_forced=True)


def put_into(upload: Upload, folder: str, *, name: str, mode: int, ground: Ground) -> str:
    """Put the content of an upload into `folder` as `name`, durable, and return its path. The upload stays.

    On one file system nothing is copied, the file has two names then; across two it is, under a temporary name
    first. `folder` is one of ours and `name` a plain name.

    Raises:
        WouldOverwrite: there is something of that name.
        AppDirBroken: the folder cannot be written.
        NoSuchThing: the upload is gone.
    """
    path = f"{folder}/{name}"
    try:
        with opened_upload(upload.token, ground=ground) as fd, opened_folder(folder) as target:
            content = open_content(fd, upload)
            try:
                _link_or_copy(fd, upload, content, target, name, mode=mode)
            finally:
                os.close(content)
            os.fsync(target)
    except FileExistsError:
        raise WouldOverwrite(f"there is something called '{path}' already.") from None
    except OSError as error:
        raise refusal("put an upload into", path, error) from error
    return path


def move_into(token: str, folder: str, *, name: str = "", mode: int = 0o640, ground: Ground) -> str:
    """Move a whole upload into `folder`, as `name` or under its own, and return its path. The upload is gone then.

    Raises:
        AppDirBusy, NoSuchThing, WouldOverwrite, AppDirBroken: as `claim` and `put_into`.
    """
    upload = find_whole_upload(token, ground=ground)
    path = put_into(upload, folder, name=name or upload.name, mode=mode, ground=ground)
    remove_upload(upload, ground=ground, is_forced=True)
    return path


def _link_or_copy(fd: int, upload: Upload, content: int, target: int, name: str, *, mode: int) -> None:
    if os.fstat(content).st_nlink == 0:
        raise no_such_upload()
    try:
        os.link(upload.name, name, src_dir_fd=fd, dst_dir_fd=target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _CANNOT_LINK:
            raise
        _copy(content, target, name, mode=mode)
    else:
        os.fchmod(content, mode)
        os.fsync(content)


def _copy(content: int, target: int, name: str, *, mode: int) -> None:
    temporary = TEMPORARY_PREFIX + os.urandom(TEMPORARY_HEX_DIGITS // 2).hex()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        copy = os.open(temporary, flags, FILE_MODE, dir_fd=target)
        try:
            offset = 0
            while block := os.pread(content, _COPIED_AT_ONCE_BYTES, offset):
                view = memoryview(block)
                while view:
                    view = view[os.write(copy, view) :]
                offset += len(block)
            os.fchmod(copy, mode)
            os.fsync(copy)
        finally:
            os.close(copy)
        os.link(temporary, name, src_dir_fd=target, dst_dir_fd=target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _CANNOT_LINK:
            raise
        os.rename(temporary, name, src_dir_fd=target, dst_dir_fd=target)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=target)
