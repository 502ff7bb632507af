"""Do the batches and their folders belong together? Asked without Django, and of SQLite only."""

from __future__ import annotations

import os
from collections.abc import Iterator

from rattail.appdir.hints import pasted_line
from rattail.appdir.inspect import Finding, FindingKind, Looking, Noted
from rattail.appdir.layout import Place
from rattail.database.look import opened_for_looking, sqlite_file

KINDS = (
    FindingKind("batches.W001", "warning", "a folder of a batch has no batch"),
    FindingKind("batches.W002", "warning", "a batch has lost its folder"),
)
_ABOVE = "data/batches/"
_DIGITS = 8
_IS_BEING_MADE_S = 3600


def check_batch_folders(looking: Looking) -> Iterator[Finding]:
    """Every numbered folder of batches has its batch, and every batch its folder."""
    places = {one.path.removeprefix(_ABOVE): one for one in looking.places if one.path.startswith(_ABOVE)}
    batches = _batches(looking)
    if batches is None:
        return
    stray, lost = Noted(looking.accepted, "batches.W001"), Noted(looking.accepted, "batches.W002")
    for kind, place in places.items():
        folders = _folders(place, looking)
        if folders is None:
            continue  # what is wrong with the place itself is said by others
        for number in folders.keys() - batches.get(kind, set()):
            if looking.now - folders[number] > _IS_BEING_MADE_S:
                stray.note(f"{place.path}/{number:0{_DIGITS}d}")
        for number in batches.get(kind, set()) - folders.keys():
            lost.note(f"{place.path}/{number:0{_DIGITS}d}")
    stray_path = looking.location(stray.examples[0]) if stray.examples else ""
    yield from stray.finding(
        "the folder {example} belongs to no batch: it was left when a batch was deleted, or the records are older.",
        "{count} folders belong to no batch: {examples}. They were left when batches were deleted, or the records are "
        "older than they are.",
        hint=f"if nothing in it is needed: {pasted_line('rm', '-r', stray_path)}",
    )
    first = lost.examples[0] if lost.examples else ""
    yield from lost.finding(
        "the folder {example} of a batch is gone, and the file that the batch was made of with it.",
        "the folders of {count} batches are gone, and the files that they were made of with them: {examples}.",
        hint=f"take it from a backup; or look at the batch: {looking.command('show-batch', first.rpartition('/')[2])}",
    )


def _batches(looking: Looking) -> dict[str, set[int]] | None:
    """The numbers of the batches of each kind; None where nobody can tell."""
    from sqlite3 import Error

    file = sqlite_file(looking)
    if file is None or not os.path.isfile(file):
        return None
    found: dict[str, set[int]] = {}
    try:
        with opened_for_looking(file) as records:
            for kind, number in records.execute("SELECT kind, number FROM batches_batch"):
                found.setdefault(kind, set()).add(number)
    except Error:
        return None  # no tables, or a damaged file: another check says so
    return found


def _folders(place: Place, looking: Looking) -> dict[int, float] | None:
    """The numbered folders in a place and when each was changed; None where it cannot be looked at, or is not ours."""
    if not looking.is_ours(place):
        return None
    try:
        with os.scandir(place.location) as entries:
            return {
                int(entry.name): entry.stat(follow_symlinks=False).st_mtime
                for entry in entries
                if len(entry.name) == _DIGITS and entry.name.isascii() and entry.name.isdigit()
            }
    except OSError:
        return None
