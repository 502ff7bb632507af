"""Copies of a SQLite database, whoever writes to it meanwhile."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from rattail.database.setup import Whereabouts
from rattail.errors import AppDirBroken, DatabaseUnreachable, Interrupted
from rattail.features.backups.records.check import check_copy
from rattail.features.backups.records.copy import NOTE, copy_database, read_note
from tests.features.backups.records.places import NOW, copied
from tests.features.backups.records.under_fire import SUM, fire, make_bank, measured, sum_of
from tests.kit.killing import killed_at
from tests.kit.mounting import small_file_system
from tests.kit.snapshot import snapshot

COPIES = 3
BANK_BYTES = 6_000_000
CUT_OFF = """
import os, signal, sqlite3, sys
bank = sqlite3.connect(sys.argv[1], isolation_level=None)
bank.execute("PRAGMA cache_size = 5")
bank.execute("BEGIN IMMEDIATE")
bank.execute("UPDATE account SET balance = balance + 1")
bank.execute("UPDATE paper SET content = x'00'")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    file = tmp_path / "bank.sqlite3"
    make_bank(file, size_bytes=400_000)
    return file


def names_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


@pytest.mark.parametrize(
    ("journal_mode", "synchronous"), [("wal", "NORMAL"), ("wal", "FULL"), ("delete", "OFF")], ids=str
)
def test_copies_under_fire_are_whole_and_no_money_is_lost(journal_mode: str, synchronous: str, tmp_path: Path) -> None:
    file, latencies, folder = tmp_path / "bank", tmp_path / "latencies", tmp_path / "copy"
    make_bank(file, size_bytes=BANK_BYTES, journal_mode=journal_mode)
    latencies.mkdir()

    with fire(file, latencies, processes=4, commits_a_second=1000, synchronous=synchronous):
        for _ in range(COPIES):
            copy = copied(Whereabouts(path=str(file)), folder)
            assert check_copy(copy.path, "sqlite").problem == ""
            assert sum_of(Path(copy.path)) == SUM
            assert names_in(folder) == sorted((NOTE, "rattail.sqlite3"))

    assert copy.counts["account"] == 1000
    assert copy.counts["move"] > 0
    assert len(measured(latencies)) > 0


def test_a_copy_is_a_file_on_its_own_for_nobody_else_and_says_what_it_is(bank: Path, tmp_path: Path) -> None:
    said: list[int] = []
    folder = tmp_path / "copy"
    folder.mkdir()

    copy = copy_database(Whereabouts(path=str(bank)), str(folder), now=NOW, progress=said.append)

    note = read_note(str(folder))
    assert note is not None
    assert (note.at, note.copied) == (NOW, copy)
    assert said[-1] == copy.size_bytes == os.path.getsize(copy.path)
    assert copy.server_version == sqlite3.sqlite_version
    assert [os.stat(folder / name).st_mode & 0o777 for name in names_in(folder)] == [0o600, 0o600]
    with closing(sqlite3.connect(copy.path)) as opened:  # as any program opens it
        assert opened.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert opened.execute("SELECT count(*) FROM account").fetchone() == (1000,)
    assert names_in(folder) == sorted((NOTE, "rattail.sqlite3"))


@pytest.mark.parametrize("journal_mode", ["wal", "delete"])
def test_copying_what_nobody_has_open_changes_nothing_beside_it(journal_mode: str, tmp_path: Path) -> None:
    live = tmp_path / "live"
    live.mkdir()
    make_bank(live / "bank", size_bytes=200_000, journal_mode=journal_mode)
    before = snapshot(live)["bank"]

    copied(Whereabouts(path=str(live / "bank")), tmp_path / "copy")

    assert names_in(live) == ["bank"]
    assert snapshot(live)["bank"] == before


def test_what_is_not_committed_is_not_in_a_copy_and_what_is_committed_is(bank: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(bank, isolation_level=None)) as writer:
        writer.execute("INSERT INTO move VALUES (1, 1, 1)")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO move VALUES (2, 1, 1)")
        copy = copied(Whereabouts(path=str(bank)), tmp_path / "copy")
        writer.execute("COMMIT")

    assert copy.counts["move"] == 1


