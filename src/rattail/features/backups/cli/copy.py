"""`rattail copy-backup`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime

import click

from rattail.cli.command import command
from rattail.cli.outcome import Message, Outcome
from rattail.cli.session import Session
from rattail.errors import NoSuchThing, RattailError
from rattail.features.backups.cli.ground import app_of, draw_progress, shelf_of
from rattail.features.backups.shelf.shelf import Backup, find_backup
from rattail.features.backups.targets.copying import CopyMade, CopyRequest, require_places
from rattail.features.backups.targets.copying import copy_backup as copy


@command("copy-backup")
@click.argument("name", metavar="[FILE|newest]", default="newest")
@click.option("--to", "places", metavar="PLACE", multiple=True, help="Copy it there, instead of to backups.copy_to.")
def copy_backup(session: Session, name: str, places: tuple[str, ...]) -> Outcome:
    """Copy a backup to other places, and look at it there.

    A PLACE is a folder, an address of fsspec such as s3://bucket/folder (where fsspec is installed), or a repository,
    restic:PLACE or borg:PLACE. The same command again goes on where a copy broke off.
    """
    app = app_of(session)  # first of all: without an app folder nothing else is to be said
    target = os.path.realpath(os.path.dirname(name)) if "/" in name else shelf_of(session)
    given = tuple(_absolute(place) for place in places) or session.settings.texts("backups.copy_to")
    if not given:
        raise NoSuchThing(
            "there is no place to copy backups to.",
            hint="name one with --to PLACE, or set it: rattail set-option backups.copy_to PLACE",
        )
    backup = find_backup(target, os.path.basename(name), app=app if name == "newest" else "")
    copies = copy_everywhere(session, backup, given, target=target)
    data = {"target": target, "name": backup.file_name, "copies": shown_copies(copies)}
    return Outcome(data, copied_lines(copies), copied_warnings(copies), error=_error(copies))


def copy_everywhere(session: Session, backup: Backup, places: Sequence[str], *, target: str) -> tuple[CopyMade, ...]:
    """Copy a backup to all the places, with progress."""
    require_places(places)
    request = CopyRequest(
        backup=backup,
        shelf=target,
        places=tuple(places),
        password=session.settings.text("backups.repository_password"),
        environ=os.environ,
        now=datetime.now(UTC),
    )
    return copy(request, progress=draw_progress(session.console))


def shown_copies(copies: Sequence[CopyMade]) -> list[dict[str, object]]:
    return [
        {"place": one.place, "problem": one.error.message if one.error else "", "seconds": round(one.seconds, 3)}
        for one in copies
    ]


def copied_lines(copies: Sequence[CopyMade]) -> list[str]:
    return [
        f"  {one.place}: " + (f"copied and looked at there, {one.seconds:.1f} s" if one.error is None else "FAILED")
        for one in copies
    ]


def copied_warnings(copies: Sequence[CopyMade]) -> tuple[Message, ...]:
    """What to say beside the first failure, which is the error of the command."""
    failed = [one.error.message for one in copies if one.error is not None]
    return tuple(Message("warning", text) for text in (*(text for one in copies for text in one.warnings), *failed[1:]))


def _error(copies: Sequence[CopyMade]) -> RattailError | None:
    return next((one.error for one in copies if one.error is not None), None)


def _absolute(place: str) -> str:
    program, colon, rest = place.rpartition(":") if place.count(":") == 1 else ("", "", "")
    if colon and program in ("restic", "borg"):
        return f"{program}:{os.path.abspath(rest)}"
    return place if ":" in place else os.path.abspath(place)
