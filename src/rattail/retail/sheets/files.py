"""Tables as CSV files: each has its name only when it is whole, and memory does not grow with its rows."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from rattail.appdir.files import opened_folder, safe_child
from rattail.appdir.names import TEMPORARY_HEX_DIGITS, TEMPORARY_PREFIX
from rattail.appdir.refusal import refusal
from rattail.errors import WouldOverwrite

FOLDER_MODE = 0o750
_FILE_MODE = 0o640
_SAID_EVERY = 2_000


class FileWritten(NamedTuple):
    table: str
    name: str
    rows: int
    size_bytes: int


def require_folder(folder: str, tables: Iterable[str], *, is_forced: bool, hint: str) -> None:
    """Make `folder` if it is not there, and refuse one that holds files of these tables.

    Raises:
        WouldOverwrite: files of these names are there, and `is_forced` is false; `hint` is what to type then.
        AppDirBroken: the system refuses.
    """
    paths = [safe_child(folder, f"{table}.csv") for table in tables]
    try:
        os.makedirs(folder, FOLDER_MODE, exist_ok=True)
    except OSError as error:
        raise refusal("make", folder, error) from error
    there = [path for path in paths if os.path.lexists(path)]
    if there and not is_forced:
        raise WouldOverwrite(
            f"'{folder}' holds {len(there)} of these files already, such as '{os.path.basename(there[0])}'.", hint=hint
        )


def write_table(
    folder: str,
    table: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    progress: Callable[[int], object],
) -> FileWritten:
    """Write one table as `<table>.csv`; `progress` is told its rows so far, now and then.

    Raises:
        AppDirBroken: the file cannot be written.
    """
    name = f"{table}.csv"
    count = 0
    try:
        with opened_folder(folder) as fd, _temporary(fd, name) as out:
            with open(out, "w", encoding="utf-8", newline="", buffering=1 << 18, closefd=False) as stream:
                writer = csv.writer(stream)
                writer.writerow(columns)
                for count, row in enumerate(rows, 1):
                    writer.writerow(row)
                    if count % _SAID_EVERY == 0:
                        progress(count)
            os.fchmod(out, _FILE_MODE)
            os.fsync(out)
            size_bytes = os.fstat(out).st_size
    except OSError as error:
        raise refusal("write", f"{folder}/{name}", error) from error
    return FileWritten(table, name, count, size_bytes)


@contextmanager
def _temporary(folder: int, name: str) -> Iterator[int]:
    """A new file under a temporary name, which becomes `name` at the end, or goes."""
    temporary = TEMPORARY_PREFIX + os.urandom(TEMPORARY_HEX_DIGITS // 2).hex()
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=folder)
    try:
        yield fd
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        os.fsync(folder)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=folder)
        raise
    finally:
        os.close(fd)
