"""The content of the newest backup as plain files, brought from the last one's."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from rattail.features.backups.archive.opened import open_archive
from rattail.features.backups.keys.keys import make_key
from rattail.features.backups.targets.unpacked import Unpacked, unpack_for_repository
from tests.features.backups.making.backing import NOW
from tests.features.backups.targets.conftest import Shelf
from tests.kit.killing import killed_at
from tests.kit.snapshot import snapshot


def unpack(shelf: Shelf) -> Unpacked:
    with open_archive(shelf.newest.path) as archive:
        return unpack_for_repository(archive, shelf.newest, shelf=str(shelf.path), progress=lambda *_: None)


def content(unpacked: Unpacked) -> dict[str, tuple[int, str]]:
    return {path: (look.mode, look.content) for path, look in snapshot(Path(unpacked.path)).items()}


def test_the_same_backup_again_writes_nothing(shelf: Shelf) -> None:
    first = unpack(shelf)
    before = snapshot(Path(first.path))

    assert unpack(shelf) == first
    assert snapshot(Path(first.path)) == before
    assert first.files == sum(path.is_file() and not path.is_symlink() for path in Path(first.path).rglob("*"))


def test_what_the_next_one_has_as_well_is_not_written_again(shelf: Shelf) -> None:
    own = Path(unpack(shelf).path) / "folder" / "data" / "own"
    inodes = {name: (own / name).stat().st_ino for name in ("noise.bin", "6.csv")}
    (shelf.root / "data" / "own" / "3.csv").write_text("another")
    shelf.make(NOW + timedelta(days=1))

    unpack(shelf)

    assert (own / "3.csv").read_text() == "another"
    assert {name: (own / name).stat().st_ino for name in inodes} == inodes


@pytest.mark.parametrize("harm", ["gone", "longer", "later", "a folder", "open to all"])
def test_what_somebody_changed_there_is_mended(shelf: Shelf, harm: str) -> None:
    unpacked = unpack(shelf)
    before = snapshot(Path(unpacked.path))
    victim = Path(unpacked.path) / "folder" / "data" / "own" / "7.csv"
    match harm:
        case "gone":
            victim.unlink()
        case "longer":
            victim.write_text("another")
        case "later":
            os.utime(victim)
        case "a folder":
            (victim.parent / "link").unlink()
            (victim.parent / "link").mkdir()
        case "open to all":
            victim.parent.chmod(0o777)

    unpack(shelf)

    assert snapshot(Path(unpacked.path)) == before


@pytest.mark.parametrize("folder", [".", "folder", "folder/data/own", "folder/data/database"])
def test_what_somebody_put_there_is_counted_as_it_goes_along(shelf: Shelf, folder: str) -> None:
    place = Path(unpack(shelf).path)
    (place / folder / "theirs").write_text("six by")

    for _ in range(2):
        unpacked = unpack(shelf)

        files = [path for path in place.rglob("*") if path.is_file() and not path.is_symlink()]
        assert (unpacked.files, unpacked.file_bytes) == (len(files), sum(path.stat().st_size for path in files))


def test_a_folder_that_changed_in_the_shop_has_its_new_time_and_permissions(shelf: Shelf) -> None:
    unpack(shelf)
    own = shelf.root / "data" / "own"
    own.chmod(0o710)
    os.utime(own, (1_000_000_000, 1_000_000_000))
    shelf.make(NOW + timedelta(days=1))

    look = (Path(unpack(shelf).path) / "folder" / "data" / "own").stat()

    assert (look.st_mode & 0o777, look.st_mtime) == (0o710, 1_000_000_000)


def test_encrypted_ones_and_others_take_turns(shelf: Shelf) -> None:
    plain = content(unpack(shelf))
    shelf.make(NOW + timedelta(days=1), recipients=(make_key().public,))
    encrypted = os.listdir(unpack(shelf).path)
    os.unlink(shelf.newest.path)

    again = content(unpack(shelf))

    assert "folder.tar.zst.age" in encrypted
    assert "folder" not in encrypted
    assert again == plain
    assert "SHA256SUMS" not in again


def test_killed_at_any_point_the_next_run_brings_all_of_it(shelf: Shelf) -> None:
    (shelf.root / "data" / "own" / "noise.bin").unlink()
    for number in range(2, 20):
        (shelf.root / "data" / "own" / f"{number}.csv").unlink()
    shelf.make(NOW + timedelta(days=1))
    whole = content(unpack(shelf))
    moment = 1
    while killed_at(moment, lambda: unpack(shelf)):
        moment += 17
        assert content(unpack(shelf)) == whole
        for path in (shelf.path / "unpacked").glob("*.index"):
            path.unlink()

    assert moment > 100
