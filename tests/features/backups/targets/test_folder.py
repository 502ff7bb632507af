"""Copies in another folder."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from rattail.errors import AppDirBroken, AppDirBusy, BackupUnproven, ConfigInvalid, InputRejected, WouldOverwrite
from rattail.features.backups.shelf.shelf import list_backups, target_lock
from rattail.features.backups.shelf.state import Known, State, write_known
from rattail.features.backups.targets.copying import BROKEN_OFF, require_places
from tests.features.backups.targets.conftest import Shelf
from tests.kit.killing import at_once, killed_at
from tests.kit.mounting import small_file_system


@pytest.fixture
def far(tmp_path: Path) -> Path:
    path = tmp_path / "far"
    path.mkdir()
    return path


def test_a_copy_is_the_same_file_and_as_good_a_backup(shelf: Shelf, far: Path) -> None:
    (made,) = shelf.copy(far)

    (copy,) = list_backups(str(far))
    assert made.error is None
    assert Path(copy.path).read_bytes() == Path(shelf.newest.path).read_bytes()
    assert copy.state is State.READ_BACK
    assert os.stat(copy.path).st_mode & 0o777 == 0o600
    assert shelf.newest.known.copies[str(far)].problem == ""
    assert made.warnings == (f"'{far}' lies on the same disk as the backups themselves.",)


def test_copying_again_changes_nothing_and_looks_at_the_copy_again(shelf: Shelf, far: Path) -> None:
    shelf.copy(far)
    copy = far / shelf.newest.file_name
    inode = copy.stat().st_ino
    assert shelf.copy(far)[0].error is None

    with copy.open("r+b") as stream:
        stream.seek(1 << 20)
        stream.write(b"rot")
    (made,) = shelf.copy(far)

    assert isinstance(made.error, WouldOverwrite)
    assert "another file than the backup" in shelf.newest.known.copies[str(far)].problem
    assert copy.stat().st_ino == inode


@pytest.mark.parametrize("kind", ["half", "half of another", "longer", "the whole"])
def test_what_an_earlier_try_brought_is_gone_on_with(shelf: Shelf, far: Path, kind: str) -> None:
    content = Path(shelf.newest.path).read_bytes()
    half = content[: len(content) // 2]
    part = far / f"{shelf.newest.file_name}.part"
    part.write_bytes(
        {"half": half, "half of another": os.urandom(len(half)), "longer": content + b"x", "the whole": content}[kind]
    )
    inode = part.stat().st_ino

    (made,) = shelf.copy(far)

    copy = far / shelf.newest.file_name
    assert made.error is None
    assert copy.read_bytes() == content
    assert copy.stat().st_ino == inode
    assert not part.exists()


def test_killed_at_any_point_the_same_command_completes_the_copy(shelf: Shelf, far: Path) -> None:
    moment = 0
    while killed_at(moment := moment + 1, lambda: shelf.copy(far)):
        assert all(one.size_bytes == shelf.newest.size_bytes for one in list_backups(str(far)))
        if shelf.newest.known.copies:
            assert shelf.newest.known.copies[str(far)].problem in (BROKEN_OFF, "")

    assert moment > 15
    assert shelf.newest.known.copies[str(far)].problem == ""
    assert (far / shelf.newest.file_name).read_bytes() == Path(shelf.newest.path).read_bytes()


def test_a_disk_that_fills_up_on_the_way_keeps_what_it_has_until_there_is_room(shelf: Shelf, tmp_path: Path) -> None:
    with small_file_system(tmp_path / "small", options="size=8m") as small:
        hog = small / "hog"

        def fill(what: str, done: int, total: int | None) -> None:
            if what == "copying" and not hog.exists():
                with hog.open("wb", buffering=0) as stream:
                    while True:
                        try:
                            stream.write(bytes(4096))
                        except OSError:
                            return

        (failed,) = shelf.copy(small, progress=fill)
        (refused,) = shelf.copy(small)
        left = os.listdir(small)
        hog.unlink()
        (made,) = shelf.copy(small)

        assert isinstance(failed.error, AppDirBroken)
        assert "the disk is full" in failed.error.message
        assert isinstance(refused.error, AppDirBroken)
        assert "there is too little room" in refused.error.message
        assert sorted(left) == ["hog", f"{shelf.newest.file_name}.part"]
        assert (made.error, made.warnings) == (None, ())
        assert (small / shelf.newest.file_name).read_bytes() == Path(shelf.newest.path).read_bytes()


def test_a_damaged_backup_is_found_out_and_not_copied(shelf: Shelf, far: Path) -> None:
    path = shelf.newest.path
    look = os.stat(path)
    with open(path, "r+b") as stream:
        stream.seek(look.st_size // 2)
        stream.write(b"rot")
    os.utime(path, ns=(look.st_atime_ns, look.st_mtime_ns))

    with pytest.raises(BackupUnproven, match=r"the bytes of 'folder.tar.zst' are not"):
        shelf.copy(far)

    assert list_backups(str(far)) == ()
    assert shelf.newest.state is State.DAMAGED
    with pytest.raises(BackupUnproven, match="is damaged and is not copied"):
        shelf.copy(far)


def test_one_place_that_fails_does_not_hinder_the_next(shelf: Shelf, far: Path, tmp_path: Path) -> None:
    gone, made = shelf.copy(tmp_path / "gone", far)

    assert gone.error is not None
    assert "there is no folder" in gone.error.message
    assert made.error is None
    assert not (tmp_path / "gone").exists()


def test_the_folder_of_the_backups_is_no_place_for_copies(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(shelf.path)

    made = shelf.copy(shelf.path, tmp_path / "link")

    assert all(isinstance(one.error, InputRejected) for one in made)
    assert len(list_backups(str(shelf.path))) == 1


def test_what_is_no_place_is_refused_before_anything_is_copied(shelf: Shelf, far: Path) -> None:
    with pytest.raises(ConfigInvalid) as refused:
        shelf.copy(far, "relative", "restic:relative", "borg:", "file:/x")

    assert len(refused.value.faults) == 4
    assert os.listdir(far) == []
    require_places(["/srv", "s3://bucket/folder", "restic:/r", "restic:sftp:host:/r", "borg:me@host:r", "memory://x"])


def test_of_two_at_once_one_copies(shelf: Shelf, far: Path) -> None:
    def act() -> None:
        try:
            shelf.copy(far)
        except AppDirBusy:
            return

    assert at_once(3, act) == [0, 0, 0]
    assert [one.size_bytes for one in list_backups(str(far))] == [shelf.newest.size_bytes]


def test_what_another_process_copies_there_is_left_to_it(shelf: Shelf, far: Path) -> None:
    with (far / f"{shelf.newest.file_name}.part").open("wb") as theirs:
        fcntl.flock(theirs, fcntl.LOCK_EX)
        (made,) = shelf.copy(far)

    assert isinstance(made.error, AppDirBusy)
    assert shelf.copy(far)[0].error is None


def test_while_a_backup_is_made_nothing_is_copied(shelf: Shelf, far: Path) -> None:
    with target_lock(str(shelf.path)), pytest.raises(AppDirBusy):
        shelf.copy(far)


def test_a_link_under_the_name_of_the_copy_is_not_followed(shelf: Shelf, far: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (far / f"{shelf.newest.file_name}.part").symlink_to(victim)

    (made,) = shelf.copy(far)

    assert isinstance(made.error, AppDirBroken)
    assert victim.read_text() == "mine"


def test_one_that_nobody_looked_at_can_be_copied_and_stays_what_it_was(shelf: Shelf, far: Path) -> None:
    write_known(shelf.newest.path, Known())

    (made,) = shelf.copy(far)

    assert made.error is None
    assert [one.state for one in (*list_backups(str(far)), shelf.newest)] == [State.UNPROVEN] * 2


def test_what_killed_copies_left_there_is_removed_unless_somebody_can_go_on_with_it(shelf: Shelf, far: Path) -> None:
    name = shelf.newest.file_name
    gone = "shop-20250101T000000Z.tar.part"
    waiting = shelf.path / "shop-20251231T000000Z.tar"
    waiting.write_bytes(b"x")
    stays = {f"{waiting.name}.part", "another-20250101T000000Z.tar.part", ".tmp-2", "notes.part"}
    for each in (gone, ".tmp-1", *stays):
        (far / each).write_text("half")
    os.utime(far / ".tmp-1", (0, 0))

    (made,) = shelf.copy(far)

    assert made.error is None
    assert set(os.listdir(far)) == {name, f"{name}.json", *stays}
