"""Restoring a hostile archive: nothing around is touched, nothing is left, and one sentence says what was wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from rattail.appdir.names import LOCK
from rattail.errors import RattailError
from rattail.features.backups.restoring.restore import restore
from rattail.registry import Registry
from tests.features.backups.hostile.archives import archive_cases
from tests.features.backups.hostile.folders import folder_cases
from tests.features.backups.restoring.shelf import empty_shop, made_shop
from tests.kit.snapshot import Entry, snapshot

_EVERY = 4  # of the cases over a live folder: all of them take a minute and a half
_TOUCHED = ("poser", f"poser/app/{LOCK}")  # their times: something was prepared beside, under the lock


@pytest.mark.parametrize("is_live", [False, True], ids=["where nothing is", "over a live folder"])
def test_restoring_a_hostile_archive_leaves_nothing_and_touches_nothing(
    tmp_path: Path, registry: Registry, is_live: bool
) -> None:
    around = tmp_path / "around"
    victim = around / "victim"
    victim.mkdir(parents=True)
    (victim / "precious").write_text("precious")
    shop = (made_shop if is_live else empty_shop)(around / "poser", registry)
    before = _looked_at(around)
    archive = tmp_path / "poser-20261122T023000Z.tar"
    cases = [case for case in (*folder_cases(str(victim)), *archive_cases(str(victim))) if "bomb" not in case.title]
    refused = 0

    for case in cases[:: _EVERY if is_live else 1]:
        archive.write_bytes(case.make())
        with pytest.raises(RattailError) as told:
            restore(shop.request(archive)._replace(may_be_other=True))
        refused += 1
        assert "\n" not in told.value.message, case.title
        assert told.value.message.endswith("."), case.title
        assert _looked_at(around) == before, case.title

    assert refused >= (600 // _EVERY if is_live else 600)


def _looked_at(folder: Path) -> dict[str, Entry]:
    return {path: look for path, look in snapshot(folder).items() if path not in _TOUCHED}
