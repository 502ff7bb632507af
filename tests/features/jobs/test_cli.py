"""`rattail list-jobs`, `show-job`, `cancel-job`, `retry-job`, `run-jobs`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from rattail.site import Site
from tests.conftest import Run
from tests.jobs.kinds import with_kinds
from tests.jobs.open_site import in_site
from tests.jobs.working import ask, work_off
from tests.kit.records import write_migrated_file

Env = Mapping[str, str]


@pytest.fixture
def env(appdir: Path, tmp_path: Path) -> Env:
    write_migrated_file(appdir)
    return with_kinds(tmp_path / "kinds", {"RATTAIL_APPDIR": str(appdir)})


def test_a_cron_job_works_off_what_waits_and_hears_of_what_failed(env: Env, run: Run) -> None:
    def act(site: Site) -> None:
        ask(site, "tally", arguments={"n": 1})
        ask(site, "refuses", subject="batch 00000012")
        ask(site, "fails", run_at=site.now() + timedelta(days=1))

    in_site(env, act)
    ran = run("run-jobs", "--json", env=env)
    listed = run("list-jobs", "--kind", "tallies.refuses", env=env)
    shown = run("show-job", "2", "--json", env=env)
    planned = run("show-job", "3", env=env)

    assert ran.code == 1
    assert ran.json["errors"][0]["message"] == "1 job failed."
    assert ran.data["failed"] == 1
    assert "the file is empty. choose another one" in listed.out
    assert shown.data["state"] == "failed"
    assert "InputRejected" in shown.data["failure"]
    assert "planned" in planned.out
    assert run("run-jobs", env=env).out == "0 jobs done.\n"


def test_a_job_is_cancelled_and_retried_by_its_number(env: Env, run: Run) -> None:
    def trail(_site: Site) -> list[Any]:
        from rattail.audit.models import Entry

        return list(Entry.objects.order_by("pk").values_list("action", "subject"))

    in_site(env, lambda site: ask(site, "nothing"))
    cancelled = run("cancel-job", "1", env=env)
    again = run("retry-job", "1", env=env)
    ran = run("run-jobs", env=env)
    late = run("cancel-job", "1", env=env)
    twice = run("retry-job", "1", env=env)

    assert cancelled.out == "Job 1 is cancelled.\n"
    assert "run-jobs" in again.out
    assert ran.code == 0
    assert late.out == "Job 1 had ended before: it is done.\n"
    assert (twice.code, "job 1 is done" in twice.err) == (55, True)
    assert in_site(env, trail)[:2] == [["cancel job", "job 1"], ["retry job", "job 1"]]


def test_what_is_not_there_is_said(env: Env, run: Run) -> None:
    assert run("list-jobs", env=env).out == "There are no jobs.\n"
    assert run("list-jobs", "--state", "failed", env=env).out == "There are no such jobs.\n"
    assert run("show-job", "7", env=env).code == 56


def test_jobs_that_ended_long_ago_are_forgotten(env: Env) -> None:
    def act(site: Site) -> list[Any]:
        from rattail.jobs.models import Job
        from rattail.jobs.queue import enqueue

        old, new, waits = ask(site, "nothing"), ask(site, "nothing"), ask(site, "nothing")
        work_off(site)
        Job.objects.filter(pk=old).update(ended_at=site.now() - timedelta(days=31))
        Job.objects.filter(pk=new).update(ended_at=site.now() - timedelta(days=29))
        later = ask(site, "nothing", run_at=site.now() + timedelta(days=400))
        enqueue(site.registry.jobs["jobs.forget"], arguments={}, actor="alice", now=site.now())
        work_off(site)
        left = Job.objects.filter(kind="tallies.nothing").order_by("pk").values_list("pk", flat=True)
        return [list(left), [new, waits, later]]

    left, expected = in_site(env, act)

    assert left == expected
