"""Jobs as text and as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rattail.jobs.models import READY, RUNNING, UNFINISHED, Job
from rattail.jobs.process import shown_identity
from rattail.jobs.progress import remaining_s, remaining_text
from rattail.registry import Registry


def title_of(job: Job, registry: Registry) -> str:
    """What a job does; the name of its kind where this installation does not know it (any more)."""
    kind = registry.jobs.get(job.kind)
    return kind.title if kind is not None else job.kind


def state_text(job: Job, *, now: datetime) -> str:
    """The state of a job, for people."""
    if job.state == RUNNING and job.is_cancel_wanted:
        return "being cancelled"
    if job.state == READY and job.run_at > now:
        return "waits to be tried again" if job.tries else "planned"
    return {READY: "waiting"}.get(job.state, job.state)


def progress_text(job: Job, *, now: datetime) -> str:
    """How far a job is: `1,200 of 5,000 (24 %), about 3 minutes left`; empty where it says nothing about it.

    A message that begins with the count itself (`1,200 of about 5,000 rows`) stands in place of the numbers.
    """
    if job.state == READY:  # what an earlier try came to says nothing
        return ""
    if not job.done and not job.total:
        return job.message if job.state == RUNNING else ""
    is_counted = job.message.startswith(f"{job.done:,} ")
    text = job.message if is_counted else f"{job.done:,}"
    if job.total and not is_counted:
        text += f" of {job.total:,} ({100 * job.done // job.total} %)"
    left_s = remaining_s(job, now=now)
    if left_s is not None:
        text += f", {remaining_text(left_s)} left"
    return f"{text}: {job.message}" if job.message and not is_counted else text


def shown_job(job: Job, *, now: datetime) -> dict[str, Any]:
    """A job as JSON; without its traceback, which is not for everybody."""
    return {
        "id": job.pk,
        "kind": job.kind,
        "state": job.state,
        "subject": job.subject,
        "actor": job.actor,
        "tries": job.tries,
        "created_at": job.created_at.isoformat(),
        "run_at": job.run_at.isoformat() if job.state == READY else None,
        "started_at": job.started_at.isoformat() if job.started_at else None,
        "ended_at": job.ended_at.isoformat() if job.ended_at else None,
        "is_cancel_wanted": job.is_cancel_wanted,
        "done": job.done,
        "total": job.total,
        "message": job.message,
        "remaining_s": remaining_s(job, now=now),
        "reason": job.reason,
    }


def shown_whole_job(job: Job, *, now: datetime) -> dict[str, Any]:
    """A job as JSON with everything about it, for who runs the installation."""
    return {
        **shown_job(job, now=now),
        "arguments": job.arguments,
        "result": job.result,
        "worker": shown_identity(job.worker) if job.worker else "",
        "deaths": job.deaths,
        "failure": job.failure,
    }


def is_over(job: Job) -> bool:
    """Whether nothing more happens to a job by itself."""
    return job.state not in UNFINISHED
