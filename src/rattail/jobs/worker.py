"""A worker: takes jobs, runs each in a process of its own, and stops when it is told to."""

from __future__ import annotations

import gc
import logging
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from django.db import InterfaceError, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from rattail.database.dialect import is_sqlite
from rattail.feature import JobKind
from rattail.jobs.alive import BEATS_EVERY_S, say_alive, say_goodbye
from rattail.jobs.child import IMPATIENT, Child, start
from rattail.jobs.ending import End, end_try
from rattail.jobs.models import READY, Job
from rattail.jobs.process import own_identity
from rattail.jobs.progress import Told
from rattail.jobs.recurring import enqueue_due
from rattail.jobs.taking import keep, look_at, sweep, take
from rattail.jobs.waking import Waking, waking_signals
from rattail.site import Site

_log = logging.getLogger("rattail.jobs")
POLL_S = 0.5
_HEED_EVERY_S = 0.2  # while jobs run: whoever calls one off does not want to wait
_PATIENCE_MS = 250
_LOOK_EVERY_S = 2.0
_KEEP_EVERY_S = 5.0
_GOODBYE_S = 5.0
_SAME_KEY_S = 1.0  # a Ctrl-C may come from the terminal and from whoever started us


class Worked(NamedTuple):
    """What a worker did: how many tries ended in which state."""

    done: int = 0
    failed: int = 0
    cancelled: int = 0
    again: int = 0

    @property
    def total(self) -> int:
        return sum(self)


def run(
    site: Site,
    *,
    stop: Callable[[], bool] = lambda: False,
    claims: bool = True,
    until_idle: bool = False,
    concurrency: int | None = None,
    heard: Callable[[Worked], None] = lambda _worked: None,
) -> Worked:
    """Work off jobs until SIGTERM or SIGINT, or until `stop()` is true, or, with `until_idle`, until none waits.

    Then it takes nothing new, and lets what runs go on for `jobs.stop_wait_s` seconds; what still runs is stopped
    and waits again. A second Ctrl-C stops at once. With `claims=False` it takes nothing at all and only says that it
    is there. Django has to be set up; this has to be the main thread of a process without other threads.
    """
    asked = concurrency or site.settings.integer("jobs.concurrency") or (1 if is_sqlite() else 2)
    worker = _Worker(site, stop=stop, claims=claims, until_idle=until_idle, concurrency=asked, heard=heard)
    gc.collect()
    gc.freeze()  # so that children share this memory instead of copying it at their first collection
    with worker.signals(), _impatience():
        try:
            worker.work()
        finally:
            worker.end()
    return worker.worked


class _Ended(NamedTuple):
    """A try that has ended, until that is written down."""

    job: Job
    kind: JobKind
    end: End
    told: Told | None = None


