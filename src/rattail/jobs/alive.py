"""Which workers there are, so that somebody hears when there is none."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from rattail.database.dialect import is_sqlite
from rattail.jobs.models import Worker
from rattail.jobs.process import is_gone, is_stopped, shown_identity

BEATS_EVERY_S = 5.0
_SILENT_FOR = timedelta(seconds=20)
_HANGS_FOR = timedelta(minutes=5)


class WorkerAlive(NamedTuple):
    """One worker that is there. `name` is for people; a quarantined copy's worker is there, but takes no job."""

    name: str
    started_at: datetime
    heartbeat_at: datetime
    is_claiming: bool


def workers_alive(now: datetime) -> list[WorkerAlive]:
    """The workers that are there, oldest first.

    One counts while it has said so within 20 seconds; with SQLite, one whose process can be seen from here for five
    minutes, since it may be waiting for the one writer. A process that can be seen to be stopped does not count.
    """
    found = []
    for row in Worker.objects.order_by("started_at", "pk"):
        is_here = is_gone(row.identity) is False
        may_be_silent_for = _HANGS_FOR if is_here and is_sqlite() else _SILENT_FOR
        if now - row.heartbeat_at <= may_be_silent_for and not is_gone(row.identity) and not is_stopped(row.identity):
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
