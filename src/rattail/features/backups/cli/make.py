"""`rattail make-backup`."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime

import click

from rattail.appdir.refusal import shown
from rattail.cli.command import command
from rattail.cli.console import counted, size_text, table
from rattail.cli.outcome import Message, Outcome
from rattail.cli.session import Session
from rattail.errors import BackupUnproven, RattailError
from rattail.features.backups.cli.copy import copied_lines, copied_warnings, copy_everywhere, shown_copies
from rattail.features.backups.cli.ground import draw_progress, shelf_of, warn_of_place
from rattail.features.backups.making.make import Made
from rattail.features.backups.making.make import make_backup as make
from rattail.features.backups.making.plan import BackupPlan, MakeRequest, Room, plan_backup
from rattail.features.backups.shelf.shelf import Backup, find_backup
from rattail.features.backups.targets.copying import CopyMade


@command("make-backup")
@click.option("--full/--no-full", "is_full", default=None, help="With the history (log files); default: by setting.")
@click.option(
    "--wheels/--no-wheels",
    "has_wheels",
    default=None,
    help="With what rebuilds the environment without a network; default: by setting.",
)
@click.option("--to", "folder", metavar="FOLDER", type=click.Path(), help="Put it there, instead of where backups go.")
@click.option("--by-timer", is_flag=True, help="For the unit of make-units: only where backups.made_by is timer.")
@click.option("--dry-run", is_flag=True, help="Print what would go in and how much room it needs, and make nothing.")
def make_backup(
    session: Session,
    is_full: bool | None,
    has_wheels: bool | None,
    folder: str | None,
    by_timer: bool,
    dry_run: bool,
) -> Outcome:
    """Make a backup: one file with the folder, the records and what rebuilds the environment.

    It is written beside, read back from the disk and compared byte by byte; only then it has its name. Where
    backups.copy_to names places, it is copied to each of them.
    """
    if by_timer and session.settings.require_sound().text("backups.made_by") != "timer":
        return Outcome(
            {"is_made_by": "worker"}, ["The worker makes the daily backup (backups.made_by); nothing was made."]
        )
    if folder is not None and not folder.strip():
        raise click.UsageError("--to names no folder; leave it out to put the backup where backups go.")
    request = _request(session, is_full, has_wheels, folder)
    warn_of_place(session, request.target)
    if dry_run:
        plan = plan_backup(request, progress=session.console.progress("looking what there is"))
        return _planned(request, plan)
    made = make(request, progress=draw_progress(session.console))
    backup = find_backup(request.target, os.path.basename(made.path))
    places = session.settings.texts("backups.copy_to")
    copies = copy_everywhere(session, backup, places, target=request.target) if places else ()
    return _made(request, made, backup, copies)


def _request(session: Session, is_full: bool | None, has_wheels: bool | None, folder: str | None) -> MakeRequest:
    settings, marker = session.settings.require_sound(), session.marker
    return MakeRequest(
        root=session.root,
        name=marker.name,
        app_id=marker.app_id,
        layout=marker.layout,
        places=session.places,
        settings=settings,
        target=os.path.realpath(folder) if folder else shelf_of(session),
        prefix=sys.prefix,
        now=datetime.now(UTC),
        is_full=bool(settings.by_key["backups.has_history"].value) if is_full is None else is_full,
        has_wheels=bool(settings.by_key["backups.has_wheels"].value) if has_wheels is None else has_wheels,
        recipients=settings.texts("backups.encrypt_to"),
    )


def _planned(request: MakeRequest, plan: BackupPlan) -> Outcome:
    free = Room(request.target).free_bytes
    folders = [(path, plan.files_by_folder[path], size) for path, size in plan.bytes_by_folder.items()]
    rows = [("folder", "files", "size"), *((path, f"{files:,}", size_text(size)) for path, files, size in folders)]
    lines = [
        *table(rows, right=(1, 2)),
        f"{counted(plan.files, 'file')}, {size_text(plan.file_bytes)}; the records {size_text(plan.database_bytes)}.",
        f"It needs at most {size_text(plan.total_bytes)} and what rebuilds the environment; {size_text(free)} are free "
        f"for it in {shown(request.target)}."
        if request.has_wheels
        else f"It needs at most {size_text(plan.total_bytes)}; {size_text(free)} are free for it in "
        f"{shown(request.target)}.",
        "Nothing was made.",
    ]
    warnings = list(plan.warnings)
    if free < plan.total_bytes:
        warnings.append(f"there is too little room: {size_text(plan.total_bytes - free)} are missing.")
    data = {
        **_asked(request),
        "is_dry_run": True,
        "files": plan.files,
        "file_bytes": plan.file_bytes,
        "database_bytes": plan.database_bytes,
        "needed_bytes": plan.total_bytes,
        "free_bytes": free,
        "folders": [{"path": path, "files": files, "size_bytes": size} for path, files, size in folders],
    }
    return Outcome(data, lines, _warnings(warnings), is_answer=True)


def _made(request: MakeRequest, made: Made, backup: Backup, copies: tuple[CopyMade, ...]) -> Outcome:
    lines = [
        f"{made.path}: {size_text(made.size_bytes)}, {backup.state}, {counted(made.files, 'file')}, "
        f"{size_text(made.file_bytes)} before packing, {made.seconds:.1f} s.",
        *copied_lines(copies),
    ]
    data = {
        **_asked(request),
        "is_dry_run": False,
        "path": made.path,
        "size_bytes": made.size_bytes,
        "state": str(backup.state),
        "files": made.files,
        "file_bytes": made.file_bytes,
        "seconds": round(made.seconds, 3),
        "parts": [{"name": name, "size_bytes": size} for name, size in made.bytes_by_part.items()],
        "copies": shown_copies(copies),
    }
    return Outcome(data, lines, (*_warnings(made.warnings), *copied_warnings(copies)), error=_error(backup, copies))


def _error(backup: Backup, copies: tuple[CopyMade, ...]) -> RattailError | None:
    """What keeps the run from being a good one, although the backup is there."""
    if backup.unproved_keys:
        return BackupUnproven(
            f"the backup does not count yet: nobody proved that the secret key of {', '.join(backup.unproved_keys)} is "
            "still there.",
            hint="rattail prove-backup-key --identity FILE",
        )
    return next((copy.error for copy in copies if copy.error is not None), None)


def _asked(request: MakeRequest) -> dict[str, object]:
    return {
        "appdir": request.root,
        "target": request.target,
        "is_full": request.is_full,
        "has_wheels": request.has_wheels,
        "is_encrypted": bool(request.recipients),
    }


def _warnings(texts: tuple[str, ...] | list[str]) -> tuple[Message, ...]:
    return tuple(Message("warning", text) for text in texts)