class _Worker:
    def __init__(
        self,
        site: Site,
        *,
        stop: Callable[[], bool],
        claims: bool,
        until_idle: bool,
        concurrency: int,
        heard: Callable[[Worked], None],
    ) -> None:
        self.site = site
        self.identity = own_identity()
        self.worked = Worked()
        self._kinds = site.registry.jobs
        self._names = sorted(self._kinds)
        self._claims = claims
        self._concurrency = concurrency
        self._until_idle = until_idle
        self._heard = heard
        self._stop = stop
        self._told_at = 0.0
        self._stops_at: float | None = None
        self._children: list[Child] = []
        self._ended: list[_Ended] = []
        self._due: dict[str, float] = {}
        self._waking: Waking
        self._is_in_trouble = False

    def work(self) -> None:
        """Take and tend jobs until it is time to stop."""
        while True:
            if self._stops_at is None and self._stop():
                self._begin_to_stop()
            self._tend()
            self._look_after()
            took = is_idle = False
            with self._records():
                self._write_down()
                took = self._may_take() and self._take()
                is_idle = not took
            if is_idle and not self._children and (self._stops_at is not None or self._until_idle):
                return
            if not took:
                self._wait()

    def end(self) -> None:
        """However it ends, no process of a job stays."""
        for child in self._children:
            child.stop(End("released"))
        while self._children:
            self._tend()
            self._wait()
        until = time.monotonic() + _GOODBYE_S
        while time.monotonic() < until:  # somebody may be writing just now
            with self._records():
                self._write_down()
                say_goodbye(self.identity)
                break
            self._wait()
        connections.close_all()

    @contextmanager
    def signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT begin the end; they wake the worker up."""

        def stop(number: int) -> None:
            if self._stops_at is None:
                self._begin_to_stop()
            elif number == signal.SIGINT and time.monotonic() - self._told_at > _SAME_KEY_S:
                self._stops_at = time.monotonic()

        with waking_signals(stop, signal.SIGTERM, signal.SIGINT) as self._waking:
            yield

    def _begin_to_stop(self) -> None:
        wait_s = self.site.settings.integer("jobs.stop_wait_s")
        self._told_at = time.monotonic()
        self._stops_at = self._told_at + wait_s
        if self._children:
            _log.info("stopping; waiting up to %s s for %s running", wait_s, len(self._children))

    def _may_take(self) -> bool:
        return self._claims and self._stops_at is None and len(self._children) < self._concurrency

    def _take(self) -> bool:
        job = take(worker=self.identity, kinds=self._names, now=self.site.now())
        if job is None:
            return False
        kind = self._kinds[job.kind]
        _log.info("job %s (%s) begins, try %s", job.pk, job.kind, job.tries)
        try:
            self._children.append(start(self.site, job, kind))
        except OSError as error:
            text = f"no process could be started for it: {error.strerror}."
            self._ended.append(_Ended(job, kind, End("died", reason=text, failure=text)))
        return True

    def _tend(self) -> None:
        """Hear what the running jobs say, and end those that have to."""
        is_over = self._stops_at is not None and time.monotonic() >= self._stops_at
        for child in tuple(self._children):
            if is_over:
                child.stop(End("released"))
            child.listen()
            child.press()
            end = child.reaped()
            if end is not None:
                self._children.remove(child)
                self._ended.append(_Ended(child.job, child.kind, end, child.told))

    def _write_down(self) -> None:
        while self._ended:
            job, kind, end, told = self._ended[0]
            state = self._end_try(job, kind, end, told)
            del self._ended[0]
            said = (job.pk, job.kind, end.how, state)
            if end.is_fault:
                _log.error("job %s (%s) %s, is %s now: %s", *said, end.failure)
            elif end.how == "failed":
                _log.warning("job %s (%s) %s, is %s now: %s", *said, end.reason)
            else:
                _log.info("job %s (%s) %s, is %s now", *said)
            name = "again" if state == READY else state
            if name in Worked._fields:
                self.worked = self.worked._replace(**{name: getattr(self.worked, name) + 1})
                self._heard(self.worked)

    def _end_try(self, job: Job, kind: JobKind, end: End, told: Told | None) -> str:
        try:
            return end_try(job, kind, end, told=told, now=self.site.now())
        except (OperationalError, InterfaceError):
            raise
        except Exception:  # noqa: BLE001 - one job must not keep the worker from all others
            _log.exception("how job %s (%s) ended cannot be written down", job.pk, job.kind)
            text = "how it ended could not be written down; the log says why."
            return end_try(job, kind, End("failed", reason=text, failure=text), now=self.site.now())

    def _look_after(self) -> None:
        """What has to be done now and then; what the database refuses now is done the next time."""
        now = self.site.now()
        if self._is_due("beat", BEATS_EVERY_S):
            with self._records():
                say_alive(self.identity, is_claiming=self._claims, now=now)
        if self._children and self._is_due("stand", _HEED_EVERY_S):
            with self._records():
                self._heed(now)
        if self._claims and self._is_due("look", _LOOK_EVERY_S):
            held = [child.job.pk for child in self._children] + [each.job.pk for each in self._ended]
            with self._records():
                sweep(kinds=self._kinds, worker=self.identity, held=held, now=now)
                enqueue_due(self.site, now=now)

    def _heed(self, now: datetime) -> None:
        standing = look_at({child.job.pk: child.job for child in self._children})
        for child in self._children:
            if child.job.pk in standing.is_cancel_wanted:
                child.stop(End("cancelled"))
            elif child.job.pk in standing.lost:
                child.stop(End("released"))
        for child in self._children:
            if child.told is not None or time.monotonic() - child.kept_at >= _KEEP_EVERY_S:
                keep(child.job, told=child.told, now=now)
                child.told, child.kept_at = None, time.monotonic()

    def _is_due(self, what: str, every_s: float) -> bool:
        moment = time.monotonic()
        if moment < self._due.get(what, 0.0):
            return False
        self._due[what] = moment + every_s
        return True

    def _wait(self) -> None:
        """Until a job's process ends, a signal comes, or it is time to look again."""
        self._waking.wait([child.pid_fd for child in self._children], _HEED_EVERY_S if self._children else POLL_S)

    @contextmanager
    def _records(self) -> Iterator[None]:
        """Around what needs the database: a busy one, or one that is away for a while, is asked again later."""
        try:
            yield
            self._is_in_trouble = False
        except (OperationalError, InterfaceError) as error:
            if "locked" not in str(error) and not self._is_in_trouble:
                self._is_in_trouble = True
                _log.warning("the database does not answer, trying again: %s", " ".join(str(error).split()))
            if not is_sqlite():
                connections.close_all()


@contextmanager
def _impatience() -> Iterator[None]:
    """Let every statement of this process wait for locks but shortly: it has jobs to look after."""

    def make_impatient(*, connection: BaseDatabaseWrapper, **_: object) -> None:
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute(f"PRAGMA busy_timeout = {_PATIENCE_MS}")
            else:
                cursor.execute(f"SET lock_timeout = {_PATIENCE_MS}")

    connections.close_all()
    connection_created.connect(make_impatient, dispatch_uid=IMPATIENT, weak=False)
    try:
        yield
    finally:
        connection_created.disconnect(dispatch_uid=IMPATIENT)
        connections.close_all()
