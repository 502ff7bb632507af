"""Where the records of a test are, and what copies them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from rattail.database.setup import DATABASE_FILE, Whereabouts
from rattail.features.backups.records.copy import Copied, copy_database
from tests.kit.postgres import find_installation

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def place_of(env: Mapping[str, str]) -> Whereabouts:
    """Where an environment of `migrated_env` has its records."""
    url = env.get("RATTAIL_DATABASE_URL", "")
    if url:
        return Whereabouts(url=url, password=env["RATTAIL_DATABASE_PASSWORD"])
    return Whereabouts(path=f"{env['RATTAIL_APPDIR']}/data/{DATABASE_FILE}")


def programs() -> Mapping[str, str]:
    """An environment whose PATH has the programs that belong to the server of the tests."""
    return {"PATH": str(find_installation() / "bin")}


def copied(where: Whereabouts, folder: Path) -> Copied:
    folder.mkdir(exist_ok=True)
    return copy_database(where, str(folder), now=NOW, environ=programs() if where.url else None)
