"""An SQLite file with tables in it, for every test that wants one: migrated once, then copied."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory


def write_migrated_file(file: Path, migrate: Callable[[Path], None]) -> None:
    """Write a copy of the file that `migrate` made, which is called once in each test process."""
    file.touch(mode=0o640)
    file.write_bytes(_migrated(migrate))


@cache
def _migrated(migrate: Callable[[Path], None]) -> bytes:
    with TemporaryDirectory(prefix="rattail-sqlite-") as folder:
        file = Path(folder, "records.sqlite3")
        migrate(file)
        assert [each.name for each in file.parent.iterdir()] == [file.name], "somebody still has the file open"
        return file.read_bytes()
