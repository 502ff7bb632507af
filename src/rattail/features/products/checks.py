"""Are the records there, of the age of this code, and whole? Asked without Django, and of SQLite only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rattail.appdir.inspect import Finding, FindingKind, Looking, found
from rattail.database.age import expected_migrations
from rattail.database.look import opened_for_looking, sqlite_file
from rattail.database.setup import DATABASE_FILE
from rattail.registry import load_registry

if TYPE_CHECKING:
    from sqlite3 import Connection

KINDS = (
    FindingKind("products.E001", "error", "the database is newer than the program"),
    FindingKind("products.E002", "error", "the database is damaged"),
    FindingKind("products.W001", "warning", "the database is older than the program"),
    FindingKind("products.I001", "info", "the database has no tables yet"),
)
_PATH = f"data/{DATABASE_FILE}"
_QUICK_BYTES = 64 << 20  # above it, reading all of it is for --deep
_SHOWN = 200


def check_database(looking: Looking) -> Iterator[Finding]:
    """The records are there, their tables are of this code's age, and SQLite finds no damage."""
    from sqlite3 import DatabaseError, OperationalError

    file = sqlite_file(looking)
    if file is None:
        return
    try:
        size_bytes = os.stat(file).st_size
    except OSError:
        size_bytes = 0
    if not size_bytes:
        yield _without_tables(looking)
        return
    try:
        with opened_for_looking(file) as records:
            yield from _check_age(records, looking)
            if looking.is_deep or size_bytes <= _QUICK_BYTES:
                yield from _check_whole(records)
    except OperationalError as error:
        if "locked" not in str(error) and "busy" not in str(error):  # somebody is at work: it was never so whole
            yield _damaged(str(error))
    except DatabaseError as error:
        yield _damaged(str(error))


def _check_age(records: Connection, looking: Looking) -> Iterator[Finding]:
    has_tables = records.execute("SELECT 1 FROM sqlite_master WHERE name = 'django_migrations'").fetchone()
    if not has_tables:
        yield _without_tables(looking)
        return
    applied = {(str(app), str(name)) for app, name in records.execute("SELECT app, name FROM django_migrations")}
    expected = expected_migrations(load_registry().apps)
    labels = {label for label, _ in expected}
    newer = sorted(f"{app}.{name}" for app, name in applied - expected if app in labels)
    missing = sorted(f"{app}.{name}" for app, name in expected - applied)
    if newer:
        yield found(
            "products.E001",
            _PATH,
            f"the database is newer than the installed code: it has the migration {newer[0]}.",
            hint="install the version of rattail that made it, or a newer one",
        )
    if missing:
        yield found(
            "products.W001",
            _PATH,
            f"the database is older than the installed code: {len(missing)} migrations are missing ({missing[0]} ...).",
            hint=looking.command("migrate-db"),
        )


def _check_whole(records: Connection) -> Iterator[Finding]:
    said = [str(row[0]) for row in records.execute("PRAGMA quick_check(3)")]
    if said != ["ok"]:
        yield _damaged("; ".join(said))


def _without_tables(looking: Looking) -> Finding:
    sentence = "the database has no tables yet: no records can be kept."
    return found("products.I001", _PATH, sentence, hint=looking.command("migrate-db"))


def _damaged(said: str) -> Finding:
    plain = " ".join(said.split())[:_SHOWN]
    return found(
        "products.E002",
        _PATH,
        f"the database is damaged: {plain}.",
        hint="stop everything that uses it, keep a copy of it as it is, and take the records from a backup",
    )
