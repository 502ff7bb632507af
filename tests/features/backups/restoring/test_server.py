"""Records on a PostgreSQL server: into an empty database, or beside one that is not, and then renamed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg.sql import SQL, Identifier

from rattail.config.edit import with_value
from rattail.database.setup import Whereabouts
from rattail.errors import NotAllowed, WouldOverwrite
from rattail.features.backups.restoring import databases
from rattail.features.backups.restoring.databases import name_of
from rattail.features.backups.restoring.journal import read_journal
from rattail.features.backups.restoring.restore import recover_only, restore
from rattail.features.backups.restoring.staging import where_records
from rattail.registry import Registry
from tests.conftest import NOW
from tests.features.backups.restoring.shelf import Shop, empty_shop, make_app
from tests.features.backups.restoring.test_killed import _killed_at_journal
from tests.kit.postgres import USER, Server
from tests.kit.records import migrated_database, variables


@pytest.fixture(scope="module")
def url(postgres: Server) -> Iterator[str]:
    with postgres.fresh_database(template=migrated_database(postgres)) as url:
        postgres.administer(SQL("ALTER DATABASE {} OWNER TO {}").format(Identifier(name_of(url)), Identifier(USER)))
        yield url
        for name in _databases(postgres):
            if name.startswith(f"{name_of(url)}_"):
                postgres.drop_database(name)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Shop:
    environment = tmp_path_factory.mktemp("envs") / "poser"
    environment.mkdir()
    (environment / "pyvenv.cfg").touch()
    shop = Shop(environment, registry)
    make_app(shop)
    return shop


@pytest.fixture(scope="module")
def backup(shop: Shop, url: str, postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A backup of a shop with one vendor, since which a second one was made."""
    before = dict(os.environ)
    os.environ.update({**variables(postgres, url), "PATH": f"{postgres.bin_folder}:{os.environ['PATH']}"})
    try:
        _make_vendor(postgres, url, 1)
        path = shop.backup(tmp_path_factory.mktemp("backups"))
        _make_vendor(postgres, url, 2)
        yield path
    finally:
        os.environ.clear()
        os.environ.update(before)


def _make_vendor(server: Server, url: str, number: int) -> None:
    with server.connect(database=name_of(url)) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS own (number integer)")
        connection.execute("INSERT INTO own VALUES (%s)", (number,))


def _vendors(server: Server, name: str) -> list[int]:
    with server.connect(database=name) as connection:
        return [row[0] for row in connection.execute("SELECT number FROM own ORDER BY number")]


def _databases(server: Server) -> list[str]:
    with server.connect() as connection:
        return [row[0] for row in connection.execute("SELECT datname FROM pg_database")]


@pytest.fixture
def may_create(postgres: Server) -> Iterator[None]:
    postgres.administer(SQL("ALTER ROLE {} CREATEDB").format(Identifier(USER)))
    yield
    postgres.administer(SQL("ALTER ROLE {} NOCREATEDB").format(Identifier(USER)))


def test_a_role_that_may_not_make_databases_is_told_what_to_type(
    shop: Shop, backup: str, url: str, postgres: Server
) -> None:
    with pytest.raises(NotAllowed, match="may not make another one") as refused:
        restore(shop.request(backup))

    assert "CREATEDB" in refused.value.hint
    assert "createdb -O shop" in refused.value.hint
    assert _vendors(postgres, name_of(url)) == [1, 2]
    assert shop.leftovers() == []


@pytest.mark.parametrize("number", [2, 3])
def test_a_killed_restore_gives_the_database_back(
    number: int, may_create: None, shop: Shop, backup: str, url: str, postgres: Server
) -> None:
    names = set(_databases(postgres))

    _killed_at_journal(number + 1, lambda: restore(shop.request(backup)), is_after=False)
    is_old = _vendors(postgres, name_of(url)) == [1, 2]
    recover_only(str(shop.environment), registry=shop.registry)

    assert is_old is (number == 2)
    assert _vendors(postgres, name_of(url)) == [1, 2]
    assert set(_databases(postgres)) == names
    assert shop.leftovers() == []


