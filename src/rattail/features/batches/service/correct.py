"""Correcting, removing, restoring and adding rows of a batch that is ready, without a new file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from rattail.errors import InputRejected, NoSuchThing
from rattail.features.batches.models import Batch
from rattail.features.batches.models.rows import Row
from rattail.features.batches.service.bench import Bench, at_bench
from rattail.features.batches.service.edits import ACCEPTED, ADDED, REMOVED, YES, Edit
from rattail.features.batches.service.ground import Ground
from rattail.features.batches.service.said import empty_row, said_values
from rattail.features.batches.service.shown import shown_value
from rattail.features.batches.service.spans import Span
from rattail.features.batches.statuses import TITLES, Status

#: Fields that only a row which a person adds can be given, where its kind has them.
_ADDED_TOO = ("document", "description")
_MOST_ROWS = 100_000


class Corrected(NamedTuple):
    """The row as it was judged now. `related` counts other rows that were judged again because they depend on it."""

    batch: Batch
    row: Row
    related: int


class Removed(NamedTuple):
    """How many rows were removed (or restored), and how many others were judged again because of them."""

    batch: Batch
    row_count: int
    related: int


def change_row(
    number: int, sequence: int, *, said: Mapping[str, str], ground: Ground, is_accepted: bool = False
) -> Corrected:
    """Put what a person says into a row and judge it again; with `is_accepted` its doubts are let go.

    `said` are fields and values as people write them. What a person says of a row with `is_accepted` counts until
    the row is corrected again. Rows that depend on this one are judged again too.

    Raises:
        InputRejected: a value cannot be read, the row would be a bad row, or its doubt cannot be let go.
        NoSuchThing: there is no such batch or row.
        NotAllowed, AppDirBusy: as `at_bench`.
    """
    with at_bench(number, verb="change row", ground=ground) as bench:
        old, row = bench.row(sequence), bench.row(sequence)
        _refuse_closed(bench, row)
        values = said_values(bench.kind.row_model, said, allowed=bench.kind.correctable)
        if is_accepted and not values:
            _refuse_without_doubt(bench, row)
        bench.judge.correct(row, values)
        edits = _edits(old, row, values)
        if is_accepted:
            edits.append(Edit(sequence, ACCEPTED, "", YES))
        if edits:
            bench.note(edits)
            bench.judge_again([old], {sequence: bench.judge.line_of(row)})
            _refuse_bad(bench, sequence, is_accepted=is_accepted)
    return Corrected(bench.batch, bench.row(sequence), bench.related_count)


def add_row(number: int, *, said: Mapping[str, str], ground: Ground) -> Corrected:
    """Add a row that the file does not have; it is the last one, and judged like others.

    Raises: as `change_row`.
    """
    with at_bench(number, verb="add row", ground=ground) as bench:
        model = bench.kind.row_model
        has = {field.name for field in model._meta.concrete_fields}
        allowed = [*bench.kind.correctable, *(name for name in _ADDED_TOO if name in has)]
        values = said_values(model, said, allowed=list(dict.fromkeys(allowed)))
        if not values:
            raise InputRejected("nothing is said of the new row.", hint=f"say it: {allowed[0]}=VALUE ...")
        sequence = bench.last() + 1
        row = empty_row(model, bench.batch.pk, sequence)
        bench.judge.correct(row, values)
        text = ", ".join(f"{name} {shown_value(name, value)}" for name, value in values.items())
        bench.note([Edit(sequence, ADDED, "", text)])
        bench.judge_again([], {sequence: bench.judge.line_of(row)})
        _refuse_bad(bench, sequence, is_accepted=False)
    return Corrected(bench.batch, bench.row(sequence), bench.related_count)


def remove_rows(number: int, spans: Sequence[Span], *, ground: Ground) -> Removed:
    """Let rows change nothing. They stay in the table, and can be restored; those that are removed already stay so.

    Raises:
        NoSuchThing: a row is not there; nothing was removed.
        NotAllowed, AppDirBusy, InputRejected: as `at_bench`.
    """
    with at_bench(number, verb="remove rows", ground=ground) as bench:
        rows = [row for row in _rows_in(bench, spans) if not row.statuses & Status.REMOVED]
        sequences = [row.sequence for row in rows]
        bench.note([Edit(one, REMOVED, "", YES) for one in sequences])
        bench.mark(sequences, set_=Status.REMOVED)
        if rows:
            bench.judge_again(rows, {})
    return Removed(bench.batch, len(rows), bench.related_count)


def restore_rows(number: int, spans: Sequence[Span], *, ground: Ground) -> Removed:
    """Take back that rows were removed: they are judged as the records are now.

    Raises: as `remove_rows`.
    """
    with at_bench(number, verb="restore rows", ground=ground) as bench:
        rows = [row for row in _rows_in(bench, spans) if row.statuses & Status.REMOVED]
        bench.note([Edit(row.sequence, REMOVED, YES, "") for row in rows])
        bench.mark([row.sequence for row in rows], clear=Status.REMOVED)
        whole = [row for row in rows if not row.statuses & Status.BAD_ROW and not bench.is_of_nobody(row)]
        if whole:
            bench.judge_again([], {row.sequence: bench.judge.line_of(row) for row in whole})
    return Removed(bench.batch, len(rows), bench.related_count)


def _rows_in(bench: Bench, spans: Sequence[Span]) -> list[Any]:
    last = bench.last()
    for first, end in spans:
        if not 0 < first <= end:
            raise InputRejected(f"rows {first}-{end}: expected the smaller number first, such as 5-9.")
        if end > last:
            raise NoSuchThing(f"batch {bench.batch} has no row {end}; its last is row {last}.")
    wanted = sorted({sequence for first, end in spans for sequence in range(first, end + 1)})
    if len(wanted) > _MOST_ROWS:
        raise InputRejected(f"{len(wanted):,} rows are too many at once: expected {_MOST_ROWS:,} at most.")
    rows = bench.rows(wanted)
    if len(rows) < len(wanted):
        missing = sorted(set(wanted) - {row.sequence for row in rows})
        raise NoSuchThing(f"batch {bench.batch} has no row {missing[0]}.")
    return rows


def _edits(old: Row, row: Row, values: Mapping[str, Any]) -> list[Edit]:
    pairs = ((name, getattr(old, name), getattr(row, name)) for name in values)
    return [Edit(row.sequence, name, _text(name, was), _text(name, now)) for name, was, now in pairs if was != now]


def _text(name: str, value: Any) -> str:
    return "" if value is None else str(shown_value(name, value))


def _refuse_closed(bench: Bench, row: Row) -> None:
    if row.statuses & Status.REMOVED:
        raise InputRejected(
            f"row {row.sequence} of batch {bench.batch} was removed.",
            hint=f"take that back first: rattail remove-rows {bench.batch.number} {row.sequence} --restore",
        )
    if bench.is_of_nobody(row):
        raise InputRejected(
            f"row {row.sequence} of batch {bench.batch} is not of the file: {row.note}.",
            hint=f"remove it, or add a row that says what is right: rattail add-row {bench.batch.number} FIELD=VALUE",
        )


def _refuse_without_doubt(bench: Bench, row: Row) -> None:
    if row.statuses & bench.judge.acceptable:
        return
    titles = ", ".join(title for status, title in TITLES.items() if row.statuses & status)
    can = [title for status, title in TITLES.items() if bench.judge.acceptable & status]
    expected = f"only this can: {'; '.join(can)}" if can else f"rows of a {bench.kind.title} are corrected or removed"
    raise InputRejected(f"row {row.sequence} is not held for a doubt that can be let go ({titles}): {expected}.")


def _refuse_bad(bench: Bench, sequence: int, *, is_accepted: bool) -> None:
    row = bench.row(sequence)
    if row.statuses & Status.BAD_ROW:
        raise InputRejected(f"row {sequence} would be a bad row: {row.note}. Nothing was changed.")
    if is_accepted and row.statuses & bench.judge.acceptable:
        raise InputRejected(
            f"row {sequence} cannot be let go as it is: {row.note}. Nothing was changed.",
            hint=f"say what is right: rattail change-row {bench.batch.number} {sequence} --set FIELD=VALUE",
        )
