"""Whether records still are as a batch saw them, or as it left them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import models

from rattail.database.bulk import change_rows, fetch_rows
from rattail.database.dialect import quoted
from rattail.retail.changes.groups import Group, Side, groups_of
from rattail.retail.changes.journal import INSERT, SEEN, stored
from rattail.retail.changes.rules import broken_rules
from rattail.retail.models import StockMovement
from rattail.retail.records import RECORDS, Record

_NAMED_AT_MOST = 20
#: What is a part of what, and by which field: it goes and stays with its owner.
_PARTS: dict[str, dict[str, str]] = {
    "product": dict.fromkeys(("product_code", "price", "vendor_item", "stock", "stock_movement"), "product_id"),
    "vendor_item": {"vendor_cost": "vendor_item_id"},
    "invoice": {"invoice_line": "invoice_id"},
}


class Moved(NamedTuple):
    """One record that is not as it was: what differs of it. `found` is empty where there is no such record."""

    sequence: int
    record: str
    record_id: int
    expected: dict[str, Any]
    found: dict[str, Any]
    reason: str


class _Test(NamedTuple):
    """A question to the database: the changes, called `c`, that `sql` picks cannot be carried out.

    `found` is SQL for the id of the record that is there instead.
    """

    group: Group
    sql: str
    parameters: list[Any]
    side: Side
    reason: str
    found: str = "NULL"


def moved_since_reading(
    batch: int, *, is_thorough: bool = False, through: int | None = None
) -> tuple[int, list[Moved]]:
    """How many changes cannot be carried out because their records moved, and the first of them.

    `is_thorough` asks as well what the tables themselves would refuse: what a new record belongs to is gone, or
    another one is preferred since. `through`: only of the rows up to this one, however many there are.
    """
    groups = groups_of(batch, through=through)
    return _ask([test for group in groups for test in _tests_before(group, is_thorough=is_thorough)])


def moved_since_execution(batch: int, *, through: int | None = None) -> tuple[int, list[Moved]]:
    """How many changes cannot be put back because their records moved, and the first of them.

    With `through` only those of the rows up to this one are looked at, and only at the records themselves.
    """
    return _ask([test for group in reversed(groups_of(batch, through=through)) for test in _tests_after(group)])


def hold_moved(batch: int) -> int:
    """Mark, for the rest of the transaction, what cannot be put back; returns how many.

    From the last record to the first, so that what still is referred to by something held is held too. What is held
    keeps its parts: a product without its code would be made a second time by the next file. Whatever else parts
    refer to stands before them, so one pass is enough.
    """
    held = 0
    groups = groups_of(batch)
    for group in reversed(groups):
        for test in _tests_after(group):
            held += _hold(batch, test.sql, test.parameters)
        if held and group.action == INSERT and group.record.name in _PARTS:
            held += _hold_parts(group, groups)
    return held


def _hold_parts(owner: Group, groups: Sequence[Group]) -> int:
    """Hold what the batch made as parts of its records that are held, and the parts of those."""
    held = 0
    parts = _PARTS.get(owner.record.name, {})
    for group in groups:
        if group.action != INSERT or group.record.name not in parts:
            continue
        value = group.value(parts[group.record.name], "after")
        # A list here as well, see below: looked up, and not looped over.
        sql = (
            f"FROM retail_change c WHERE {group.where} AND {value} IN (SELECT d.record_id FROM retail_change d "  # noqa: S608
            "WHERE d.batch = %s AND d.record = %s AND d.action = 'insert' AND d.is_held)"
        )
        held += _hold(group.batch, sql, [*group.parameters, group.batch, owner.record.name])
        held += _hold_parts(group, groups)
    return held


def _hold(batch: int, sql: str, parameters: Sequence[Any]) -> int:
    return change_rows(
        "UPDATE retail_change SET is_held = TRUE WHERE batch = %s AND (sequence, position) IN "  # noqa: S608
        f"(SELECT c.sequence, c.position {sql})",
        [batch, *parameters],
    )


def _tests_before(group: Group, *, is_thorough: bool) -> Iterator[_Test]:
    record = group.record
    if group.action != INSERT:
        yield _Test(group, *_joined(group, "before"), "before", "changed", "t.id")
    elif record.series:
        yield _Test(group, *_in_force(group), "before", "another value is in force", "t.id")
    elif record.key != ("id",):
        sql = f"FROM retail_change c JOIN {group.table} t ON {group.same(record.key, table='t')} WHERE {group.where}"
        yield _Test(group, sql, group.parameters, "after", "somebody made it meanwhile", "t.id")
    if is_thorough:
        for rule in broken_rules(group):
            yield _Test(group, rule.sql, rule.parameters, "after", rule.reason)


def _tests_after(group: Group) -> Iterator[_Test]:
    if group.action == SEEN:
        return
    yield _Test(group, *_joined(group, "after"), "after", "changed", "t.id")
    if group.action == INSERT and group.through is None:
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
        own, parameters = _by_the_batch(model, relation.field.attname, group.batch)
        sql = (
            f"FROM retail_change c JOIN {quoted(model._meta.db_table)} r ON r.{column} = c.record_id "
            f"WHERE {group.where} AND NOT {own}"
        )
        title = str(model._meta.verbose_name)
        yield _Test(group, sql, [*group.parameters, *parameters], "after", f"a {title} refers to it since")


def _by_the_batch(model: type[models.Model], field: str, batch: int) -> tuple[str, list[Any]]:
    """SQL that is true of records, called `r`, that the batch made, or that it made refer to what they refer to."""
    record = next((one for one in RECORDS.values() if one.model is model), None)
    if record is None:
        return "(1 = 0)", []
    # As a list, made once and looked up: a join the planners of both databases take for a short one, and loop.
    sql = (
        "r.id IN (SELECT d.record_id FROM retail_change d WHERE d.batch = %s AND d.record = %s "
        "AND (d.action = 'insert' OR (d.action = 'update' AND ',' || d.fields || ',' LIKE %s)) AND NOT d.is_held)"
    )
    parameters = [batch, record.name, f"%,{field},%"]
    if model is StockMovement:  # those of the ledger are written down nowhere else
        return f"({sql} OR (r.batch IS NOT NULL AND r.batch = %s))", [*parameters, batch]
    return sql, parameters


def _ask(tests: Sequence[_Test]) -> tuple[int, list[Moved]]:
    # A count, and not "is there one?": for the first of few PostgreSQL would loop where it can join.
    failed = [test for test in tests if fetch_rows(f"SELECT count(*) {test.sql}", test.parameters)[0][0]]
    if not failed:
        return 0, []
    each = " UNION ".join(f"SELECT c.sequence, c.position {test.sql}" for test in failed)
    parameters = [value for test in failed for value in test.parameters]
    count = int(fetch_rows(f"SELECT count(*) FROM ({each}) AS failed", parameters)[0][0])  # noqa: S608
    named: dict[tuple[int, str, int], Moved] = {}
    for test in failed:
        for one in _named(test):
            named.setdefault((one.sequence, one.record, one.record_id), one)
    return count, [named[place] for place in sorted(named)[:_NAMED_AT_MOST]]


def _named(test: _Test) -> Iterator[Moved]:
    record = test.group.record
    rows = fetch_rows(
        f"SELECT c.sequence, c.record_id, c.{test.side}, {test.found} {test.sql} "
        f"ORDER BY c.sequence, c.position LIMIT {_NAMED_AT_MOST}",
        test.parameters,
    )
    for sequence, record_id, values, found_id in rows:
        listed = json.loads(values) if isinstance(values, str) else values
        expected = dict(zip(test.group.fields, listed or [None] * len(test.group.fields), strict=True))
        found = {} if found_id is None else _present(record, found_id)
        names: Sequence[str] = [name for name in expected if not found or found[name] != expected[name]]
        if test.side == "after" and test.group.action == INSERT and test.reason != "changed":
            names = [name for name in record.key if name in expected]
        yield Moved(
            sequence,
            record.name,
            record_id,
            {name: expected[name] for name in names},
            {name: found[name] for name in names} if found else {},
            test.reason,
        )


def _present(record: Record, record_id: int) -> dict[str, Any]:
    names = ", ".join(quoted(name) for name in record.fields)
    rows = fetch_rows(f"SELECT {names} FROM {quoted(record.table)} WHERE id = %s", [record_id])  # noqa: S608
    return dict(zip(record.fields, map(_as_written_down, rows[0]), strict=True)) if rows else {}


def _as_written_down(value: Any) -> Any:
    """What a driver made of a date or a time, as changes have it."""
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.isoformat(" ")
    return stored(value) if isinstance(value, date) else value
