"""Making the tables, and bringing them up to date."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from typing import Any, NamedTuple

from rattail.database.age import expected_migrations
from rattail.database.setup import NO_TABLES
from rattail.errors import LayoutOutdated, WouldOverwrite

_OF_DJANGO = "django_migrations"


class Migrated(NamedTuple):
    """The migrations that were applied, or would be, in their order: `retail.0001_initial`."""

    applied: tuple[str, ...]
    is_new: bool


def pending_migrations() -> Migrated:
    """What `migrate` would apply.

    Raises:
        WouldOverwrite: the database has tables, and none of them is ours.
        LayoutOutdated: the tables are newer than this code.
    """
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    tables = set(connection.introspection.table_names())
    if tables and not _are_ours(tables):
        raise WouldOverwrite(
            f"the database holds {len(tables)} tables that are not ours ('{min(tables)}', ...); nothing was made.",
            hint="name an empty database in the option database.url, or leave that empty for SQLite in the app folder",
        )
    executor = MigrationExecutor(connection)
    _refuse_newer(set(executor.loader.applied_migrations), set(executor.loader.disk_migrations))
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return Migrated(tuple(f"{one.app_label}.{one.name}" for one, _ in plan), is_new=not tables)


def _are_ours(tables: Set[str]) -> bool:
    """Whether the tables of a database were made by us: it has one of ours, or a first run of ours was killed early."""
    from django.apps import apps

    own = {model._meta.db_table for model in apps.get_models()}
    return bool(tables & own) or tables == {_OF_DJANGO}


def migrate(*, progress: Callable[[str], None]) -> Migrated:
    """Apply every migration that is missing. Each is one transaction; a killed run is gone on with.

    Raises:
        WouldOverwrite, LayoutOutdated: as `pending_migrations`.
    """
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    pending = pending_migrations()
    if pending.applied:

        def tell(action: str, migration: Any = None, fake: bool = False) -> None:  # noqa: ARG001 - as it is called
            if action == "apply_start":
                progress(str(migration))

        executor = MigrationExecutor(connection, tell)  # type: ignore[arg-type] # the stubs want more than Django passes
        executor.migrate(executor.loader.graph.leaf_nodes())
    return pending


def require_migrated(apps: Sequence[str]) -> None:
    """Refuse to work on tables of another age.

    Raises:
        LayoutOutdated: there are no tables yet, or migrations are missing, or there are newer ones.
    """
    from django.db import connection

    expected = expected_migrations(apps)
    if _OF_DJANGO not in connection.introspection.table_names():
        raise LayoutOutdated(NO_TABLES, hint="rattail migrate-db")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT app, name FROM {_OF_DJANGO}")  # noqa: S608 - a name of ours
        applied = {(str(app), str(name)) for app, name in cursor.fetchall()}
    _refuse_newer(applied, expected)
    missing = expected - applied
    if missing:
        raise LayoutOutdated(
            f"the database is older than the installed code: {len(missing)} migrations are missing.",
            hint="rattail migrate-db",
        )


def _refuse_newer(applied: Set[tuple[str, str]], known: Set[tuple[str, str]]) -> None:
    labels = {label for label, _ in known}
    newer = sorted(f"{app}.{name}" for app, name in applied - known if app in labels)
    if newer:
        raise LayoutOutdated(
            f"the database is newer than the installed code: it has the migration {newer[0]}.",
            hint="install the version of rattail that made it, or a newer one",
        )
