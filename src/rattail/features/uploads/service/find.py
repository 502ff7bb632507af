"""Finding uploads."""

from __future__ import annotations

import os
from collections.abc import Iterator

from rattail.appdir.files import opened_folder
from rattail.appdir.refusal import refusal
from rattail.errors import AppDirBusy, NoSuchThing
from rattail.features.uploads.ground import Ground
from rattail.features.uploads.upload import Upload, is_token, no_such_upload, opened_upload, read_upload


def find_upload(token: str, *, ground: Ground) -> Upload:
    """The upload with this token, whole or not.

    Raises:
        NoSuchThing: there is none, or it is another person's.
    """
    with opened_upload(token, ground=ground) as fd:
        return upload_in(fd, token, ground=ground)


def find_whole_upload(token: str, *, ground: Ground) -> Upload:
    """The upload with this token, whose content is there to be read at its `path`.

    Raises:
        NoSuchThing: there is none, or it is another person's.
        AppDirBusy: it is not whole yet.
    """
    upload = find_upload(token, ground=ground)
    if not upload.is_whole:
        raise AppDirBusy(f"{upload.name} is still being uploaded.", hint="wait until it is whole")
    return upload


def upload_in(fd: int, token: str, *, ground: Ground) -> Upload:
    """The upload whose folder is open as `fd`.

    Raises:
        NoSuchThing: nothing is written down there, or it is another person's.
    """
    upload = read_upload(fd, token, ground=ground)
    if upload is None or not (ground.sees_all or upload.by == ground.actor):
        raise no_such_upload()
    return upload


def all_uploads(ground: Ground) -> Iterator[Upload]:
    """All uploads of `ground.actor`, or of everybody, in no order.

    Raises:
        AppDirBroken: the folder cannot be read.
    """
    try:
        with opened_folder(ground.folder) as uploads:
            names = os.listdir(uploads)
    except OSError as error:
        raise refusal("read", ground.folder, error) from error
    for name in filter(is_token, names):
        try:
            yield find_upload(name, ground=ground)
        except NoSuchThing:
            continue
