"""`rattail prune-backups`."""

from __future__ import annotations

import click

from rattail.appdir.refusal import shown
from rattail.cli.command import command
from rattail.cli.console import counted, size_text, table
from rattail.cli.outcome import Message, Outcome
from rattail.cli.session import Session
from rattail.features.backups.cli.ground import app_of, shelf_of, time_text, zone_of
from rattail.features.backups.retention.prune import Pruned, PrunePlan, plan_prune, prune, rules_of


@command("prune-backups")
@click.option("--dry-run", is_flag=True, help="Print what would be deleted and why, and delete nothing.")
def prune_backups(session: Session, dry_run: bool) -> Outcome:
    """Delete the backups that no rule keeps, and say of each why it stays or goes.

    The rules are backups.keep_last, keep_daily, keep_weekly, keep_monthly and keep_yearly. Only backups that were read
    back count; the newest good one is kept whatever the rules say.
    """
    settings = session.settings.require_sound()
    plan = plan_prune(
        shelf_of(session),
        app=app_of(session),
        rules=rules_of(settings),
        zone=zone_of(settings),
        copy_to=settings.texts("backups.copy_to"),
    )
    pruned = None if dry_run else prune(plan, progress=session.console.progress("deleting"))
    return _outcome(session, plan, pruned)


def _outcome(session: Session, plan: PrunePlan, pruned: Pruned | None) -> Outcome:
    zone = zone_of(session.settings)
    rows = [
        ("keep" if one.is_kept else "delete", time_text(one.backup.made_at, zone), one.backup.file_name, one.reason)
        for one in plan.decisions
    ]
    lines = [*table(rows), *(f"delete  {name}: left by a run that was killed" for name in plan.leftovers)]
    messages = tuple(
        Message("warning", f"{one.file_name} was left: it changed since the list was made.")
        for one in (pruned.spared if pruned else ())
    )
    data = {
        "target": plan.target,
        "is_dry_run": pruned is None,
        "decisions": [
            {
                "name": one.backup.file_name,
                "made_at": one.backup.made_at.isoformat(),
                "size_bytes": one.backup.size_bytes,
                "state": str(one.backup.state),
                "is_kept": one.is_kept,
                "reason": one.reason,
            }
            for one in plan.decisions
        ],
        "leftovers": list(plan.leftovers),
        "removed": [one.file_name for one in pruned.removed] if pruned else [],
        "freed_bytes": pruned.freed_bytes if pruned else 0,
    }
    return Outcome(data, [*lines, _summary(plan, pruned)], messages, is_answer=pruned is None)


def _summary(plan: PrunePlan, pruned: Pruned | None) -> str:
    if not plan.decisions:
        return f"There is no backup in {shown(plan.target)}."
    if not plan.doomed:
        return "Every backup is kept."
    if pruned is None:
        size = sum(one.backup.size_bytes for one in plan.doomed)
        return f"Would delete {counted(len(plan.doomed), 'backup')}, {size_text(size)} (nothing was done)."
    return f"Deleted {counted(len(pruned.removed), 'backup')}, {size_text(pruned.freed_bytes)} freed."
