"""The nightly copy of the records in the folder: when it is made, and what is there when it breaks off."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rattail.appdir.still import copying_records
from rattail.errors import DatabaseUnreachable
from rattail.features.backups.records.copy import read_note
from rattail.site import Site
from tests.conftest import Run
from tests.jobs.open_site import in_site
from tests.jobs.working import state, wait_until, work_off, worker
from tests.kit.records import write_migrated_file

COPY = {"rattail.sqlite3", "records.json"}


@pytest.fixture
def env(appdir: Path) -> Mapping[str, str]:
    write_migrated_file(appdir)
    return {
        "RATTAIL_APPDIR": str(appdir),
        "RATTAIL_BACKUPS_AT": "",
        "RATTAIL_BACKUPS_TARGET": f"{appdir.parent}-backups",  # not that of this environment
        "RATTAIL_APP_TIME_ZONE": "UTC",
    }


@pytest.fixture
def folder(appdir: Path) -> Path:
    return appdir / "data" / "database"


def _asked(site: Site, *, now: datetime) -> list[str]:
    """Which jobs of backups recur now."""
    from rattail.jobs.models import Job
    from rattail.jobs.recurring import enqueue_due

    Job.objects.all().delete()
    enqueue_due(site, now=now)
    return sorted(Job.objects.filter(kind__startswith="backups.").values_list("kind", flat=True))


@pytest.mark.parametrize("made_by", ["worker", "timer"])
def test_the_copy_is_made_at_night_whoever_makes_backups_and_made_up_for_after_a_night_without_a_worker(
    env: Mapping[str, str], made_by: str
) -> None:
    evening = datetime(2026, 11, 20, 20, tzinfo=UTC)

    def act(site: Site) -> list[list[str]]:
        hours = (0, 7, 8, 24 + 20)  # before it, behind 03:30, once more; two days later, at 16:00
        return [_asked(site, now=evening + timedelta(hours=each)) for each in hours]

    found = in_site({**env, "RATTAIL_BACKUPS_MADE_BY": made_by}, act)

    assert found == [[], [], ["backups.records"], ["backups.records"]]
    assert in_site({**env, "RATTAIL_BACKUPS_RECORDS_AT": ""}, act) == [[], [], [], []]


def test_a_copy_that_a_backup_has_just_made_is_not_made_again(
    env: Mapping[str, str], folder: Path, tmp_path: Path
) -> None:
    shelf = {"RATTAIL_BACKUPS_TARGET": str(tmp_path / "shelf"), "RATTAIL_BACKUPS_HAS_WHEELS": "false"}

    def act(site: Site) -> list[bool]:
        from rattail.features.backups.jobs import is_copy_due
        from rattail.jobs.queue import enqueue

        due = [is_copy_due(site, now=site.now())]
        enqueue(site.registry.jobs["backups.make"], arguments={}, actor="alice", now=site.now())
        work_off(site)
        return [*due, *(is_copy_due(site, now=site.now() + timedelta(hours=each)) for each in (0, 5, 6, -1))]

    assert in_site({**env, **shelf}, act) == [True, False, False, True, True]
    assert set(os.listdir(folder)) == COPY


def test_without_records_there_is_nothing_to_copy(appdir: Path, run: Run, folder: Path) -> None:
    ran = run("copy-records", env={"RATTAIL_APPDIR": str(appdir)})

    assert (ran.code, "rattail migrate-db" in ran.err) == (DatabaseUnreachable.exit_code, True)
    assert os.listdir(folder) == []


def test_the_command_makes_it_and_says_how_large_it_is(env: Mapping[str, str], run: Run, folder: Path) -> None:
    ran = run("copy-records", env=env)
    said = run("copy-records", "--json", env={**env, "RATTAIL_BACKUPS_TARGET": "no absolute path"}).data

    note = read_note(str(folder))
    assert ran.code == 0
    assert ran.out.startswith(f"Copied the records into '{folder}/rattail.sqlite3': ")
    assert note is not None
    assert said["at"] == note.at.isoformat()
    assert said["rows"] == sum(note.copied.counts.values()) > 0


def test_a_job_that_is_killed_runs_again_and_one_that_is_called_off_leaves_the_old_copy(
    env: Mapping[str, str], appdir: Path, folder: Path
) -> None:
    def act(site: Site) -> list[str]:
        from rattail.jobs.models import Job
        from rattail.jobs.queue import cancel, enqueue

        def ask() -> int:
            return int(enqueue(site.registry.jobs["backups.records"], arguments={}, actor="alice", now=site.now()).pk)

        def waits(job_id: int) -> bool:
            return bool(Job.objects.filter(pk=job_id, message__startswith="waiting until").exists())

        with worker(site) as pid:
            with copying_records(str(appdir)):
                killed = ask()
                wait_until(lambda: waits(killed))
                os.kill(int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0]), signal.SIGKILL)
            wait_until(lambda: state(killed) == "done")
            before = (folder / "records.json").read_text()
            with copying_records(str(appdir)):
                called_off = ask()
                wait_until(lambda: waits(called_off))
                cancel(called_off, now=site.now())
                wait_until(lambda: state(called_off) == "cancelled")
        return [state(killed), state(called_off), before]

    killed, called_off, before = in_site(env, act)

    assert (killed, called_off) == ("done", "cancelled")
    assert (folder / "records.json").read_text() == before
    assert set(os.listdir(folder)) == COPY


def test_a_copy_that_fails_is_told_of(env: Mapping[str, str], folder: Path) -> None:
    (folder / "rattail.sqlite3").mkdir()  # nothing can be renamed over it

    def act(site: Site) -> list[str]:
        from rattail.jobs.models import Job
        from rattail.jobs.queue import enqueue
        from rattail.notices.models import Notice

        enqueue(site.registry.jobs["backups.records"], arguments={}, actor="alice", now=site.now())
        for _ in range(site.registry.jobs["backups.records"].tries):
            Job.objects.update(run_at=site.now())
            work_off(site)
        return [str(Job.objects.get().state), *Notice.objects.values_list("subject", flat=True)]

    failed, *told = in_site(env, act)

    assert failed == "failed"
    assert any("Copy the records" in one for one in told), told
    assert os.listdir(folder) == ["rattail.sqlite3"]


def test_an_old_copy_and_a_missing_one_are_told_of_with_what_to_type(
    env: Mapping[str, str], run: Run, appdir: Path, folder: Path
) -> None:
    def said() -> list[dict[str, str]]:
        found = run("check-appdir", "--json", env=env).data["findings"]
        return [one for one in found if one["id"] == "backups.W005"]

    marker = appdir / "app-folder.json"
    document = json.loads(marker.read_text())
    document["made_at"] = (datetime.now(UTC) - timedelta(days=3)).isoformat()
    marker.write_text(json.dumps(document))
    (missing,) = said()
    assert "was not made in the 3 days" in missing["sentence"]
    assert "copy-records" in missing["hint"]

    assert run("copy-records", env=env).code == 0
    assert said() == []

    note = json.loads((folder / "records.json").read_text())
    note["at"] = (datetime.now(UTC) - timedelta(days=2, hours=1)).isoformat()
    (folder / "records.json").write_text(json.dumps(note))
    (old,) = said()
    assert "is 2 days old" in old["sentence"]
