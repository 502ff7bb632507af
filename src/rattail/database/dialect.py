"""The few places where SQLite and PostgreSQL want other words."""

from __future__ import annotations

from collections.abc import Sequence
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
    """SQL and its one parameter for `column IN values`, however many there are."""
    if is_sqlite():
        import json

        sql = f"{column} IN (SELECT value FROM json_each(%s))"  # noqa: S608 - a name of ours
        return sql, json.dumps(list(values))
    return f"{column} = ANY(%s::{kind}[])", list(values)


def as_text(column: str) -> str:
    """SQL for a date as ISO text, whatever the driver would make of it."""
    return f"({column} || '')" if is_sqlite() else f"{column}::text"


def quoted(name: str) -> str:
    return connection.ops.quote_name(name)
