"""A shelf with a real backup on it, for tests that copy it."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from rattail.features.backups.making.make import make_backup
from rattail.features.backups.shelf.shelf import Backup, find_backup
from rattail.features.backups.targets.copying import CopyMade, CopyRequest, Progress, copy_backup
from rattail.registry import Registry
from tests.features.backups.making.backing import NOW, request_of
from tests.kit.records import write_migrated_file


class Shelf(NamedTuple):
    """The folder `path`, with backups of `root`."""

    path: Path
    root: Path
    registry: Registry

    def make(self, now: datetime = NOW, **more: object) -> Backup:
        made = make_backup(request_of(self.root, self.registry, target=self.path, now=now, **more))
        return find_backup(str(self.path), os.path.basename(made.path))

    @property
    def newest(self) -> Backup:
        return find_backup(str(self.path), "newest")

    def copy(
        self,
        *places: object,
        password: str = "secret",
        progress: Progress = lambda *_: None,
        path: str = os.environ["PATH"],
    ) -> tuple[CopyMade, ...]:
        """Copy the newest."""
        environ = {"PATH": path, "HOME": str(self.path.parent)}
        request = CopyRequest(self.newest, str(self.path), tuple(map(str, places)), password, environ, NOW)
        return copy_backup(request, progress=progress)


@pytest.fixture
def shelf(appdir: Path, registry: Registry, tmp_path: Path) -> Shelf:
    """With one backup, of 2 MB that do not compress, some small files, a link and records."""
    write_migrated_file(appdir)
    own = appdir / "data" / "own"
    own.mkdir()
    (own / "noise.bin").write_bytes(os.urandom(2 << 20))
    for number in range(20):
        (own / f"{number}.csv").write_text(f"{number}\n" * number)
    (own / "link").symlink_to("1.csv")
    made = Shelf(tmp_path / "shelf", appdir, registry)
    made.make()
    return made
