"""Reading the file of a batch again in the way it was read: after an interruption, or to judge it anew."""

from __future__ import annotations

from rattail.errors import NotAllowed
from rattail.features.batches.kinds.known import MADE_FROM_FILES
from rattail.features.batches.models import Batch
from rattail.features.batches.service.find import find_batch, folder_of
from rattail.features.batches.service.ground import Ground
from rattail.features.batches.service.plan import Request
from rattail.features.batches.states import FOLLOWING, State
from rattail.retail.numbers import number_text


def request_of(number: int, *, ground: Ground) -> tuple[Batch, Request]:
    """The batch of this number, and the request that reads its kept copy as the first time.

    Raises:
        NotAllowed: the batch is not in a state to be read again.
    """
    batch = find_batch(number, ground=ground)
    require_readable(batch)
    if batch.kind not in MADE_FROM_FILES:
        raise NotAllowed(
            f"batch {number_text(batch.number)} is an import of tables.", hint="import them again: rattail import-csv"
        )
    answers = batch.answers
    return batch, Request(
        kind=batch.kind,
        path=folder_of(batch, ground=ground).file,
        name=batch.file_name,
        vendor=batch.vendor.code if batch.vendor else None,
        store=batch.store.code if batch.store else None,
        format=str(answers.get("format", batch.format)),
        settings=batch.settings,
        options=answers.get("options", {}),
        check_digits={int(length): has for length, has in answers.get("check_digits", {}).items()},
        description=batch.description,
        is_forced=True,
        mapping=answers.get("mapping"),
    )


def require_readable(batch: Batch) -> None:
    """Raises NotAllowed where a batch is not in a state to be read (again)."""
    if State.READING not in FOLLOWING[State(batch.state)]:
        hint = f"put it back first: rattail undo-batch {batch.number}" if batch.state == State.EXECUTED else ""
        raise NotAllowed(f"batch {number_text(batch.number)} is {batch.state}: it cannot be read again.", hint=hint)
