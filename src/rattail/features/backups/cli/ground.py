"""What the commands of backups share: where the shelf is, whose, and how a backup is shown."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from rattail.appdir.refusal import shown
from rattail.cli.console import Console, size_text
from rattail.cli.session import Session
from rattail.config.load import Settings
from rattail.features.backups.shelf.shelf import Backup
from rattail.features.backups.shelf.state import State
from rattail.features.backups.shelf.target import name_on_shelf, target_of

_COUNTED = ("looking what there is", "packing the environment")
_MB = 1_000_000


def shelf_of(session: Session) -> str:
    """The folder for backups of this app."""
    return target_of(session.settings.require_sound(), sys.prefix)


def app_of(session: Session) -> str:
    """The app, as the names of its backups have it."""
    return name_on_shelf(session.marker.name)


def zone_of(settings: Settings) -> ZoneInfo:
    """The shop's time zone."""
    return ZoneInfo(settings.text("app.time_zone"))


def time_text(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def warn_of_place(session: Session, target: str) -> None:
    """Say it where backups lie inside the environment or the folder: what makes that anew deletes them with it."""
    for inside, what in ((sys.prefix, "the environment"), (session.root, "the app folder")):
        if f"{target}/".startswith(os.path.realpath(inside) + "/"):
            session.console.say(
                f"the backups in {shown(target)} lie inside {what} and go with it: rattail set-option backups.target "
                "FOLDER",
                level="warning",
            )
            return


def draw_progress(console: Console) -> Callable[[str, int, int | None], None]:
    """For the services: one changing line on a terminal, in megabytes where bytes are counted."""
    drawn: dict[str, Callable[[int], None]] = {}

    def draw(what: str, done: int, total: int | None) -> None:
        is_counted = what in _COUNTED
        if what not in drawn:
            of = "" if total is None else f" of {total // _MB:,}"
            drawn[what] = console.progress(what if is_counted else f"{what} (MB{of})")
        drawn[what](done if is_counted else done // _MB)

    return draw


def shown_backup(backup: Backup) -> dict[str, object]:
    """One backup as the JSON of every command has it."""
    known = backup.known
    return {
        "name": backup.file_name,
        "path": backup.path,
        "app": backup.app,
        "made_at": backup.made_at.isoformat(),
        "size_bytes": backup.size_bytes,
        "state": str(backup.state),
        "since": since.isoformat() if (since := since_of(backup)) else None,
        "problem": backup.problem,
        "is_encrypted": known.is_encrypted,
        "is_full": known.is_full,
        "copies": [
            {"place": place, "at": copy.at.isoformat(), "problem": copy.problem} for place, copy in known.copies.items()
        ],
    }


def since_of(backup: Backup) -> datetime | None:
    """When somebody looked who found the state that it has; None where nobody did."""
    known = backup.known
    if backup.state is State.PROVEN and known.proved is not None:
        return known.proved.at
    return known.read_back.at if known.read_back is not None else None


def next_step(backup: Backup) -> str:
    """What to do about a backup that is not good, as a sentence; empty where it is."""
    if backup.state is State.DAMAGED:
        return (
            f"{backup.file_name} is damaged: {backup.problem}. Make a new one (rattail make-backup), check the disk, "
            "and look for a copy of this one."
        )
    if backup.state is State.UNPROVEN:
        why = backup.problem or f"nobody read it back since it was touched: rattail prove-backup {backup.file_name}"
        return f"{backup.file_name} is unproven: {why}."
    if backup.problem:
        return f"{backup.file_name} was read back, but proving it failed: {backup.problem}."
    return ""


def backup_row(backup: Backup, zone: ZoneInfo) -> tuple[str, ...]:
    """One backup as a row of the list."""
    since = since_of(backup)
    copies = backup.known.copies.values()
    good = sum(not copy.problem for copy in copies)
    return (
        backup.file_name,
        time_text(backup.made_at, zone),
        size_text(backup.size_bytes),
        str(backup.state),
        time_text(since, zone) if since else "",
        "yes" if backup.known.is_encrypted else "",
        "" if not copies else str(good) if good == len(copies) else f"{good} of {len(copies)}",
    )


HEADINGS = ("name", "made", "size", "state", "since", "encrypted", "copies")
