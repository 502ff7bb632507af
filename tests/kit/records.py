"""Records with all their tables, for every test that wants some: migrated once by the real command, then copied."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from rattail.database.setup import DATABASE_FILE
from tests.kit.postgres import Server, migrated_template


def write_migrated_file(appdir: Path) -> Path:
    """Put the SQLite file with empty tables into an app folder that has none."""
    file = appdir / "data" / DATABASE_FILE
    file.touch(mode=0o640, exist_ok=False)
    file.write_bytes(_migrated_file())
    return file


@cache
def migrated_database(server: Server) -> str:
    """The name of the template with empty tables, on that server."""

    def migrate(url: str) -> None:
        _migrate(variables(server, url))

    return migrated_template(server, migrate)


def variables(server: Server, url: str) -> dict[str, str]:
    """What names a database of the server to the program."""
    return {"RATTAIL_DATABASE_URL": url, "RATTAIL_DATABASE_PASSWORD": server.password}


@cache
def _migrated_file() -> bytes:
    content = _migrate({})
    assert content is not None
    return content


def _migrate(where: Mapping[str, str]) -> bytes | None:
    """Run `migrate-db` in an app folder of its own; returns the SQLite file that it made there, if any."""
    with TemporaryDirectory(prefix="rattail-records-") as above:
        appdir = Path(above, "app")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("RATTAIL_")}
        for words in (["make-appdir", "--path", str(appdir)], ["migrate-db", "--appdir", str(appdir)]):
            command = [sys.executable, "-m", "rattail", *words]
            done = subprocess.run(
                command, env={**inherited, **where}, cwd=above, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr
        file = appdir / "data" / DATABASE_FILE
        assert not file.with_name(f"{file.name}-wal").exists(), "migrate-db left its SQLite file open"
        return file.read_bytes() if file.exists() else None
