"""What the tests of tables share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.kit.records import write_migrated_file


@pytest.fixture
def migrated_sqlite_env(appdir: Path) -> Mapping[str, str]:
    """Empty tables in SQLite, for what has nothing to do with the database."""
    write_migrated_file(appdir)
    return {"RATTAIL_APPDIR": str(appdir)}
