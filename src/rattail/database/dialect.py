"""The few places where SQLite and PostgreSQL want other words."""

from __future__ import annotations

from collections.abc import Sequence
from json import dumps
from typing import Any

from django.db import connection, models


def is_sqlite() -> bool:
    return connection.vendor == "sqlite"


def json_item(column: str, index: int, field: models.Field[Any, Any]) -> str:
    """SQL for item `index` of the JSON array in `column`, as a value of the field's type."""
    if is_sqlite():
        return f"json_extract({column}, '$[{index}]')"
    kind = field.rel_db_type(connection) if field.is_relation else field.db_type(connection)
    return f"({column} ->> {index})::{kind}"


def differs(left: str, right: str) -> str:
    """SQL that is true where two values differ; two unknown ones do not."""
    return f"{left} IS NOT {right}" if is_sqlite() else f"{left} IS DISTINCT FROM {right}"


def one_of(column: str, values: Sequence[Any], *, kind: str = "text") -> tuple[str, Any]:
    """SQL and its one parameter for `column IN values`, however many there are; `kind` is their type in SQL.

    The values go as one JSON text. As an array, PostgreSQL's planner would weigh each of thousands, and its driver
    would take each in hand.
    """
    text = dumps(list(values))
    if is_sqlite():
        return f"{column} IN (SELECT value FROM json_each(%s))", text  # noqa: S608 - a name of ours
    elements = "SELECT value" if kind == "text" else f"SELECT value::{kind}"
    return f"{column} IN ({elements} FROM json_array_elements_text(%s::json))", text


def newest(table: str, alias: str, *, where: str, by: str) -> str:
    """SQL that joins the one row of `table` with the largest `by` among those that are `where`, if there is any.

    In `where` the table is called `x`. Each database is quick with one of the two ways, and slow with the other.
    """
    if is_sqlite():
        found = f"SELECT x.id FROM {table} x WHERE {where} ORDER BY x.{by} DESC LIMIT 1"  # noqa: S608 - names of ours
        return f"LEFT JOIN {table} {alias} ON {alias}.id = ({found})"
    found = f"SELECT x.* FROM {table} x WHERE {where} ORDER BY x.{by} DESC LIMIT 1"  # noqa: S608 - names of ours
    return f"LEFT JOIN LATERAL ({found}) {alias} ON TRUE"


def as_text(column: str) -> str:
    """SQL for a date as ISO text, whatever the driver would make of it."""
    return f"({column} || '')" if is_sqlite() else f"{column}::text"


def quoted(name: str) -> str:
    return connection.ops.quote_name(name)
