"""Restoring a hostile archive: nothing around is touched, nothing is left, and one sentence says what was wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from rattail.errors import RattailError
from rattail.features.backups.restoring.restore import restore
from rattail.registry import Registry
from tests.features.backups.hostile.archives import archive_cases
from tests.features.backups.hostile.folders import folder_cases
from tests.features.backups.restoring.shelf import empty_shop
from tests.kit.snapshot import snapshot


def test_restoring_a_hostile_archive_leaves_nothing_and_touches_nothing(tmp_path: Path, registry: Registry) -> None:
    around = tmp_path / "around"
    victim = around / "victim"
    victim.mkdir(parents=True)
    (victim / "precious").write_text("precious")
    shop = empty_shop(around / "poser", registry)
    before = snapshot(around)
    before.pop("poser")
    archive = tmp_path / "poser-20261122T023000Z.tar"
    cases = [case for case in (*folder_cases(str(victim)), *archive_cases(str(victim))) if "bomb" not in case.title]
    refused = 0

    for case in cases[::3]:
        archive.write_bytes(case.make())
        with pytest.raises(RattailError) as told:
            restore(shop.request(archive))
        refused += 1
        assert "\n" not in told.value.message, case.title
        assert told.value.message.endswith("."), case.title
        after = snapshot(around)
        after.pop("poser")
        assert after == before, case.title

    assert refused >= 200
