"""Deleting batches: one that changed nothing, or, by plan, all that were finished long ago."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from rattail.appdir.still import removing_files
from rattail.audit.trail import record
from rattail.database.bulk import change_rows
from rattail.database.refused import in_sentences
from rattail.errors import AppDirBusy, NotAllowed
from rattail.features.batches.folders import remove_folder
from rattail.features.batches.kinds.known import kind_named
from rattail.features.batches.lease import is_leased, leased
from rattail.features.batches.models import Batch
from rattail.features.batches.service.find import find_batch, folder_of
from rattail.features.batches.service.ground import Ground
from rattail.features.batches.service.read import forget_rows
from rattail.features.batches.states import State

_PATIENCE_S = 30.0
_FINISHED = (State.EXECUTED, State.UNDONE)


class Doomed(NamedTuple):
    """One batch and what goes with it. `finished_at` is when it was executed or undone; None where it never was."""

    number: int
    kind: str
    state: str
    file_name: str
    finished_at: datetime | None
    rows: int
    changes: int
    folder: str
    files: int
    size_bytes: int


class Deleted(NamedTuple):
    """What went, or would go. `left` is why its folder is still there; empty where it is gone."""

    doomed: Doomed
    left: str = ""


class Purge(NamedTuple):
    """What is to go, by number; `spared` are batches that another process works on."""

    doomed: tuple[Doomed, ...]
    spared: tuple[Doomed, ...]


def delete_batch(number: int, *, ground: Ground, is_dry_run: bool = False, wait_s: float = _PATIENCE_S) -> Deleted:
    """Delete a batch that is not executed, its rows first and its files after.

    While a backup is made no file goes: it is waited for, at most `wait_s` seconds.

    Raises:
        NotAllowed: it is executed; undo it, or let purge-batches remove it when it is old.
        NoSuchThing: there is no such batch.
        AppDirBusy: another process works on it, or a backup is still being made.
    """
    batch = find_batch(number, ground=ground)
    folder = folder_of(batch, ground=ground).path
    with leased(number, folder), in_sentences():
        batch.refresh_from_db()
        if batch.state == State.EXECUTED:
            raise NotAllowed(
                f"batch {batch} is executed: what it changed could not be put back any more.",
                hint=f"undo it first: rattail undo-batch {number}; old ones: rattail purge-batches --before DATE",
            )
        doomed = _doomed(batch, ground=ground)
        if is_dry_run:
            return Deleted(doomed)
        with removing_files(ground.root, wait_s=wait_s):
            _delete(batch, "delete batch", ground=ground)
            return Deleted(doomed, _left(folder))


def plan_purge(*, before: date, ground: Ground, kind: str | None = None) -> Purge:
    """The executed and undone batches that were finished before that day of the shop. Writes nothing.

    Raises:
        NoSuchThing: there is no such kind.
    """
    doomed: list[Doomed] = []
    spared: list[Doomed] = []
    for batch in _finished(before, ground, kind):
        one = _doomed(batch, ground=ground)
        (spared if is_leased(batch.number, one.folder) else doomed).append(one)
    return Purge(tuple(doomed), tuple(spared))


def purge_batches(plan: Purge, *, ground: Ground, wait_s: float = _PATIENCE_S) -> Iterator[Deleted | Doomed]:
    """Delete what the plan lists and nothing else, one batch after the other; a batch that is spared comes as it is.

    Lines of the ledger, costs and invoices stay: they hold the batch's number only. What a purged batch changed
    cannot be undone any more. Killed at any moment, a batch is either there or gone; a folder that is left is named
    by check-appdir.

    Raises:
        AppDirBusy: a backup was still being made after `wait_s` seconds. What came before in the plan is gone.
    """
    for doomed in plan.doomed:
        with removing_files(ground.root, wait_s=wait_s):
            done = _purged(doomed, ground=ground)
        yield done


def _purged(doomed: Doomed, *, ground: Ground) -> Deleted | Doomed:
    """Delete one batch of the plan; as it is where it is another one by now, or somebody works on it."""
    try:
        with leased(doomed.number, doomed.folder), in_sentences():
            batch = Batch.objects.filter(number=doomed.number).first()
            if batch is None or _doomed(batch, ground=ground)[:7] != doomed[:7]:
                return doomed
            _delete(batch, "purge batch", ground=ground)
            return Deleted(doomed, _left(doomed.folder))
    except AppDirBusy:
        return doomed


def _finished(before: date, ground: Ground, kind: str | None) -> list[Batch]:
    start = datetime.combine(before, time(), tzinfo=ZoneInfo(ground.time_zone))
    is_old = Q(state=State.EXECUTED, executed_at__lt=start) | Q(state=State.UNDONE, undone_at__lt=start)
    batches = Batch.objects.filter(is_old)
    if kind:
        batches = batches.filter(kind=kind_named(kind).name)
    return list(batches.order_by("number"))


def _doomed(batch: Batch, *, ground: Ground) -> Doomed:
    folder = folder_of(batch, ground=ground).path
    files, size_bytes = _size(folder)
    finished = {State.EXECUTED: batch.executed_at, State.UNDONE: batch.undone_at}.get(State(batch.state))
    return Doomed(
        number=batch.number,
        kind=batch.kind,
        state=batch.state,
        file_name=batch.file_name,
        finished_at=finished,
        rows=batch.row_count,
        changes=batch.change_count,
        folder=folder,
        files=files,
        size_bytes=size_bytes,
    )


def _size(folder: str) -> tuple[int, int]:
    """How many files are in a batch's folder, but the one that says who works on it, and how large they are."""
    try:
        with os.scandir(folder) as entries:
            sizes = [entry.stat(follow_symlinks=False).st_size for entry in entries if entry.name != ".lease"]
    except OSError:
        return 0, 0
    return len(sizes), sum(sizes)


def _delete(batch: Batch, verb: str, *, ground: Ground) -> None:
    """One transaction: rows, changes, documents, edits, the batch itself, and who did it."""
    with transaction.atomic():
        held = change_rows(
            "UPDATE batches_batch SET failure = failure WHERE id = %s AND state = %s", [batch.pk, batch.state]
        )
        if not held:
            raise AppDirBusy(f"batch {batch} was taken by another process this moment.")
        forget_rows(batch)
        details = {"kind": batch.kind, "state": batch.state, "file": batch.file_name, "rows": batch.row_count}
        record(verb, f"batch {batch}", actor=ground.actor, now=ground.now, details=details)
        batch.delete()


def _left(folder: str) -> str:
    """Remove the files; why they are still there, where they are."""
    try:
        remove_folder(folder)
    except OSError as error:
        return f"{error.strerror or error}: {error.filename or folder}"
    return ""
