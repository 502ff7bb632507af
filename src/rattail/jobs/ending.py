"""How one try of a job ended, and what becomes of the job then."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from django.db import transaction

from rattail.feature import JobKind
from rattail.jobs.models import CANCELLED, DONE, FAILED, READY, REASON_LENGTH, RUNNING, Job
from rattail.jobs.progress import Told
from rattail.notices.note import note

#: How often in a row a job's process may be killed before the job itself is held to be the reason.
MOST_DEATHS = 5
_FIRST_WAIT_S = 10.0
_FIRST_WAIT_AFTER_DEATH_S = 0.5
_GROWTH = 4.0
_LONGEST_WAIT_S = 3600.0
_JITTER = 0.25

How = Literal["returned", "failed", "died", "cancelled", "released"]


class End(NamedTuple):
    """How a try ended.

    returned: the function came to its end. failed: it raised an error, or took too long. died: its process was
    killed, not by us. cancelled: somebody called it off. released: the worker stops; it counts as not begun.
    """

    how: How
    result: Mapping[str, object] | None = None
    reason: str = ""
    failure: str = ""
    is_fault: bool = False  # of the program, or its surroundings: whoever runs the installation reads it in the log


def end_try(job: Job, kind: JobKind | None, end: End, *, told: Told | None = None, now: datetime) -> str:
    """Write down how the try ended that `job` was taken for, and what it told last; returns the state it has then.

    Nothing is changed where the job has ended or belongs to another process: its own effect may have marked it as
    done, or somebody took this process for dead.
    """
    with transaction.atomic():
        row = Job.objects.select_for_update().filter(pk=job.pk, token=job.token).first()
        if row is None:
            return "lost"
        if row.state not in (RUNNING, DONE):
            return row.state
        if told is not None:
            row.done, row.total, row.message = told
        if row.state == DONE:
            row.result = end.result if row.result is None else row.result
            row.save(update_fields=["result", "done", "total", "message"])
            return row.state
        _step(row, kind, end, now)
        row.heartbeat_at = None
        row.save()
        if row.state == FAILED:
            _tell(row, kind, now)
        return row.state


def wait_s(times: int, *, first_s: float = _FIRST_WAIT_S) -> float:
    """How long to wait after the n-th failure (from 1): longer each time, and not the same for all."""
    plain: float = min(first_s * _GROWTH ** (times - 1), _LONGEST_WAIT_S)
    return plain * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - not for secrets


def _step(row: Job, kind: JobKind | None, end: End, now: datetime) -> None:
    row.ended_at = now
    if end.how == "returned":
        row.state, row.result = DONE, None if end.result is None else dict(end.result)
        row.reason = row.failure = ""
    elif end.how == "cancelled" or row.is_cancel_wanted:
        row.state = CANCELLED
    elif end.how == "released":
        row.tries -= 1
        _again(row, now, after_s=0)
    elif end.how == "died":
        _died(row, kind, end, now)
    else:
        row.deaths = 0
        row.reason, row.failure = end.reason[:REASON_LENGTH], end.failure
        if kind is not None and row.tries < kind.tries:
            _again(row, now, after_s=wait_s(row.tries))
        else:
            row.state = FAILED


def _died(row: Job, kind: JobKind | None, end: End, now: datetime) -> None:
    """A killed process counts as a try, but says nothing about the job: it is tried again however few its tries."""
    row.deaths += 1
    row.failure = end.failure
    if row.deaths < max(MOST_DEATHS, kind.tries if kind is not None else 0):
        _again(row, now, after_s=wait_s(row.deaths, first_s=_FIRST_WAIT_AFTER_DEATH_S))
        return
    row.state = FAILED
    row.reason = f"its process was killed {row.deaths} times in a row, so it is not tried again by itself: {end.reason}"
    row.reason = row.reason[:REASON_LENGTH]


def _again(row: Job, now: datetime, *, after_s: float) -> None:
    row.state, row.run_at, row.ended_at, row.worker = READY, now + timedelta(seconds=after_s), None, ""


def _tell(row: Job, kind: JobKind | None, now: datetime) -> None:
    title = kind.title if kind is not None else row.kind
    about = f" ({row.subject})" if row.subject else ""
    note(
        f"job.failed:{row.kind}",
        subject=f"failed: {title}{about}",
        text=f"{row.reason}\n\nJob {row.pk}, asked for by {row.actor}, tried {row.tries} times.\n"
        f"    rattail show-job {row.pk}\n    rattail retry-job {row.pk}\n",
        now=now,
    )
