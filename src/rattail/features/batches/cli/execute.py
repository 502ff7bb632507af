"""`rattail execute-batch`, `undo-batch`."""

from __future__ import annotations

import click

from rattail.cli.command import command
from rattail.cli.console import counted
from rattail.cli.outcome import Outcome
from rattail.cli.session import Session
from rattail.features.batches.cli.ground import Number, ground_of


@command("execute-batch")
@click.argument("number", type=Number(), metavar="ID")
def execute_batch(session: Session, number: int) -> Outcome:
    """Carry out what check-batch shows, and nothing else.

    It is one transaction: all of it is done, or nothing. It refuses where a record is not as it was when the batch
    was read.
    """
    ground = ground_of(session)
    from rattail.features.batches.service.execute import execute_batch as execute
    from rattail.features.batches.service.shown import shown_batch

    executed = execute(number, ground=ground)
    batch, done = executed
    data = {**shown_batch(batch), "inserted": done.inserted, "updated": done.updated}
    lines = [
        f"Executed batch {batch}: {counted(done.inserted, 'record')} inserted, {done.updated:,} updated.",
        f"put it back:  {session.hint_line('undo-batch', str(number))}",
    ]
    return Outcome(data, lines)


@command("undo-batch")
@click.argument("number", type=Number(), metavar="ID")
@click.option("--partial", is_flag=True, help="Put back all that still can be, and leave what was changed since.")
def undo_batch(session: Session, number: int, partial: bool) -> Outcome:
    """Put back exactly what was there before a batch was executed.

    It refuses, and names the rows, where a record was changed since; with --partial it leaves those as they are.
    """
    ground = ground_of(session)
    from rattail.features.batches.service.execute import undo_batch as undo
    from rattail.features.batches.service.shown import shown_batch

    batch, done = undo(number, ground=ground, is_partial=partial)
    data = {**shown_batch(batch), "deleted": done.inserted, "restored": done.updated, "left": done.held}
    lines = [f"Undone batch {batch}: {counted(done.inserted, 'record')} taken away, {done.updated:,} put back."]
    if done.held:
        left = counted(done.held, "change was", "changes were")
        lines.append(f"{left} left: their records, or what these belong to, were changed since.")
    return Outcome(data, lines)
