"""Is there anything among the uploads that nobody can use, or that nobody lets go? Asked without Django."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rattail.appdir.files import opened_folder
from rattail.appdir.hints import pasted_line
from rattail.appdir.inspect import Finding, FindingKind, Looking, Noted
from rattail.appdir.names import CACHEDIR_TAG, CLAIM, CLEANING_PREFIX, IDENTITY
from rattail.database.look import opened_for_looking, sqlite_file

if TYPE_CHECKING:
    from rattail.appdir.layout import Place

KINDS = (
    FindingKind("uploads.W001", "warning", "an entry among the uploads is none"),
    FindingKind("uploads.I001", "info", "an upload is claimed by a batch that is gone"),
    FindingKind("uploads.I002", "info", "an upload is in use for longer than uploads are kept"),
)
_FOLDER = "data/uploads"
_RECORD = "upload.json"
_OF_US = (CACHEDIR_TAG, IDENTITY)
_IS_BEING_MADE_S = 3600
_DAY_S = 86_400
_BATCH = "batch "


def check_uploads(looking: Looking) -> Iterator[Finding]:
    """Every upload has its record, and every claim somebody who needs it."""
    place = next((one for one in looking.places if one.path == _FOLDER), None)
    if place is None or not looking.is_ours(place):
        return
    without, gone, old = (Noted(looking.accepted, f"uploads.{each}") for each in ("W001", "I001", "I002"))
    batches = _batches(looking)
    for name, changed_s, claimed_s, by in _entries(place):
        path, age_s = f"{_FOLDER}/{name}", looking.now - changed_s
        if by is None:
            if age_s > _IS_BEING_MADE_S:
                without.note(path)
        elif by.startswith(_BATCH) and batches is not None and by.removeprefix(_BATCH).lstrip("0") not in batches:
            if looking.now - claimed_s > _IS_BEING_MADE_S:
                gone.note(path)
        elif by and looking.now - claimed_s > looking.integer("uploads.keep_days") * _DAY_S:
            old.note(path)
    yield from without.finding(
        "{example} is no upload: it has no 'upload.json'.",
        "{count} entries are no uploads, without an 'upload.json': {examples}.",
        hint=f"if nobody needs it: {_line('rm', '-r', without, looking)}",
    )
    yield from gone.finding(
        "the upload {example} is kept for a batch that there is not.",
        "{count} uploads are kept for batches that there are not: {examples}.",
        hint=f"let clean-appdir have it: {_line('rm', '', gone, looking, CLAIM)}",
    )
    yield from old.finding(
        "the upload {example} has been in use for longer than uploads are kept (uploads.keep_days).",
        "{count} uploads have been in use for longer than uploads are kept (uploads.keep_days): {examples}.",
        hint=f"if nothing uses it any more: {_line('rm', '', old, looking, CLAIM)}",
    )


def _line(program: str, option: str, noted: Noted, looking: Looking, *below: str) -> str:
    path = "/".join((looking.location(noted.examples[0]), *below)) if noted.examples else ""
    return pasted_line(*(word for word in (program, option) if word), path)


def _entries(place: Place) -> Iterator[tuple[str, float, float, str | None]]:
    """Each entry: its name, when it and its claim were last changed, and who claims it (None: it is no upload)."""
    try:
        with opened_folder(place.location) as uploads:
            for name in os.listdir(uploads):
                if name in _OF_US or name.startswith(CLEANING_PREFIX):
                    continue
                changed_s = os.lstat(name, dir_fd=uploads).st_mtime
                try:
                    with opened_folder(name, dir_fd=uploads) as fd:
                        yield name, changed_s, *_claim(fd)
                except OSError:
                    yield name, changed_s, 0.0, None
    except OSError:
        return  # what is wrong with the place itself is said by others


def _claim(fd: int) -> tuple[float, str | None]:
    from json import loads

    from rattail.appdir.files import read_file

    try:
        os.lstat(_RECORD, dir_fd=fd)
    except OSError:
        return 0.0, None
    try:
        raw = read_file(fd, CLAIM, limit_bytes=4096)
        return (0.0, "") if raw is None else (os.lstat(CLAIM, dir_fd=fd).st_mtime, str(loads(raw)["by"]))
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return 0.0, "somebody"


def _batches(looking: Looking) -> set[str] | None:
    """The numbers of all batches; None where nobody can tell."""
    from sqlite3 import Error

    file = sqlite_file(looking)
    if file is None or not os.path.isfile(file):
        return None
    try:
        with opened_for_looking(file) as records:
            return {str(number) for (number,) in records.execute("SELECT number FROM batches_batch")}
    except Error:
        return None
