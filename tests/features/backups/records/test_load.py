"""A copy of a SQLite database put where the application has its records; dumps are in test_postgresql."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rattail.database.setup import Whereabouts
from rattail.errors import BackupUnproven, InputRejected, WouldOverwrite
from rattail.features.backups.records.check import check_copy
from rattail.features.backups.records.load import load_database
from tests.features.backups.records.places import copied
from tests.features.backups.records.under_fire import SUM, make_bank, sum_of
from tests.kit.killing import killed_at


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    make_bank(tmp_path / "bank", size_bytes=400_000)
    return Path(copied(Whereabouts(path=str(tmp_path / "bank")), tmp_path / "copy").path)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path / "data" / "rattail.sqlite3"


def test_a_copy_is_put_in_place_as_the_application_has_it(copy: Path, target: Path) -> None:
    said: list[int] = []

    loaded = load_database(str(copy), "sqlite", Whereabouts(path=str(target)), progress=said.append)

    assert loaded.counts == check_copy(str(copy), "sqlite").counts
    assert target.read_bytes() == copy.read_bytes()
    assert target.stat().st_mode & 0o777 == 0o640
    assert sum_of(target) == SUM
    assert said[-1] == copy.stat().st_size
    assert os.listdir(target.parent) == [target.name]


@pytest.mark.parametrize("ending", ["", "-wal", "-journal"])
def test_records_that_are_there_are_not_replaced_nor_is_what_would_be_read_with_them(
    ending: str, copy: Path, target: Path
) -> None:
    there = target.with_name(target.name + ending)
    there.write_text("mine")

    with pytest.raises(WouldOverwrite):
        load_database(str(copy), "sqlite", Whereabouts(path=str(target)))

    assert os.listdir(target.parent) == [there.name]
    assert there.read_text() == "mine"


def test_a_damaged_copy_is_not_put_in_place(copy: Path, target: Path) -> None:
    content = bytearray(copy.read_bytes())
    content[3 * 4096 : 3 * 4096 + 16] = b"\xff" * 16
    copy.write_bytes(content)

    with pytest.raises(BackupUnproven):
        load_database(str(copy), "sqlite", Whereabouts(path=str(target)))

    assert os.listdir(target.parent) == []


def test_a_copy_of_one_kind_does_not_go_into_a_database_of_the_other(copy: Path, target: Path) -> None:
    with pytest.raises(InputRejected, match="is of SQLite, and the settings say PostgreSQL"):
        load_database(str(copy), "sqlite", Whereabouts(url="postgresql://shop@127.0.0.1:1/shop"))
    with pytest.raises(InputRejected, match="is of PostgreSQL, and the settings say SQLite"):
        load_database(str(copy), "postgresql", Whereabouts(path=str(target)))


def test_killed_at_any_moment_the_records_are_not_there_or_whole(copy: Path, target: Path) -> None:
    moment = 1
    while killed_at(moment, lambda: load_database(str(copy), "sqlite", Whereabouts(path=str(target)))):
        assert not target.exists() or target.read_bytes() == copy.read_bytes()
        for left in target.parent.iterdir():
            left.unlink()
        moment += 1

    assert moment > 8
    assert target.read_bytes() == copy.read_bytes()
