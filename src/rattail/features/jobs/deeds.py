"""Cancelling and retrying, with who did it written down."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from rattail.audit.trail import record
from rattail.jobs.calling_off import stop_here
from rattail.jobs.models import Job
from rattail.jobs.queue import cancel, retry


def cancel_job(job_id: int, *, actor: str, now: datetime) -> Job:
    """Call a job off; one that has ended stays as it is.

    Raises:
        NoSuchThing: there is no such job.
    """
    stop_here(job_id)
    with transaction.atomic():
        job = cancel(job_id, now=now)
        record("cancel job", f"job {job_id}", actor=actor, now=now, details={"kind": job.kind, "state": job.state})
    return job


def retry_job(job_id: int, *, actor: str, now: datetime) -> Job:
    """Let a failed or cancelled job run again.

    Somebody at a page takes it over with that: it runs with what they may, whoever asked for it before. The command
    line leaves it to whom it belongs.

    Raises:
        NoSuchThing: there is no such job.
        WouldOverwrite: it has not failed, or the same work waits or runs already.
    """
    with transaction.atomic():
        job = retry(job_id, now=now, actor="" if ":" in actor else actor)
        record("retry job", f"job {job_id}", actor=actor, now=now, details={"kind": job.kind})
    return job
