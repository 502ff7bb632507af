"""Proving a backup of records on a server: in a scratch database, which is dropped, and never in the live one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from psycopg.sql import SQL, Identifier

from rattail.features.backups.restoring.databases import name_of
from rattail.features.backups.shelf.shelf import list_backups
from rattail.features.backups.shelf.state import State
from tests.conftest import Run
from tests.kit.postgres import USER, Server
from tests.kit.records import migrated_database, variables


@pytest.mark.parametrize("may_make", [True, False])
def test_the_scratch_database_is_dropped_and_the_live_one_untouched(
    run: Run, appdir: Path, tmp_path: Path, postgres: Server, may_make: bool
) -> None:
    target = tmp_path / "shelf"
    may = SQL("CREATEDB" if may_make else "NOCREATEDB")
    with postgres.fresh_database(template=migrated_database(postgres)) as url:
        live = name_of(url)
        postgres.administer(SQL("ALTER DATABASE {} OWNER TO {}").format(Identifier(live), Identifier(USER)))
        postgres.administer(SQL("ALTER ROLE {} {}").format(Identifier(USER), may))
        try:
            env = {
                **variables(postgres, url),
                "PATH": f"{postgres.bin_folder}:{os.environ['PATH']}",
                "RATTAIL_APPDIR": str(appdir),
                "RATTAIL_BACKUPS_TARGET": str(target),
                "RATTAIL_BACKUPS_HAS_WHEELS": "false",
            }
            assert run("make-backup", env=env).code == 0
            with postgres.connect(database=live) as connection:
                connection.execute("CREATE TABLE later (number integer)")

            proved = run("prove-backup", "--json", env=env)

            (backup,) = list_backups(str(target))
            if may_make:
                assert proved.code == 0, proved.out
                assert backup.state is State.PROVEN
            else:
                assert proved.code != 0
                assert "CREATEDB" in proved.out
                assert backup.state is State.READ_BACK
            with postgres.connect(database=live) as connection:
                assert connection.execute("SELECT count(*) FROM later").fetchone() == (0,)
                said = "SELECT count(*) FROM pg_database WHERE datname LIKE '%proving%'"
                assert connection.execute(said).fetchone() == (0,)
        finally:
            postgres.administer(SQL("ALTER ROLE {} NOCREATEDB").format(Identifier(USER)))
