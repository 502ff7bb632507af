"""A plain copy of an app folder, taken by any tool at any moment, as a backup."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from rattail.database.setup import Whereabouts
from rattail.errors import BackupUnproven
from rattail.features.backups.making.renew import CopyPlace, renew_copy
from rattail.features.backups.records.copy import Copied, CopyNote, copy_database, keep_copy, read_note
from rattail.features.backups.restoring.restore import restore
from rattail.registry import Registry
from tests.conftest import NOW, Run
from tests.features.backups.restoring.shelf import Shop, empty_shop, made_shop, make_app
from tests.kit.mounting import small_file_system

LATER = NOW + timedelta(hours=20)
COPY = ("rattail.sqlite3", "records.json")


@pytest.fixture
def shop(tmp_path: Path, registry: Registry) -> Shop:
    return made_shop(tmp_path / "envs" / "poser", registry)


@pytest.fixture
def other(tmp_path: Path, registry: Registry) -> Shop:
    return empty_shop(tmp_path / "other", registry)


def _renew(shop: Shop, *, now: datetime = NOW) -> Copied:
    where = Whereabouts(path=str(shop.app / "data/rattail.sqlite3"))
    return copy_database(where, str(shop.app / "data/database"), now=now)


def _record(shop: Shop, *statements: str) -> None:
    with closing(sqlite3.connect(shop.app / "data/rattail.sqlite3", isolation_level=None)) as records:
        for statement in statements:
            records.execute(statement)


def test_the_restored_folder_alone_is_a_backup_from_its_first_minute(
    shop: Shop, other: Shop, tmp_path: Path, registry: Registry
) -> None:
    first = restore(other.request(shop.backup(tmp_path / "backups")))
    note = read_note(str(other.app / "data/database"))
    third = empty_shop(tmp_path / "third", registry)

    second = restore(third.request(shutil.copytree(other.app, tmp_path / "copy", symlinks=True)))

    assert note is not None
    assert note.at == NOW
    assert second.records_at == first.records_at == NOW.isoformat()
    assert second.rows == first.rows
    assert (second.errors, second.missing) == ((), ())
    for one in (other, third):
        folder = one.app / "data/database"
        assert sorted(os.listdir(folder)) == sorted(COPY)
        assert {(folder / name).stat().st_mode & 0o777 for name in COPY} == {0o600}


def test_where_the_copy_lies_elsewhere_the_restored_one_does(shop: Shop, tmp_path: Path) -> None:
    place = tmp_path / "disk" / "database"
    place.parent.mkdir()
    (shop.app / "data/database").rename(place)
    settings = shop.app / "rattail.toml"
    settings.write_text(settings.read_text().replace("[folders]", f'[folders]\n"data/database" = "{place}"'))
    make_app(shop)
    backup = shop.backup(tmp_path / "backups")
    (place / "rattail.sqlite3").write_bytes(b"spoilt")

    restored = restore(shop.request(backup))

    note = read_note(str(place))
    assert note is not None
    assert (note.at, note.copied.counts) == (NOW, restored.rows)
    assert restored.errors == ()
    assert not (shop.app / "data/database").exists()


@pytest.mark.parametrize("is_taken", [True, False])
def test_a_copy_is_kept_on_this_disk_and_on_another_one(shop: Shop, tmp_path: Path, is_taken: bool) -> None:
    note = CopyNote(NOW, _renew(shop))
    with small_file_system(tmp_path / "small", options="size=4m") as small:
        for number, into in enumerate((small, tmp_path / "here")):
            into.mkdir(exist_ok=True)
            path = str(shutil.copy(note.copied.path, tmp_path / f"whole-{number}"))

            keep_copy(path, note, str(into), is_taken=is_taken, owner=None)

            kept = read_note(str(into))
            assert kept is not None
            assert kept.at == NOW
            assert (into / "rattail.sqlite3").read_bytes() == Path(note.copied.path).read_bytes()
            assert sorted(os.listdir(into)) == sorted(COPY)


@pytest.mark.parametrize("copier", [shutil.copy2, shutil.copy])
def test_what_tells_of_another_copy_is_not_believed(
    shop: Shop, other: Shop, tmp_path: Path, copier: Callable[[str, str], str]
) -> None:
    """One of the two was copied before the records were copied anew, the other one after."""
    old = _renew(shop)
    folder, copy = shop.app / "data/database", tmp_path / "copy"
    shutil.copytree(shop.app, copy, symlinks=True, copy_function=copier)
    _record(shop, "UPDATE sqlite_sequence SET seq = seq + 1")  # the same size, the same rows
    _renew(shop, now=LATER)
    copier(str(folder / "records.json"), str(copy / "data/database/records.json"))

    restored = restore(other.request(copy))

    assert restored.rows == old.counts
    assert any("made anew while the folder was copied" in one for one in restored.messages)
    if copier is shutil.copy2:
        assert restored.records_at == NOW.isoformat()
    assert restored.records_at != LATER.isoformat()


def test_a_copy_without_its_note_is_looked_through_and_a_bad_one_refused(
    shop: Shop, other: Shop, tmp_path: Path
) -> None:
    counts = _renew(shop).counts
    copy = shutil.copytree(shop.app, tmp_path / "copy", symlinks=True)
    (copy / "data/database/records.json").unlink()
    assert restore(other.request(copy)).rows == counts

    with (copy / "data/database/rattail.sqlite3").open("r+b") as stream:
        stream.truncate(8192)
    shutil.rmtree(other.app)
    with pytest.raises(BackupUnproven, match="is not good"):
        restore(other.request(copy))


def test_a_copy_that_lost_the_times_of_its_files_still_says_how_old_it_is(
    shop: Shop, other: Shop, tmp_path: Path
) -> None:
    _renew(shop)
    copy = shutil.copytree(shop.app, tmp_path / "copy", symlinks=True, copy_function=shutil.copy)

    restored = restore(other.request(copy))

    assert restored.records_at == NOW.isoformat()
    assert restored.messages == ()


def test_files_that_the_records_name_and_the_copy_lacks_are_named(
    shop: Shop, tmp_path: Path, registry: Registry, run: Run
) -> None:
    batches = shop.app / "data/batches/inventory"
    for number in (1, 2):
        (batches / f"{number:08d}").mkdir()
        (batches / f"{number:08d}" / "count.csv").write_text("upc,counted\n")
        _record(shop, _batch(number, "inventory"))
    _record(shop, _batch(3, "products"))  # a table, which is none of the folder's files
    _renew(shop)
    shutil.rmtree(batches / "00000001")
    copy = shutil.copytree(shop.app, tmp_path / "copy", symlinks=True)
    other = empty_shop(tmp_path / "other", registry)

    ran = run("restore-backup", copy, "--into", other.environment)
    said = run("restore-backup", copy, "--into", other.environment, "--json").data

    assert ran.code == 0, ran.err
    assert "'data/batches/inventory/00000001/count.csv'" in ran.out
    assert "1 of the files that the records name are not in the copy" in ran.err
    assert said["missing_files"] == ["data/batches/inventory/00000001/count.csv"]
    assert f"as they were at {NOW:%Y-%m-%d %H:%M:%S} UTC, " in ran.out


def test_a_folder_that_is_still_packed_is_to_be_unpacked_first(shop: Shop, tmp_path: Path, run: Run) -> None:
    _renew(shop)
    packed = shutil.make_archive(str(tmp_path / "packed"), "gztar", shop.app)

    ran = run("restore-backup", packed, "--into", tmp_path / "new")

    assert ran.code == BackupUnproven.exit_code
    assert "unpack it, and restore that folder" in ran.err
    assert not (tmp_path / "new").exists()


def _batch(number: int, kind: str) -> str:
    texts = [
        "state",
        "description",
        "format",
        "file_name",
        "file_sha256",
        "failure",
        "created_by",
        "executed_by",
        "undone_by",
    ]
    values = {
        **dict.fromkeys(texts, "''"),
        **dict.fromkeys(["file_bytes", "row_count", "problem_count", "change_count"], "0"),
        **dict.fromkeys(["settings", "answers", "counts"], "'{}'"),
        "remarks": "'[]'",
        "number": str(number),
        "kind": f"'{kind}'",
        "state": "'ready'",
        "file_name": "'count.csv'",
        "created_at": "'2026-11-20 00:00:00'",
    }
    return f"INSERT INTO batches_batch ({', '.join(values)}) VALUES ({', '.join(values.values())})"


def test_calling_it_off_leaves_the_copy_that_was_there(shop: Shop) -> None:
    _renew(shop)
    folder = shop.app / "data/database"
    before = {name: (folder / name).read_bytes() for name in os.listdir(folder)}
    place = CopyPlace(
        str(shop.app), Whereabouts(path=str(shop.app / "data/rattail.sqlite3")), str(shop.app / "data/database")
    )
    told: list[tuple[str, int, int | None]] = []

    def call_off(what: str, done: int, total: int | None) -> None:
        told.append((what, done, total))
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        renew_copy(place, now=LATER, progress=call_off)

    what, done, total = told[-1]
    assert (what, total) == ("copying the records", (shop.app / "data/rattail.sqlite3").stat().st_size)
    assert 0 < done <= (total or 0)
    assert {name: (folder / name).read_bytes() for name in os.listdir(folder)} == before
    assert set(json.loads(before["records.json"])) >= {"at", "sha256", "mtime_ns"}
