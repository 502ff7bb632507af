"""Chosen tables taken out of a copy of the records as CSV files, as export-csv writes them: import-csv reads them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from rattail.appdir.refusal import refusal
from rattail.errors import BackupUnproven, NoSuchThing
from rattail.features.backups.records import scratch, sqlite
from rattail.features.backups.records.copy import Kind
from rattail.features.backups.records.problem import Problem
from rattail.features.backups.records.sqlite import Progress
from rattail.retail.sheets.cells import escaped, moment_text
from rattail.retail.sheets.codes import unnamed_products
from rattail.retail.sheets.columns import BY_NAME, SHEETS, Sheet
from rattail.retail.sheets.files import FileWritten, require_folder, write_table
from rattail.retail.sheets.rows import rows_of

if TYPE_CHECKING:
    from sqlite3 import Connection

_FIELDS = {"product": "product_id", "code": "key"}
_REFERRED = {
    "product": ("retail_product", "retail_productcode"),
    "store": ("retail_store",),
    "department": ("retail_department",),
    "vendor": ("retail_vendor",),
    "item": ("retail_vendoritem",),
    "invoice": ("retail_invoice",),
}


class TablesOut(NamedTuple):
    """Where the files are, and what is in each."""

    folder: str
    files: tuple[FileWritten, ...]


class _Table(NamedTuple):
    """One file to be written: its columns, and its rows as cells."""

    name: str
    columns: tuple[str, ...]
    rows: Callable[[], Iterable[Sequence[Any]]]


def export_tables(
    copy: str,
    kind: Kind,
    tables: Sequence[str],
    to_folder: str,
    *,
    progress: Progress = lambda _count: None,
) -> TablesOut:
    """Write tables of a copy into `to_folder` as CSV, one file a table; the copy is not changed.

    A table is named as export-csv calls it (`products`) and looks as it does there; or, for what export-csv does not
    write, as the database calls it (`batches_batch`), and then has the database's own columns. Without a name, all that
    export-csv writes. Columns that an older copy lacks are left out. A file has its name only when it is whole.
    `progress` is told the rows so far.

    Raises:
        NoSuchThing: there is no table of a name; all there are, are in the hint.
        WouldOverwrite: the folder holds a file of that name.
        BackupUnproven: the copy is not good.
        AppDirBroken: the folder cannot be written.
    """
    import sqlite3

    folder = os.path.realpath(to_folder)
    wanted = tuple(dict.fromkeys(tables)) or tuple(BY_NAME)
    try:
        with opened_copy(copy, kind, wanted) as (records, names):
            planned = [_planned(name, records, names) for name in wanted]
            hint = "name another folder with --to, or move these files away"
            require_folder(folder, (table.name for table in planned), is_forced=False, hint=hint)
            done: list[FileWritten] = []
            for table in planned:
                so_far = partial(_told, progress, sum(file.rows for file in done))
                done.append(write_table(folder, table.name, table.columns, table.rows(), progress=so_far))
    except (sqlite3.Error, Problem) as problem:
        raise BackupUnproven(
            f"the copy of the records is not good: {problem}.", hint="take the tables out of another backup"
        ) from None
    return TablesOut(folder, tuple(done))


def _told(progress: Progress, before: int, count: int) -> None:
    progress(before + count)


@contextmanager
def opened_copy(copy: str, kind: Kind, wanted: Iterable[str]) -> Iterator[tuple[Connection, frozenset[str]]]:
    """The copy as a SQLite database with the wanted tables, and the names of all that are in it."""
    if kind == "sqlite":
        with sqlite.looked_into(copy) as records:
            yield records, frozenset(sqlite.tables_of(records))
        return
    needed = frozenset(table for name in wanted for table in _tables_behind(name))
    try:
        with open(copy, "rb") as stream, scratch.from_dump(stream, needed) as loaded:
            yield loaded
    except OSError as error:
        raise refusal("read", copy, error) from error


def _tables_behind(name: str) -> Iterator[str]:
    """The database's tables that are needed to write the one of this name."""
    if name not in BY_NAME:
        yield name
        return
    yield BY_NAME[name].table
    for column in BY_NAME[name].columns:
        yield from _REFERRED.get(column.kind, ())


def _planned(name: str, records: Connection, names: frozenset[str]) -> _Table:
    sheet = BY_NAME.get(name)
    if (sheet.table if sheet else name) not in names:
        words = [one.name for one in SHEETS if one.table in names]
        words += sorted(names - {one.table for one in SHEETS})
        near = get_close_matches(name, words, 1)
        said = f" Did you mean {near[0]!r}?" if near else ""
        raise NoSuchThing(f"there is no table {name!r} in the copy.{said}", hint=f"the tables are {', '.join(words)}")
    if sheet is None:
        return _as_it_is(name, records)
    sheet = _without_missing(sheet, records)
    return _Table(name, sheet.names, lambda: rows_of(sheet, _unnamed(sheet, records), records.execute))


def _unnamed(sheet: Sheet, records: Connection) -> Mapping[int, str]:
    return unnamed_products(records.execute) if any(column.kind == "product" for column in sheet.columns) else {}


def _without_missing(sheet: Sheet, records: Connection) -> Sheet:
    """The same table without the columns that were not there yet when the copy was made."""
    there = {name for name, _ in _columns(sheet.table, records)}

    def is_there(field: str, kind: str) -> bool:
        own = field or _FIELDS.get(kind, "")
        return not own or own in there or (sheet.name == "products" and kind == "product")

    return sheet._replace(columns=tuple(one for one in sheet.columns if is_there(one.field, one.kind)))


def _as_it_is(name: str, records: Connection) -> _Table:
    """A table with the columns and nearly the values of the database."""
    columns = _columns(name, records)
    converts = [_CELLS.get(kind, _plain) for _, kind in columns]

    def rows() -> Iterator[list[Any]]:
        for row in records.execute(f"SELECT * FROM {sqlite.quoted(name)}"):  # noqa: S608 - quoted
            yield [convert(value) for convert, value in zip(converts, row, strict=True)]

    return _Table(name, tuple(escaped(column) for column, _ in columns), rows)


def _columns(table: str, records: Connection) -> list[tuple[str, str]]:
    """The name and the declared type of each column."""
    return [(row[1], row[2].lower()) for row in records.execute(f"PRAGMA table_info({sqlite.quoted(table)})")]


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    return escaped(value) if isinstance(value, str) else value


def _truth(value: Any) -> Any:
    return {0: "false", 1: "true"}.get(value, value)


_CELLS: dict[str, Callable[[Any], Any]] = {
    "bool": _truth,
    "datetime": lambda value: moment_text(value) if isinstance(value, str) else value,
}
