"""`rattail list-backups`."""

from __future__ import annotations

from datetime import UTC, datetime

from rattail.appdir.refusal import shown
from rattail.cli.command import command
from rattail.cli.console import table
from rattail.cli.outcome import Message, Outcome
from rattail.cli.session import Session
from rattail.features.backups.cli.ground import (
    HEADINGS,
    app_of,
    backup_row,
    next_step,
    shelf_of,
    shown_backup,
    time_text,
    warn_of_place,
    zone_of,
)
from rattail.features.backups.keys.keys import stale
from rattail.features.backups.shelf.shelf import list_backups as backups_in

_MOST_TOLD = 5


@command("list-backups")
def list_backups(session: Session) -> Outcome:
    """Show the backups, the newest first, and how far each was shown to be good.

    A proven one was restored into a scratch place and ran there; one that is read back was compared byte by byte. What
    nobody looked at since it was touched is unproven.
    """
    target, zone = shelf_of(session), zone_of(session.settings)
    warn_of_place(session, target)
    backups = backups_in(target, app=app_of(session))
    steps = [step for step in map(next_step, backups) if step]
    if len(steps) > _MOST_TOLD:
        steps = [*steps[:_MOST_TOLD], f"{len(steps) - _MOST_TOLD} more backups are not good either."]
    messages = [Message("warning", text) for text in (*steps, *_old_proofs(session, target))]
    if not backups:
        lines = [f"There is no backup in {shown(target)} yet: rattail make-backup makes one."]
    else:
        rows = [HEADINGS, *(backup_row(backup, zone) for backup in backups)]
        lines = [*table(rows, right=(2,)), f"In {shown(target)}; times are those of {zone.key}."]
    data = {"target": target, "backups": [shown_backup(backup) for backup in backups]}
    return Outcome(data, lines, tuple(messages), is_answer=True)


def _old_proofs(session: Session, target: str) -> list[str]:
    """What to say of keys that were proved long ago."""
    settings = session.settings
    keys = stale(target, settings.texts("backups.encrypt_to"), now=datetime.now(UTC))
    return [
        f"the key {key} was last proved on {time_text(at, zone_of(settings))}: rattail prove-backup-key --identity FILE"
        for key, at in keys
    ]
