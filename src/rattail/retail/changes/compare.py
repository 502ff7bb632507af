"""Whether records still are as a batch saw them, or as it left them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.db import models

from rattail.database.bulk import change_rows, fetch_rows
from rattail.database.dialect import is_sqlite, quoted
from rattail.retail.changes.groups import Group, Side, groups_of
from rattail.retail.changes.journal import INSERT, SEEN
from rattail.retail.models import StockMovement
from rattail.retail.records import RECORDS, Record

_NAMED_AT_MOST = 20


class Moved(NamedTuple):
    """One record that is not as it was. `found` is empty where the record is gone."""

    sequence: int
    record: str
    record_id: int
    expected: dict[str, Any]
    found: dict[str, Any]
    reason: str


class _Test(NamedTuple):
    """A question to the database: the changes, called `c`, that `sql` picks cannot be carried out."""

    group: Group
    sql: str
    parameters: list[Any]
    side: Side
    reason: str


def moved_since_reading(batch: int) -> tuple[int, list[Moved]]:
    """How many changes cannot be carried out because their records moved, and the first of them."""
    return _ask([test for group in groups_of(batch) for test in _tests_before(group)])


def moved_since_execution(batch: int) -> tuple[int, list[Moved]]:
    """How many changes cannot be put back because their records moved, and the first of them."""
    return _ask([test for group in reversed(groups_of(batch)) for test in _tests_after(group)])


def hold_moved(batch: int) -> int:
    """Mark, for the rest of the transaction, what cannot be put back; returns how many.

    From the last record to the first, so that what still is referred to by something held is held too.
    """
    held = 0
    for group in reversed(groups_of(batch)):
        for test in _tests_after(group):
            held += change_rows(
                "UPDATE retail_change SET is_held = TRUE WHERE batch = %s AND (sequence, position) IN "  # noqa: S608
                f"(SELECT c.sequence, c.position {test.sql})",
                [batch, *test.parameters],
            )
    return held


def _tests_before(group: Group) -> Iterator[_Test]:
    record = group.record
    if group.action != INSERT:
        yield _Test(group, *_joined(group, "before"), "before", "changed")
    elif record.series:
        yield _Test(group, *_in_force(group), "before", "another value is in force")
    elif record.key != ("id",):
        sql = f"FROM retail_change c JOIN {group.table} t ON {group.same(record.key, table='t')} WHERE {group.where}"
        yield _Test(group, sql, group.parameters, "after", "somebody made it meanwhile")


def _tests_after(group: Group) -> Iterator[_Test]:
    if group.action == SEEN:
        return
    yield _Test(group, *_joined(group, "after"), "after", "changed")
    if group.action == INSERT:
        yield from _references(group)


def _joined(group: Group, side: Side) -> tuple[str, list[Any]]:
    sql = (
        f"FROM retail_change c LEFT JOIN {group.table} t ON t.id = c.record_id "
        f"WHERE {group.where} AND (t.id IS NULL OR {group.has_moved(side)})"
    )
    return sql, group.parameters


def _in_force(group: Group) -> tuple[str, list[Any]]:
    """The newest record of the series on the day of the new one is not the one that was seen."""
    record = group.record
    day = group.column(record.series)
    sql = (
        f"FROM retail_change c LEFT JOIN {group.table} t ON t.id = (SELECT x.id FROM {group.table} x "  # noqa: S608
        f"WHERE {group.same(record.key, table='x')} AND x.{day} <= {group.value(record.series, 'after')} "
        f"ORDER BY x.{day} DESC LIMIT 1) WHERE {group.where} AND ({group.has_moved('before')})"
    )
    return sql, group.parameters


def _references(group: Group) -> Iterator[_Test]:
    """What a batch made and somebody refers to since cannot be taken away."""
    for relation in group.record.model._meta.related_objects:
        model = relation.related_model
        assert not isinstance(model, str)
        column = quoted(str(relation.field.column))
        own, parameters = _made_by_the_batch(model, group.batch)
        sql = (
            f"FROM retail_change c JOIN {quoted(model._meta.db_table)} r ON r.{column} = c.record_id "
            f"WHERE {group.where} AND NOT {own}"
        )
        title = str(model._meta.verbose_name)
        yield _Test(group, sql, [*group.parameters, *parameters], "after", f"a {title} refers to it since")


def _made_by_the_batch(model: type[models.Model], batch: int) -> tuple[str, list[Any]]:
    if model is StockMovement:
        made, parameters = _inserted_by_the_batch("stock_movement", batch)
        return f"((r.batch IS NOT NULL AND r.batch = %s) OR {made})", [batch, *parameters]
    record = next((one for one in RECORDS.values() if one.model is model), None)
    if record is None:
        return "(1 = 0)", []
    return _inserted_by_the_batch(record.name, batch)


def _inserted_by_the_batch(record: str, batch: int) -> tuple[str, list[Any]]:
    made = "FROM retail_change d WHERE d.batch = %s AND d.record = %s AND d.action = 'insert' AND NOT d.is_held"
    # SQLite looks a list up that it made once, PostgreSQL joins: either is quick where the other is not.
    if is_sqlite():
        return f"r.id IN (SELECT d.record_id {made})", [batch, record]  # noqa: S608 - constants
    return f"EXISTS (SELECT 1 {made} AND d.record_id = r.id)", [batch, record]


def _ask(tests: Sequence[_Test]) -> tuple[int, list[Moved]]:
    count = 0
    moved: list[Moved] = []
    for test in tests:
        found = int(fetch_rows(f"SELECT count(*) {test.sql}", test.parameters)[0][0])
        if found and len(moved) < _NAMED_AT_MOST:
            moved.extend(_named(test))
        count += found
    return count, sorted(moved)[:_NAMED_AT_MOST]


def _named(test: _Test) -> Iterator[Moved]:
    record = test.group.record
    rows = fetch_rows(
        f"SELECT c.sequence, c.record_id, c.{test.side} {test.sql} ORDER BY c.sequence LIMIT {_NAMED_AT_MOST}",
        test.parameters,
    )
    for sequence, record_id, values in rows:
        expected = dict(zip(test.group.fields, json.loads(values) if isinstance(values, str) else values, strict=True))
        found = _present(record, record_id)
        differing = [name for name in expected if not found or found.get(name) != expected[name]]
        yield Moved(
            sequence,
            record.name,
            record_id,
            {name: expected[name] for name in differing},
            {name: found[name] for name in differing} if found else {},
            test.reason,
        )


def _present(record: Record, record_id: int) -> dict[str, Any]:
    names = ", ".join(quoted(name) for name in record.fields)
    rows = fetch_rows(f"SELECT {names} FROM {quoted(record.table)} WHERE id = %s", [record_id])  # noqa: S608
    return dict(zip(record.fields, rows[0], strict=True)) if rows else {}
