"""The PostgreSQL of the tests harms nobody: who can reach it, whose it is, and that it never stays behind."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psycopg
import pytest

from rattail.database.setup import DATABASE_FILE
from tests.conftest import Run
from tests.docs.blocks import ROOT
from tests.kit.postgres import Server, find_installation, migrated_template, running_server
from tests.kit.postgres_keeper import ADMINISTRATOR

HOLD = """
import sys
from tests.kit.postgres import running_server
from tests.test_postgres_kit import folder_of

with running_server() as server:
    print(folder_of(server), flush=True)
    sys.stdin.read()
"""
LISTENING = "0A"
LOOPBACK = "0100007F"


def ask(server: Server, question: str, *, database: str = "postgres", user: str = ADMINISTRATOR) -> str:
    """The first value of the answer, as text."""
    with server.connect(user=user, database=database) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return str(row[0])


def folder_of(server: Server) -> Path:
    """The server's own temporary folder."""
    return Path(ask(server, "SHOW data_directory")).parent


def first_process(folder: Path) -> int:
    return int((folder / "data" / "postmaster.pid").read_text().split()[0])


def processes_in(folder: Path) -> list[int]:
    """All processes whose current folder is in that one; each process of a server is in the cluster's folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            place = os.readlink(process / "cwd")
        except OSError:  # ended meanwhile, or somebody else's
            continue
        if place.startswith(f"{folder}/"):
            found.append(int(process.name))
    return found


def status_of(process: int) -> dict[str, list[str]]:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return {name: words.split() for name, _, words in (line.partition(":") for line in lines)}


def test_the_server_listens_on_loopback_and_nowhere_else(postgres: Server) -> None:
    sockets = [line.split() for table in ("tcp", "tcp6") for line in Path("/proc/net", table).read_text().splitlines()]
    listening = [words[1] for words in sockets if words[3] == LISTENING]

    assert [each for each in listening if each.endswith(f":{postgres.port:04X}")] == [f"{LOOPBACK}:{postgres.port:04X}"]
    assert f".s.PGSQL.{postgres.port}" not in Path("/proc/net/unix").read_text()


def test_the_server_does_not_run_as_root(postgres: Server) -> None:
    status = status_of(first_process(folder_of(postgres)))

    assert "0" not in status["Uid"]
    if os.geteuid() == 0:
        assert "0" not in status["Gid"] + status["Groups"]


@pytest.mark.parametrize("user", [ADMINISTRATOR, "shop"])
def test_a_wrong_password_is_refused(postgres: Server, user: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        postgres._replace(password="wrong").connect(user=user)


def test_other_users_cannot_look_into_the_cluster(postgres: Server) -> None:
    folder = folder_of(postgres)

    assert (folder / "data").stat().st_mode & 0o077 == 0
    assert not (folder / "password").exists()


def test_the_user_of_a_shop_has_no_other_rights_than_to_own_its_database(postgres: Server, postgres_url: str) -> None:
    database = postgres_url.rpartition("/")[2]
    rights = "SELECT ARRAY[rolsuper, rolcreatedb, rolcreaterole, rolreplication] FROM pg_roles WHERE rolname = 'shop'"
    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"

    assert ask(postgres, rights) == "[False, False, False, False]"
    assert ask(postgres, owner, database=database) == "shop"
    assert ask(postgres, "SELECT has_schema_privilege('public', 'CREATE')", database=database, user="shop") == "True"


def test_server_and_folder_are_gone_afterwards() -> None:
    with running_server() as server:
        folder = folder_of(server)
        assert processes_in(folder)

    assert not folder.exists()
    assert processes_in(folder) == []
    with pytest.raises(psycopg.OperationalError, match="refused"):
        server.connect()


def test_server_and_folder_are_gone_when_the_tests_are_killed() -> None:
    command = [sys.executable, "-c", HOLD]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as tests:
        assert tests.stdout is not None
        folder = Path(tests.stdout.readline().strip())
        assert processes_in(folder)
        tests.kill()
        _, complaints = tests.communicate(timeout=60)  # comes back when nobody holds its standard error any more

    assert complaints == ""
    assert processes_in(folder) == []
    assert not folder.exists()


def test_the_server_ends_even_when_its_keeper_is_killed() -> None:
    with running_server() as server:
        folder = folder_of(server)
        process = first_process(folder)
        handle = os.pidfd_open(process)
        os.kill(int(status_of(process)["PPid"][0]), signal.SIGKILL)
        ended, _, _ = select.select([handle], [], [], 60)
        os.close(handle)

    assert ended
    assert processes_in(folder) == []
    shutil.rmtree(folder)  # that one stays: nobody was left to remove it


def test_an_installation_that_others_cannot_read_is_copied_for_the_server(tmp_path: Path, as_root: None) -> None:
    wheel = find_installation().parent
    closed = tmp_path / "closed"
    shutil.copytree(wheel / "pginstall", closed / wheel.name / "pginstall", ignore=shutil.ignore_patterns("include"))
    shutil.copytree(wheel.with_suffix(".libs"), closed / f"{wheel.name}.libs")
    closed.chmod(0o700)

    with running_server(installation=closed / wheel.name / "pginstall") as server:
        dump = server.bin_folder / "pg_dump"
        version = subprocess.run([dump, "--version"], user="nobody", extra_groups=[], capture_output=True, check=True)
        assert server.bin_folder.is_relative_to(folder_of(server))

    assert version.stdout.startswith(b"pg_dump (PostgreSQL)")


def test_a_database_is_gone_after_its_test_although_somebody_is_connected(postgres: Server) -> None:
    with postgres.fresh_database() as url:
        name = url.rpartition("/")[2]
        connection = postgres.connect(database=name)

    assert ask(postgres, f"SELECT count(*) FROM pg_database WHERE datname = '{name}'") == "0"
    connection.close()


def test_a_migrated_template_is_made_once_and_copied(postgres: Server) -> None:
    migrated = []
    left_open = []

    def migrate(url: str) -> None:
        migrated.append(url)
        left_open.append(postgres.connect(database=url.rpartition("/")[2]))
        left_open[0].execute("CREATE TABLE shelf AS SELECT 7 AS number")

    for _ in range(2):
        with postgres.fresh_database(template=migrated_template(postgres, migrate)) as url:
            assert url not in migrated
            assert ask(postgres, "SELECT number FROM shelf", database=url.rpartition("/")[2], user="shop") == "7"
    assert len(migrated) == 1
    left_open[0].close()


def test_a_migration_that_fails_leaves_no_template(postgres: Server) -> None:
    def migrate(url: str) -> None:
        raise ValueError(url)

    with pytest.raises(ValueError, match="migrated_") as failed:
        migrated_template(postgres, migrate)

    name = str(failed.value).rpartition("/")[2]
    assert ask(postgres, f"SELECT count(*) FROM pg_database WHERE datname = '{name}'") == "0"


def test_the_environment_of_a_test_names_both_kinds_of_records(
    records_env: Mapping[str, str], request: pytest.FixtureRequest
) -> None:
    kind = request.node.callspec.params["records_env"]

    assert len(records_env) == {"sqlite": 0, "postgresql": 2}[kind]
    if records_env:
        assert records_env["RATTAIL_DATABASE_PASSWORD"] not in records_env["RATTAIL_DATABASE_URL"]
        password = records_env["RATTAIL_DATABASE_PASSWORD"]
        psycopg.connect(records_env["RATTAIL_DATABASE_URL"], password=password).close()


def test_the_tables_are_there_without_a_migration_of_the_tests_own(
    run: Run, appdir: Path, migrated_env: Mapping[str, str]
) -> None:
    assert run("migrate-db", "--json", env=migrated_env).data["migrations"] == []
    assert run("make-store", "1", "North", env=migrated_env).code == 0
    assert ("RATTAIL_DATABASE_URL" in migrated_env) != (appdir / "data" / DATABASE_FILE).exists()
