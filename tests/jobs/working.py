"""Workers in processes of their own, for functions that have the app folder open."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from rattail.site import Site

_PATIENCE_S = 30.0


def ask(site: Site, name: str, **values: Any) -> int:
    """Ask for a job of the kinds for tests, at once and for alice unless `values` say otherwise; returns its id."""
    from rattail.jobs.queue import enqueue

    asked: dict[str, Any] = {"arguments": {}, "actor": "alice", "now": site.now(), **values}
    return int(enqueue(site.registry.jobs[f"tallies.{name}"], **asked).pk)


def work_off(site: Site) -> dict[str, int]:
    """Work off what waits, in this process; returns how many tries ended in which state."""
    from rattail.jobs.worker import run

    put_off_what_recurs(site)
    return run(site, until_idle=True)._asdict()


def put_off_what_recurs(site: Site) -> None:
    """Have no recurring job be due, so that a worker has nothing to do but what a test asks for."""
    from rattail.jobs.models import Recurrence
    from rattail.jobs.recurring import rule_of

    far = site.now() + timedelta(days=365)
    declared = ((each.job, rule_of(each, site)) for each in site.registry.recurring)
    rows = [Recurrence(job=job, rule=rule, next_at=far) for job, rule in declared if rule]
    Recurrence.objects.bulk_create(rows, ignore_conflicts=True)


def let_wait_no_longer(site: Site, job_id: int) -> None:
    """Have a job that waits to be tried again be due at once."""
    from rattail.jobs.models import Job

    Job.objects.filter(pk=job_id).update(run_at=site.now())


@contextmanager
def worker(site: Site, **options: Any) -> Iterator[int]:
    """A worker in a process of its own, while the block runs; yields its pid once it is there."""
    from django.db import connections

    from rattail.jobs.models import Worker
    from rattail.jobs.worker import run

    put_off_what_recurs(site)
    connections.close_all()
    pid = os.fork()
    if pid == 0:
        try:
            run(site, **options)
        finally:
            os._exit(0)
    try:
        wait_until(lambda: Worker.objects.filter(identity__contains=f"/{pid}/").exists())
        yield pid
    finally:
        end(pid, signal.SIGTERM)


def end(pid: int, number: int) -> None:
    """Signal a process, and wait for its end; nothing where that was done before."""
    try:
        os.kill(pid, number)
        os.waitpid(pid, 0)
    except (ProcessLookupError, ChildProcessError):
        return


def wait_until(is_so: Callable[[], object]) -> None:
    """Wait for what another process is about to do."""
    until = time.monotonic() + _PATIENCE_S
    while not is_so():
        assert time.monotonic() < until, "what was waited for did not happen"
        time.sleep(0.02)


def noted(*, text: str) -> int:
    """How often a job wrote this text down."""
    from rattail.audit.models import Entry

    return Entry.objects.filter(action="tally", subject=text).count()


def state(job_id: int) -> str:
    from rattail.jobs.models import Job

    return str(Job.objects.values_list("state", flat=True).get(pk=job_id))


def facts(job_id: int, *names: str) -> list[Any]:
    """Some columns of a job."""
    from rattail.jobs.models import Job

    return list(Job.objects.values_list(*names).get(pk=job_id))
