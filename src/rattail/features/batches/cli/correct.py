"""`rattail change-row`, `add-row`, `remove-rows`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from rattail.cli.command import command
from rattail.cli.console import counted
from rattail.cli.outcome import Outcome
from rattail.cli.session import Session
from rattail.errors import InputRejected
from rattail.features.batches.cli.ground import Number, ground_of, pairs
from rattail.features.batches.cli.show import row_text

if TYPE_CHECKING:
    from rattail.features.batches.service.correct import Corrected
    from rattail.features.batches.service.spans import Span

_LARGEST = 10**9


@command("change-row")
@click.argument("number", type=Number(), metavar="ID")
@click.argument("row", type=click.IntRange(1), metavar="ROW")
@click.option(
    "--set", "said", multiple=True, metavar="FIELD=VALUE", help="What is right; several times for several fields."
)
@click.option("--accept", is_flag=True, help="Let go what held the row: somebody looked, and it is right as it is.")
def change_row(session: Session, number: int, row: int, said: tuple[str, ...], accept: bool) -> Outcome:
    """Correct one row of a batch that is ready, and judge it again.

    ROW is its number in show-batch. Amounts are written with a point: 34.68. Of case cost and unit cost the one that
    is not said follows from the other. Who changed what and when is kept, and show-batch shows it.
    """
    if not said and not accept:
        raise InputRejected("nothing is said of the row.", hint="type --set FIELD=VALUE, or --accept")
    ground = ground_of(session)
    from rattail.features.batches.service.correct import change_row as change

    corrected = change(number, row, said=pairs(said, option="--set"), ground=ground, is_accepted=accept)
    return _corrected(session, corrected, "Row {} of batch {} is now:")


@command("add-row")
@click.argument("number", type=Number(), metavar="ID")
@click.argument("said", nargs=-1, required=True, metavar="FIELD=VALUE...")
def add_row(session: Session, number: int, said: tuple[str, ...]) -> Outcome:
    """Add a row that the file does not have to a batch that is ready; it is judged like the others."""
    ground = ground_of(session)
    from rattail.features.batches.service.correct import add_row as add

    return _corrected(
        session, add(number, said=pairs(said, option="FIELD=VALUE"), ground=ground), "Added row {} to batch {}:"
    )


@command("remove-rows")
@click.argument("number", type=Number(), metavar="ID")
@click.argument("rows", nargs=-1, required=True, metavar="ROW...")
@click.option("--restore", is_flag=True, help="Take back that rows were removed.")
def remove_rows(session: Session, number: int, rows: tuple[str, ...], restore: bool) -> Outcome:
    """Let rows of a batch that is ready change nothing. They are kept, and --restore brings them back.

    ROW is a number in show-batch, or several: 5-9.
    """
    spans = [_span(word) for word in rows]
    ground = ground_of(session)
    from rattail.features.batches.service.correct import remove_rows as remove
    from rattail.features.batches.service.correct import restore_rows
    from rattail.features.batches.service.shown import shown_batch

    done = (restore_rows if restore else remove)(number, spans, ground=ground)
    verb = "Restored" if restore else "Removed"
    data = {
        **shown_batch(done.batch),
        "restored" if restore else "removed": done.row_count,
        "judged_again": done.related,
    }
    lines = [f"{verb} {counted(done.row_count, 'row')} of batch {done.batch}."]
    return Outcome(data, [*lines, *_others(done.related), _next(session, number)])


def _corrected(session: Session, corrected: Corrected, head: str) -> Outcome:
    from rattail.features.batches.service.shown import shown_batch, shown_row

    batch, row, related = corrected
    shown: dict[str, Any] = shown_row(row)
    data = {**shown_batch(batch), "row": shown, "judged_again": related}
    lines = [head.format(row.sequence, batch), f"  {row_text(shown)}", *_others(related)]
    return Outcome(data, [*lines, _next(session, batch.number)])


def _others(count: int) -> list[str]:
    if not count:
        return []
    return [f"{counted(count, 'other row was', 'other rows were')} judged again, because of the same item."]


def _next(session: Session, number: int) -> str:
    return f"see what would change:  {session.hint_line('check-batch', str(number))}"


def _span(word: str) -> Span:
    from rattail.features.batches.service.spans import Span

    first, dash, last = word.partition("-")
    words = (first, last if dash else first)
    if not all(one.isascii() and one.isdigit() and 0 < int(one) < _LARGEST for one in words):
        raise InputRejected(f"{word!r} names no row: expected a number such as 5, or several, such as 5-9.")
    return Span(int(words[0]), int(words[1]))
