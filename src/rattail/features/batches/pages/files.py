"""The files of a batch, by the number of the batch and one of three words: no name of a request reaches the disk."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from typing import NamedTuple

from django.http import FileResponse

from rattail.appdir.files import opened_folder
from rattail.errors import NoSuchThing
from rattail.features.batches.folders import PROBLEMS, RESULT, Folder, batch_folder
from rattail.features.batches.kinds.known import kind_named
from rattail.features.batches.models import Batch
from rattail.features.batches.pages.access import batch_for
from rattail.web.access import Request, signed_in

_TITLES = {"input": "The file it was made of", "problems": "Rows that were set aside", "result": "What was done"}


class FileShown(NamedTuple):
    which: str
    title: str
    name: str
    size_bytes: int


def download(request: Request, number: int, which: str) -> FileResponse:
    """One of the files of a batch.

    Raises:
        NoSuchThing: it has no such file (any more).
    """
    batch = batch_for(signed_in(request), number, site=request.site)
    folder = _folder(batch, request.site.folders)
    name = _names(folder).get(which)
    fd = _open(folder, name) if name else None
    if fd is None or name is None:
        raise NoSuchThing(f"batch {batch} has no such file.", hint="it may have been cleaned away")
    shown = name if which == "input" else f"batch-{batch}-{name}"
    response = FileResponse(
        os.fdopen(fd, "rb"), as_attachment=True, filename=shown, content_type="application/octet-stream"
    )
    response["Content-Length"] = str(os.fstat(fd).st_size)
    return response


def files_of(batch: Batch, *, ground_folders: Mapping[str, str]) -> list[FileShown]:
    """The files that there are."""
    folder = _folder(batch, ground_folders)
    found = []
    for which, name in _names(folder).items():
        fd = _open(folder, name)
        if fd is not None:
            found.append(FileShown(which, _TITLES[which], name, os.fstat(fd).st_size))
            os.close(fd)
    return found


def _folder(batch: Batch, folders: Mapping[str, str]) -> Folder:
    return batch_folder(folders[kind_named(batch.kind).place], batch.number, batch.file_name)


def _names(folder: Folder) -> dict[str, str]:
    return {"input": folder.file_name, "problems": PROBLEMS, "result": RESULT}


def _open(folder: Folder, name: str) -> int | None:
    """A plain file in the batch's folder, open for reading; no link on the way is followed."""
    if not name or "/" in name or "\0" in name or name in (".", ".."):
        return None
    try:
        with opened_folder(folder.path) as folder_fd:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            fd = os.open(name, flags, dir_fd=folder_fd)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        return None
    return fd
