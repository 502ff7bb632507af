"""Deleting uploads that nobody used: the rule and the hands of clean-appdir, on this one folder."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from rattail.appdir.cleaning.aged import Spared
from rattail.appdir.cleaning.clean import apply_clean, plan_clean
from rattail.appdir.layout import Place
from rattail.features.uploads.ground import FOLDER


class Purged(NamedTuple):
    """`files` were planned to go, the records beside the content among them; `removed` of them did."""

    uploads: tuple[str, ...]
    files: int
    removed: int
    freed_bytes: int
    spared: tuple[Spared, ...]
    warnings: tuple[str, ...]


def purge_uploads(
    places: Sequence[Place], *, root: str, app_id: str, older_than_days: int, now: datetime, is_dry_run: bool
) -> Purged:
    """Delete what lies in `data/uploads` for longer than that since it was last written, and is not claimed.

    Sizes are bytes. With `is_dry_run` nothing is deleted.

    Raises:
        AppDirBusy: another writer holds the app folder's lock.
        AppDirBroken: the folder cannot be read.
    """
    own = [place for place in places if place.path == FOLDER]
    plan = plan_clean(own, root=root, app_id=app_id, keep_days={FOLDER: older_than_days}, now=now)
    tokens = dict.fromkeys(one.folder.partition("/")[0] or one.name for one in plan.planned)
    files = sum(1 for one in plan.planned if one.look.kind != "folder")
    if is_dry_run:
        return Purged(tuple(tokens), files, 0, plan.planned.size_bytes, plan.spared, plan.warnings)
    cleaned = apply_clean(plan, own, root=root, app_id=app_id, command="purge-uploads")
    removed = sum(1 for one in cleaned.removed if one.look.kind != "folder")
    spared = (*plan.spared, *cleaned.spared)
    return Purged(tuple(tokens), files, removed, cleaned.freed_bytes, spared, plan.warnings)
