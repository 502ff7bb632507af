"""Asking for background work, calling it off, asking for it again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from rattail.errors import NoSuchThing, WouldOverwrite
from rattail.feature import JobKind
from rattail.jobs.calling_off import stop_here
from rattail.jobs.models import CANCELLED, FAILED, READY, RUNNING, UNFINISHED, Job

_MOST_COLLISIONS = 20
_LARGEST_ID = 2**63 - 1


def enqueue(
    kind: JobKind,
    *,
    arguments: Mapping[str, object],
    actor: str,
    now: datetime,
    subject: str = "",
    unique_key: str | None = None,
    run_at: datetime | None = None,
) -> Job:
    """Ask for a job, in the caller's transaction: it is there exactly if what the caller does is.

    `arguments` are what JSON can hold, best ids; the kind's function gets them as keywords. `subject` is what it is
    about ("batch 00000012"). Where a job with the same `unique_key` waits or runs already, that one is returned.
    It starts at `run_at` (aware; default: at once), or as soon after it as a worker is free.
    """
    made = Job(
        kind=kind.name,
        arguments=dict(arguments),
        actor=actor,
        subject=subject,
        unique_key=unique_key,
        created_at=now,
        run_at=run_at or now,
    )
    if unique_key is None:
        made.save(force_insert=True)
        return made
    for _ in range(_MOST_COLLISIONS):
        present = Job.objects.filter(unique_key=unique_key, state__in=UNFINISHED).first()
        if present is not None:
            return present
        try:
            with transaction.atomic():
                made.save(force_insert=True)
        except IntegrityError:  # somebody asked for the same at this moment, or has just ended it
            made.pk = None
        else:
            return made
    raise AssertionError(f"job {unique_key!r} can neither be found nor made")


def cancel(job_id: int, *, now: datetime) -> Job:
    """Call a job off. A waiting one is cancelled; the process of a running one is stopped within about a second.

    Once this has been committed, an effect of the job can no longer happen. A job that has ended stays as it is:
    look at the state of the returned job. Best called outside of a transaction: on SQLite, while the job holds the
    lock for writing, it could not begin to stop before the job has ended.

    Raises:
        NoSuchThing: there is no such job.
    """
    stop_here(job_id)
    with transaction.atomic():
        job = _locked(job_id)
        if job.state == READY:
            job.state, job.ended_at = CANCELLED, now
            job.save(update_fields=["state", "ended_at"])
        elif job.state == RUNNING and not job.is_cancel_wanted:
            job.is_cancel_wanted = True
            job.save(update_fields=["is_cancel_wanted"])
    return job


def retry(job_id: int, *, now: datetime, actor: str = "") -> Job:
    """Let a failed or cancelled job run again, as if it were new; with an `actor`, as if they had asked for it.

    Raises:
        NoSuchThing: there is no such job.
        WouldOverwrite: it has not failed, or the same work waits or runs already as another job.
    """
    try:
        with transaction.atomic():
            job = _locked(job_id)
            if job.state not in (FAILED, CANCELLED):
                raise WouldOverwrite(
                    f"job {job_id} is {job.state}: only one that failed or was cancelled can run again.",
                    hint=f"rattail show-job {job_id}",
                )
            job.state, job.run_at, job.ended_at = READY, now, None
            job.actor = actor or job.actor
            job.tries = job.deaths = job.done = 0
            job.is_cancel_wanted, job.total, job.message, job.reason, job.failure = False, None, "", "", ""
            job.save()
    except IntegrityError:
        raise WouldOverwrite(f"job {job_id} cannot run again: the same work waits or runs already.") from None
    return job


def find_job(job_id: int) -> Job:
    """One job.

    Raises:
        NoSuchThing: there is no such job.
    """
    job = _found(Job.objects.all(), job_id)
    if job is None:
        raise _no_job(job_id)
    return job


def _locked(job_id: int) -> Job:
    job = _found(Job.objects.select_for_update(), job_id)
    if job is None:
        raise _no_job(job_id)
    return job


def _found(jobs: QuerySet[Job], job_id: int) -> Job | None:
    return jobs.filter(pk=job_id).first() if 0 < job_id <= _LARGEST_ID else None


def _no_job(job_id: int) -> NoSuchThing:
    return NoSuchThing(f"there is no job {job_id}.", hint="rattail list-jobs shows the jobs there are")
