"""Background work on batches: reading, executing, undoing. Each may be killed at any moment, and then runs again.

What a job did is told by the batch itself: a job that finds its work done says so, and is done.
"""

from __future__ import annotations

from typing import Any

from rattail.errors import NotAllowed, RattailError
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
from rattail.jobs.running import Running
from rattail.web.access import person_named


def read(job: Running, *, number: int, wishes: dict[str, Any] | None = None) -> dict[str, object]:
    """Read the file of a batch, for the first time or again; `wishes` say how, where that is not as before.

    Called off or killed, the batch says that its reading was interrupted, and can be read again.
    """
    ground = _ground(job)
    batch = find_batch(number, ground=ground)
    mark = f"job {job.id}"
    if batch.state == State.READY and batch.answers.get("mark") == mark:
        return {"batch": str(batch), "said": "it was read already"}

    def looked(count: int) -> None:
        job.progress(count, None, f"looking at codes: {count:,}")

    try:
        _require_may(job, batch, CREATE)
        batch, request = request_of(number, ground=ground)
        request = wished(request, wishes) if wishes else request
        plan = plan_batch(request._replace(mark=mark), ground=ground, progress=looked)
        total = plan.row_count

        def reading(count: int) -> None:
            job.progress(min(count, total), total, f"reading rows: {count:,} of about {total:,}")

        batch = resume_batch(batch, plan, ground=ground, progress=Progress(reading=reading))
    except RattailError as error:
        give_up(number, error, ground=ground)
        raise
    return {"batch": str(batch), "rows": batch.row_count, "changes": batch.change_count}


def execute(job: Running, *, number: int, executed_at: str = "") -> dict[str, object]:
    """Execute a batch, which was executed last at `executed_at` (ISO; empty: never) when that was asked for."""
    ground = _ground(job)
    batch = find_batch(number, ground=ground)
    if _when(batch) != executed_at:
        return {"batch": str(batch), "said": "it was executed already"}
    _require_may(job, batch, EXECUTE)
    job.progress(0, None, f"carrying out {batch.change_count:,} changes")
    batch, done = execute_batch(number, ground=ground)
    return {"batch": str(batch), "added": done.inserted, "changed": done.updated}


def undo(job: Running, *, number: int, executed_at: str, is_partial: bool = False) -> dict[str, object]:
    """Undo the execution of `executed_at`."""
    ground = _ground(job)
    batch = find_batch(number, ground=ground)
    if batch.state != State.EXECUTED or _when(batch) != executed_at:
        return {"batch": str(batch), "said": "it was undone already"}
    _require_may(job, batch, UNDO)
    job.progress(0, None, f"putting back {batch.change_count:,} changes")
    batch, done = undo_batch(number, ground=ground, is_partial=is_partial)
    return {"batch": str(batch), "taken away": done.inserted, "put back": done.updated, "left": done.held}


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
