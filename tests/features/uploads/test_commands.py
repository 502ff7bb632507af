"""`list-uploads`, `purge-uploads`, and what `check-appdir` says of uploads."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from rattail.features.uploads.ground import Ground
from rattail.features.uploads.service.use import claim
from rattail.features.uploads.upload import new_token
from tests.conftest import Run
from tests.features.uploads.conftest import upload_whole

LONG_AGO = time.time() - 30 * 86_400


@pytest.fixture
def own(ground: Ground, appdir: Path) -> Ground:
    """The uploads of the app folder."""
    return ground._replace(folder=str(appdir / "data" / "uploads"))


def age(folder: str) -> None:
    for path in (*Path(folder).iterdir(), Path(folder)):
        os.utime(path, (LONG_AGO, LONG_AGO))


def test_uploads_of_everybody_are_listed_and_old_ones_purged(own: Ground, appdir: Path, run: Run) -> None:
    old, new = upload_whole(own, name="old.csv"), upload_whole(own._replace(actor="bob"), name="new.csv")
    age(old.folder)

    listed = run("list-uploads", "--appdir", appdir, "--json").data
    planned = run("purge-uploads", "--appdir", appdir, "--dry-run", "--json").data
    purged = run("purge-uploads", "--appdir", appdir)
    left = run("list-uploads", "--appdir", appdir).out

    assert {(one["name"], one["by"], one["is_whole"]) for one in listed["uploads"]} == {
        ("old.csv", "alice", True),
        ("new.csv", "bob", True),
    }
    assert (planned["uploads"], planned["files"], planned["removed"]) == ([old.token], 2, 0)
    assert "1 upload" in purged.out
    assert "new.csv" in left
    assert "old.csv" not in left
    assert Path(new.path).exists()


def test_what_is_no_upload_and_what_nobody_lets_go_is_found(own: Ground, appdir: Path, run: Run) -> None:
    stray = Path(own.folder) / new_token()
    stray.mkdir()
    held = upload_whole(own)
    claim(held.token, by="job 7", ground=own)
    age(str(stray))
    age(held.folder)

    found = run("check-appdir", "--appdir", appdir, "--json").data["findings"]
    ours = {one["id"]: one for one in found if one["id"].startswith("uploads.")}

    assert ours["uploads.W001"]["path"] == f"data/uploads/{stray.name}"
    assert ours["uploads.I002"]["path"] == f"data/uploads/{held.token}"
    assert ours["uploads.I002"]["hint"].endswith(f"{held.token}/.claim")
    assert len(ours) == 2


def test_a_claim_of_a_batch_that_is_gone_is_found(own: Ground, appdir: Path, run: Run) -> None:
    run("migrate-db", "--appdir", appdir)
    held = upload_whole(own)
    claim(held.token, by="batch 00000012", ground=own)
    age(held.folder)

    found = [one["id"] for one in run("check-appdir", "--appdir", appdir, "--json").data["findings"]]
    shutil.rmtree(held.folder)
    after = [one["id"] for one in run("check-appdir", "--appdir", appdir, "--json").data["findings"]]

    assert "uploads.I001" in found
    assert not [one for one in after if one.startswith("uploads.")]
