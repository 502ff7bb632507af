"""Reading the file of a batch: some thousand lines at a time, each chunk one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

from django.db import connection, connections, transaction

from rattail.database.bulk import change_rows, fetch_rows, many_short_lived
from rattail.database.dialect import is_sqlite, quoted
from rattail.features.batches.folders import Folder
from rattail.features.batches.kinds.kind import Job, Judge, Kind
from rattail.features.batches.kinds.known import kind_named
from rattail.features.batches.models import Batch
from rattail.features.batches.reading.lines import Event, Problem, Remark
from rattail.features.batches.service.ground import Ground
from rattail.features.batches.service.plan import Plan
from rattail.features.batches.service.problems import ProblemFile
from rattail.features.batches.states import State
from rattail.features.batches.statuses import names
from rattail.retail.changes.journal import forget_changes

CHUNK_EVENTS = 5000
_REMARKS_KEPT = 100


def read_into(batch: Batch, plan: Plan, folder: Folder, *, ground: Ground, progress: Callable[[int], None]) -> None:
    """Read the file into rows and changes; the caller holds the lease. The batch is `ready` afterwards.

    Raises:
        RattailError: the file cannot be read to its end; the batch stays in `reading`.
    """
    with transaction.atomic():
        forget_rows(batch)
        batch.state = State.READING
        batch.row_count = batch.problem_count = batch.change_count = 0
        batch.counts, batch.totals = {}, {}
        batch.save(update_fields=["state", "row_count", "problem_count", "change_count", "counts", "totals"])
    judge = plan.kind.judge(Job(batch, plan.rules, ground.today, ground.currency))
    remarks: list[str] = []
    source = plan.source._replace(path=folder.file)
    with ProblemFile(folder, root=ground.root) as problems, many_short_lived():
        for chunk, looked_up in _looked_up(judge, _chunks(plan.format.read(source, plan.reading))):
            judge.looked_up = looked_up
            problems.add(one for one in chunk if isinstance(one, Problem))
            remarks.extend(_said(one, plan.format.row_word) for one in chunk if isinstance(one, Remark))
            with transaction.atomic():
                _take(judge, chunk, batch)
            problems.add(judge.problems)
            judge.problems.clear()
            progress(judge.sequence)
        batch.problem_count = problems.count
    with transaction.atomic():
        judge.finish()
        batch.remarks = [*judge.remarks, *remarks][:_REMARKS_KEPT]
        tally(batch, plan.kind)
        batch.state = State.READY
        batch.save()
    tell_planner()


def forget_rows(batch: Batch) -> None:
    """Delete all rows of a batch and all it would change, in the caller's transaction."""
    model = kind_named(batch.kind).row_model
    forget_changes(batch.number)
    change_rows(f"DELETE FROM {quoted(model._meta.db_table)} WHERE batch_id = %s", [batch.pk])  # noqa: S608
    batch.documents.all().delete()
    batch.edits.all().delete()


def tally(batch: Batch, kind: Kind) -> None:
    """Count the rows of each status, and the changes, into the batch; the caller saves it."""
    counts: dict[str, int] = {}
    rows = fetch_rows(
        f"SELECT statuses, count(*) FROM {quoted(kind.row_model._meta.db_table)} WHERE batch_id = %s GROUP BY statuses",  # noqa: S608
        [batch.pk],
    )
    for statuses, count in rows:
        for name in names(statuses):
            counts[name] = counts.get(name, 0) + count
    batch.row_count = sum(count for _, count in rows)
    batch.counts = counts
    batch.totals = count_changes(batch.number)
    batch.change_count = sum(count for one in batch.totals.values() for count in one.values())


def count_changes(number: int) -> dict[str, dict[str, int]]:
    """How many records a batch adds and changes: kind of record to action to count. Looks at all its changes."""
    rows = fetch_rows(
        "SELECT record, action, count(*) FROM retail_change WHERE batch = %s AND action <> 'seen' "
        "GROUP BY record, action",
        [number],
    )
    totals: dict[str, dict[str, int]] = {}
    for record, action, count in rows:
        totals.setdefault(record, {})[action] = int(count)
    return totals


def tell_planner() -> None:
    """Tell PostgreSQL how many changes there are now: its next plans depend on it. SQLite needs no telling."""
    if not is_sqlite():
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE retail_change (batch, record, action, fields, record_id)")  # not the JSON


def _said(remark: Remark, row_word: str) -> str:
    """A remark with its place, where it has one and does not say it itself."""
    place = f"{row_word} {remark.row}: " if remark.row else ""
    return remark.text if remark.text.startswith(place) else place + remark.text


def _looked_up(judge: Judge, chunks: Iterator[list[Event]]) -> Iterator[tuple[list[Event], Any]]:
    """Each chunk with what the records know of it.

    PostgreSQL is asked one chunk ahead, in a thread with a connection of its own: it answers one while we judge the
    other. SQLite answers in our own process, so there would be nothing to gain.
    """
    if is_sqlite():
        for chunk in chunks:
            yield chunk, judge.look_up(chunk)
        return
    with ThreadPoolExecutor(1) as ahead:
        try:
            pending = ahead.submit(_look_up_next, judge, chunks)
            while (found := pending.result()) is not None:
                pending = ahead.submit(_look_up_next, judge, chunks)
                yield found
        finally:
            ahead.submit(connections.close_all)


def _look_up_next(judge: Judge, chunks: Iterator[list[Event]]) -> tuple[list[Event], Any] | None:
    chunk = next(chunks, None)
    return None if chunk is None else (chunk, judge.look_up(chunk))


def _take(judge: Judge, chunk: list[Event], batch: Batch) -> None:
    judge.take(chunk)
    change_rows("UPDATE batches_batch SET row_count = %s WHERE id = %s", [judge.sequence, batch.pk])


def _chunks(events: Iterable[Event]) -> Iterator[list[Event]]:
    iterator = iter(events)
    while chunk := list(islice(iterator, CHUNK_EVENTS)):
        yield chunk
