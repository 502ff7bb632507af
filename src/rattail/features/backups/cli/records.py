"""`rattail copy-records`."""

from __future__ import annotations

from datetime import UTC, datetime

from rattail.appdir.refusal import shown
from rattail.cli.command import command
from rattail.cli.console import counted, size_text
from rattail.cli.outcome import Outcome
from rattail.cli.session import Session
from rattail.features.backups.cli.ground import draw_progress
from rattail.features.backups.making.renew import CopyPlace, renew_copy


@command("copy-records")
def copy_records(session: Session) -> Outcome:
    """Make the newest consistent copy of the records, in the folder data/database.

    With it, a plain copy of the app folder by any tool (rsync, tar, another backup program) is a backup, although the
    application runs: type this just before such a tool starts. The worker does it every night.
    """
    now = datetime.now(UTC)
    place = CopyPlace.of(session.root, session.places, session.settings.require_sound())
    copied = renew_copy(place, now=now, progress=draw_progress(session.console))
    rows = sum(copied.counts.values())
    line = f"Copied the records into {shown(copied.path)}: {counted(rows, 'row')}, {size_text(copied.size_bytes)}."
    data = {
        "appdir": session.root,
        "path": copied.path,
        "at": now.isoformat(),
        "kind": copied.kind,
        "size_bytes": copied.size_bytes,
        "rows": rows,
    }
    return Outcome(data, [line])
