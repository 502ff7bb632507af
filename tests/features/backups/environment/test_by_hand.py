"""The commands of a real backup's `RESTORE.txt`, run by a shell and the system's own programs, as in twenty years."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import stat
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from psycopg.sql import SQL, Identifier

from rattail.features.backups.keys.keys import make_key
from rattail.registry import Registry
from tests.conftest import Run
from tests.features.backups.restoring.shelf import Shop, made_shop
from tests.kit.postgres import USER, Server
from tests.kit.programs import needs_program
from tests.kit.records import migrated_database, variables

PROGRAMS = ("bash", "tar", "sha256sum", "zstd")


@pytest.fixture
def shop(tmp_path: Path, registry: Registry) -> Shop:
    """A shop with files of all kinds, and something in its records."""
    shop = made_shop(tmp_path / "poser", registry)
    own = shop.app / "data" / "own"
    (own / "naïve, and \n odd").write_bytes(os.urandom(70_000))
    (own / "empty").mkdir()
    (own / "only-mine").write_text("mine")
    (own / "only-mine").chmod(0o600)
    with closing(sqlite3.connect(shop.app / "data" / "rattail.sqlite3")) as records, records:
        records.execute(
            "INSERT INTO audit_entry (at, actor, action, subject, details) "
            "VALUES ('2026-11-22 12:00:00', 'alice', 'make store', 'store 1', '{\"naïve\": \"\\u0000; ''\"}')"
        )
    return shop


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """The empty folder in which somebody has a backup, and nothing else."""
    folder = tmp_path / "somewhere"
    folder.mkdir()
    return folder


def by_hand(backup: str, empty: Path, *, env: Mapping[str, str] | None = None) -> str:
    """Run the commands that `RESTORE.txt` has under BY HAND, line for line; returns what they printed."""
    shutil.move(backup, empty)
    name = os.path.basename(backup)
    text = subprocess.check_output(["tar", "-xOf", name, "RESTORE.txt"], cwd=empty, text=True)
    _, lines, *_ = text.partition("2. BY HAND")[2].split("\n\n")
    assert all(line.startswith("    ") for line in lines.splitlines())
    ran = subprocess.run(
        ["bash", "-c", f"set -euo pipefail\n{lines}"],
        cwd=empty,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, f"{lines}\n{ran.stdout}{ran.stderr}"
    return ran.stdout


def assert_as_listed(empty: Path) -> None:
    """All that the manifest lists is there as it says, and nothing else but the records."""
    app = empty / "app"
    listed = {entry["path"]: entry for entry in json.loads((empty / "manifest.json").read_text())["files"]}
    found = {str(path.relative_to(app)) for path in app.rglob("*")}
    assert found - set(listed) <= {"data/rattail.sqlite3"}
    for path, entry in listed.items():
        look = (app / path).lstat()
        if entry["kind"] == "link":
            assert os.readlink(app / path) == entry["target"]
            continue
        assert stat.S_IMODE(look.st_mode) == int(entry["mode"], 8), path
        if entry["kind"] == "file":
            assert hashlib.sha256((app / path).read_bytes()).hexdigest() == entry["sha256"], path
            assert (look.st_size, look.st_mtime_ns // 10**9) == (entry["size"], entry["mtime_ns"] // 10**9), path
    assert "data/own/notes.txt" in listed


def dumped(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as records:
        return list(records.iterdump())


@pytest.mark.parametrize("is_encrypted", [False, True])
def test_a_person_gets_everything_back_with_programs_of_the_system(
    shop: Shop, empty: Path, tmp_path: Path, is_encrypted: bool
) -> None:
    for name in (*PROGRAMS, "sqlite3", *(["age"] if is_encrypted else [])):
        needs_program(name)
    key = make_key()
    if is_encrypted:
        (empty / "KEYFILE").write_text(f"{key.secret}\n")
    backup = shop.backup(tmp_path / "shelf", recipients=(key.public,) if is_encrypted else ())

    said = by_hand(backup, empty)

    assert said.splitlines()[-1] == "ok"
    assert_as_listed(empty)
    assert dumped(empty / "app/data/rattail.sqlite3") == dumped(shop.app / "data/rattail.sqlite3")


@pytest.fixture
def server_env(postgres: Server) -> Iterator[Mapping[str, str]]:
    """What names a database on a server with something in its records."""
    with postgres.fresh_database(template=migrated_database(postgres)) as url:
        with postgres.connect(database=url.rpartition("/")[2]) as connection:
            connection.execute(
                "INSERT INTO audit_entry (at, actor, action, subject, details) "
                """VALUES ('2026-11-22 12:00:00+01', 'alice', E'make\\tstore', 'store \\ 1', '{"naïve": "x"}')"""
            )
        path = f"{postgres.bin_folder}:/usr/bin:/bin"
        yield {**variables(postgres, url), "PATH": path}


def test_records_of_a_server_come_back_into_a_new_database(
    run: Run, shop: Shop, empty: Path, tmp_path: Path, postgres: Server, server_env: Mapping[str, str]
) -> None:
    for name in PROGRAMS:
        needs_program(name)
    (shop.app / "data/rattail.sqlite3").unlink()
    env = {**server_env, "RATTAIL_APPDIR": str(shop.app), "RATTAIL_BACKUPS_TARGET": str(tmp_path / "shelf")}
    made = run("make-backup", "--no-wheels", "--json", env=env)
    assert made.code == 0, made.err
    asked = {"PGHOST": postgres.host, "PGPORT": str(postgres.port), "PGUSER": USER, "PGPASSWORD": postgres.password}
    postgres.administer(SQL("ALTER ROLE {} CREATEDB").format(Identifier(USER)))
    try:
        by_hand(made.data["path"], empty, env={**asked, "PATH": server_env["PATH"]})

        assert_as_listed(empty)
        live = server_env["RATTAIL_DATABASE_URL"].rpartition("/")[2]
        restored, was = (_rows(postgres, name) for name in ("NEWNAME", live))
        assert restored == was
        assert len(restored["audit_entry"]) == 1
    finally:
        postgres.administer(
            SQL("DROP DATABASE IF EXISTS {}").format(Identifier("NEWNAME")),
            SQL("ALTER ROLE {} NOCREATEDB").format(Identifier(USER)),
        )


def _rows(server: Server, name: str) -> dict[str, list[Any]]:
    with closing(server.connect(database=name)) as connection:
        said = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
        tables = [table for (table,) in connection.execute(said)]
        rows = {table: connection.execute(SQL("SELECT * FROM {}").format(Identifier(table))) for table in tables}
        return {table: sorted(map(str, found)) for table, found in rows.items()}
