"""Chosen tables of a backup as CSV files; the app folder is not touched, nor need there be one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from rattail.appdir.layout import Layout
from rattail.appdir.refusal import refusal, shown
from rattail.errors import NoSuchThing
from rattail.features.backups.records.tables import TablesOut, export_tables
from rattail.features.backups.restoring.opening import opened_source
from rattail.features.backups.restoring.staging import Progress

if TYPE_CHECKING:
    from pyrage import x25519


def take_tables(
    backup: str,
    tables: Sequence[str],
    to_folder: str,
    *,
    layout: Layout,
    identities: Sequence[x25519.Identity] = (),
    progress: Progress = lambda *_: None,
) -> TablesOut:
    """Write tables of the records in a backup, or in a plain copy of a folder, into `to_folder` as CSV files.

    The copy of the records lies in `to_folder` meanwhile, closed to others, and is gone afterwards.

    Raises:
        NoSuchThing: the backup has no records, or no table of a name.
        WouldOverwrite: the folder holds a file of that name.
        Damaged, KeyDoesNotFit, BackupUnproven, AppDirBroken: as `opened_source` and `export_tables`.
    """
    with opened_source(backup, layout=layout, identities=identities) as source:
        records = source.about.records
        if records is None:
            raise NoSuchThing(f"there are no records in {shown(backup)}.")
        try:
            os.makedirs(to_folder, mode=0o750, exist_ok=True)
            with TemporaryDirectory(prefix=".tmp-", dir=to_folder) as scratch:
                path = f"{scratch}/records"
                fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
                try:
                    source.write_records(
                        fd, progress=lambda done, total: progress("unpacking the records", done, total)
                    )
                finally:
                    os.close(fd)
                return export_tables(
                    path,
                    records.kind,
                    tables,
                    to_folder,
                    progress=lambda rows: progress("writing rows", rows, None),
                )
        except OSError as error:
            raise refusal("write tables into", to_folder, error) from error
