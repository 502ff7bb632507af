"""Taking jobs, keeping them, and giving back those whose worker died."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import F

from rattail.feature import JobKind
from rattail.jobs.ending import End, end_try
from rattail.jobs.models import DONE, READY, RUNNING, Job
from rattail.jobs.process import is_gone, shown_identity
from rattail.jobs.progress import Told

#: A worker that cannot be seen from here is held for dead when it was silent for this long.
SILENT_FOR = timedelta(seconds=30)
#: One that can be seen, and is there, only then: it may wait for a lock, or for a disk.
HANGS_FOR = timedelta(minutes=15)


def take(*, worker: str, kinds: Sequence[str], now: datetime) -> Job | None:
    """Take the job that has waited longest, for `worker`; None where none waits. No two workers get the same."""
    waiting = Job.objects.filter(state=READY, run_at__lte=now, kind__in=kinds).order_by("run_at", "id")
    if not waiting.exists():  # so that looking does not ask SQLite for its one lock for writing
        return None
    with transaction.atomic():
        job = waiting.select_for_update(skip_locked=True).first()
        if job is None:
            return None
        taken = Job.objects.filter(pk=job.pk, state=READY)
        job.state, job.worker = RUNNING, worker
        job.started_at = job.heartbeat_at = now
        job.token += 1
        job.tries += 1
        taken.update(
            state=RUNNING,
            worker=worker,
            started_at=now,
            heartbeat_at=now,
            token=F("token") + 1,
            tries=F("tries") + 1,
            done=0,
            total=None,
            message="",
        )
    return job


def keep(job: Job, *, told: Told | None, now: datetime) -> None:
    """Say that a job is still worked on, and how far it is."""
    news = {} if told is None else {"done": told.done, "total": told.total, "message": told.message}
    Job.objects.filter(pk=job.pk, token=job.token, state=RUNNING).update(heartbeat_at=now, **news)


class Standing(NamedTuple):
    """What became of jobs that one holds: those to be called off, and those that others have by now."""

    is_cancel_wanted: frozenset[int]
    lost: frozenset[int]


def look_at(held: Mapping[int, Job]) -> Standing:
    """How the jobs stand that a worker holds, by their ids."""
    rows = Job.objects.filter(pk__in=list(held)).values_list("pk", "token", "state", "is_cancel_wanted")
    found = {pk: (token, state, wanted) for pk, token, state, wanted in rows}
    wanted, lost = set(), set()
    for pk, job in held.items():
        token, state, is_wanted = found.get(pk, (0, "", False))
        if token != job.token or state not in (RUNNING, DONE):
            lost.add(pk)
        elif state == RUNNING and is_wanted:
            wanted.add(pk)
    return Standing(frozenset(wanted), frozenset(lost))


def sweep(*, kinds: Mapping[str, JobKind], worker: str, held: Sequence[int], now: datetime) -> int:
    """Give back every running job whose worker is dead, or is `worker` and does not know of it; returns how many."""
    count = 0
    for job in Job.objects.filter(state=RUNNING).exclude(pk__in=held):
        gone = True if job.worker == worker else is_gone(job.worker)
        if gone is None:
            gone = job.heartbeat_at is None or now - job.heartbeat_at > SILENT_FOR
        elif not gone:
            gone = job.heartbeat_at is not None and now - job.heartbeat_at > HANGS_FOR
        if gone:
            text = f"{shown_identity(job.worker)}, which ran it, is gone."
            end_try(job, kinds.get(job.kind), End("died", reason=text, failure=text), now=now)
            count += 1
    return count
