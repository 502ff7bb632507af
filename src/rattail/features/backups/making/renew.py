"""The copy of the records in the folder, made anew: with it, a plain copy of the folder by any tool is a backup."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Self

from rattail.appdir.layout import Place
from rattail.appdir.still import copying_records
from rattail.config.load import Settings
from rattail.database.setup import Whereabouts
from rattail.errors import DatabaseUnreachable
from rattail.features.backups.making.plan import records_bytes, records_of
from rattail.features.backups.records.copy import COPY_FOLDER, Copied, copy_database, read_note

#: A copy that a backup made since need not be made again at night.
FRESH = timedelta(hours=6)


class CopyPlace(NamedTuple):
    """The records of an app folder, and the folder where the newest consistent copy of them lies."""

    root: str
    records: Whereabouts
    folder: str

    @classmethod
    def of(cls, root: str, places: Sequence[Place], settings: Settings) -> Self:
        folders = {place.path: place.location for place in places}
        return cls(root, records_of(places, settings), folders[COPY_FOLDER])

    @property
    def has_records(self) -> bool:
        """Whether there is anything to copy: a server, or the file of SQLite."""
        return not self.records.path or os.path.exists(self.records.path)


def renew_copy(
    place: CopyPlace, *, now: datetime, progress: Callable[[str, int, int | None], object] = lambda *_: None
) -> Copied:
    """Copy the records, in place of the copy that is there.

    `progress` is told the bytes so far, and of how many where that is known; what it raises cancels, and then the copy
    that was there stays.

    Raises:
        AppDirBusy: somebody else was at it for too long.
        DatabaseUnreachable, NoSuchThing, BackupUnproven, AppDirBroken: as `copy_database`.
    """
    if not place.has_records:
        raise DatabaseUnreachable(f"there are no records in '{place.records.path}'.", hint="rattail migrate-db")
    total = records_bytes(place.records) or None
    with copying_records(place.root, waiting=lambda: progress("waiting until the records are copied", 0, None)):
        return copy_database(
            place.records,
            place.folder,
            now=now,
            progress=lambda done: progress("copying the records", done, total),
        )


def is_renewal_due(place: CopyPlace, *, now: datetime) -> bool:
    """Whether there are records, and no copy of them that is fresh."""
    if not place.has_records:
        return False
    note = read_note(place.folder)
    return note is None or not timedelta() <= now - note.at < FRESH
