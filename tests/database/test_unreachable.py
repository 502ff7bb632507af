"""Databases that are not there, not ours, or of another age: one sentence each, and no password in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from rattail.database.setup import DATABASE_FILE
from tests.conftest import Ran, Run
from tests.kit.postgres import Server
from tests.kit.records import variables

_SECRET = "s3cret-%40-word"


def _is_one_sentence(ran: Ran, code: int) -> str:
    assert ran.code == code, ran.out + ran.err
    assert "Traceback" not in ran.err
    assert _SECRET not in ran.out + ran.err
    (error,) = ran.json["errors"]
    message: str = error["message"]
    return message


def test_a_server_that_does_not_answer_is_one_sentence(appdir: Path, run: Run) -> None:
    where = {"RATTAIL_DATABASE_URL": "postgresql://shop@127.0.0.1:9/shop", "RATTAIL_DATABASE_PASSWORD": _SECRET}

    message = _is_one_sentence(run("list-batches", "--appdir", appdir, "--json", env=where), 62)

    assert "127.0.0.1:9/shop" in message


def test_a_wrong_password_is_one_sentence_without_it(
    appdir: Path, run: Run, postgres: Server, postgres_url: str
) -> None:
    where = {**variables(postgres, postgres_url), "RATTAIL_DATABASE_PASSWORD": _SECRET}

    without = {name: value for name, value in where.items() if name != "RATTAIL_DATABASE_PASSWORD"}
    for env in (where, without):
        for command in ("migrate-db", "copy-records"):
            ran = run(command, "--appdir", appdir, "--json", env=env)
            message = _is_one_sentence(ran, 62)

            assert "password authentication failed" in message or "no password supplied" in message
            assert "in the table [database] of secrets.toml" in ran.json["errors"][0]["hint"]


@pytest.mark.parametrize(
    "content", [b"not a database at all, but long enough to be looked at\n" * 100, b"SQLite format 3\0"]
)
def test_a_file_that_is_no_database_is_one_sentence(appdir: Path, run: Run, content: bytes) -> None:
    (appdir / "data" / DATABASE_FILE).write_bytes(content)

    for command in ("list-batches", "migrate-db"):
        message = _is_one_sentence(run(command, "--appdir", appdir, "--json"), 62)
        assert DATABASE_FILE in message


def test_a_database_with_the_tables_of_somebody_else_is_left_alone(
    appdir: Path, run: Run, records_env: Mapping[str, str]
) -> None:
    url = records_env.get("RATTAIL_DATABASE_URL")
    if url:
        with psycopg.connect(url, password=records_env["RATTAIL_DATABASE_PASSWORD"]) as server:
            server.execute("CREATE TABLE payroll (id integer)")
    else:
        with closing(sqlite3.connect(appdir / "data" / DATABASE_FILE)) as file:
            file.execute("CREATE TABLE payroll (id integer)")

    message = _is_one_sentence(run("migrate-db", "--appdir", appdir, "--json", env=records_env), 55)

    assert "1 tables that are not ours ('payroll', ...)" in message or "'payroll'" in message


def test_a_database_newer_than_the_code_is_refused_by_every_command(run: Run, migrated_env: Mapping[str, str]) -> None:
    insert = "INSERT INTO django_migrations (app, name, applied) VALUES ('retail', '9999_later', '2030-01-01')"
    url = migrated_env.get("RATTAIL_DATABASE_URL")
    if url:
        with psycopg.connect(url, password=migrated_env["RATTAIL_DATABASE_PASSWORD"]) as server:
            server.execute(insert)
    else:
        with closing(sqlite3.connect(Path(migrated_env["RATTAIL_APPDIR"], "data", DATABASE_FILE))) as file:
            file.execute(insert)
            file.commit()

    for command in ("list-batches", "migrate-db"):
        message = _is_one_sentence(run(command, "--json", env=migrated_env), 54)
        assert "newer than the installed code: it has the migration retail.9999_later" in message
