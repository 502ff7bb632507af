"""Writing a list into a file of a person."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Literal, NamedTuple

from rattail.appdir.files import opened_folder
from rattail.appdir.names import TEMPORARY_HEX_DIGITS, TEMPORARY_PREFIX
from rattail.appdir.refusal import refusal
from rattail.database.snapshot import one_snapshot
from rattail.features.work.places import FILE_MODE, FOLDER, folder_name, made_folder
from rattail.features.work.writing.csv_file import write_csv
from rattail.features.work.writing.written import Progress, Style, Written
from rattail.features.work.writing.xlsx_file import write_xlsx
from rattail.site import Site
from rattail.web.access import Person
from rattail.web.listing import Listing

FileFormat = Literal["csv", "xlsx"]
FORMATS: tuple[FileFormat, ...] = ("csv", "xlsx")


class Wanted(NamedTuple):
    """Which list, narrowed how, as what. `stored_name` is the file's name on the disk."""

    listing: Listing
    filters: Mapping[str, str]
    format: FileFormat
    stored_name: str


def write_list(wanted: Wanted, *, site: Site, person: Person, progress: Progress) -> Written:
    """Write a list, as that person may see it, into their folder; the file has its name only when it is whole.

    All of it shows one moment. Memory does not grow with the list. Doing it again replaces the file.

    Raises:
        AppDirBroken: the folder cannot be written, or the disk is full.
    """
    below, own_name = site.folders[FOLDER], folder_name(person.name)
    style = Style(site.time_zone, site.text("app.locale"))
    try:
        with made_folder(below, own_name) as own, one_snapshot():
            return _write(wanted, f"{below}/{own_name}", own, site=site, person=person, style=style, progress=progress)
    except OSError as error:
        raise refusal("write", f"{below}/{own_name}/{wanted.stored_name}", error) from error


def _write(
    wanted: Wanted, folder: str, own: int, *, site: Site, person: Person, style: Style, progress: Progress
) -> Written:
    listing = wanted.listing
    rows = listing.stream(site, person, wanted.filters)
    temporary = TEMPORARY_PREFIX + os.urandom(TEMPORARY_HEX_DIGITS // 2).hex()
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    out = os.open(temporary, flags, FILE_MODE, dir_fd=own)
    try:
        if wanted.format == "csv":
            count = write_csv(out, listing.columns, rows, style=style, progress=progress)
        else:
            with _scratch(folder, own) as scratch, open(out, "w+b", closefd=False) as stream:
                count = write_xlsx(
                    stream,
                    listing.columns,
                    rows,
                    title=listing.title,
                    style=style,
                    scratch=scratch,
                    progress=progress,
                )
        os.fsync(out)
        size_bytes = os.fstat(out).st_size
        os.rename(temporary, wanted.stored_name, src_dir_fd=own, dst_dir_fd=own)
        os.fsync(own)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=own)
        raise
    finally:
        os.close(out)
    return Written(count, size_bytes)


@contextmanager
def _scratch(folder: str, own: int) -> Iterator[str]:
    """A folder for what is written on the way. What a killed process leaves in it grows old as everything beside it."""
    name = f"{TEMPORARY_PREFIX}rows-{os.urandom(TEMPORARY_HEX_DIGITS // 2).hex()}"
    os.mkdir(name, 0o700, dir_fd=own)
    try:
        yield f"{folder}/{name}"
    finally:
        with opened_folder(name, dir_fd=own) as fd:
            for each in os.listdir(fd):
                os.unlink(each, dir_fd=fd)
        os.rmdir(name, dir_fd=own)
