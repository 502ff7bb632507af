"""Whether the shop is well: what is wrong, how bad it is, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from rattail.features.home.disks import Disk
from rattail.features.home.kept import ERRORS, FINDINGS, Answer
from rattail.jobs.alive import WorkerAlive
from rattail.jobs.models import FAILED, READY, Job
from rattail.notices.read import count_waiting
from rattail.web.show import size

_LOOKED_BACK = timedelta(days=1)
_LATE = timedelta(minutes=15)
_MANY_WAIT = 20


class Trouble(NamedTuple):
    """One thing that somebody has to see to: what it is, what to do, and the page that shows more."""

    tone: Literal["bad", "warning"]
    sentence: str
    advice: str
    address: str = ""


class State(NamedTuple):
    """The whole shop in one sentence, and the troubles behind it, the worst first."""

    tone: Literal["good", "warning", "bad"]
    sentence: str
    troubles: tuple[Trouble, ...]


def state_of(
    *, kept: Mapping[str, Answer], disks: list[Disk], workers: list[WorkerAlive], unproven_days: int = 0, now: datetime
) -> State:
    """What is known at this moment; two or three short queries. `unproven_days`: since when no backup was proved."""
    troubles = [
        *_of_disks(disks),
        *_of_jobs(workers, now),
        *_of_kept(kept),
        *_of_backups(unproven_days),
        *_of_notices(),
    ]
    troubles.sort(key=lambda trouble: trouble.tone != "bad")
    bad = sum(1 for trouble in troubles if trouble.tone == "bad")
    if bad:
        return State("bad", f"The shop is not well: {_things(bad)} somebody now.", tuple(troubles))
    if troubles:
        return State("warning", f"The shop works; {_things(len(troubles))} a look.", tuple(troubles))
    return State("good", "The shop is well. There is nothing to do.", ())


def _things(count: int) -> str:
    return "one thing needs" if count == 1 else f"{count} things need"


def _of_disks(disks: list[Disk]) -> Iterator[Trouble]:
    for disk in disks:
        if disk.is_short:
            sentence = f"The disk of {disk.name} is nearly full: {size(disk.free_bytes)} are left."
            yield Trouble("bad", sentence, "Remove old scratch files: rattail clean-appdir", "/app-folder/")
        elif disk.is_getting_short:
            sentence = f"The disk of {disk.name} fills: {size(disk.free_bytes)} are left."
            yield Trouble("warning", sentence, "See what takes the room, or get a larger disk.", "/app-folder/")


def _of_jobs(workers: list[WorkerAlive], now: datetime) -> Iterator[Trouble]:
    if not any(worker.is_claiming for worker in workers):
        yield Trouble(
            "bad",
            "Nothing is done in the background: no worker runs.",
            "Start it: rattail serve (or: systemctl restart its service).",
            "/jobs/",
        )
    elif Job.objects.filter(state=READY, run_at__lt=now - _LATE).exists():
        sentence = "Some work has been waiting for more than a quarter of an hour."
        yield Trouble("warning", sentence, "See what the worker is doing.", "/jobs/?state=ready")
    failed = Job.objects.filter(state=FAILED, ended_at__gte=now - _LOOKED_BACK).count()
    if failed:
        sentence = f"{failed} job{'s' if failed > 1 else ''} failed in the last day."
        yield Trouble("warning", sentence, "See why, and let them run again.", "/jobs/?state=failed")


def _of_kept(kept: Mapping[str, Answer]) -> Iterator[Trouble]:
    if found := kept.get(FINDINGS):
        errors, warnings = (int(found.value["count"].get(level, 0)) for level in ("error", "warning"))
        if errors:
            sentence = f"The check of the app folder found {errors} error{'s' if errors > 1 else ''}."
            yield Trouble("bad", sentence, "Each is named below with what to do.", "#findings")
        elif warnings:
            sentence = f"The check of the app folder found {warnings} warning{'s' if warnings > 1 else ''}."
            yield Trouble("warning", sentence, "Each is named below with what to do.", "#findings")
    if (errors_found := kept.get(ERRORS)) and (count := int(errors_found.value["count"])):
        sentence = f"The logs tell of {count} error{'s' if count > 1 else ''} in the last day."
        yield Trouble("warning", sentence, "Read what they say.", "#errors")


def _of_backups(unproven_days: int) -> Iterator[Trouble]:
    if unproven_days:
        sentence = f"No backup was proven for {unproven_days} days: nobody knows whether the records would come back."
        yield Trouble("warning", sentence, "Make one, and prove it.", "/backups/")


def _of_notices() -> Iterator[Trouble]:
    waiting = count_waiting()
    if waiting >= _MANY_WAIT:
        sentence = f"{waiting} notices wait to be told to somebody."
        yield Trouble("warning", sentence, "See whether mail is configured, and can be sent.", "/mail/")
