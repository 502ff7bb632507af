"""Tables of a dump of PostgreSQL in a SQLite database that lasts as long as it is looked into; no server is asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rattail.features.backups.records.dump import NAME, Readable, Rows, plain, read_dump
from rattail.features.backups.records.problem import Problem
from rattail.features.backups.records.sqlite import quoted

if TYPE_CHECKING:
    from sqlite3 import Connection

_TABLE = re.compile(rf"CREATE (?:UNLOGGED )?TABLE ({NAME})\.({NAME}) \(\n(.*)\n\)", re.DOTALL)
_COLUMN = re.compile(rf"    ({NAME}) (.+?)(?: (?:NOT NULL|DEFAULT|COLLATE|GENERATED|CONSTRAINT)\b.*)?,?")
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|(.))", re.DOTALL)
_LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}

Convert = Callable[[str], Any]


@contextmanager
def from_dump(stream: Readable, wanted: Collection[str]) -> Iterator[tuple[Connection, frozenset[str]]]:
    """A database on its own disk space with the wanted tables, and the names of all tables of the dump.

    Values are as SQLite has them in our records: true is 1, a moment is text in UTC without its zone.

    Raises:
        Problem: the dump is not good.
    """
    import sqlite3

    with closing(sqlite3.connect("", isolation_level=None)) as records:
        records.execute("PRAGMA journal_mode = OFF")
        records.execute("BEGIN")
        types: dict[str, dict[str, str]] = {}
        names = set()
        for part in read_dump(stream):
            if not isinstance(part, Rows):
                types |= _types_of(part.text)
                continue
            names.add(part.table)
            if part.table in wanted:
                _load(part, types.get(part.table, {}), records)
        records.execute("COMMIT")
        yield records, frozenset(names)


def _types_of(statement: str) -> dict[str, dict[str, str]]:
    """The types of a table's columns, where a statement makes a table."""
    match = _TABLE.match(statement)
    if match is None:
        return {}
    schema, table = plain(match[1]), plain(match[2])
    columns = [_COLUMN.fullmatch(line) for line in match[3].split("\n")]
    types = {plain(column[1]): column[2] for column in columns if column}
    return {table if schema == "public" else f"{schema}.{table}": types}


def _load(rows: Rows, types: dict[str, str], records: Connection) -> None:
    known = [_as_sqlite(types.get(name, "text")) for name in rows.columns]
    columns = ", ".join(f"{quoted(name)} {kind}" for name, (kind, _) in zip(rows.columns, known, strict=True))
    converts = [convert for _, convert in known]
    table = quoted(rows.table)
    records.execute(f"CREATE TABLE {table} ({columns})")
    marks = ", ".join("?" * len(known))
    for block in rows.blocks:
        cells = _cells(block, converts, rows.table)
        records.executemany(f"INSERT INTO {table} VALUES ({marks})", cells)  # noqa: S608 - quoted


def _cells(block: bytes, converts: list[Convert], table: str) -> Iterator[list[Any]]:
    try:
        lines = block.decode().split("\n")[:-1]
        for line in lines:
            cells = line.split("\t")
            yield [
                None if cell == "\\N" else convert(_unescaped(cell) if "\\" in cell else cell)
                for convert, cell in zip(converts, cells, strict=True)
            ]
    except ValueError as error:
        raise Problem(f"a row of table {table} cannot be read: {error}") from None


def _unescaped(cell: str) -> str:
    return _ESCAPE.sub(_character, cell)


def _character(match: re.Match[str]) -> str:
    if match[3] is not None:
        return _LETTERS.get(match[3], match[3])
    return chr(int(match[1], 8) if match[1] else int(match[2], 16))


def _as_sqlite(kind: str) -> tuple[str, Convert]:
    """The type that SQLite has for one of PostgreSQL, and what makes its values."""
    if kind in ("smallint", "integer", "bigint"):
        return "integer", int
    if kind == "boolean":
        return "bool", lambda cell: int(cell == "t")
    if kind == "timestamp with time zone":
        return "datetime", _moment
    if kind == "bytea":
        return "blob", lambda cell: bytes.fromhex(cell.removeprefix("\\x"))
    if kind == "date":
        return "date", str
    return "text", str


def _moment(cell: str) -> str:
    """A moment in UTC, whatever zone the dump was made in; what has no such time (`infinity`) stays as it is."""
    if cell.endswith("+00"):
        return cell[:-3]
    try:
        return datetime.fromisoformat(cell).astimezone(UTC).replace(tzinfo=None).isoformat(" ")
    except (ValueError, OverflowError):
        return cell
