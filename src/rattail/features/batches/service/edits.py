"""What people did to the rows of a batch: each change is kept, with who and when."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from rattail.features.batches.models import Batch, RowEdit
from rattail.features.batches.service.ground import Ground

ADDED, REMOVED, ACCEPTED = "added", "removed", "accepted"
YES = "yes"
_LONGEST = 500


class Edit(NamedTuple):
    """One field of one row, or one of the deeds above; `before` and `after` as people are shown them."""

    sequence: int
    field: str
    before: str
    after: str


class EditShown(NamedTuple):
    row: int
    field: str
    before: str
    after: str
    at: datetime
    by: str


class Hands(NamedTuple):
    """Which rows people had in their hands, and of which they said last that they are right."""

    edited: frozenset[int]
    accepted: frozenset[int]
    added: frozenset[int]


def write_edits(batch: Batch, edits: Iterable[Edit], *, ground: Ground) -> None:
    """Keep these, in the caller's transaction."""
    RowEdit.objects.bulk_create(
        [
            RowEdit(
                batch=batch,
                sequence=one.sequence,
                field=one.field,
                before=one.before[:_LONGEST],
                after=one.after[:_LONGEST],
                at=ground.now,
                actor=ground.actor,
            )
            for one in edits
        ],
        batch_size=1000,
    )


def edits_of(batch: Batch, *, limit: int) -> list[EditShown]:
    """The last `limit` edits of a batch, in the order in which they were made."""
    last = list(RowEdit.objects.filter(batch=batch).order_by("-id")[:limit])
    return [EditShown(one.sequence, one.field, one.before, one.after, one.at, one.actor) for one in reversed(last)]


def hands_on(batch: Batch, sequences: Collection[int]) -> Hands:
    """What people did to these rows. A correction takes back what was said of the row before it was made."""
    edited: set[int] = set()
    accepted: set[int] = set()
    added: set[int] = set()
    rows = RowEdit.objects.filter(batch=batch).exclude(field=REMOVED).order_by("id")
    for sequence, field in rows.values_list("sequence", "field"):
        if sequence in sequences:
            edited.add(sequence)
            accepted.discard(sequence)
            if field == ACCEPTED:
                accepted.add(sequence)
            elif field == ADDED:
                added.add(sequence)
    return Hands(frozenset(edited), frozenset(accepted), frozenset(added))
