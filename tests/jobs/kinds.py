"""Kinds of jobs for tests and benchmarks, as an extension that a process finds on its path."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.kit.extension import write_extension

TEXT = '''
import os
import signal
import time
from datetime import timedelta

from rattail.errors import InputRejected
from rattail.feature import JobKind, Permission, Recurring

_KINDS = {
    # name: (tries, limit_s)
    "tally": (20, 60), "plain": (1, 60), "fails": (3, 60), "refuses": (1, 60), "slow": (1, 60), "deaf": (1, 60),
    "limited": (1, 1), "dies": (1, 60), "holds": (1, 60), "late": (1, 60), "counts": (1, 60), "nothing": (1, 60),
    "follows": (1, 60), "odd": (1, 60), "odd_result": (1, 60),
}
FEATURE = Feature(
    name="tallies",
    title="Tallies",
    options=(Option("at", "When to run; a time of day.", default=""),),
    permissions=(Permission("tallies.view", "See tallies"),),
    jobs=tuple(
        JobKind(f"tallies.{name}", f"Tallies: {name}", f"tallies:{name}", tries=tries, limit_s=limit_s)
        for name, (tries, limit_s) in _KINDS.items()
    ),
    recurring=(Recurring("tallies.nothing", at="tallies.at"), Recurring("tallies.counts", every_s=86400),
        Recurring("tallies.odd", every_s=60, only_if="tallies:never"),
        Recurring("tallies.plain", every_s=86400, only_if="tallies:broken")),
)


def _record(job, text):
    from rattail.audit.trail import record

    record("tally", text, actor=job.actor, now=job.now())


def never(site, *, now):
    return False


def broken(site, *, now):
    raise ZeroDivisionError


def nothing(job):
    """Come to the end."""


def counts(job):
    with job.effect():
        _record(job, "counted")


def tally(job, *, n, work_s=0.0):
    """Work, then take effect once."""
    job.progress(1, 2, "half way")
    time.sleep(work_s)
    with job.effect():
        _record(job, f"tally {n}")
        time.sleep(work_s)
    job.progress(2, 2)


def plain(job, **arguments):
    """An effect that is not guarded: marked as done by the worker."""
    _record(job, "plain")
    return {"seen": arguments}


def follows(job):
    with job.effect():
        _record(job, "first")
        job.result = {"kept": "with the effect"}
    raise ZeroDivisionError("after the effect")


def fails(job):
    _record(job, "tried")
    raise ZeroDivisionError("a secret of the program")


def refuses(job):
    raise InputRejected("the file is empty.", hint="choose another one")


def slow(job):
    """Go on until told to stop, leaving a mark when begun and when cleaned up."""
    _record(job, "begun")
    try:
        for count in range(100_000):
            job.progress(count, 100_000, "counting")
            time.sleep(0.005)
    finally:
        _record(job, "cleaned up")


def deaf(job):
    """Hear nothing, but a kill."""
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    _record(job, "begun")
    time.sleep(600)


def limited(job):
    time.sleep(600)


def dies(job):
    os.kill(os.getpid(), signal.SIGKILL)


def holds(job, *, gate):
    """Hold an effect's transaction open until a file is there."""
    with job.effect():
        _record(job, "held")
        with open(f"{gate}.begun", "w"):
            pass
        while not os.path.exists(gate):
            time.sleep(0.01)


def odd(job):
    job.progress(1, 1, "file a\\0b\\udc80.csv")
    raise InputRejected("file a\\0b\\udc80.csv is odd.")


def odd_result(job):
    return {"file": "a\\0b"}


def late(job):
    """Be taken for dead while working: the row is given to somebody else before the effect."""
    from rattail.jobs.ending import End, end_try
    from rattail.jobs.models import Job

    row = Job.objects.get(pk=job.id)
    if row.token == 1:
        end_try(row, None, End("died", reason="taken for dead", failure="taken for dead"), now=job.now())
        Job.objects.filter(pk=job.id).update(run_at=job.now() + timedelta(days=1))
    with job.effect():
        _record(job, f"effect of try {job.tries}")
'''


def with_kinds(where: Path, env: Mapping[str, str]) -> dict[str, str]:
    """The environment in which a process of these records knows the kinds above."""
    return {**env, **write_extension(where, "tallies", TEXT)}
