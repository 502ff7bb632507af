"""What the function of a job gets: where it runs, how to say how far it is, how to take effect once."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from rattail.jobs.models import DONE, MESSAGE_LENGTH, RUNNING, Job
from rattail.site import Site

_TELL_EVERY_S = 0.1


class Cancelled(BaseException):
    """The job was called off. Not an Exception, so that no function takes it for a fault it can go on after."""


class LeaseLost(Exception):
    """This process was taken for dead, and the job given to another one: nothing of its effect may stay."""


class Running:
    """One try of one job, in the process that runs it.

    That process may be killed at any moment, and the job then runs again from its start: what must happen once
    belongs into `effect()`; everything before it must be harmless when done twice.
    """

    def __init__(self, site: Site, job: Job, *, tell_fd: int | None = None) -> None:
        self.site = site
        self.id: int = job.pk
        self.actor = job.actor
        self.subject = job.subject
        self.tries = job.tries
        #: What the job found out, shown with it; set inside of `effect()` it is kept together with the effect.
        self.result: dict[str, object] | None = None
        self.is_cancelled = False
        self.had_effect = False
        self._token = job.token
        self._tell_fd = tell_fd
        self._told_at = -_TELL_EVERY_S

    def now(self) -> datetime:
        """The moment, aware, UTC."""
        return self.site.now()

    def progress(self, done: int, total: int | None = None, message: str = "") -> None:
        """Say how far the work is; cheap enough for every row.

        Raises:
            Cancelled: the job was called off.
        """
        if self.is_cancelled:
            raise Cancelled
        moment = time.monotonic()
        if self._tell_fd is None or (moment - self._told_at < _TELL_EVERY_S and done != total):
            return
        self._told_at = moment
        told = {"done": done, "total": total, "message": message[:MESSAGE_LENGTH]}
        try:
            os.write(self._tell_fd, json.dumps(told).encode() + b"\n")
        except (BlockingIOError, BrokenPipeError):
            return  # the worker is busy, or about to end; the next one says more anyway

    @contextmanager
    def effect(self) -> Iterator[None]:
        """A transaction that also marks this job as done: what is done in it happens exactly once.

        It is to be the outermost transaction, and the last thing that a job does: nothing after it is tried again.
        The mark is made at its end, so that until then the job can be seen, cancelled and kept alive by others.

        Raises:
            LeaseLost: the job belongs to another process by now; everything is rolled back.
            Cancelled: the job was called off; everything is rolled back.
        """
        assert not self.had_effect, "a job has one effect"
        with transaction.atomic(durable=True):
            self._require_held()
            yield
            held = self._held().filter(is_cancel_wanted=False)
            if not held.update(state=DONE, ended_at=self.now(), heartbeat_at=None, result=self.result, failure=""):
                self._require_held()
                raise LeaseLost(f"job {self.id} has ended already")
        self.had_effect = True

    def _require_held(self) -> None:
        wanted = self._held().values_list("is_cancel_wanted", flat=True).first()
        if wanted is None:
            raise LeaseLost(f"job {self.id} belongs to another process by now")
        if wanted:
            raise Cancelled

    def _held(self) -> QuerySet[Job]:
        return Job.objects.filter(pk=self.id, token=self._token, state=RUNNING)
