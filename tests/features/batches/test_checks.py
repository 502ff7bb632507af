"""What check-appdir says of the records and of the folders of batches."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rattail.appdir.locate import Located
from rattail.features.core.check.service import check
from rattail.registry import Registry, load_registry
from tests.conftest import Run
from tests.features.batches.kinds.catalogs import BEANS, Shelf
from tests.kit.records import write_migrated_file
from tests.kit.shop import Shop, in_shop

OLD_S = 1_700_000_000


def _found(appdir: Path, *, is_deep: bool = False, environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What is said of records and batches, by id."""
    findings = check(
        load_registry(),
        Located(str(appdir), "in a test"),
        environ=environ or {},
        now=datetime.now(UTC),
        is_deep=is_deep,
    ).findings
    return {one.id: one for one in findings if one.id.startswith(("products.", "batches.", "core.E027"))}


def _change(appdir: Path, *statements: str) -> None:
    with closing(sqlite3.connect(appdir / "data" / "rattail.sqlite3", isolation_level=None)) as records:
        for statement in statements:
            records.execute(statement)
    records = sqlite3.connect(appdir / "data" / "rattail.sqlite3")
    records.close()


def _numbered(appdir: Path, name: str, *, age_s: float = OLD_S) -> Path:
    folder = appdir / "data" / "batches" / "inventory" / name
    folder.mkdir(mode=0o750)
    os.utime(folder, (age_s, age_s))
    return folder


def test_a_folder_without_records_is_told_what_to_type(appdir: Path) -> None:
    found = _found(appdir)

    assert list(found) == ["products.I001"]
    assert found["products.I001"].hint.startswith("rattail migrate-db")


def test_an_empty_file_is_a_database_without_tables(appdir: Path) -> None:
    (appdir / "data" / "rattail.sqlite3").touch(mode=0o640)

    assert list(_found(appdir)) == ["products.I001"]


def test_records_of_this_code_are_sound_and_looking_leaves_nothing_beside_them(appdir: Path) -> None:
    write_migrated_file(appdir)
    before = sorted(os.listdir(appdir / "data"))

    assert _found(appdir, is_deep=True) == {}
    assert sorted(os.listdir(appdir / "data")) == before


def test_records_that_somebody_has_open_are_looked_at_too(appdir: Path) -> None:
    write_migrated_file(appdir)
    with closing(sqlite3.connect(appdir / "data" / "rattail.sqlite3", isolation_level=None)) as records:
        records.execute("PRAGMA journal_mode = WAL")
        records.execute("DELETE FROM django_migrations WHERE app = 'batches' AND name = '0002_states'")
        records.execute("BEGIN IMMEDIATE")
        found = _found(appdir)

    assert list(found) == ["products.W001"]


def test_older_and_newer_tables_are_told_apart(appdir: Path) -> None:
    write_migrated_file(appdir)
    _change(
        appdir,
        "DELETE FROM django_migrations WHERE app = 'retail' AND name = '0001_initial'",
        "INSERT INTO django_migrations (app, name, applied) VALUES ('batches', '0099_later', '2026-01-01')",
        "INSERT INTO django_migrations (app, name, applied) VALUES ('an_extension', '0001_initial', '2026-01-01')",
    )

    found = _found(appdir)

    assert list(found) == ["products.E001", "products.W001"]
    assert "it has the migration batches.0099_later." in found["products.E001"].sentence
    assert "1 migrations are missing (retail.0001_initial ...)" in found["products.W001"].sentence


def test_damage_is_found_and_named(appdir: Path) -> None:
    file = write_migrated_file(appdir)
    content = bytearray(file.read_bytes())
    content[4096 * 3 : 4096 * 40] = b"\xff" * 4096 * 37
    file.write_bytes(content)

    assert "products.E002" in _found(appdir)


def test_something_that_is_no_database_is_damage_and_no_traceback(appdir: Path) -> None:
    (appdir / "data" / "rattail.sqlite3").write_text("no database at all " * 100)

    found = _found(appdir)

    assert list(found) == ["products.E002"]
    assert "not a database" in found["products.E002"].sentence


def test_folders_without_batch_and_batches_without_folder_are_named(appdir: Path, run: Run) -> None:
    write_migrated_file(appdir)
    env = {"RATTAIL_APPDIR": str(appdir)}

    def make(shop: Shop) -> list[int]:
        shelf = Shelf(shop)
        return [shelf.read(f"{BEANS},B-1,,beans,,12,{cost},,,").number for cost in (13, 14)]

    _, lost = in_shop(env, make)
    whole = _found(appdir)
    folder = appdir / "data" / "batches" / "vendor_catalog" / f"{lost:08d}"
    for path in (*folder.iterdir(), folder):
        path.rmdir() if path.is_dir() else path.unlink()
    _numbered(appdir, "00000099")
    _numbered(appdir, "00000098", age_s=datetime.now(UTC).timestamp())  # may be a batch that is being made
    _numbered(appdir, "notes")
    checked = run("check-appdir", "--json", env=env)

    assert whole == {}
    said = {one["id"]: one for one in checked.data["findings"] if one["id"].startswith("batches.")}
    assert {one["id"]: one["path"] for one in said.values()} == {
        "batches.W001": "data/batches/inventory/00000099",
        "batches.W002": f"data/batches/vendor_catalog/{lost:08d}",
    }
    assert said["batches.W001"]["hint"].endswith(f"rm -r {appdir}/data/batches/inventory/00000099")
    assert f"show-batch {lost:08d}" in said["batches.W002"]["hint"]


def test_of_records_on_a_server_nothing_is_said(appdir: Path) -> None:
    _numbered(appdir, "00000099")

    found = _found(appdir, environ={"RATTAIL_DATABASE_URL": "postgresql://shop@nowhere.invalid/shop"})

    assert found == {}


def test_every_finding_of_the_records_is_listed_with_the_others(registry: Registry) -> None:
    from rattail.features.core.check.service import known_kinds

    kinds, silent = known_kinds(registry)

    ids = {kind.id for kind in kinds}
    assert {"products.E001", "products.E002", "products.W001", "products.I001"} <= ids
    assert {"batches.W001", "batches.W002"} <= ids
    assert silent == frozenset()
    assert all(kind.level[0].upper() == kind.id.partition(".")[2][0] for kind in kinds)
