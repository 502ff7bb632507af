"""Where the files of a person lie in `work/user-files`, reached through open folders only."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from typing import BinaryIO

from rattail.appdir.files import opened_folder, safe_child
from rattail.appdir.refusal import refusal
from rattail.errors import NoSuchThing

FOLDER = "work/user-files"
FILE_MODE = 0o600
_FOLDER_MODE = 0o700
_PLAIN = re.compile(r"(?!user-)[a-z0-9][a-z0-9_-]{0,59}")
_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO)


def folder_name(person: str) -> str:
    """The name of a person's folder: their own where it is plain, else one made of it; never another person's."""
    return person if _PLAIN.fullmatch(person) else f"user-{sha256(person.encode('utf-8', 'replace')).hexdigest()[:24]}"


@contextmanager
def made_folder(below: str, name: str) -> Iterator[int]:
    """A person's folder, open, made where it is not there yet.

    Raises:
        AppDirBroken: the system refuses.
    """
    safe_child(below, name)
    try:
        with opened_folder(below) as fd:
            with suppress(FileExistsError):
                os.mkdir(name, _FOLDER_MODE, dir_fd=fd)
            own = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=fd)
    except OSError as error:
        raise refusal("make", f"{below}/{name}", error) from error
    try:
        yield own
    finally:
        os.close(own)


def open_file(below: str, folder: str, name: str) -> BinaryIO:
    """A file of a person, open to be read; no link is followed. The caller closes it.

    Raises:
        NoSuchThing: it is gone.
    """
    safe_child(below, folder)
    safe_child(below, name)
    try:
        with opened_folder(below) as fd, opened_folder(folder, dir_fd=fd) as own:
            file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=own)
    except OSError as error:
        if error.errno in _GONE:
            raise _gone() from None
        raise refusal("read", f"{below}/{folder}/{name}", error) from error
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise _gone()
    return os.fdopen(file, "rb")


def is_there(below: str, folder: str, name: str) -> bool:
    """Whether a file of a person is still there."""
    try:
        open_file(below, folder, name).close()
    except NoSuchThing:
        return False
    return True


def remove_file(below: str, folder: str, name: str) -> None:
    """Remove a file of a person; one that is gone already is fine.

    Raises:
        AppDirBroken: the system refuses.
    """
    safe_child(below, folder)
    safe_child(below, name)
    try:
        with opened_folder(below) as fd, opened_folder(folder, dir_fd=fd) as own:
            os.unlink(name, dir_fd=own)
    except OSError as error:
        if error.errno not in _GONE:
            raise refusal("remove", f"{below}/{folder}/{name}", error) from error


def _gone() -> NoSuchThing:
    return NoSuchThing("this file is gone: files are kept for some days only.", hint="have the list made once more")
