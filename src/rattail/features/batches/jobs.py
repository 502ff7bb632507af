"""Background work on batches: reading, executing, undoing. Each may be killed at any moment, and then runs again.

What a job did is told by the batch itself: a job that finds its work done says so, and is done.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rattail.errors import Interrupted, NotAllowed, RattailError
from rattail.features.batches.models import Batch
from rattail.features.batches.pages.access import CREATE, EXECUTE, UNDO, require, require_other_eyes
from rattail.features.batches.service.again import request_of
from rattail.features.batches.service.execute import execute_batch, undo_batch
from rattail.features.batches.service.find import find_batch
from rattail.features.batches.service.ground import Ground, ground_of
from rattail.features.batches.service.make import Progress, resume_batch
from rattail.features.batches.service.opened import give_up, wished
from rattail.features.batches.service.plan import plan_batch
from rattail.features.batches.states import State
from rattail.jobs.running import Cancelled, Running
from rattail.web.access import person_named


def read(job: Running, *, number: int, wishes: dict[str, Any] | None = None, about: int = 0) -> dict[str, object]:
    """Read the file of a batch, for the first time or again; `wishes` say how, where that is not as before.

    `about` is how many rows it has, where whoever asked has counted them.

    Called off, the batch says so; killed, that its reading was interrupted. In both cases it can be read again.
    """
    ground = _ground(job)
    batch = find_batch(number, ground=ground)
    mark = f"job {job.id}"
    if batch.state == State.READY and batch.answers.get("mark") == mark:
        return {"batch": str(batch), "said": "it was read already"}

    def looked(count: int) -> None:
        of = f" of about {about:,}" if about >= count else ""
        job.progress(0, None, f"looking at the codes first: {count:,}{of} rows")

    try:
        _require_may(job, batch, CREATE)
        batch, request = request_of(number, ground=ground)
        request = wished(request, wishes) if wishes else request
        plan = plan_batch(request._replace(mark=mark), ground=ground, progress=looked)
        total = plan.row_count

        def reading(count: int) -> None:
            done = min(count, total)
            job.progress(done, total, f"{done:,} of about {total:,} rows")

        batch = resume_batch(batch, plan, ground=ground, progress=Progress(reading=reading))
    except RattailError as error:
        give_up(number, error, ground=ground)
        raise
    except Cancelled:
        give_up(number, Interrupted("reading was called off; nothing of it was executed"), ground=ground)
        raise
    return {"batch": str(batch), "rows": batch.row_count, "changes": batch.change_count}


def execute(job: Running, *, number: int, executed_at: str = "") -> dict[str, object]:
    """Execute a batch, which was executed last at `executed_at` (ISO; empty: never) when that was asked for."""
    ground = _ground(job)
    batch = find_batch(number, ground=ground)
    if _when(batch) != executed_at:
        return {"batch": str(batch), "said": "it was executed already"}
    _require_may(job, batch, EXECUTE)
    batch, done = execute_batch(number, ground=ground, progress=_of_changes(job, batch, "carried out"))
    return {"batch": str(batch), "added": done.inserted, "changed": done.updated}


def undo(job: Running, *, number: int, executed_at: str, is_partial: bool = False) -> dict[str, object]:
    """Undo the execution of `executed_at`."""
    ground = _ground(job)
    batch = find_batch(number, ground=ground)
    if batch.state != State.EXECUTED or _when(batch) != executed_at:
        return {"batch": str(batch), "said": "it was undone already"}
    _require_may(job, batch, UNDO)
    progress = _of_changes(job, batch, "put back")
    batch, done = undo_batch(number, ground=ground, is_partial=is_partial, progress=progress)
    return {"batch": str(batch), "taken away": done.inserted, "put back": done.updated, "left": done.held}


def _of_changes(job: Running, batch: Batch, word: str) -> Callable[[int], None]:
    """Tells how many of the changes of a batch are done; before the first of them the records are compared."""
    total = batch.change_count

    def said(count: int) -> None:
        done = min(count, total)
        job.progress(done, total, f"{done:,} of {total:,} changes {word}")

    job.progress(0, total, f"0 of {total:,} changes {word}: comparing the records first")
    return said


def _ground(job: Running) -> Ground:
    return ground_of(job.site, actor=job.actor, now=job.now())


def _when(batch: Batch) -> str:
    return batch.executed_at.isoformat() if batch.executed_at else ""


def _require_may(job: Running, batch: Batch, verb: str) -> None:
    """Ask again: whoever asked for the job may have lost a role since, or the shop may want four eyes by now.

    The command line and recurring jobs act with the authority of the folder's owner.
    """
    if ":" in job.actor:
        return
    person = person_named(job.actor)
    if person is None:
        raise NotAllowed(f"{job.actor}, who asked for this, has no account any more that may do it.")
    require(person, verb, kind=batch.kind, store=batch.store.code if batch.store else None)
    if verb == EXECUTE:
        require_other_eyes(batch, actor=job.actor, site=job.site)
