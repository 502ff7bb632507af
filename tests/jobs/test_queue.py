"""Asking for jobs, calling them off, and the steps between their states."""

from __future__ import annotations

from typing import Any

import pytest

from rattail.errors import NoSuchThing, WouldOverwrite
from rattail.site import Site
from tests.jobs.conftest import Env
from tests.jobs.open_site import in_site
from tests.jobs.working import ask, state, work_off
from tests.kit.killing import at_once

STATES = ("ready", "running", "done", "failed", "cancelled")
STEPS = {
    *(("ready", "running"), ("ready", "cancelled")),
    *(("running", "done"), ("running", "failed"), ("running", "cancelled"), ("running", "ready")),
    *(("failed", "ready"), ("cancelled", "ready")),
}


def _bring_to(job_id: int, wanted: str) -> None:
    from django.db.models import F

    from rattail.jobs.models import Job

    job = Job.objects.filter(pk=job_id)
    if wanted != "ready":
        job.update(state="running", token=F("token") + 1)
    if wanted not in ("ready", "running"):
        job.update(state=wanted)


def _try_step(site: Site, old: str, new: str, token: int) -> bool:
    """Whether the database lets a job take this step, with its token that much higher."""
    from django.db import DatabaseError, transaction
    from django.db.models import F

    from rattail.jobs.models import Job

    job_id = ask(site, "nothing")
    _bring_to(job_id, old)
    try:
        with transaction.atomic():
            Job.objects.filter(pk=job_id).update(state=new, token=F("token") + token)
    except DatabaseError:
        return False
    return True


def test_the_database_lets_a_job_take_only_the_steps_of_its_state_machine(env: Env) -> None:
    def act(site: Site) -> list[Any]:
        pairs = [(old, new) for old in STATES for new in STATES if old != new]
        return [(old, new) for old, new in pairs if _try_step(site, old, new, int((old, new) == ("ready", "running")))]

    assert {tuple(pair) for pair in in_site(env, act)} == STEPS


def test_the_database_counts_a_token_up_with_every_taking_and_never_else(env: Env) -> None:
    def act(site: Site) -> list[bool]:
        return [
            _try_step(site, "ready", "running", 0),
            _try_step(site, "ready", "running", 2),
            _try_step(site, "running", "ready", -1),
            _try_step(site, "running", "running", 1),
            _try_step(site, "ready", "ready", -1),
        ]

    assert in_site(env, act) == [False] * 5


def test_a_job_is_there_exactly_if_what_its_caller_did_is(env: Env) -> None:
    def act(site: Site) -> int:
        from django.db import transaction

        from rattail.jobs.models import Job

        with transaction.atomic():
            ask(site, "nothing")
            transaction.set_rollback(True)
        with transaction.atomic():
            ask(site, "nothing")
        return Job.objects.count()

    assert in_site(env, act) == 1


def test_the_same_work_is_asked_for_once_while_it_waits(env: Env) -> None:
    def act(site: Site) -> list[bool]:
        first = ask(site, "nothing", unique_key="batch:12")
        second = ask(site, "nothing", unique_key="batch:12")
        other = ask(site, "nothing", unique_key="batch:13")
        work_off(site)
        later = ask(site, "nothing", unique_key="batch:12")
        return [first == second, first == other, first == later]

    assert in_site(env, act) == [True, False, False]


def test_two_who_ask_for_the_same_work_at_once_get_the_same_job(env: Env) -> None:
    def one() -> None:
        in_site(env, lambda site: [ask(site, "nothing", unique_key=f"batch:{number}") for number in range(30)])

    def count(_site: Site) -> int:
        from rattail.jobs.models import Job

        return Job.objects.count()

    assert at_once(3, one) == [0, 0, 0]
    assert in_site(env, count) == 30


def test_a_cancelled_job_never_runs_and_can_be_asked_for_again(env: Env) -> None:
    def act(site: Site) -> list[str]:
        from rattail.jobs.queue import cancel, retry

        job_id = ask(site, "nothing")
        cancel(job_id, now=site.now())
        work_off(site)
        seen = [state(job_id)]
        retry(job_id, now=site.now())
        work_off(site)
        return [*seen, state(job_id), cancel(job_id, now=site.now()).state]

    assert in_site(env, act) == ["cancelled", "done", "done"]


def test_a_job_that_is_done_cannot_be_done_again(sqlite_env: Env) -> None:
    def act(site: Site) -> None:
        from rattail.jobs.queue import retry

        job_id = ask(site, "nothing")
        work_off(site)
        retry(job_id, now=site.now())

    with pytest.raises(WouldOverwrite, match="job 1 is done"):
        in_site(sqlite_env, act)


def test_what_waits_again_as_another_job_cannot_be_retried(env: Env) -> None:
    def act(site: Site) -> None:
        from rattail.jobs.queue import cancel, retry

        first = ask(site, "nothing", unique_key="batch:12")
        cancel(first, now=site.now())
        ask(site, "nothing", unique_key="batch:12")
        retry(first, now=site.now())

    with pytest.raises(WouldOverwrite, match="the same work waits"):
        in_site(env, act)


@pytest.mark.parametrize("number", [0, 4711, 2**70])
def test_a_job_that_is_not_there_is_named(number: int, sqlite_env: Env) -> None:
    def act(site: Site) -> None:
        from rattail.jobs.queue import cancel

        cancel(number, now=site.now())

    with pytest.raises(NoSuchThing, match=f"there is no job {number}"):
        in_site(sqlite_env, act)
