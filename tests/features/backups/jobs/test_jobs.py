"""The work on backups in the background: asked for by one owner, called off, killed, and gone on with."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from rattail.features.backups.shelf.shelf import list_backups
from rattail.site import Site
from tests.jobs.open_site import in_site
from tests.jobs.working import state, wait_until, work_off, worker
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


def _ask(site: Site, name: str) -> int:
    from rattail.jobs.queue import enqueue

    return int(enqueue(site.registry.jobs[f"backups.{name}"], arguments={}, actor="alice", now=site.now()).pk)


def test_a_backup_is_made_then_copied_then_the_rules_are_kept(
    env: Mapping[str, str], target: Path, tmp_path: Path
) -> None:
    far = tmp_path / "far"
    far.mkdir()

    def act(site: Site) -> list[Any]:
        from rattail.jobs.models import Job

        _ask(site, "make")
        work_off(site)
        return list(Job.objects.order_by("pk").values_list("kind", "state", "actor"))

    assert in_site({**env, "RATTAIL_BACKUPS_COPY_TO": str(far)}, act) == [
        [f"backups.{verb}", "done", "alice"] for verb in ("make", "copy", "prune")
    ]
    (backup,) = list_backups(str(target))
    assert backup.file_name in os.listdir(far)


def test_a_killed_job_runs_again_and_leaves_one_whole_backup(
    env: Mapping[str, str], target: Path, appdir: Path
) -> None:
    _fill(appdir)

    def act(site: Site) -> list[Any]:
        with worker(site) as pid:
            job_id = _ask(site, "make")
            wait_until(lambda: _part(target))
            os.kill(_child_of(pid), signal.SIGKILL)
            wait_until(lambda: state(job_id) == "done")
        return [state(job_id)]

    assert in_site(env, act) == ["done"]
    assert len(list_backups(str(target))) == 1
    assert not _part(target)


def test_a_job_that_is_called_off_leaves_nothing(env: Mapping[str, str], target: Path, appdir: Path) -> None:
    _fill(appdir)

    def act(site: Site) -> str:
        from rattail.jobs.queue import cancel

        with worker(site):
            job_id = _ask(site, "make")
            wait_until(lambda: _part(target))
            cancel(job_id, now=site.now())
            wait_until(lambda: state(job_id) == "cancelled")
        return state(job_id)

    assert in_site(env, act) == "cancelled"
    assert list_backups(str(target)) == ()
    assert not _part(target)


def test_only_one_owner_makes_the_daily_backup(env: Mapping[str, str]) -> None:
    def act(site: Site) -> bool:
        from rattail.features.backups.jobs import is_workers_turn

        return is_workers_turn(site, now=site.now())

    assert in_site(env, act) is True
    assert in_site({**env, "RATTAIL_BACKUPS_MADE_BY": "timer"}, act) is False


def test_a_proof_is_due_where_the_last_is_too_old_and_the_backup_can_be_read(
    env: Mapping[str, str], target: Path
) -> None:
    def act(site: Site) -> list[bool]:
        from rattail.features.backups.at_site import app_at
        from rattail.features.backups.jobs import is_proof_due
        from rattail.features.backups.shelf.state import Known, Look
        from tests.features.backups.shelf.on_shelf import put

        now = site.now()
        due = [is_proof_due(site, now=now)]
        looks = (None, Look(now - timedelta(days=6)), Look(now - timedelta(days=7)))
        for look, keys in (*((look, ()) for look in looks), (None, ("age1key",))):
            known = Known("d", keys, read_back=Look(now), proved=look)
            put(target, now, app=app_at(site), known=known)
            due.append(is_proof_due(site, now=now))
        return due

    assert in_site(env, act) == [False, True, False, True, False]


def _fill(appdir: Path) -> None:
    folder = appdir / "data" / "own"
    folder.mkdir()
    for number in range(30):
        (folder / f"{number}").write_bytes(os.urandom(4 << 20))


def _part(target: Path) -> bool:
    return target.is_dir() and any(name.endswith(".part") for name in os.listdir(target))


def _child_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])
