"""What the tables themselves would refuse, as questions that name the row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db import models

from rattail.database.dialect import quoted
from rattail.retail.changes.groups import Group
from rattail.retail.changes.journal import INSERT, SEEN
from rattail.retail.records import RECORDS


class Rule(NamedTuple):
    """Picks the changes, called `c`, that break a rule."""

    sql: str
    parameters: list[Any]
    reason: str


def broken_rules(group: Group) -> Iterator[Rule]:
    """Questions for one group of changes: is what they refer to there, is there only one of what there is one?"""
    if group.action == SEEN:
        return
    for name in group.fields:
        field = group.field(name)
        if field.is_relation:
            yield _gone(group, name, field)
    if group.action == INSERT:
        for constraint in group.record.model._meta.constraints:
            if isinstance(constraint, models.UniqueConstraint) and constraint.condition is not None:
                yield from _only_one(group, constraint)


def _gone(group: Group, name: str, field: models.Field[Any, Any]) -> Rule:
    target = field.related_model
    assert isinstance(target, type)
    own = next((record.name for record in RECORDS.values() if record.model is target), "")
    value = group.value(name, "after")
    sql = (
        f"FROM retail_change c LEFT JOIN {quoted(target._meta.db_table)} t ON t.id = {value} "  # noqa: S608 - names of ours
        f"WHERE {group.where} AND t.id IS NULL AND {value} IS NOT NULL AND {value} NOT IN (SELECT d.record_id "
        "FROM retail_change d WHERE d.batch = %s AND d.record = %s AND d.action = 'insert')"
    )
    reason = f"the {target._meta.verbose_name} that it belongs to is gone"
    return Rule(sql, [*group.parameters, group.batch, own], reason)


def _only_one(group: Group, constraint: models.UniqueConstraint) -> Iterator[Rule]:
    """Of records with a flag set there is one; other conditions are about keys, which are asked for elsewhere."""
    flags = [one for one in constraint.condition.children if isinstance(one, tuple)] if constraint.condition else []
    if len(flags) != 1 or flags[0][1] is not True or flags[0][0] not in group.fields:
        return
    flag = str(flags[0][0])
    fields = [group.record.model._meta.get_field(name) for name in constraint.fields]
    is_set = group.value(flag, "after")
    names = tuple(str(getattr(field, "attname", field.name)) for field in fields)
    sql = (
        f"FROM retail_change c JOIN {group.table} t ON {group.same(names, table='t')} "
        f"AND t.{group.column(flag)} = {is_set} WHERE {group.where} AND {is_set}"
    )
    of = " and ".join(field.name for field in fields)
    yield Rule(sql, group.parameters, f"another one is the {flag.removeprefix('is_')} one of its {of} since")
