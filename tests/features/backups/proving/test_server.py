"""Proving a backup of records on a server: in a scratch database, which is dropped, and never in the live one."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from psycopg.sql import SQL, Identifier

from rattail.features.backups.restoring.databases import name_of
from rattail.features.backups.shelf.shelf import list_backups
from rattail.features.backups.shelf.state import State
from tests.conftest import Run
from tests.features.backups.proving.shop import started, wait_until_all_run
from tests.kit.postgres import USER, Server
from tests.kit.records import migrated_database, variables


@pytest.fixture
def live(postgres: Server) -> Iterator[str]:
    """The name of a database that belongs to the shop's role."""
    with postgres.fresh_database(template=migrated_database(postgres)) as url:
        own = SQL("ALTER DATABASE {} OWNER TO {}").format(Identifier(name_of(url)), Identifier(USER))
        postgres.administer(own)
        yield name_of(url)


@pytest.fixture
def env(live: str, appdir: Path, tmp_path: Path, postgres: Server) -> Mapping[str, str]:
    return {
        **variables(postgres, f"postgresql://{USER}@{postgres.host}:{postgres.port}/{live}"),
        "PATH": f"{postgres.bin_folder}:{os.environ['PATH']}",
        "RATTAIL_APPDIR": str(appdir),
        "RATTAIL_BACKUPS_TARGET": str(tmp_path / "shelf"),
        "RATTAIL_BACKUPS_HAS_WHEELS": "false",
    }


@contextmanager
def may_make(server: Server, *, is_so: bool = True) -> Iterator[None]:
    """Whether the shop's role may make databases, while the block runs."""
    server.administer(SQL("ALTER ROLE {} {}").format(Identifier(USER), SQL("CREATEDB" if is_so else "NOCREATEDB")))
    try:
        yield
    finally:
        server.administer(SQL("ALTER ROLE {} NOCREATEDB").format(Identifier(USER)))


def scratch_databases(server: Server) -> list[str]:
    with server.connect() as connection:
        said = "SELECT datname FROM pg_database WHERE datname LIKE '%proving%'"
        return [name for (name,) in connection.execute(said)]


@pytest.mark.parametrize("is_allowed", [True, False])
def test_the_scratch_database_is_dropped_and_the_live_one_untouched(
    run: Run, env: Mapping[str, str], live: str, tmp_path: Path, postgres: Server, is_allowed: bool
) -> None:
    with may_make(postgres, is_so=is_allowed):
        assert run("make-backup", env=env).code == 0
        with postgres.connect(database=live) as connection:
            connection.execute("CREATE TABLE later (number integer)")

        proved = run("prove-backup", "--json", env=env)

    (backup,) = list_backups(str(tmp_path / "shelf"))
    if is_allowed:
        assert proved.code == 0, proved.out
        assert backup.state is State.PROVEN
    else:
        assert proved.code != 0
        assert f'ALTER ROLE "{USER}" CREATEDB' in proved.json["errors"][0]["hint"]
        assert backup.state is State.READ_BACK
    with postgres.connect(database=live) as connection:
        assert connection.execute("SELECT count(*) FROM later").fetchone() == (0,)
    assert not scratch_databases(postgres)


def test_the_database_of_a_killed_proof_is_dropped_by_the_next_whoever_is_still_connected(
    run: Run, env: Mapping[str, str], tmp_path: Path, postgres: Server
) -> None:
    with may_make(postgres):
        assert run("make-backup", env=env).code == 0
        proving = started("prove-backup", env=env)
        wait_until_all_run(tmp_path / "shelf")
        os.kill(proving.pid, signal.SIGKILL)
        proving.communicate(timeout=60)
        (left,) = scratch_databases(postgres)
        with closing(postgres.connect(database=left)):
            proved = run("prove-backup", env=env)

    assert proved.code == 0, proved.err
    assert not scratch_databases(postgres)
    (backup,) = list_backups(str(tmp_path / "shelf"))
    assert backup.state is State.PROVEN
