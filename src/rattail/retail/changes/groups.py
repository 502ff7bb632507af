"""The changes of one batch in groups that one statement can deal with, and the SQL they share."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from django.db import models

from rattail.database.bulk import fetch_rows, field_of
from rattail.database.dialect import differs, json_item, quoted
from rattail.retail.records import RECORDS, Record

Side = Literal["before", "after"]


class Group(NamedTuple):
    """Changes of one kind of record that name the same fields; `through`: of the rows up to this one only."""

    batch: int
    record: Record
    action: str
    fields: tuple[str, ...]
    size: int
    through: int | None = None

    @property
    def where(self) -> str:
        """SQL that picks this group's changes, called `c`, and not those that are held."""
        first = "" if self.through is None else " AND c.sequence <= %s"
        return f"c.batch = %s AND c.record = %s AND c.action = %s AND c.fields = %s AND NOT c.is_held{first}"

    @property
    def parameters(self) -> list[Any]:
        first = [] if self.through is None else [self.through]
        return [self.batch, self.record.name, self.action, ",".join(self.fields), *first]

    @property
    def table(self) -> str:
        return quoted(self.record.table)

    def field(self, name: str) -> models.Field[Any, Any]:
        return field_of(self.record.model, name)

    def column(self, name: str) -> str:
        return quoted(str(self.field(name).column))

    def value(self, name: str, side: Side) -> str:
        """SQL for the value of a field before or after."""
        return json_item(f"c.{side}", self.fields.index(name), self.field(name))

    def has_moved(self, side: Side, *, table: str = "t", names: tuple[str, ...] | None = None) -> str:
        """SQL that is true where a record is not as a change says it was (or became)."""
        fields = self.fields if names is None else names
        return " OR ".join(differs(f"{table}.{self.column(name)}", self.value(name, side)) for name in fields)

    def same(self, names: tuple[str, ...], *, table: str) -> str:
        """SQL that is true for the record whose `names` are as after; empty ones match empty ones."""
        return " AND ".join(self._is(name, table) for name in names)

    def _is(self, name: str, table: str) -> str:
        left, right = f"{table}.{self.column(name)}", self.value(name, "after")
        return (
            f"({left} = {right} OR ({left} IS NULL AND {right} IS NULL))"
            if self.field(name).null
            else f"{left} = {right}"
        )


def groups_of(batch: int, *, are_held_counted: bool = False, through: int | None = None) -> list[Group]:
    """The groups of a batch's changes, in the order in which records refer to each other (up to row `through`)."""
    held = "" if are_held_counted else " AND NOT is_held"
    first = "" if through is None else " AND sequence <= %s"
    rows = fetch_rows(
        "SELECT record, action, fields, count(*) FROM retail_change "  # noqa: S608 - a constant
        f"WHERE batch = %s{held}{first} GROUP BY record, action, fields",
        [batch] if through is None else [batch, through],
    )
    order = list(RECORDS)
    found = [
        Group(batch, RECORDS[record], action, tuple(fields.split(",")), size, through)
        for record, action, fields, size in rows
    ]
    return sorted(found, key=lambda group: (order.index(group.record.name), group.action, group.fields))
