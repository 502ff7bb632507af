"""Every call that copy-records makes fails once: the folder holds the old copy or the new one, and each is good."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from rattail.appdir.names import TEMPORARY_PREFIX
from rattail.database.setup import DATABASE_FILE, Whereabouts
from rattail.features.backups.making.renew import CopyPlace, renew_copy
from rattail.features.backups.records.check import find_copy
from rattail.features.backups.records.copy import NOTE
from rattail.registry import Registry
from tests.faults.striking import Pass, Trial, strike_everywhere
from tests.features.backups.making.backing import NOW
from tests.features.backups.restoring.shelf import made_shop
from tests.kit.faults import NAMES, OF_A_SERVER, Ended

OLD, NEW = 1, 2
LATER = NOW + timedelta(hours=20)


class RenewTrial(Trial):
    """copy-records over a copy of yesterday, since which one row came."""

    def __init__(self, base: Path, registry: Registry) -> None:
        root = made_shop(base / "shop", registry).app
        self._folder, self._kept = root / "data/database", base / "kept"
        self._live = root / "data" / DATABASE_FILE
        self._place = CopyPlace(str(root), Whereabouts(path=str(self._live)), str(self._folder))
        self._record("CREATE TABLE own (number integer)")
        self._record("INSERT INTO own VALUES (1)")
        renew_copy(self._place, now=NOW)
        shutil.copytree(self._folder, self._kept)
        self._record("INSERT INTO own VALUES (2)")

    def _record(self, statement: str) -> None:
        with closing(sqlite3.connect(self._live, isolation_level=None)) as records:
            records.execute(statement)

    def act(self) -> object:
        return renew_copy(self._place, now=LATER)

    def require_sound(self, ended: Ended) -> None:
        found = find_copy(str(self._folder))
        assert found is not None
        rows = found.note.copied.counts["own"]
        assert (rows, found.note.at) in ((OLD, NOW), (NEW, LATER))
        with closing(sqlite3.connect(self._live)) as records:
            assert records.execute("SELECT count(*) FROM own").fetchone() == (NEW,)
        if ended.how != "done":
            names = {name for name in os.listdir(self._folder) if not name.startswith(TEMPORARY_PREFIX)}
            assert DATABASE_FILE in names
            assert names <= {DATABASE_FILE, NOTE}

    def require_done(self) -> None:
        found = find_copy(str(self._folder))
        assert found is not None
        assert (found.is_noted, found.note.copied.counts["own"], found.note.at) == (True, NEW, LATER)
        assert set(os.listdir(self._folder)) == {DATABASE_FILE, NOTE}

    def reset(self) -> None:
        shutil.rmtree(self._folder)
        shutil.copytree(self._kept, self._folder)


PASSES = {name: Pass("copy the records", (fault,)) for fault, name in NAMES.items() if fault not in OF_A_SERVER}


@pytest.mark.parametrize("name", PASSES)
def test_whatever_fails_there_is_a_good_copy_and_the_same_command_succeeds(
    name: str, quick_path: Path, registry: Registry
) -> None:
    struck = strike_everywhere(RenewTrial(quick_path, registry), PASSES[name])

    assert struck > 0
