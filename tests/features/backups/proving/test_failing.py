"""A backup that is whole, and still cannot be used: whoever proves it is told, and so is everybody who looks."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from rattail.features.backups.shelf.shelf import list_backups
from rattail.features.backups.shelf.state import State
from rattail.registry import Registry
from rattail.site import Site
from tests.conftest import Run
from tests.features.backups.proving.shop import scratch_of
from tests.features.backups.restoring.shelf import made_shop
from tests.features.mail.office import with_mail
from tests.features.mail.servers import mail_server
from tests.jobs.open_site import in_site
from tests.kit.records import write_migrated_file

PROBLEM = "migrate-db refuses the restored folder"


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shelf")


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory, registry: Registry, target: Path) -> Mapping[str, str]:
    """A sound shop, with a backup of the time in which somebody had dropped a table of its records."""
    shop = made_shop(tmp_path_factory.mktemp("envs") / "poser", registry)
    file = shop.app / "data" / "rattail.sqlite3"
    with closing(sqlite3.connect(file)) as records, records:
        records.execute("DROP TABLE django_migrations")
    shop.backup(target)
    file.unlink()
    write_migrated_file(shop.app)
    return {"RATTAIL_APPDIR": str(shop.app), "RATTAIL_BACKUPS_TARGET": str(target)}


def test_the_command_says_which_step_failed_and_why(run: Run, env: Mapping[str, str], target: Path) -> None:
    proved = run("prove-backup", env=env)
    listed = run("list-backups", "--json", env=env).data["backups"][0]

    assert proved.code == 59
    assert f"was not proved; while asking the application whether all is well: {PROBLEM}" in proved.err
    assert (listed["state"], PROBLEM in listed["problem"]) == ("read back", True)
    assert not scratch_of(target)
    assert in_site(env, _said)[-1] == ["prove backup failed", True]


def test_the_job_fails_and_is_mailed_with_the_reason(run: Run, env: Mapping[str, str], target: Path) -> None:
    with mail_server() as box:
        env = with_mail(dict(env), box.port)
        in_site(env, lambda site: _ask(site, "backups.prove"))
        run("run-jobs", env=env)
        in_site(env, lambda site: _ask(site, "mail.send"))
        run("run-jobs", env=env)
        letters = [letter.text for letter in box.mails if "Prove a backup" in letter.text]

    assert len(letters) == 1
    assert PROBLEM in letters[0]
    assert "rattail retry-job" in letters[0]
    assert in_site(env, _ended) == ["failed", True]
    assert in_site(env, _said)[-1] == ["prove backup failed", True]
    (backup,) = list_backups(str(target))
    assert (backup.state, PROBLEM in backup.problem) == (State.READ_BACK, True)
    assert not scratch_of(target)


def _ask(site: Site, kind: str) -> None:
    from rattail.jobs.queue import enqueue
    from tests.jobs.working import put_off_what_recurs

    put_off_what_recurs(site)
    enqueue(site.registry.jobs[kind], arguments={}, actor="alice", now=site.now())


def _ended(site: Site) -> list[Any]:
    from rattail.jobs.models import Job

    job = Job.objects.get(kind="backups.prove")
    return [job.state, PROBLEM in job.failure]


def _said(site: Site) -> list[list[Any]]:
    from rattail.audit.models import Entry

    entries = Entry.objects.filter(subject="backups").order_by("pk")
    return [[entry.action, PROBLEM in entry.details["problem"]] for entry in entries]
