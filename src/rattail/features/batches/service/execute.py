"""Executing a batch, and undoing it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import NamedTuple

from django.db import DatabaseError, IntegrityError, OperationalError, transaction

from rattail.audit.trail import record
from rattail.database.bulk import change_rows, fetch_rows
from rattail.database.refused import in_sentences
from rattail.errors import AppDirBusy, NotAllowed, RecordsMoved
from rattail.features.batches.folders import RESULT, finish_beside, write_beside
from rattail.features.batches.lease import leased
from rattail.features.batches.models import Batch
from rattail.features.batches.service.find import find_batch, folder_of
from rattail.features.batches.service.ground import Ground
from rattail.features.batches.states import State
from rattail.retail.changes.apply import Deed, Done, apply, begin_strictly, put_back, quiet
from rattail.retail.changes.compare import moved_since_reading
from rattail.retail.changes.moved import refuse_moved
from rattail.retail.numbers import number_text

_EXECUTABLE = (State.READY, State.UNDONE)


class Executed(NamedTuple):
    """What was done: how many records were inserted and updated, or deleted and set back."""

    batch: Batch
    done: Done


def execute_batch(number: int, *, ground: Ground, progress: Callable[[int], None] = quiet) -> Executed:
    """Carry out what `check-batch` shows, and nothing else, in one transaction.

    Killed at any moment, the batch is either executed or not. Of two processes that execute one batch at the same
    moment exactly one does. `progress` is told how many changes are done.

    Raises:
        NotAllowed: the batch is not in a state to be executed, or it was undone only in part.
        RecordsMoved: a record is not as it was when the batch was read; nothing was changed.
        AppDirBusy: another process works on the batch, or holds the database too long.
    """
    batch = find_batch(number, ground=ground)
    with leased(number, folder_of(batch, ground=ground).path), _sentences(batch, since="was read"):
        batch.refresh_from_db()  # it may have been executed since it was found
        _begin(batch)
        try:
            with transaction.atomic():
                begin_strictly()
                done = apply(number, _deed(batch, ground, f"batch {batch}: {_reason(batch)}"), progress=progress)
                _end(batch, State.EXECUTED, State.EXECUTING, ground, done)
        except BaseException:
            with suppress(DatabaseError):  # else the next command sets it right
                _let_go(batch)
            raise
        batch.refresh_from_db()
        _write_result(batch, done, ground=ground)
    return Executed(batch, done)


def undo_batch(
    number: int, *, ground: Ground, is_partial: bool = False, progress: Callable[[int], None] = quiet
) -> Executed:
    """Put back exactly what was there before the batch was executed, in one transaction.

    Raises:
        NotAllowed: the batch is not executed.
        RecordsMoved: records were changed since, and `is_partial` is false: names them. With `is_partial`
            those stay and the others are put back.
    """
    batch = find_batch(number, ground=ground)
    with leased(number, folder_of(batch, ground=ground).path), _sentences(batch, since="was executed"):
        with transaction.atomic():
            begin_strictly()
            batch.refresh_from_db()
            if batch.state != State.EXECUTED:
                raise NotAllowed(f"batch {batch} is {batch.state}: only an executed batch can be undone.")
            deed = _deed(batch, ground, f"undo of batch {batch}", done_at=batch.executed_at)
            done = put_back(number, deed, is_partial=is_partial, progress=progress)
            _end(batch, State.UNDONE, State.EXECUTED, ground, done)
        batch.refresh_from_db()
    return Executed(batch, done)


def _begin(batch: Batch) -> None:
    """Say that the batch is being executed, in a transaction of its own, if it may be."""
    if batch.state not in _EXECUTABLE:
        hint = f"rattail undo-batch {batch.number}" if batch.state == State.EXECUTED else ""
        raise NotAllowed(f"batch {batch} is {batch.state}: only a batch that is ready can be executed.", hint=hint)
    if fetch_rows("SELECT 1 FROM retail_change WHERE batch = %s AND is_held LIMIT 1", [batch.number]):
        raise NotAllowed(
            f"batch {batch} was undone only in part, so it cannot be executed again.",
            hint="make a new batch of the same file: rattail make-batch ... --force",
        )
    changed = change_rows(
        "UPDATE batches_batch SET state = 'executing', failure = '' WHERE id = %s AND state = %s",
        [batch.pk, batch.state],
    )
    if not changed:
        raise AppDirBusy(
            f"batch {batch} was taken by another process this moment.", hint="look again: rattail show-batch"
        )


def _let_go(batch: Batch) -> None:
    change_rows("UPDATE batches_batch SET state = 'ready' WHERE id = %s AND state = 'executing'", [batch.pk])


def _end(batch: Batch, state: State, before: State, ground: Ground, done: Done) -> None:
    """The last statement of the transaction: the state changes exactly if the records do."""
    column = "executed" if state is State.EXECUTED else "undone"
    changed = change_rows(
        f"UPDATE batches_batch SET state = %s, {column}_at = %s, {column}_by = %s WHERE id = %s AND state = %s",  # noqa: S608
        [state, ground.now, ground.actor, batch.pk, before],
    )
    if not changed:
        raise AppDirBusy(f"batch {batch} was taken by another process this moment.")
    is_undone = state is State.UNDONE
    words = ("taken_away", "put_back", "left") if is_undone else Done._fields
    details = dict(zip(words, done, strict=True))
    record(
        "undo batch" if is_undone else "execute batch",
        f"batch {batch}",
        actor=ground.actor,
        now=ground.now,
        details=details,
    )


def _deed(batch: Batch, ground: Ground, reason: str, *, done_at: datetime | None = None) -> Deed:
    """Who does it, when and why. What is undone never happened, so its lines are of the moment of those they cancel."""
    counted = batch.settings.get("counted_at")
    at = datetime.fromisoformat(counted) if counted else done_at or ground.now
    return Deed(actor=ground.actor, now=ground.now, reason=reason[:100], at=at)


def _reason(batch: Batch) -> str:
    return str(batch.settings.get("reason") or batch.description or batch.kind.replace("_", " "))


@contextmanager
def _sentences(batch: Batch, *, since: str) -> Iterator[None]:
    """What the database refuses, as a sentence; around the transaction, so that it can be asked why."""
    try:
        with in_sentences():
            yield
    except IntegrityError as error:
        if since == "was read":
            refuse_moved(batch.number, *moved_since_reading(batch.number, is_thorough=True), since=since)
        said = " ".join(str(error).split())[:200]
        raise RecordsMoved(
            f"batch {batch}: the records refuse a change ({said}). Nothing was changed.",
            hint=f"see what would be done now: rattail check-batch {batch.number}",
        ) from error
    except OperationalError as error:
        if "serialize" in str(error) or "deadlock" in str(error):
            raise RecordsMoved(f"batch {batch}: records were changed this very moment. Nothing was changed.") from error
        raise


def _write_result(batch: Batch, done: Done, *, ground: Ground) -> None:
    """What was done, as a file beside the input; the truth is in the database."""
    import json

    folder = folder_of(batch, ground=ground)
    data = {
        "batch": number_text(batch.number),
        "executed_at": ground.now.isoformat(),
        "executed_by": ground.actor,
        "inserted": done.inserted,
        "updated": done.updated,
        "rows": batch.row_count,
        "statuses": batch.counts,
    }
    try:
        with write_beside(folder, RESULT) as stream:
            json.dump(data, stream, indent=2)
            finish_beside(stream, folder, RESULT)
    except OSError:
        return  # the folder was cleaned away, or the disk is full: the batch is executed all the same
