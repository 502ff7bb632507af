"""The list of backups."""

from __future__ import annotations

from typing import Literal

from django.urls import reverse

from rattail.features.backups.at_site import backups_at
from rattail.features.backups.shelf.shelf import Backup
from rattail.features.backups.shelf.state import State
from rattail.web.listing import Asked, Badge, Chunk, Column, Filter, Link, Listing

Tone = Literal["good", "warning", "bad", "quiet", "busy"]
_SHOWN: dict[State, tuple[str, Tone, str]] = {
    State.PROVEN: ("✓ proven", "good", "It was restored into a scratch place, and the application ran there."),
    State.READ_BACK: ("● read back", "quiet", "Every byte was read from the disk and compared."),
    State.UNPROVEN: ("? unproven", "warning", "Nobody looked since the file was touched, or a key was not proved."),
    State.DAMAGED: ("✗ damaged", "bad", "It is not whole."),
}


def badge(backup: Backup) -> Badge:
    """How far a backup was shown to be good: in words, with a sign and a colour that repeat them."""
    text, tone, explained = _SHOWN[backup.state]
    return Badge(text, tone, backup.problem or explained)


def _select(asked: Asked) -> Chunk:
    wanted, limit = asked.filters.get("state", ""), asked.limit
    backups = [one for one in backups_at(asked.site) if not wanted or str(one.state) == wanted]
    if asked.after:  # names have the time in them: the same order as the list, whatever came or went
        backups = [one for one in backups if one.file_name < asked.after]
    shown = backups[:limit]
    return Chunk([_row(one) for one in shown], shown[-1].file_name if len(backups) > limit else "")


def _row(backup: Backup) -> tuple[object, ...]:
    known = backup.known
    copies = known.copies.values()
    good = sum(not copy.problem for copy in copies)
    return (
        Link(backup.file_name, reverse("backups.one", args=[backup.file_name])),
        backup.made_at,
        backup.size_bytes,
        badge(backup),
        known.proved.at if known.proved is not None and known.proved.is_well else None,
        known.is_encrypted,
        "" if not copies else f"{good} of {len(copies)}",
    )


BACKUPS = Listing(
    name="backups.list",
    title="Backups",
    columns=(
        Column("name", "Backup", "code"),
        Column("made_at", "Made", "moment"),
        Column("size_bytes", "Size", "size"),
        Column("state", "State"),
        Column("proved_at", "Proven", "moment"),
        Column("is_encrypted", "Encrypted", "yes"),
        Column("copies", "Copies"),
    ),
    select=_select,
    filters=(Filter("state", "State", "choice", tuple((str(state), str(state)) for state in State)),),
    empty="There are no backups yet. Make one now.",
)
