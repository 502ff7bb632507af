"""What every page of one batch shows: its title, its tabs, the job that works on it or ended last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.urls import reverse

from rattail.errors import RattailError
from rattail.features.batches.models import Batch
from rattail.features.batches.pages.access import (
    CREATE,
    DELETE,
    EXECUTE,
    FROM_FILES,
    UNDO,
    is_kept_from_own,
    may,
)
from rattail.features.batches.pages.words import kind_word, state_badge
from rattail.features.batches.service.find import job_key
from rattail.features.batches.states import OPEN, State
from rattail.jobs.models import FAILED, UNFINISHED, Job
from rattail.retail.numbers import number_text
from rattail.site import Site
from rattail.web.access import Person
from rattail.web.failures import hint_for_pages

_READABLE_AGAIN = (State.FAILED, State.READY, State.UNDONE)


class Tab(NamedTuple):
    title: str
    address: str
    is_here: bool


class Doable(NamedTuple):
    """What somebody may do with a batch as it is now. `why_not_execute` says why they may not, where it is ready."""

    execute: bool = False
    undo: bool = False
    delete: bool = False
    read_again: bool = False
    correct: bool = False
    why_not_execute: str = ""


def last_job(number: int) -> Job | None:
    """The newest job about a batch.

    Look for it before the batch: what it does to the batch is there before it ends. The other way round a job that
    ends between the two looks leaves a page that shows the old state, and waits for nothing.
    """
    return Job.objects.filter(subject=f"batch {number_text(number)}").order_by("-pk").first()


def frame_of(batch: Batch, person: Person, *, last: Job | None, site: Site, here: str) -> dict[str, Any]:
    """The values of `batches/frame.html`; `last` is its `last_job`, `here` the name of the page."""
    job = last if last is not None and last.state in UNFINISHED else None
    return {
        "batch": batch,
        "kind_word": kind_word(batch.kind),
        "state": state_badge(batch.state),
        "tabs": _tabs(batch, here),
        "job": job,
        "can_follow_job": job is not None and (job.actor == person.name or person.may("jobs.view")),
        "failed_job": last if last is not None and last.state == FAILED else None,
        "can": doable(batch, person, site=site, is_busy=job is not None),
    }


def doable(batch: Batch, person: Person, *, site: Site, is_busy: bool = False) -> Doable:
    """What that person may do with the batch now; nothing while a job works on it."""
    if is_busy:
        return Doable()
    store = batch.store.code if batch.store else None

    def allows(verb: str) -> bool:
        return may(person, verb, kind=batch.kind, store=store)

    is_executable = batch.state in (State.READY, State.UNDONE) and allows(EXECUTE)
    is_own = is_executable and is_kept_from_own(batch, actor=person.name, site=site)
    return Doable(
        execute=is_executable and not is_own,
        undo=batch.state == State.EXECUTED and allows(UNDO),
        delete=batch.state not in (State.EXECUTED, State.EXECUTING, State.READING) and allows(DELETE),
        read_again=batch.state in _READABLE_AGAIN and batch.kind in FROM_FILES and allows(CREATE),
        correct=batch.state in OPEN and allows(CREATE),
        why_not_execute="You made this batch yourself: in this shop a colleague executes it." if is_own else "",
    )


def job_at(batch: Batch) -> Job | None:
    """The job that works on a batch, or will."""
    return Job.objects.filter(unique_key=job_key(batch.number), state__in=UNFINISHED).first()


def subject_of(batch: Batch) -> str:
    return f"batch {number_text(batch.number)}"


def state_word(batch: Batch) -> str:
    return state_badge(batch.state).text


def plain(error: RattailError) -> str:
    """A mistake in one sentence or two, without what only a command line could do with."""
    hint = hint_for_pages(error)
    return f"{error.message} {hint[:1].upper()}{hint[1:]}." if hint else error.message


def _tabs(batch: Batch, here: str) -> list[Tab]:
    pages: Mapping[str, str] = {
        "batches.show": "Overview",
        "batches.rows": f"Rows ({batch.row_count:,})",
        "batches.changes": f"Changes ({batch.change_count:,})",
        "batches.history": "History",
    }
    return [Tab(title, reverse(name, args=[batch.number]), name == here) for name, title in pages.items()]
