"""Which workers there are, so that somebody hears when there is none."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from rattail.jobs.models import Worker
from rattail.jobs.process import is_gone, shown_identity

BEATS_EVERY_S = 10.0
_SILENT_FOR = timedelta(seconds=45)
_HANGS_FOR = timedelta(minutes=5)


class WorkerAlive(NamedTuple):
    """One worker that is there. `name` is for people; a quarantined copy's worker is there, but takes no job."""

    name: str
    started_at: datetime
    heartbeat_at: datetime
    is_claiming: bool


def workers_alive(now: datetime) -> list[WorkerAlive]:
    """The workers that are there, oldest first.

    One whose process can be seen from here counts while it is there and has said so within five minutes (it may be
    waiting for a lock); any other one while it has said so within 45 seconds.
    """
    found = []
    for row in Worker.objects.order_by("started_at", "pk"):
        gone = is_gone(row.identity)
        silent_for = now - row.heartbeat_at
        if not gone and silent_for <= (_SILENT_FOR if gone is None else _HANGS_FOR):
            shown = shown_identity(row.identity)
            found.append(WorkerAlive(shown, row.started_at, row.heartbeat_at, row.is_claiming))
    return found


def say_alive(identity: str, *, is_claiming: bool, now: datetime) -> None:
    """Write down that this worker is there, and forget those that have gone without a word."""
    if not Worker.objects.filter(identity=identity).update(heartbeat_at=now):
        Worker.objects.create(identity=identity, started_at=now, heartbeat_at=now, is_claiming=is_claiming)
        for row in Worker.objects.exclude(identity=identity):
            if is_gone(row.identity) or now - row.heartbeat_at > timedelta(days=1):
                row.delete()


def say_goodbye(identity: str) -> None:
    """This worker ends."""
    Worker.objects.filter(identity=identity).delete()