@pytest.mark.parametrize("journal_mode", ["wal", "delete"])
def test_what_a_writer_that_was_killed_left_half_is_not_in_a_copy(journal_mode: str, tmp_path: Path) -> None:
    file = tmp_path / "bank"
    make_bank(file, size_bytes=200_000, journal_mode=journal_mode)
    done = subprocess.run([sys.executable, "-c", CUT_OFF, str(file)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert file.with_name("bank-wal" if journal_mode == "wal" else "bank-journal").stat().st_size > 0

    copy = copied(Whereabouts(path=str(file)), tmp_path / "copy")

    assert check_copy(copy.path, "sqlite").problem == ""
    assert sum_of(Path(copy.path)) == SUM


def test_copying_lets_go_of_no_lock_that_this_process_holds(bank: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(bank, isolation_level=None)) as mine:
        mine.execute("BEGIN IMMEDIATE")

        copied(Whereabouts(path=str(bank)), tmp_path / "copy")

        write = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('BEGIN IMMEDIATE')"
        other = subprocess.run([sys.executable, "-c", write, str(bank)], capture_output=True, text=True, check=False)
    assert "database is locked" in other.stderr


def test_a_copy_that_is_called_off_leaves_the_one_before(tmp_path: Path) -> None:
    bank, folder = tmp_path / "bank", tmp_path / "copy"
    make_bank(bank, size_bytes=BANK_BYTES)
    before = copied(Whereabouts(path=str(bank)), folder)
    asked: list[int] = []

    with pytest.raises(Interrupted):
        copy_database(
            Whereabouts(path=str(bank)),
            str(folder),
            now=NOW,
            progress=asked.append,
            cancelled=lambda: len(asked) == 1,
        )

    assert len(asked) == 1
    note = read_note(str(folder))
    assert note is not None
    assert note.copied == before
    assert names_in(folder) == sorted((NOTE, "rattail.sqlite3"))


def test_killed_at_any_moment_there_is_the_old_copy_or_the_new_one_and_the_next_one_tidies_up(
    bank: Path, tmp_path: Path
) -> None:
    folder, where = tmp_path / "copy", Whereabouts(path=str(bank))
    old = copied(where, folder).counts["move"]
    with closing(sqlite3.connect(bank)) as writer:
        writer.execute("INSERT INTO move VALUES (1, 1, 1)")
        writer.commit()

    moment = 1
    while killed_at(moment, lambda: copied(where, folder)):
        found = check_copy(str(folder / "rattail.sqlite3"), "sqlite")
        assert found.ok
        assert found.counts["move"] in (old, old + 1)
        note = read_note(str(folder))
        assert note is None or note.copied.counts == found.counts
        moment += 1

    assert moment > 10
    assert names_in(folder) == sorted((NOTE, "rattail.sqlite3"))
    assert check_copy(str(folder / "rattail.sqlite3"), "sqlite").counts["move"] == old + 1


def test_a_disk_that_is_too_small_is_found_out_and_keeps_the_copy_it_has(tmp_path: Path) -> None:
    large, small = tmp_path / "large", tmp_path / "small"
    make_bank(large, size_bytes=3_000_000)
    make_bank(small, size_bytes=400_000)
    with small_file_system(tmp_path / "disk", options="size=2m") as disk:
        copied(Whereabouts(path=str(small)), disk / "copy")

        with pytest.raises(AppDirBroken, match="the disk is full"):
            copied(Whereabouts(path=str(large)), disk / "copy")

        assert names_in(disk / "copy") == sorted((NOTE, "rattail.sqlite3"))
        assert check_copy(str(disk / "copy" / "rattail.sqlite3"), "sqlite").ok


def _nothing(_: Path) -> None:
    return


def _no_database(file: Path) -> None:
    file.write_bytes(b"this is no database " * 1000)


def _a_part(file: Path) -> None:
    make_bank(file, size_bytes=400_000)
    with closing(sqlite3.connect(file)) as whole:
        whole.execute("PRAGMA journal_mode=DELETE")
    os.truncate(file, 8192)


@pytest.mark.parametrize("make", [_nothing, Path.touch, _no_database, _a_part])
def test_records_that_cannot_be_copied_are_told_of_and_nothing_is_left(
    make: Callable[[Path], None], tmp_path: Path
) -> None:
    make(tmp_path / "bank")

    with pytest.raises(DatabaseUnreachable):
        copied(Whereabouts(path=str(tmp_path / "bank")), tmp_path / "copy")

    assert names_in(tmp_path / "copy") == []


def test_every_page_of_a_copy_is_looked_at(bank: Path, tmp_path: Path) -> None:
    path = Path(copied(Whereabouts(path=str(bank)), tmp_path / "copy").path)
    content = path.read_bytes()
    for page in (0, 1, 3, len(content) // 4096 - 1):
        damaged = bytearray(content)
        damaged[page * 4096 : page * 4096 + 16] = b"\xff" * 16
        path.write_bytes(damaged)

        assert check_copy(str(path), "sqlite").problem != "", page


def test_a_check_can_be_called_off(tmp_path: Path) -> None:
    make_bank(tmp_path / "bank", size_bytes=BANK_BYTES)
    path = copied(Whereabouts(path=str(tmp_path / "bank")), tmp_path / "copy").path

    with pytest.raises(Interrupted):
        check_copy(path, "sqlite", cancelled=lambda: True)


def test_a_row_that_refers_to_nothing_is_a_problem(bank: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(bank)) as writer:
        writer.execute("INSERT INTO move VALUES (1, 123456, 1)")
        writer.commit()

    copy = copied(Whereabouts(path=str(bank)), tmp_path / "copy")

    assert check_copy(copy.path, "sqlite").problem == "a row of table move refers to one of account that is not there"


def test_what_is_no_copy_at_all_is_a_problem_and_no_fault(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()

    assert not check_copy(str(tmp_path / "gone"), "sqlite").ok
    assert not check_copy(str(tmp_path / "gone"), "postgresql").ok
    assert not check_copy(str(tmp_path / "empty"), "postgresql").ok
    assert not check_copy(str(tmp_path / "empty"), "sqlite").ok
