"""How far a job is, and how long it may still take."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from rattail.jobs.models import RUNNING, Job

_TOO_EARLY_S = 1.0
_TOO_LITTLE = 10  # of a hundred: what came before the first of them would weigh too much


class Told(NamedTuple):
    """How far a job said that it is."""

    done: int = 0
    total: int | None = None
    message: str = ""


def remaining_s(job: Job, *, now: datetime) -> float | None:
    """How many seconds a running job may still take, if it goes on as it went so far; None where nobody can say."""
    if job.state != RUNNING or not job.total or not job.done or job.started_at is None:
        return None
    passed_s = (now - job.started_at).total_seconds()
    if passed_s < _TOO_EARLY_S:
        return None
    if 100 * job.done < _TOO_LITTLE * job.total:
        return None
    return max(0.0, passed_s * (job.total - job.done) / job.done)


def remaining_text(seconds: float) -> str:
    """A duration that is an estimate, for people: `about 40 seconds`, `about 3 minutes`."""
    if seconds < 55:
        tens = max(5, round(seconds / 5) * 5)
        return f"about {tens} seconds"
    minutes = max(1, round(seconds / 60))
    if minutes < 90:
        return f"about {minutes} minute{'' if minutes == 1 else 's'}"
    return f"about {round(minutes / 60)} hours"
