"""Writing the tables of the records as CSV files."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from difflib import get_close_matches
from typing import NamedTuple

from rattail.appdir.files import opened_folder
from rattail.appdir.names import TEMPORARY_PREFIX
from rattail.appdir.refusal import refusal
from rattail.database.bulk import stream_rows
from rattail.database.snapshot import one_snapshot
from rattail.errors import NoSuchThing, WouldOverwrite
from rattail.retail.sheets.codes import unnamed_products
from rattail.retail.sheets.columns import BY_NAME, SHEETS, Sheet
from rattail.retail.sheets.rows import rows_of

_FILE_MODE = 0o640
_FOLDER_MODE = 0o750
_SAID_EVERY = 2_000


class FileWritten(NamedTuple):
    table: str
    name: str
    rows: int
    size_bytes: int


class Exported(NamedTuple):
    folder: str
    files: tuple[FileWritten, ...]


def sheets_named(names: Sequence[str]) -> tuple[Sheet, ...]:
    """The tables of these names, each once, in the order of the records; all where none is named.

    Raises:
        NoSuchThing: there is no table of a name.
    """
    for name in names:
        if name not in BY_NAME:
            near = get_close_matches(name, BY_NAME, 1)
            said = f" Did you mean {near[0]!r}?" if near else ""
            raise NoSuchThing(f"there is no table {name!r}.{said}", hint=f"the tables are {', '.join(BY_NAME)}")
    return tuple(sheet for sheet in SHEETS if not names or sheet.name in names)


def export_folder(below: str, *, now: datetime) -> str:
    """Make a fresh folder for an export at this time, below `below`, and return its path.

    Raises:
        AppDirBroken: the system refuses.
    """
    stem = f"export-{now:%Y%m%d-%H%M%S}"
    for number in range(1, 1000):
        name = stem if number == 1 else f"{stem}-{number}"
        try:
            with opened_folder(below) as fd:
                os.mkdir(name, _FOLDER_MODE, dir_fd=fd)
            return f"{below}/{name}"
        except FileExistsError:
            continue
        except OSError as error:
            raise refusal("make", f"{below}/{name}", error) from error
    raise WouldOverwrite(f"'{below}' holds a thousand exports of this second already.")


def require_folder(path: str, sheets: Sequence[Sheet], *, is_forced: bool) -> None:
    """Make the folder `path` if it is not there, and refuse one that holds files of these tables.

    Raises:
        WouldOverwrite: files of these names are there, and `is_forced` is false.
        AppDirBroken: the system refuses.
    """
    try:
        os.makedirs(path, _FOLDER_MODE, exist_ok=True)
    except OSError as error:
        raise refusal("make", path, error) from error
    there = [f"{sheet.name}.csv" for sheet in sheets if os.path.lexists(f"{path}/{sheet.name}.csv")]
    if there and not is_forced:
        raise WouldOverwrite(
            f"'{path}' holds {len(there)} of these files already, such as '{there[0]}'.",
            hint="name another folder, or add --force to replace them",
        )


def export_csv(sheets: Sequence[Sheet], *, folder: str, progress: Callable[[int], None]) -> Exported:
    """Write each table into a file of its own in `folder`; all show the same moment.

    A file has its name only when it is whole. Memory does not grow with the records.

    Raises:
        AppDirBroken: the folder cannot be written.
    """
    done: list[FileWritten] = []
    with one_snapshot():
        unnamed = unnamed_products(stream_rows)
        before = 0
        for sheet in sheets:
            done.append(_write(sheet, folder, unnamed, before=before, progress=progress))
            before += done[-1].rows
    return Exported(folder, tuple(done))


def _write(
    sheet: Sheet, folder: str, unnamed: Mapping[int, str], *, before: int, progress: Callable[[int], None]
) -> FileWritten:
    name = f"{sheet.name}.csv"
    try:
        with opened_folder(folder) as fd, _temporary(fd, name) as out:
            stream = open(out, "w", encoding="utf-8", newline="", buffering=1 << 18, closefd=False)  # noqa: SIM115
            writer = csv.writer(stream)
            writer.writerow(sheet.names)
            count = 0
            for count, row in enumerate(rows_of(sheet, unnamed, stream_rows), 1):
                writer.writerow(row)
                if count % _SAID_EVERY == 0:
                    progress(before + count)
            stream.flush()
            os.fchmod(out, _FILE_MODE)
            os.fsync(out)
            size_bytes = os.fstat(out).st_size
    except OSError as error:
        raise refusal("write", f"{folder}/{name}", error) from error
    return FileWritten(sheet.name, name, count, size_bytes)


@contextmanager
def _temporary(folder: int, name: str) -> Iterator[int]:
    """A new file under a temporary name, which becomes `name` at the end, or goes."""
    temporary = TEMPORARY_PREFIX + os.urandom(8).hex()
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=folder)
    try:
        yield fd
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        os.fsync(folder)
    except BaseException:
        os.unlink(temporary, dir_fd=folder)
        raise
    finally:
        os.close(fd)
