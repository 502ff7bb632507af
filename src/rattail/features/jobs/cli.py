"""`rattail list-jobs`, `show-job`, `cancel-job`, `retry-job`, `run-jobs`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from rattail.cli.command import command
from rattail.cli.console import counted, table
from rattail.cli.outcome import Outcome
from rattail.cli.session import Session
from rattail.errors import RattailError

if TYPE_CHECKING:
    from rattail.jobs.models import Job
    from rattail.jobs.worker import Worked

_LISTED = 20
_STATES = ("ready", "running", "done", "failed", "cancelled")  # as in rattail.jobs.models, which would import Django


@command("list-jobs")
@click.option("--state", type=click.Choice(_STATES), help="Only jobs in this state.")
@click.option("--kind", metavar="KIND", help="Only jobs of this kind, such as batches.read.")
@click.option("--limit", type=click.IntRange(1), default=_LISTED, show_default=True, help="How many.")
def list_jobs(session: Session, state: str | None, kind: str | None, limit: int) -> Outcome:
    """List background jobs, the newest first."""
    session.open_records()
    from rattail.features.jobs.shown import progress_text, shown_job, state_text
    from rattail.jobs.models import Job

    now = datetime.now(UTC)
    chosen = {name: value for name, value in (("state", state), ("kind", kind)) if value}
    jobs = list(Job.objects.filter(**chosen).order_by("-pk")[:limit])
    rows = [("id", "kind", "state", "by", "asked for (UTC)", "about", "progress")]
    rows += [
        (
            str(job.pk),
            job.kind,
            state_text(job, now=now),
            job.actor,
            f"{job.created_at:%Y-%m-%d %H:%M}",
            job.subject,
            job.reason if job.state == "failed" else progress_text(job, now=now),
        )
        for job in jobs
    ]
    lines = table(rows, right=(0,)) if jobs else ["There are no such jobs." if chosen else "There are no jobs."]
    return Outcome({"jobs": [shown_job(job, now=now) for job in jobs]}, lines, is_answer=True)


@command("show-job")
@click.argument("number", type=click.IntRange(1), metavar="ID")
def show_job(session: Session, number: int) -> Outcome:
    """Show a job: what it does, how far it is, or how it ended, and where it failed."""
    session.open_records()
    from rattail.features.jobs.shown import shown_whole_job
    from rattail.jobs.queue import find_job

    now = datetime.now(UTC)
    job = find_job(number)
    lines = _lines(session, job, now)
    if job.failure:
        lines += ["  what went wrong:", *(f"    {line}" for line in job.failure.rstrip().splitlines())]
    return Outcome(shown_whole_job(job, now=now), lines, is_answer=True)


@command("cancel-job")
@click.argument("number", type=click.IntRange(1), metavar="ID")
def cancel_job(session: Session, number: int) -> Outcome:
    """Call a job off. A running one is stopped within about a second; what it did so far is rolled back."""
    session.open_records()
    from rattail.features.jobs.deeds import cancel_job as cancel
    from rattail.features.jobs.shown import is_over, shown_job, state_text

    now = datetime.now(UTC)
    job = cancel(number, actor=session.actor, now=now)
    text = f"Job {number} is {state_text(job, now=now)}."
    if is_over(job) and job.state != "cancelled":
        text = f"Job {number} had ended before: it is {job.state}."
    return Outcome(shown_job(job, now=now), [text])


@command("retry-job")
@click.argument("number", type=click.IntRange(1), metavar="ID")
def retry_job(session: Session, number: int) -> Outcome:
    """Let a failed or cancelled job run again, with as many tries as a new one."""
    session.open_records()
    from rattail.features.jobs.deeds import retry_job as retry
    from rattail.features.jobs.shown import shown_job

    now = datetime.now(UTC)
    job = retry(number, actor=session.actor, now=now)
    lines = [f"Job {number} waits for a worker. Without one running:", f"    {session.hint_line('run-jobs')}"]
    return Outcome(shown_job(job, now=now), lines)


@command("run-jobs")
def run_jobs(session: Session) -> Outcome:
    """Work off every job that waits, here and now, then end: for cron, and where no worker runs.

    Recurring jobs that are due are among them. Ctrl-C lets the running job end, a second Ctrl-C stops it; what was
    stopped runs again the next time.
    """
    session.open_records()
    from rattail.jobs.worker import run
    from rattail.site import open_site

    draw = session.console.progress("jobs")

    def heard(worked: Worked) -> None:
        draw(worked.total)

    worked = run(open_site(session.root), until_idle=True, heard=heard)
    parts = [f"{counted(worked.done, 'job')} done"]
    parts += [f"{count:,} {what}" for count, what in _others(worked) if count]
    error = None
    if worked.failed:
        hint = session.hint_line("list-jobs", "--state", "failed")
        error = RattailError(f"{counted(worked.failed, 'job')} failed.", hint=hint)
    return Outcome(dict(worked._asdict()), [f"{', '.join(parts)}."], error=error)


def _others(worked: Worked) -> tuple[tuple[int, str], ...]:
    return (worked.failed, "failed"), (worked.cancelled, "cancelled"), (worked.again, "to be tried again later")


def _lines(session: Session, job: Job, now: datetime) -> list[str]:
    from rattail.features.jobs.shown import progress_text, state_text, title_of
    from rattail.jobs.process import shown_identity

    lines = [f"Job {job.pk}: {title_of(job, session.registry)} ({job.kind}), {state_text(job, now=now)}"]
    if job.subject:
        lines.append(f"  about {job.subject}")
    lines.append(f"  asked for {job.created_at:%Y-%m-%d %H:%M:%S} UTC by {job.actor}")
    if job.state == "ready" and job.run_at > now:
        lines.append(f"  runs at {job.run_at:%Y-%m-%d %H:%M:%S} UTC or soon after")
    if job.started_at:
        lines.append(f"  began {job.started_at:%Y-%m-%d %H:%M:%S} UTC, try {job.tries}")
    if job.state == "running":
        lines.append(f"  in {shown_identity(job.worker)}")
    if progress := progress_text(job, now=now):
        lines.append(f"  {progress}")
    if job.ended_at:
        lines.append(f"  ended {job.ended_at:%Y-%m-%d %H:%M:%S} UTC")
    lines += [f"  {name}: {value}" for name, value in (job.result or {}).items()]
    if job.reason:
        lines.append(f"  {job.reason}")
    return lines
