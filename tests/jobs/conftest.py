"""Records with the kinds of jobs that tests use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.jobs.kinds import with_kinds
from tests.kit.postgres import Server
from tests.kit.records import migrated_database, variables, write_migrated_file

Env = Mapping[str, str]


@pytest.fixture
def env(emptied_env: Env, tmp_path: Path) -> Env:
    """Empty records in SQLite, and, in a second run, in PostgreSQL."""
    return with_kinds(tmp_path / "kinds", emptied_env)


@pytest.fixture
def sqlite_env(appdir: Path, tmp_path: Path) -> Env:
    """Empty records in SQLite, for what is the same on both."""
    write_migrated_file(appdir)
    return with_kinds(tmp_path / "kinds", {"RATTAIL_APPDIR": str(appdir)})


@pytest.fixture
def postgres_jobs(appdir: Path, tmp_path: Path, postgres: Server) -> Iterator[Env]:
    """Empty records in PostgreSQL, for what only several workers show."""
    with postgres.fresh_database(template=migrated_database(postgres)) as url:
        yield with_kinds(tmp_path / "kinds", {"RATTAIL_APPDIR": str(appdir), **variables(postgres, url)})
