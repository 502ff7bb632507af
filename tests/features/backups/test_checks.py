"""What check-appdir says of backups."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rattail.features.backups.keys.keys import make_key
from rattail.features.backups.shelf.state import Known, Look
from tests.conftest import Run
from tests.features.backups.shelf.on_shelf import put

NOW = datetime.now(UTC)


@pytest.fixture
def env(appdir: Path, tmp_path: Path) -> dict[str, str]:
    return {"RATTAIL_APPDIR": str(appdir), "RATTAIL_BACKUPS_TARGET": str(tmp_path / "shelf")}


def _found(run: Run, env: Mapping[str, str]) -> set[str]:
    findings = run("check-appdir", "--json", env=dict(env)).data["findings"]
    return {one["id"] for one in findings if one["id"].startswith("backups.")}


def test_a_folder_that_is_new_is_not_blamed_and_an_old_one_without_a_proof_is(
    run: Run, env: dict[str, str], appdir: Path, tmp_path: Path
) -> None:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    assert _found(run, env) == set()

    marker = appdir / "app-folder.json"
    document = json.loads(marker.read_text())
    document["made_at"] = (NOW - timedelta(days=40)).isoformat()
    marker.write_text(json.dumps(document))
    assert _found(run, env) == {"backups.W001"}

    look = Look(NOW)
    put(shelf, NOW, app=_app(appdir), known=Known("d", read_back=look, proved=look))
    assert _found(run, env) == {"backups.I001"}


def test_a_damaged_newest_backup_is_an_error_but_not_for_whoever_restores(
    run: Run, env: dict[str, str], appdir: Path, tmp_path: Path
) -> None:
    put(tmp_path / "shelf", NOW, app=_app(appdir), known=Known("d", read_back=Look(NOW, "a byte is another one")))
    assert _found(run, env) == {"backups.E001", "backups.I001"}

    journal = appdir.with_name("app.restoring.json")
    journal.write_text("{}")
    assert "backups.E001" not in _found(run, env)


def test_a_target_that_cannot_serve_is_told_of(run: Run, env: dict[str, str], appdir: Path) -> None:
    assert _found(run, env) == {"backups.W003"}  # it was named, and is not there
    assert _found(run, {**env, "RATTAIL_BACKUPS_TARGET": "backups"}) == {"backups.W003"}
    inside = appdir / "data" / "backups"
    inside.mkdir()
    assert "backups.W002" in _found(run, {**env, "RATTAIL_BACKUPS_TARGET": str(inside)})


def test_an_unproved_key_and_a_schedule_of_nobody_are_told_of(run: Run, env: dict[str, str], tmp_path: Path) -> None:
    os.mkdir(tmp_path / "shelf")
    asked = {**env, "RATTAIL_BACKUPS_ENCRYPT_TO": make_key().public, "RATTAIL_BACKUPS_AT": ""}
    assert _found(run, asked) == {"backups.W004", "backups.I002"}


def _app(appdir: Path) -> str:
    from rattail.appdir.marker import require_marker
    from rattail.features.backups.shelf.target import name_on_shelf

    return name_on_shelf(require_marker(str(appdir)).name)
