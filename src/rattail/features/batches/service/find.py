"""Finding a batch, and telling whether its last job was interrupted."""

from __future__ import annotations

from django.db import transaction

from rattail.audit.trail import record
from rattail.database.refused import in_sentences
from rattail.errors import AppDirBroken, AppDirBusy, NoSuchThing
from rattail.features.batches.folders import Folder, batch_folder
from rattail.features.batches.kinds.known import kind_named
from rattail.features.batches.lease import leased
from rattail.features.batches.models import Batch
from rattail.features.batches.service.ground import Ground
from rattail.features.batches.states import State
from rattail.jobs.models import CANCELLED, UNFINISHED, Job
from rattail.retail.numbers import number_text

#: States of a batch that a process works on, or that one left which was killed.
AT_WORK = (State.NEW, State.READING, State.EXECUTING)


def find_batch(number: int, *, ground: Ground) -> Batch:
    """The batch of this number, in its true state.

    A batch whose reading or executing process is gone is set right: executing never happened, because the
    changes and the state `executed` are one transaction; reading failed and can be begun again.

    Raises:
        NoSuchThing: there is none.
    """
    batch = Batch.objects.select_related("vendor", "store").filter(number=number).first()
    if batch is None:
        raise NoSuchThing(f"there is no batch {number_text(number)}.", hint="see them all: rattail list-batches")
    if batch.state in AT_WORK:
        _set_right(batch, ground=ground)
    return batch


def job_key(number: int) -> str:
    """What keeps two jobs off one batch."""
    return f"batch:{number}"


def folder_of(batch: Batch, *, ground: Ground) -> Folder:
    """Where the files of a batch lie."""
    return batch_folder(ground.folders[kind_named(batch.kind).place], batch.number, batch.file_name)


def _is_awaited(batch: Batch) -> bool:
    """Whether a job will read a new batch."""
    return Job.objects.filter(unique_key=job_key(batch.number), state__in=UNFINISHED).exists()


def _was_called_off(batch: Batch) -> bool:
    """Whether somebody called off the last job of a batch."""
    last = Job.objects.filter(subject=f"batch {batch}").order_by("-pk").values_list("state", flat=True).first()
    return last == CANCELLED


def _set_right(batch: Batch, *, ground: Ground) -> None:
    try:
        with in_sentences(), leased(batch.number, folder_of(batch, ground=ground).path), transaction.atomic():
            batch.refresh_from_db()
            if batch.state == State.EXECUTING:
                batch.state = State.READY
                said = "executing was interrupted; nothing of it was done"
            elif batch.state == State.READING or (batch.state == State.NEW and not _is_awaited(batch)):
                batch.state = State.FAILED
                why = "called off" if _was_called_off(batch) else "interrupted"
                said = f"reading was {why} after {batch.row_count:,} rows; nothing of it was executed"
            else:
                return
            batch.failure = said
            batch.save(update_fields=["state", "failure"])
            record("set right", f"batch {batch}", actor=ground.actor, now=ground.now, details={"said": said})
    except AppDirBusy:
        return  # somebody is at it right now: the state is the true one
    except AppDirBroken:
        return  # the disk is full: it cannot be written down now, and looking goes on
