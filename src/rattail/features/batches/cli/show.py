"""`rattail list-batches`, `show-batch`, `check-batch`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from rattail.cli.command import command
from rattail.cli.console import counted, table
from rattail.cli.outcome import Message, Outcome
from rattail.cli.session import Session
from rattail.features.batches.cli.ground import Number, ground_of

if TYPE_CHECKING:
    from rattail.features.batches.models import Batch
    from rattail.features.batches.service.edits import EditShown
    from rattail.features.batches.service.show import Checked, ShownChange

_LISTED = 20
_EDITS_SHOWN = 1000


@command("list-batches")
@click.option("--kind", metavar="KIND", help="Only batches of this kind.")
@click.option("--state", metavar="STATE", help="Only batches in this state: ready, executed, ...")
@click.option("--limit", type=click.IntRange(1), default=_LISTED, show_default=True, help="How many.")
def list_batches(session: Session, kind: str | None, state: str | None, limit: int) -> Outcome:
    """List batches, the newest first."""
    ground = ground_of(session)
    from rattail.features.batches.service.show import list_batches as listed
    from rattail.features.batches.service.shown import shown_batch

    batches = listed(kind=kind, state=state, limit=limit, ground=ground)
    rows = [("number", "kind", "state", "rows", "changes", "set aside", "made", "file")]
    rows += [
        (
            str(one),
            one.kind,
            one.state,
            f"{one.row_count:,}",
            f"{one.change_count:,}",
            f"{one.problem_count:,}",
            f"{one.created_at:%Y-%m-%d %H:%M}",
            one.file_name,
        )
        for one in batches
    ]
    lines = table(rows, right=(3, 4, 5)) if batches else ["There are no batches."]
    return Outcome({"batches": [shown_batch(one) for one in batches]}, lines, is_answer=True)


@command("show-batch")
@click.argument("number", type=Number(), metavar="ID")
@click.option("--status", metavar="STATUS", help="Only rows with this status, such as cost_change.")
@click.option("--after", type=click.IntRange(0), default=0, metavar="ROW", help="Begin after this row of the batch.")
@click.option("--limit", type=click.IntRange(0), default=_LISTED, show_default=True, help="How many rows.")
def show_batch(session: Session, number: int, status: str | None, after: int, limit: int) -> Outcome:
    """Show a batch and its rows: what each says, what was found of it, and what people changed."""
    ground = ground_of(session)
    from rattail.features.batches.service.edits import edits_of
    from rattail.features.batches.service.find import find_batch, folder_of
    from rattail.features.batches.service.show import rows_of
    from rattail.features.batches.service.shown import count_lines, shown_batch, shown_row

    batch = find_batch(number, ground=ground)
    rows = [shown_row(row) for row in rows_of(batch, status=status, after=after, limit=limit)]
    folder = folder_of(batch, ground=ground).path
    edits = edits_of(batch, limit=_EDITS_SHOWN)
    data = {
        **shown_batch(batch),
        "folder": folder,
        "row_list": rows,
        "edits": [{**one._asdict(), "at": one.at.isoformat()} for one in edits],
    }
    lines = [*_head(batch, folder), *(f"  {line}" for line in count_lines(batch))]
    for row in rows:
        lines.append(f"row {row['sequence']}: {row_text(row)}")
    for edit in edits[-limit:] if limit else ():
        lines.append(f"{edit.at:%Y-%m-%d %H:%M} UTC {edit.by}: row {edit.row}: {_edit_text(edit)}")
    return Outcome(data, lines, tuple(Message("warning", text) for text in batch.remarks), is_answer=True)


@command("check-batch")
@click.argument("number", type=Number(), metavar="ID")
@click.option(
    "--limit",
    type=click.IntRange(0),
    metavar="N",
    help=f"How many changes to list; default: {_LISTED}, all with --verbose.",
)
def check_batch(session: Session, number: int, limit: int | None) -> Outcome:
    """Show exactly what executing a batch would change: every record, before and after.

    Records that moved since the batch was read are named: execute-batch would refuse. Of an executed batch it shows
    what was changed, and whether it can still be undone.
    """
    ground = ground_of(session)
    from rattail.features.batches.service.find import find_batch
    from rattail.features.batches.service.show import changes_of
    from rattail.features.batches.service.show import check_batch as check
    from rattail.features.batches.service.shown import shown_batch, shown_moved

    batch = find_batch(number, ground=ground)
    checked = check(batch)
    most = limit if limit is not None else (None if session.console.is_verbose else _LISTED)
    data: dict[str, Any] = {
        **shown_batch(batch),
        "totals": [one._asdict() for one in checked.totals],
        "moved": checked.moved_count,
        "moved_list": [shown_moved(one) for one in checked.moved],
    }
    if session.console.is_json:
        data["change_list"] = [one._asdict() for one in changes_of(batch, limit=most)]
    return Outcome(data, _check_lines(session, batch, checked, most), is_answer=True)


def _edit_text(edit: EditShown) -> str:
    """What a person did to a row."""
    if edit.field == "removed":
        return "removed" if edit.after else "restored"
    if edit.field == "accepted":
        return "accepted as it is"
    if edit.field == "added":
        return f"added: {edit.after}"
    return f"{edit.field} {edit.before or 'nothing'} -> {edit.after or 'nothing'}"


def _head(batch: Batch, folder: str) -> list[str]:
    whose = " ".join(
        text
        for text in (batch.vendor and f"of {batch.vendor.code}", batch.store and f"for store {batch.store.code}")
        if text
    )
    lines = [f"Batch {batch}: {batch.kind} {whose}, {batch.state}".replace(" ,", ",")]
    lines.append(f"  file {batch.file_name}, format {batch.format}, in {folder}")
    lines.append(f"  made {batch.created_at:%Y-%m-%d %H:%M} UTC by {batch.created_by}")
    if batch.settings.get("mode"):
        lines.append(f"  {_count_text(batch.settings)}")
    if batch.executed_at:
        lines.append(f"  executed {batch.executed_at:%Y-%m-%d %H:%M} UTC by {batch.executed_by}")
    if batch.undone_at:
        lines.append(f"  undone {batch.undone_at:%Y-%m-%d %H:%M} UTC by {batch.undone_by}")
    if batch.failure:
        lines.append(f"  {batch.failure}")
    return lines


def _count_text(settings: Mapping[str, Any]) -> str:
    """How and when something was counted, and why."""
    said = [f"mode {settings['mode']}"]
    if settings.get("counted_at"):
        said.append(f"counted {datetime.fromisoformat(settings['counted_at']).astimezone(UTC):%Y-%m-%d %H:%M} UTC")
    said += [f"{name} {settings[name]}" for name in ("duplicates", "reason") if settings.get(name)]
    return ", ".join(said)


def row_text(row: dict[str, Any]) -> str:
    """A row as a person reads it: what is in it, and its statuses."""
    skipped = ("batch_id", "sequence", "source_row", "statuses", "key")
    values = ", ".join(
        f"{name} {value}" for name, value in row.items() if name not in skipped and value not in ("", None, False)
    )
    return f"{values} [{', '.join(row['statuses'])}]"


def _check_lines(session: Session, batch: Batch, checked: Checked, most: int | None) -> Iterator[str]:
    from rattail.features.batches.service.show import changes_of
    from rattail.features.batches.states import State
    from rattail.retail.changes.moved import moved_sentence

    shown = 0
    for one in changes_of(batch, limit=most):
        shown += 1
        title = f" ({one.title})" if one.title else ""
        yield f"row {one.row}{title}: {one.action} {one.record} {one.record_id}: {_change_text(one)}"
    if shown < batch.change_count:
        yield f"... {counted(batch.change_count - shown, 'more change')} (--verbose lists them)"
    if not checked.totals:
        yield f"Batch {batch} changes nothing."
    for total in checked.totals:
        yield f"{total.changes:>10,}  {total.record}: {total.action}"
    for moved in checked.moved:
        yield f"moved: {moved_sentence(moved)}"
    if checked.moved_count:
        what = "undone" if batch.state == State.EXECUTED else "executed"
        records = counted(checked.moved_count, "record is not as it was", "records are not as they were")
        yield f"{records}: the batch cannot be {what} as it is."
    elif checked.is_undone_in_part:
        yield "It was undone only in part, so it cannot be executed again: make a new batch of the same file."
    elif batch.state in (State.READY, State.UNDONE) and checked.totals:
        yield f"carry it out:  {session.hint_line('execute-batch', str(batch.number))}"


def _change_text(one: ShownChange) -> str:
    """What changes; of what is new, everything that is said of it."""
    if all(value is None for value in one.before.values()):
        return ", ".join(f"{name} {value}" for name, value in one.after.items() if value not in (None, ""))
    changed = {name: value for name, value in one.after.items() if value != one.before.get(name)}
    return ", ".join(f"{name} {one.before.get(name)} -> {value}" for name, value in changed.items())
