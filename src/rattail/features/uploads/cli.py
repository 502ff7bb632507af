"""`rattail list-uploads` and `purge-uploads`."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from rattail.cli.command import command
from rattail.cli.console import counted, size_text, table
from rattail.cli.outcome import Message, Outcome
from rattail.cli.session import Session
from rattail.features.uploads.ground import FOLDER, Ground, limits_of
from rattail.features.uploads.service.clean import purge_uploads as purge
from rattail.features.uploads.service.find import all_uploads
from rattail.features.uploads.upload import Upload


@command("list-uploads")
def list_uploads(session: Session) -> Outcome:
    """List uploaded files that wait to be used, the oldest first.

    A file is deleted once it is used, or when it is older than uploads.keep_days.
    """
    folders = {place.path: place.location for place in session.places}
    settings = session.settings
    ground = Ground(folders[FOLDER], limits_of(settings), datetime.now(UTC), session.actor, sees_all=True)
    found = sorted(all_uploads(ground), key=lambda one: (one.started_at, one.token))
    data = {"uploads": [_data(one) for one in found], "size_bytes": sum(one.received_bytes for one in found)}
    rows = [
        (one.name, size_text(one.received_bytes), one.by, f"{one.started_at:%Y-%m-%d %H:%M} UTC", _state(one))
        for one in found
    ]
    lines = table(rows, right=(1,)) if rows else ["No uploaded file waits."]
    return Outcome(data, lines, is_answer=True)


@command("purge-uploads")
@click.option("--older-than", metavar="DAYS", type=click.IntRange(0, 36_500), help="Default: uploads.keep_days.")
@click.option("--dry-run", is_flag=True, help="Say what would be deleted, and delete nothing.")
def purge_uploads(session: Session, older_than: int | None, dry_run: bool) -> Outcome:
    """Delete uploaded files that nobody used and nobody uses.

    clean-appdir does so too, by the same rule.
    """
    days = session.settings.integer("uploads.keep_days") if older_than is None else older_than
    done = purge(
        session.places,
        root=session.root,
        app_id=session.marker.app_id,
        older_than_days=days,
        now=datetime.now(UTC),
        is_dry_run=dry_run,
    )
    data = {
        "is_dry_run": dry_run,
        "older_than_days": days,
        "uploads": list(done.uploads),
        "files": done.files,
        "removed": done.removed,
        "freed_bytes": done.freed_bytes,
        "spared": [{"path": one.path, "reason": one.reason} for one in done.spared],
    }
    messages = tuple(Message("warning", text) for text in done.warnings)
    lines = [f"  spared: {one.path}: {one.reason}" for one in done.spared]
    return Outcome(
        data, [*lines, _summary(data, dry_run=dry_run, count=len(done.uploads))], messages, is_answer=dry_run
    )


def _summary(data: dict[str, object], *, dry_run: bool, count: int) -> str:
    if not count:
        return f"No upload is older than {counted(int(str(data['older_than_days'])), 'day')}."
    size = size_text(int(str(data["freed_bytes"])))
    if dry_run:
        return f"Would delete {counted(count, 'upload')}, {size} (nothing was done)."
    return f"Deleted what was left of {counted(count, 'upload')}, {size} freed."


def _data(upload: Upload) -> dict[str, object]:
    return {
        "token": upload.token,
        "name": upload.name,
        "size_bytes": upload.size_bytes,
        "received_bytes": upload.received_bytes,
        "by": upload.by,
        "purpose": upload.purpose,
        "started_at": upload.started_at.isoformat(),
        "is_whole": upload.is_whole,
        "sha256": upload.sha256,
        "content_kind": upload.content_kind,
        "claimed_by": upload.claimed_by,
    }


def _state(upload: Upload) -> str:
    if upload.claimed_by:
        return f"in use by {upload.claimed_by}"
    return upload.content_kind if upload.is_whole else f"on its way, of {size_text(upload.size_bytes or 0)}"