def test_the_database_is_replaced_and_the_old_one_kept(
    may_create: None, shop: Shop, backup: str, url: str, postgres: Server
) -> None:
    restored = restore(shop.request(backup))

    assert _vendors(postgres, name_of(url)) == [1]
    assert _vendors(postgres, restored.kept_database) == [1, 2]
    assert restored.errors == ()
    assert restored.rows["own"] == 1


def test_an_empty_database_is_filled_and_emptied_again_where_the_restore_is_killed(
    backup: str, postgres: Server, tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = tmp_path / "other"
    environment.mkdir()
    (environment / "pyvenv.cfg").touch()
    other = Shop(environment, registry)
    with postgres.fresh_database() as empty:
        for name, value in variables(postgres, empty).items():
            monkeypatch.setenv(name, value)
        _killed_at_journal(3, lambda: restore(other.request(backup)), is_after=False)
        assert _vendors(postgres, name_of(empty)) == [1]
        recover_only(str(environment), registry=registry)
        assert databases.is_empty(_where(postgres, empty))

        restored = restore(other.request(backup))

        assert _vendors(postgres, name_of(empty)) == [1]
        assert restored.kept_database == ""
        assert read_journal(str(other.app)) is None


def _where(server: Server, url: str) -> Whereabouts:
    return Whereabouts(url=url, password=server.password)


def test_a_plain_copy_brings_the_newest_dump(
    shop: Shop,
    backup: str,
    url: str,
    postgres: Server,
    tmp_path: Path,
    registry: Registry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now_there = _vendors(postgres, name_of(url))
    shop.backup(tmp_path / "backups")  # which leaves the dump in the folder
    copy = tmp_path / "copy"
    shutil.copytree(shop.app, copy, symlinks=True)
    other = empty_shop(tmp_path / "other", registry)
    with postgres.fresh_database() as empty:
        for name, value in variables(postgres, empty).items():
            monkeypatch.setenv(name, value)

        restored = restore(other.request(copy))

        assert _vendors(postgres, name_of(empty)) == now_there
        assert restored.records_at == NOW.isoformat()
        assert restored.errors == ()


def test_the_database_of_another_app_folder_is_never_replaced_unless_that_is_said(
    may_create: None, shop: Shop, backup: str, url: str, postgres: Server, tmp_path: Path, registry: Registry
) -> None:
    other = empty_shop(tmp_path / "other", registry)
    names, before = set(_databases(postgres)), _vendors(postgres, name_of(url))

    with pytest.raises(WouldOverwrite, match="not those of an app folder that is replaced here") as refused:
        restore(other.request(backup))
    after = _vendors(postgres, name_of(url)), set(_databases(postgres)), other.leftovers()
    restored = restore(other.request(backup)._replace(may_replace_records=True))

    assert "--replace-records" in refused.value.hint
    assert after == (before, names, [])
    assert _vendors(postgres, name_of(url)) == [1]
    assert _vendors(postgres, restored.kept_database) == before


def test_the_settings_name_the_database_where_the_records_are(
    shop: Shop,
    backup: str,
    url: str,
    postgres: Server,
    tmp_path: Path,
    registry: Registry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    option = next(each for each in registry.options if each.key == "database.url")
    settings = shop.app / "rattail.toml"
    settings.write_text(with_value(settings.read_text(), option, url))
    monkeypatch.delenv("RATTAIL_DATABASE_URL")
    of_file = shop.backup(tmp_path / "backups")
    other = empty_shop(tmp_path / "other", registry)
    with postgres.fresh_database() as empty:
        monkeypatch.setenv("RATTAIL_DATABASE_URL", empty)
        restored = restore(other.request(of_file))
        monkeypatch.delenv("RATTAIL_DATABASE_URL")

        assert where_records(str(other.app), registry, data_folder="").url == empty
        assert any("database.url in rattail.toml is" in text for text in restored.messages)
        assert where_records(str(shop.app), registry, data_folder="").url == url
