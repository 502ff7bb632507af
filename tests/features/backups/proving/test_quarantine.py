"""A proof of a shop in which everything is due: nothing runs or leaves, and what is live is as it was."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from psycopg.sql import SQL, Identifier

from rattail.features.backups.restoring.databases import name_of
from rattail.site import Site
from tests.conftest import Run
from tests.features.backups.proving.shop import let_things_wait, scratch_of
from tests.features.mail.servers import MailServer, mail_server
from tests.jobs.open_site import in_site
from tests.kit.postgres import USER, Server
from tests.kit.records import migrated_database, variables, write_migrated_file
from tests.kit.snapshot import snapshot


@pytest.fixture(params=["sqlite", "postgresql"])
def env(request: pytest.FixtureRequest, appdir: Path, tmp_path: Path) -> Iterator[Mapping[str, str]]:
    """A shop with empty records, on each kind of database; two of its folders lie elsewhere."""
    ours = {"RATTAIL_APPDIR": str(appdir), "RATTAIL_BACKUPS_TARGET": str(tmp_path / "shelf")}
    if request.param == "sqlite":
        write_migrated_file(appdir)
        yield ours
        return
    server: Server = request.getfixturevalue("postgres")
    with server.fresh_database(template=migrated_database(server)) as url:
        own = SQL("ALTER DATABASE {} OWNER TO {}").format(Identifier(name_of(url)), Identifier(USER))
        server.administer(own, SQL("ALTER ROLE {} CREATEDB").format(Identifier(USER)))
        try:
            path = f"{server.bin_folder}:{os.environ['PATH']}"
            yield {**ours, **variables(server, url), "PATH": path}
        finally:
            server.administer(SQL("ALTER ROLE {} NOCREATEDB").format(Identifier(USER)))


@pytest.fixture
def box() -> Iterator[MailServer]:
    with mail_server() as box:
        yield box


def test_nothing_that_is_due_is_done_and_nothing_live_is_touched(
    run: Run, env: Mapping[str, str], appdir: Path, tmp_path: Path, box: MailServer
) -> None:
    called = tmp_path / "called"
    _configure(run, env, box, called, far=tmp_path / "far")
    in_site(env, let_things_wait)
    assert run("make-backup", "--no-wheels", env=env).code == 0
    folder, records = _folders(appdir, tmp_path / "far"), in_site(env, _records)

    proved = run("prove-backup", env=env)

    assert proved.code == 0, proved.err
    assert in_site(env, _records) == records
    assert _folders(appdir, tmp_path / "far") == folder
    assert (box.connections, called.exists()) == (0, False)
    assert not scratch_of(tmp_path / "shelf")
    assert len(list((tmp_path / "shelf").glob("*.tar"))) == 1

    run("run-jobs", env=env)  # outside of the quarantine all of it happens
    assert any("freezer" in subject for subject in box.subjects)
    assert called.exists()
    assert len(list((tmp_path / "shelf").glob("*.tar"))) == 2


def _configure(run: Run, env: Mapping[str, str], box: MailServer, called: Path, *, far: Path) -> None:
    """Everything in the settings of the folder, which the backup holds: the environment is not in it."""
    far.mkdir()
    for key, value in {
        "mail.host": "127.0.0.1",
        "mail.port": box.port,
        "mail.tls": "none",
        "mail.from": "shop@example.org",
        "mail.to": "ada@example.org",
        "mail.on_failure_command": f'["touch", "{called}"]',
        "backups.has_wheels": "false",
        "folders.log": far / "log",
        "folders.data/templates": far / "templates",
    }.items():
        done = run("set-option", key, str(value), env=env)
        assert done.code == 0, done.err
    assert run("make-appdir", "--path", env["RATTAIL_APPDIR"], env=env).code == 0


def _folders(*roots: Path) -> list[dict[str, Any]]:
    """What is in the folders, without what the command itself writes: the trail, and that it ran."""
    ours = ("data/rattail.sqlite3", "data", ".")
    return [
        {path: entry for path, entry in snapshot(root).items() if path not in ours and "sqlite3-" not in path}
        for root in roots
    ]


def _records(site: Site) -> dict[str, list[Any]]:
    """All rows but those of the trail, where the proof itself is written down."""
    from django.apps import apps

    return {
        model._meta.db_table: sorted(map(str, model._default_manager.values_list()))
        for model in apps.get_models()
        if model._meta.db_table != "audit_entry"
    }
