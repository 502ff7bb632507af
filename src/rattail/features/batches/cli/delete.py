"""`rattail delete-batch`, `purge-batches`."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import click

from rattail.cli.command import command
from rattail.cli.console import counted
from rattail.cli.outcome import Message, Outcome
from rattail.cli.session import Session
from rattail.features.batches.cli.ground import Number, ground_of

if TYPE_CHECKING:
    from rattail.features.batches.service.delete import Doomed

_DAY_LENGTH = len("2026-11-22")


@command("delete-batch")
@click.argument("number", type=Number(), metavar="ID")
@click.option("--dry-run", is_flag=True, help="Show what would go, and delete nothing.")
def delete_batch(session: Session, number: int, dry_run: bool) -> Outcome:
    """Delete a batch that is not executed, with its rows and its files."""
    ground = ground_of(session)
    from rattail.features.batches.service.delete import delete_batch as delete

    doomed, left = delete(number, ground=ground, is_dry_run=dry_run)
    data = {"is_dry_run": dry_run, **_shown(doomed)}
    verb = "Would delete" if dry_run else "Deleted"
    return Outcome(data, [f"{verb} {_line(doomed)}."], _messages(doomed, left))


class Day(click.ParamType[date]):
    """A day, year first."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            if len(str(value)) != _DAY_LENGTH:
                raise ValueError
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r}: expected a day such as 2026-11-22", param, ctx)


@command("purge-batches")
@click.option(
    "--before",
    type=Day(),
    required=True,
    metavar="DATE",
    help="Batches that were executed or undone before this day.",
)
@click.option("--kind", metavar="KIND", help="Only batches of this kind.")
@click.option("--dry-run", is_flag=True, help="List what would go, and delete nothing.")
def purge_batches(session: Session, before: date, kind: str | None, dry_run: bool) -> Outcome:
    """Delete old batches that were executed or undone, with their rows and their files.

    What they changed in the records stays, and cannot be undone any more. Lines of the stock ledger, costs and
    invoices still name the batch's number. A batch that another process works on is spared.
    """
    ground = ground_of(session)
    from rattail.features.batches.service.delete import Deleted, plan_purge
    from rattail.features.batches.service.delete import purge_batches as purge

    plan = plan_purge(before=before, ground=ground, kind=kind)
    done: list[Deleted] = [Deleted(one) for one in plan.doomed] if dry_run else []
    spared = list(plan.spared)
    if not dry_run:
        progress = session.console.progress("deleting batches")
        for count, one in enumerate(purge(plan, ground=ground), 1):
            if isinstance(one, Deleted):
                done.append(one)
            else:
                spared.append(one)
            progress(count)
    data = {
        "is_dry_run": dry_run,
        "before": before.isoformat(),
        "batches": [_shown(one.doomed) for one in done],
        "spared": [_shown(one) for one in spared],
        "rows": sum(one.doomed.rows for one in done),
        "size_bytes": sum(one.doomed.size_bytes for one in done),
    }
    verb = "Would delete" if dry_run else "Deleted"
    lines = [f"{verb} {_line(one.doomed)}." for one in done]
    if not done:
        lines.append(f"No batch was executed or undone before {before}.")
    else:
        undone = "could not be undone" if dry_run else "cannot be undone"
        lines.append(f"{verb} {counted(len(done), 'batch', 'batches')}; what was executed {undone} any more.")
    messages = [Message("warning", f"spared {_line(one)}: another process works on it.") for one in spared]
    return Outcome(data, lines, (*messages, *(text for one in done for text in _messages(one.doomed, one.left))))


def _shown(doomed: Doomed) -> dict[str, Any]:
    from rattail.retail.numbers import number_text

    finished = doomed.finished_at
    return {
        "id": number_text(doomed.number),
        "kind": doomed.kind,
        "state": doomed.state,
        "file": doomed.file_name,
        "finished_at": finished.isoformat() if finished else None,
        "rows": doomed.rows,
        "changes": doomed.changes,
        "folder": doomed.folder,
        "files": doomed.files,
        "size_bytes": doomed.size_bytes,
    }


def _line(doomed: Doomed) -> str:
    from rattail.retail.numbers import number_text

    finished = f" {doomed.finished_at:%Y-%m-%d}" if doomed.finished_at else ""
    return (
        f"batch {number_text(doomed.number)} ({doomed.kind}, {doomed.state}{finished}, {counted(doomed.rows, 'row')}, "
        f"files {doomed.files}, {counted(doomed.size_bytes, 'byte')} in {doomed.folder})"
    )


def _messages(doomed: Doomed, left: str) -> tuple[Message, ...]:
    if not left:
        return ()
    return (Message("warning", f"the batch is deleted, but its folder {doomed.folder} is still there: {left}"),)
