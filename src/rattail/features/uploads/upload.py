"""One upload on the disk: its folder `<token>/`, what is written down in it, and its content."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from rattail.appdir.files import opened_folder, read_file, replace_file
from rattail.appdir.names import CLAIM, is_temporary
from rattail.appdir.refusal import refusal
from rattail.errors import AppDirBusy, NoSuchThing
from rattail.features.uploads.ground import Ground
from rattail.features.uploads.naming import RECORD, safe_name

TOKEN_BYTES = 24
FILE_MODE = 0o600
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")
_LARGEST_RECORD_BYTES = 16 << 10
_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO)


class Upload(NamedTuple):
    """A file that somebody uploads, or has uploaded. `name` was made safe, and is its name on the disk too.

    `size_bytes` is what was announced, None where a browser did not say; `received_bytes` what is on the disk.
    `sha256` and `content_kind` (see `sniffing.kinds`) are known when it is whole. `claimed_by` uses it now.
    """

    token: str
    folder: str
    name: str
    size_bytes: int | None
    received_bytes: int
    purpose: str
    said_type: str
    by: str
    started_at: datetime
    part: str
    finished_at: datetime | None = None
    sha256: str = ""
    content_kind: str = ""
    claimed_by: str = ""

    @property
    def is_whole(self) -> bool:
        return self.finished_at is not None

    @property
    def path(self) -> str:
        """Where its content lies, when it is whole."""
        return f"{self.folder}/{self.name}"


def new_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


def is_token(token: str) -> bool:
    return _TOKEN.fullmatch(token) is not None


@contextmanager
def opened_upload(token: str, *, ground: Ground) -> Iterator[int]:
    """The folder of an upload, open; no link on the way is followed.

    Raises:
        NoSuchThing: there is none, or this is no token at all.
    """
    if not is_token(token):
        raise no_such_upload()
    try:
        with opened_folder(ground.folder) as uploads:
            fd = os.open(token, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=uploads)
    except OSError as error:
        if error.errno in _GONE:
            raise no_such_upload() from None
        raise refusal("open", f"{ground.folder}/{token}", error) from error
    try:
        yield fd
    finally:
        os.close(fd)


def read_upload(fd: int, token: str, *, ground: Ground) -> Upload | None:
    """What is written down in an open folder of an upload; None where that cannot be understood."""
    try:
        raw = read_file(fd, RECORD, limit_bytes=_LARGEST_RECORD_BYTES)
        upload = None if raw is None else _decoded(json.loads(raw), token, f"{ground.folder}/{token}")
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    if upload is None or upload.name != safe_name(upload.name) or not is_temporary(upload.part):
        return None
    return upload._replace(received_bytes=_received(fd, upload), claimed_by=claimant(fd))


def write_upload(fd: int, upload: Upload) -> None:
    """Write it down, whole or not at all."""
    finished_at = upload.finished_at.isoformat() if upload.finished_at else None
    record = {
        "name": upload.name,
        "size_bytes": upload.size_bytes,
        "purpose": upload.purpose,
        "type": upload.said_type,
        "by": upload.by,
        "started_at": upload.started_at.isoformat(),
        "part": upload.part,
        "finished_at": finished_at,
        "sha256": upload.sha256,
        "kind": upload.content_kind,
    }
    replace_file(fd, RECORD, json.dumps(record, indent=1).encode() + b"\n", mode=FILE_MODE)


def claimant(fd: int) -> str:
    """Who uses the upload whose folder is open; empty where nobody does."""
    try:
        raw = read_file(fd, CLAIM, limit_bytes=4096)
        return "" if raw is None else str(json.loads(raw)["by"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return "somebody"


def open_content(fd: int, upload: Upload) -> int:
    """The content of an upload, whole or in part, open for reading and writing. The caller closes it.

    Raises:
        NoSuchThing: it is gone.
    """
    for name in (upload.name, upload.part) if upload.is_whole else (upload.part, upload.name):
        try:
            content = os.open(name, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=fd)
        except OSError as error:
            if error.errno in _GONE:
                continue
            raise refusal("open", f"{upload.folder}/{name}", error) from error
        if stat.S_ISREG(os.fstat(content).st_mode):
            return content
        os.close(content)
    raise no_such_upload()


@contextmanager
def locked(content: int) -> Iterator[None]:
    """Hold the content of an upload, which nobody else has held; it is still in its folder then.

    Raises:
        AppDirBusy: another process, or thread, holds it.
        NoSuchThing: it was taken away.
    """
    try:
        fcntl.flock(content, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise AppDirBusy("this upload is being written at this moment.", hint="try again in a moment") from None
    try:
        if os.fstat(content).st_nlink == 0:
            raise no_such_upload()
        yield
    finally:
        fcntl.flock(content, fcntl.LOCK_UN)


def no_such_upload() -> NoSuchThing:
    return NoSuchThing(
        "there is no such upload: it was used, deleted, or has grown too old.", hint="upload the file again"
    )


def _decoded(record: Any, token: str, folder: str) -> Upload:
    size_bytes, finished_at = record["size_bytes"], record["finished_at"]
    if size_bytes is not None and not (isinstance(size_bytes, int) and size_bytes >= 0):
        raise ValueError(size_bytes)
    texts = {key: record[key] for key in ("name", "purpose", "type", "by", "part", "sha256", "kind")}
    if not all(isinstance(text, str) for text in texts.values()):
        raise ValueError("not a text")
    return Upload(
        token=token,
        folder=folder,
        name=texts["name"],
        size_bytes=size_bytes,
        received_bytes=0,
        purpose=texts["purpose"],
        said_type=texts["type"],
        by=texts["by"],
        started_at=datetime.fromisoformat(record["started_at"]),
        part=texts["part"],
        finished_at=None if finished_at is None else datetime.fromisoformat(finished_at),
        sha256=texts["sha256"],
        content_kind=texts["kind"],
    )


def _received(fd: int, upload: Upload) -> int:
    for name in (upload.name, upload.part) if upload.is_whole else (upload.part, upload.name):
        try:
            found = os.lstat(name, dir_fd=fd)
        except OSError:
            continue
        if stat.S_ISREG(found.st_mode):
            return found.st_size
    return 0
