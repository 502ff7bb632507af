"""What lies in the place for the content of the newest backup: one row a file, folder or link that was put there.

It is written in one transaction that ends with the run. Where a run was killed it says so, and then nothing that
lies there counts.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import IntEnum
from typing import NamedTuple

_VERSION = 2
_TABLES = """
DROP TABLE IF EXISTS state;
DROP TABLE IF EXISTS known;
CREATE TABLE state (is_clean INTEGER NOT NULL, left_at TEXT NOT NULL);
CREATE TABLE known (
    path TEXT PRIMARY KEY, kind TEXT NOT NULL, said TEXT NOT NULL, run INTEGER NOT NULL, todo INTEGER NOT NULL
) WITHOUT ROWID;
"""


class Todo(IntEnum):
    """What is still to be done for a path: nothing, all, or (a folder) its permissions and time."""

    NOTHING = 0
    BRING = 1
    DRESS = 2


class Row(NamedTuple):
    """One path: what kind of thing it is, all that the backup says of it as one text, and what is still to be done."""

    path: str
    kind: str
    said: str
    todo: Todo


class Index:
    """The rows, and the number of the present run: what it did not see is gone."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._run = 0
        #: By folder that no backup tells of, its time when the last run ended, in nanoseconds.
        self.left_at: Mapping[str, int | None] = {}

    def begin(self) -> bool:
        """Begin a run; false: the last one did not come to its end, so that all is forgotten."""
        state = self._connection.execute("SELECT is_clean, left_at FROM state").fetchone()
        is_clean = state is not None and bool(state[0])
        if is_clean:
            self.left_at = json.loads(state[1])
        else:
            self._connection.executescript("DELETE FROM known; DELETE FROM state; INSERT INTO state VALUES (0, '{}');")
        self._connection.execute("UPDATE state SET is_clean = 0")
        self._connection.execute("BEGIN")
        self._run = 1 + int(self._connection.execute("SELECT coalesce(max(run), 0) FROM known").fetchone()[0])
        return is_clean

    def end(self, left_at: Mapping[str, int | None]) -> None:
        """The run came to its end; `left_at` as above."""
        self._connection.execute("UPDATE state SET is_clean = 1, left_at = ?", (json.dumps(left_at),))
        self._connection.execute("COMMIT")

    def known(self, paths: Sequence[str]) -> dict[str, tuple[str, str]]:
        """By path, kind and what was said, of those that are known."""
        marks = ",".join("?" * len(paths))
        found = self._connection.execute(f"SELECT path, kind, said FROM known WHERE path IN ({marks})", paths)  # noqa: S608
        return {path: (kind, said) for path, kind, said in found}

    def seen(self, paths: Sequence[str]) -> None:
        """They are as they were."""
        marks = ",".join("?" * len(paths))
        self._connection.execute(f"UPDATE known SET run = ? WHERE path IN ({marks})", (self._run, *paths))  # noqa: S608

    def put(self, rows: Iterable[Row]) -> None:
        values = ((path, kind, said, self._run, todo) for path, kind, said, todo in rows)
        self._connection.executemany("REPLACE INTO known VALUES (?, ?, ?, ?, ?)", values)

    def is_to_bring(self, path: str) -> bool:
        row = self._connection.execute("SELECT todo FROM known WHERE path = ?", (path,)).fetchone()
        return row is not None and row[0] == Todo.BRING

    def set_todo(self, path: str, todo: Todo) -> None:
        self._connection.execute("UPDATE known SET todo = ? WHERE path = ?", (todo, path))

    def undressed(self, path: str) -> None:
        """What lies in a folder was changed, and with it the folder's time; nothing where nothing is said of that."""
        self._connection.execute(
            "UPDATE known SET todo = ? WHERE path = ? AND kind = 'folder' AND said <> '' AND todo = ?",
            (Todo.DRESS, path, Todo.NOTHING),
        )

    def to_dress(self) -> Iterator[tuple[str, str]]:
        """The folders to dress, with what was said of them."""
        return self._connection.execute("SELECT path, said FROM known WHERE todo = ?", (Todo.DRESS,))

    def dressed(self) -> None:
        self._connection.execute("UPDATE known SET todo = ? WHERE todo = ?", (Todo.NOTHING, Todo.DRESS))

    def forget_gone(self) -> Iterator[str]:
        """What no backup has any more, the innermost first; each is forgotten."""
        gone = self._connection.execute(
            "SELECT path FROM known WHERE run <> ? ORDER BY length(path) DESC", (self._run,)
        )
        for (path,) in gone:
            yield path
        self._connection.execute("DELETE FROM known WHERE run <> ?", (self._run,))


@contextmanager
def open_index(path: str) -> Iterator[Index]:
    """The index in that file, made where there is none. Raises sqlite3.Error where it is no such thing."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous=OFF")
        if connection.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
            connection.executescript(f"{_TABLES}PRAGMA user_version = {_VERSION};")
        yield Index(connection)
    finally:
        connection.close()
