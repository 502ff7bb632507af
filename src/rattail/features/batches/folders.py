"""The folder of a batch on the disk: `<id8>/` below the folder of its kind, with its input and its problems."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, NamedTuple

from rattail.appdir.files import opened_folder, safe_child
from rattail.appdir.refusal import refusal
from rattail.errors import InputRejected
from rattail.retail.numbers import number_text

_MODE = 0o750
_FILE_MODE = 0o640
_COPIED_AT_ONCE_BYTES = 1 << 20
_LONGEST_NAME_BYTES = 150
_UNSAFE = re.compile(r"[^\w.()+ -]|\.(?=\.)")
PROBLEMS = "problems.csv"
RESULT = "result.json"
_OURS = (PROBLEMS, RESULT)


class Folder(NamedTuple):
    """Where a batch's files lie."""

    path: str
    file_name: str

    @property
    def file(self) -> str:
        return f"{self.path}/{self.file_name}"


def safe_name(name: str) -> str:
    """A file's name as it may stand in our folder: no path, nothing a shell or a browser would trip over.

    A name that we use ourselves gets `input-` in front, and so does one that begins with a point or a hyphen.
    """
    plain = _UNSAFE.sub("_", os.path.basename(name.replace("\\", "/"))).strip()
    stem, dot, ending = plain.rpartition(".") if "." in plain.strip(".") else (plain, "", "")
    while len(f"{stem}{dot}{ending}".encode()) > _LONGEST_NAME_BYTES:
        stem, ending = stem[:-1], ending[:10]
    plain = f"{stem}{dot}{ending}"
    return f"input-{plain.lstrip('.')}" if plain in _OURS or plain[:1] in (".", "-", "") else plain


def batch_folder(kind_folder: str, number: int, file_name: str) -> Folder:
    """Where the files of a batch are, or will be."""
    return Folder(safe_child(kind_folder, number_text(number)), file_name)


def make_folder(kind_folder: str, number: int) -> bool:
    """Make the folder of a new batch; False where there is one (records restored from an older backup)."""
    try:
        with opened_folder(kind_folder) as fd:
            os.mkdir(number_text(number), _MODE, dir_fd=fd)
            os.fsync(fd)
    except FileExistsError:
        return False
    except OSError as error:
        raise refusal("make", f"{kind_folder}/{number_text(number)}", error) from error
    return True


def keep_copy(source: str, folder: Folder, *, sha256: str = "") -> None:
    """Copy the input into the folder, whole and flushed or not at all.

    Raises:
        InputRejected: it cannot be read, or is not the file any more that had this SHA-256.
        AppDirBroken: the folder cannot be written.
    """
    from hashlib import sha256 as new_digest

    try:
        old = open(source, "rb")  # noqa: SIM115 - closed below; what fails here is not the folder's fault
    except OSError as error:
        raise InputRejected(f"cannot read {source!r}: {error.strerror}.") from error
    digest = new_digest()
    temporary = f"{folder.path}/.tmp-{os.urandom(8).hex()}"
    try:
        with old, open(_create(temporary), "wb") as new:
            while block := old.read(_COPIED_AT_ONCE_BYTES):
                new.write(block)
                digest.update(block)
            new.flush()
            os.fsync(new.fileno())
        if sha256 and digest.hexdigest() != sha256:
            _forget(temporary)
            raise InputRejected(f"{source!r} was changed while it was being read.", hint="run the same command again")
        os.rename(temporary, folder.file)
        with opened_folder(folder.path) as fd:
            os.fsync(fd)
    except OSError as error:
        _forget(temporary)
        raise refusal("copy the input to", folder.file, error) from error


def fingerprint(path: str) -> str:
    """The SHA-256 of a file, as hexadecimal digits.

    Raises:
        InputRejected: it cannot be read.
    """
    from hashlib import file_digest

    try:
        with open(path, "rb") as stream:
            return file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InputRejected(f"cannot read {path!r}: {error.strerror}.") from error


def write_beside(folder: Folder, name: str) -> IO[str]:
    """Open a file of ours in the folder for writing, under a temporary name; `finish_beside` names it."""
    return open(_create(f"{folder.path}/.tmp-{name}"), "w", encoding="utf-8", newline="")


def finish_beside(stream: IO[str], folder: Folder, name: str) -> None:
    """Flush such a file to the disk and give it its name."""
    stream.flush()
    os.fsync(stream.fileno())
    stream.close()
    os.replace(f"{folder.path}/.tmp-{name}", f"{folder.path}/{name}")


def forget_beside(stream: IO[str], folder: Folder, name: str) -> None:
    """Give such a file up, and the one of that name that was there before."""
    stream.close()
    _forget(f"{folder.path}/.tmp-{name}")
    _forget(f"{folder.path}/{name}")


def remove_folder(folder: str) -> None:
    """Remove a batch's folder and the plain files in it; a folder that is gone already is fine.

    Raises:
        OSError: something else than a plain file is in it, or the system refuses.
    """
    try:
        with opened_folder(folder) as fd:
            for name in os.listdir(fd):
                os.unlink(name, dir_fd=fd)
        os.rmdir(folder)
    except FileNotFoundError:
        return


def numbered_folders(kind_folder: str) -> Iterator[int]:
    """The numbers of all batches that have a folder."""
    with os.scandir(kind_folder) as entries:
        for entry in entries:
            if entry.name.isascii() and entry.name.isdigit() and len(entry.name) == len(number_text(0)):
                yield int(entry.name)


def _create(path: str) -> int:
    """A new file, whatever had its name; no link in the way is followed."""
    with opened_folder(os.path.dirname(path)) as fd:
        name = os.path.basename(path)
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=fd)
        return os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, _FILE_MODE, dir_fd=fd)


def _forget(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
