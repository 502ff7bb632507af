"""Writing the tables of the records as CSV files."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from difflib import get_close_matches
from typing import NamedTuple

from rattail.appdir.files import opened_folder
from rattail.appdir.refusal import refusal
from rattail.database.bulk import stream_rows
from rattail.database.snapshot import one_snapshot
from rattail.errors import NoSuchThing, WouldOverwrite
from rattail.retail.sheets.codes import unnamed_products
from rattail.retail.sheets.columns import BY_NAME, SHEETS, Sheet
from rattail.retail.sheets.files import FOLDER_MODE, FileWritten, write_table
from rattail.retail.sheets.rows import rows_of


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
                os.mkdir(name, FOLDER_MODE, dir_fd=fd)
            return f"{below}/{name}"
        except FileExistsError:
            continue
        except OSError as error:
            raise refusal("make", f"{below}/{name}", error) from error
    raise WouldOverwrite(f"'{below}' holds a thousand exports of this second already.")


def export_csv(sheets: Sequence[Sheet], *, folder: str, progress: Callable[[int], None]) -> Exported:
    """Write each table into a file of its own in `folder`; all show the same moment.

    A file has its name only when it is whole. Memory does not grow with the records.

    Raises:
        AppDirBroken: the folder cannot be written.
    """
    done: list[FileWritten] = []
    before = 0

    def told(count: int) -> None:
        progress(before + count)

    with one_snapshot():
        unnamed = unnamed_products(stream_rows)
        for sheet in sheets:
            rows = rows_of(sheet, unnamed, stream_rows)
            done.append(write_table(folder, sheet.name, sheet.names, rows, progress=told))
            before += done[-1].rows
    return Exported(folder, tuple(done))
