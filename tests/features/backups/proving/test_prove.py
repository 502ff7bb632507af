"""Proving a backup: all the way to an application that answers, with nothing left and nothing let out."""

from __future__ import annotations

import os
import sqlite3
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from rattail.features.backups.shelf.shelf import list_backups
from rattail.features.backups.shelf.state import State
from rattail.site import Site
from tests.conftest import Run
from tests.jobs.open_site import in_site
from tests.kit.records import write_migrated_file


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "shelf"


@pytest.fixture
def env(appdir: Path, target: Path) -> Mapping[str, str]:
    write_migrated_file(appdir)
    return {
        "RATTAIL_APPDIR": str(appdir),
        "RATTAIL_BACKUPS_TARGET": str(target),
        "RATTAIL_BACKUPS_HAS_WHEELS": "false",
    }


def test_a_backup_with_waiting_jobs_is_proved_and_none_of_them_is_done(
    run: Run, env: Mapping[str, str], target: Path, appdir: Path
) -> None:
    def wait(site: Site) -> None:
        from rattail.jobs.queue import enqueue
        from rattail.notices.note import note

        enqueue(site.registry.jobs["backups.make"], arguments={}, actor="alice", now=site.now())
        note("test", subject="the freezer is warm", now=site.now())

    in_site(env, wait)
    assert run("make-backup", env=env).code == 0
    shelf_before = _entries(target)

    proved = run("prove-backup", "--json", env=env)

    assert proved.code == 0, proved.err
    steps = [step["step"] for step in proved.data["steps"]]
    assert steps[0] == "reading it back"
    assert "no packages are in it: the environment that proves runs it" in steps
    assert "starting the application in quarantine" in steps
    (backup,) = list_backups(str(target))
    assert backup.state is State.PROVEN
    assert _entries(target) - shelf_before == {"proving.lock"}  # no scratch place, and no backup that the job made
    with sqlite3.connect(appdir / "data" / "rattail.sqlite3") as records:
        assert records.execute("SELECT state FROM jobs_job WHERE kind = 'backups.make'").fetchall() == [("ready",)]
        said = "SELECT subject, action FROM audit_entry ORDER BY id DESC LIMIT 1"
        assert records.execute(said).fetchone() == ("backups", "prove backup")


def test_a_damaged_backup_is_not_proved_and_says_at_which_step(run: Run, env: Mapping[str, str], target: Path) -> None:
    path = Path(run("make-backup", "--json", env=env).data["path"])
    content = bytearray(path.read_bytes())
    with tarfile.open(path) as archive:
        content[archive.getmember("database.sqlite3.zst").offset_data + 1000] ^= 0xFF
    look = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(look.st_atime_ns, look.st_mtime_ns))  # as a disk that forgets does

    proved = run("prove-backup", "--json", env=env)

    assert proved.code == 59
    assert path.name in proved.err or path.name in proved.out
    (backup,) = list_backups(str(target))
    assert backup.state is State.DAMAGED
    assert backup.known.proved is not None
    assert backup.known.proved.problem.startswith("while reading it back: ")
    with sqlite3.connect(Path(env["RATTAIL_APPDIR"]) / "data" / "rattail.sqlite3") as records:
        said = "SELECT action, details ->> 'backup' FROM audit_entry ORDER BY id DESC LIMIT 1"
        assert records.execute(said).fetchone() == ("prove backup failed", path.name)
    listed = run("list-backups", env=env)
    assert "damaged" in listed.out
    assert not [name for name in os.listdir(target) if name.startswith(".proving-")]


def test_a_proof_goes_neither_to_live_folders_nor_by_the_room_on_the_disk_of_the_backups(
    run: Run, env: Mapping[str, str], target: Path, tmp_path: Path
) -> None:
    far = tmp_path / "far"
    far.mkdir()
    assert run("set-option", "folders.data/uploads", str(far / "uploads"), env=env).code == 0
    assert run("make-appdir", "--path", env["RATTAIL_APPDIR"], env=env).code == 0
    assert run("set-option", "check.min_free_mb", "99999999", env=env).code == 0  # more than any disk has
    (far / "uploads" / "live.txt").write_text("live")
    assert run("make-backup", env=env).code == 0
    (far / "uploads" / "live.txt").write_text("newer")

    proved = run("prove-backup", "--json", env=env)

    assert proved.code == 0, proved.err
    assert (far / "uploads" / "live.txt").read_text() == "newer"


def _entries(folder: Path) -> set[str]:
    return set(os.listdir(folder))
