"""Making a batch: its number, its folder, a copy of the file, its row; then reading it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from django.db import DatabaseError, transaction

from rattail.appdir.still import removing_files
from rattail.audit.trail import record
from rattail.database.bulk import fetch_rows
from rattail.database.dialect import is_sqlite
from rattail.database.refused import in_sentences
from rattail.errors import AppDirBusy, InputRejected, RattailError
from rattail.features.batches.folders import Folder, batch_folder, keep_copy, make_folder, remove_folder, safe_name
from rattail.features.batches.lease import ADVISORY_LOCKS, leased
from rattail.features.batches.models import Batch
from rattail.features.batches.reading.source import look_at
from rattail.features.batches.service.again import require_readable
from rattail.features.batches.service.find import folder_of
from rattail.features.batches.service.ground import Ground
from rattail.features.batches.service.plan import Plan, refuse_known_file
from rattail.features.batches.service.read import forget_rows, read_into
from rattail.features.batches.states import State
from rattail.retail.numbers import next_number


class Progress(NamedTuple):
    """What is being done, and how far it is: called now and then with a count of rows."""

    reading: Callable[[int], None]


def make_batch(
    plan: Plan, *, ground: Ground, progress: Progress, keep: Callable[[Folder], object] | None = None
) -> Batch:
    """Make the batch that `plan` describes and read its file.

    The file lands before the row; it is copied, unless `keep` puts it into the batch's folder, under the name that
    it says, in another way (an upload is moved). A file that cannot be read to its end leaves no batch; a killed
    process leaves one that `resume_batch` reads again.

    Raises:
        InputRejected: what `plan_batch` could not see yet: the file is cut off, an invoice is here already, ...
    """
    kind_folder = ground.folders[plan.kind.place]
    with in_sentences():
        number = next_number()
        while not make_folder(kind_folder, number):
            number = next_number()
    folder = batch_folder(kind_folder, number, safe_name(plan.source.name))
    with leased(number, folder.path):  # before there is a row: nobody may take the batch for one that was left
        try:
            keep(folder) if keep else keep_copy(plan.source.path, folder, sha256=plan.sha256)
            with in_sentences():
                batch = _make_row(plan, number, folder, ground=ground)
        except BaseException:
            remove_folder(folder.path)
            raise
        try:
            with in_sentences():
                read_into(batch, plan, folder, ground=ground, progress=progress.reading)
        except RattailError:
            with suppress(DatabaseError, OSError, AppDirBusy):  # else it is a batch whose reading was interrupted
                _remove(batch, folder, ground=ground)
            raise
    return batch


def resume_batch(batch: Batch, plan: Plan, *, ground: Ground, progress: Progress) -> Batch:
    """Read the file of a batch again from its beginning; rows that were there are gone.

    Raises:
        NotAllowed: it has been executed since it was found.
    """
    folder = folder_of(batch, ground=ground)
    with leased(batch.number, folder.path), in_sentences():
        batch.refresh_from_db()
        require_readable(batch)
        if plan.sha256 != batch.file_sha256:
            raise InputRejected(
                f"{folder.file!r} is not the file that batch {batch} was made of: it was changed since.",
                hint="make a new batch of it: rattail make-batch",
            )
        batch.answers = answers_of(plan)
        batch.format, batch.failure = plan.format.name, ""
        batch.settings, batch.description = dict(plan.request.settings), plan.request.description[:255]
        batch.vendor, batch.store = plan.vendor, plan.store
        batch.save(update_fields=["answers", "format", "failure", "settings", "description", "vendor", "store"])
        read_into(batch, plan, folder, ground=ground, progress=progress.reading)
    return batch


def answers_of(plan: Plan) -> dict[str, object]:
    """What was decided about the file, so that it can be read in the same way again."""
    return {
        "format": plan.format.name,
        "reason": plan.reason,
        "check_digits": {str(length): has for length, has in plan.rules.decided.items()},
        "codes": plan.rules.describe(),
        "options": dict(plan.request.options),
        **({"mapping": dict(plan.request.mapping)} if plan.request.mapping is not None else {}),
        **({"mark": plan.request.mark} if plan.request.mark else {}),
    }


def source_of(batch: Batch, folder: Folder) -> str:
    """The path of our own copy of the input, which is looked at once more."""
    look_at(folder.file, name=batch.file_name)
    return folder.file


def _make_row(plan: Plan, number: int, folder: Folder, *, ground: Ground) -> Batch:
    with transaction.atomic():
        if not plan.request.is_forced:
            one_at_a_time()
            refuse_known_file(plan.sha256, plan.kind, ground=ground)
        batch = Batch.objects.create(
            number=number,
            kind=plan.kind.name,
            state=State.NEW,
            description=plan.request.description[:255],
            vendor=plan.vendor,
            store=plan.store,
            format=plan.format.name,
            file_name=folder.file_name,
            file_bytes=plan.source.size_bytes,
            file_sha256=plan.sha256,
            settings=dict(plan.request.settings),
            answers=answers_of(plan),
            created_at=ground.now,
            created_by=ground.actor,
        )
        details = {"kind": plan.kind.name, "file": folder.file_name, "format": plan.format.name}
        record("make batch", f"batch {batch}", actor=ground.actor, now=ground.now, details=details)
    return batch


def one_at_a_time() -> None:
    """Let two that make a batch of the same file at the same moment see each other. SQLite has one writer anyway."""
    if not is_sqlite():
        fetch_rows("SELECT pg_advisory_xact_lock(%s, 0)", [ADVISORY_LOCKS])


def _remove(batch: Batch, folder: Folder, *, ground: Ground) -> None:
    """Take back a batch that could not be read: rows first, files after."""
    with removing_files(ground.root):
        with transaction.atomic():
            forget_rows(batch)
            batch.delete()
        remove_folder(folder.path)
