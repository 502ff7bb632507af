"""Opening what is to be restored, whatever it is."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rattail.appdir.layout import Layout
from rattail.features.backups.archive.opened import open_archive
from rattail.features.backups.restoring.archived import ArchiveSource
from rattail.features.backups.restoring.plain import CopySource
from rattail.features.backups.restoring.source import Source

if TYPE_CHECKING:
    from pyrage import x25519


@contextmanager
def opened_source(path: str, *, layout: Layout, identities: Sequence[x25519.Identity] = ()) -> Iterator[Source]:
    """Open what is to be restored: an archive, or a folder that holds an app folder's marker.

    Raises:
        Damaged: it is no whole archive.
        LayoutOutdated: a newer version of this program made it.
        AppDirNotFound: it is a folder, and no app folder.
        AppDirBroken: it cannot be read.
        InputRejected: it is encrypted, and there is no key.
        KeyDoesNotFit: the key is another one's.
    """
    if os.path.isdir(path):
        yield CopySource(path, layout)
        return
    with open_archive(path, identities=identities) as archive:
        yield ArchiveSource(archive)
