"""Removing one upload."""

from __future__ import annotations

import os
from contextlib import suppress

from rattail.appdir.files import opened_folder
from rattail.appdir.names import CLAIM
from rattail.appdir.refusal import refusal
from rattail.errors import AppDirBusy, NoSuchThing
from rattail.features.uploads.ground import Ground
from rattail.features.uploads.naming import RECORD
from rattail.features.uploads.service.find import find_upload
from rattail.features.uploads.upload import Upload, claimant, opened_upload


def cancel(token: str, *, ground: Ground) -> Upload:
    """Remove an upload, whole or not, that nobody uses.

    Raises:
        AppDirBusy: it is in use.
        NoSuchThing: there is no such upload, or it is another person's.
        AppDirBroken: the system refuses.
    """
    upload = find_upload(token, ground=ground)
    remove_upload(upload, ground=ground)
    return upload


def remove_upload(upload: Upload, *, ground: Ground, is_forced: bool = False) -> None:
    """Remove an upload's folder and what is in it; one that is gone already is fine. `is_forced`: claimed or not.

    The content goes first, the record after it: a process killed in between leaves nothing that could be used.

    Raises:
        AppDirBusy: it is in use.
        AppDirBroken: the system refuses.
    """
    try:
        with opened_upload(upload.token, ground=ground) as fd:
            by = claimant(fd)
            if by and not is_forced:
                raise AppDirBusy(f"{upload.name} is in use by {by}.", hint="wait until that is done")
            last = (RECORD, CLAIM)
            for name in sorted(os.listdir(fd), key=lambda name: (name in last, name)):
                with suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=fd)
        with opened_folder(ground.folder) as uploads:
            os.rmdir(upload.token, dir_fd=uploads)
    except (NoSuchThing, FileNotFoundError):
        return
    except OSError as error:
        raise refusal("remove", upload.folder, error) from error
