"""Unpacking the folder of an archive that is as it should be, and what is said where it is not."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from rattail.errors import Interrupted, NoSuchThing, WouldOverwrite
from rattail.features.backups.archive.opened import open_archive
from rattail.features.backups.restoring.unpack import Unpacked, unpack_folder
from tests.features.backups.hostile.forging import CONTENT, folder_archive, header, member, told, told_link

_MTIME_NS = 1_610_612_736_123_456_789
_TAR = b"".join(
    (
        member("top.csv", CONTENT),
        header("data", kind=b"5"),
        member("data/large", b"abc" * 1_000_000),
        header("data/way", kind=b"2", link=b"../top.csv"),
        header("data/out", kind=b"2", link=b"../../elsewhere"),
        header("data/exports", kind=b"5"),
        member("data/exports/one", b"1"),
        header("relocated", kind=b"5"),
        member("above/it/two", b"2"),
    )
)
_TOLD = (
    told("top.csv", CONTENT, mode="4755", mtime_ns=_MTIME_NS, uid=7, gid=8),
    told("data", mode="2750", mtime_ns=_MTIME_NS + 1),
    told("data/large", b"abc" * 1_000_000, mode="0400"),
    told_link("data/way", "../top.csv", mtime_ns=_MTIME_NS + 2),
    told_link("data/out", "../../elsewhere"),
    told("data/exports", mode="0555", mtime_ns=_MTIME_NS + 3),
    told("data/exports/one", b"1"),
    told("relocated"),
    told("above/it/two", b"2"),
)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "poser-20261122T023000Z.tar"
    path.write_bytes(folder_archive(_TAR, _TOLD))
    return path


@pytest.fixture
def target(tmp_path: Path) -> Path:
    target = tmp_path / "target"
    target.mkdir()
    return target


def _unpack(archive: Path, target: Path, *, only: Sequence[str] = (), **more: Any) -> Unpacked:
    into = os.open(target, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with open_archive(str(archive)) as opened:
            return unpack_folder(opened, into, only=only, **more)
    finally:
        os.close(into)


def _paths(target: Path) -> set[str]:
    return {str(path.relative_to(target)) for path in target.rglob("*")}


def test_everything_is_there_with_its_content(archive: Path, target: Path) -> None:
    unpacked = _unpack(archive, target)

    assert unpacked == Unpacked(4, 3, 2, len(CONTENT) + 3_000_002, ("data/out",))
    assert _paths(target) == {entry["path"] for entry in _TOLD} | {"above", "above/it"}
    assert (target / "top.csv").read_bytes() == CONTENT
    assert (target / "data/large").read_bytes() == b"abc" * 1_000_000
    assert os.readlink(target / "data/way") == "../top.csv"


def test_permissions_and_times_are_those_of_the_backup_and_nothing_is_setuid(archive: Path, target: Path) -> None:
    _unpack(archive, target)

    looks = {path: (target / path).lstat() for path in ("top.csv", "data", "data/large", "data/exports", "data/way")}
    modes = {path: stat.S_IMODE(look.st_mode) for path, look in looks.items() if path != "data/way"}
    assert modes == {"top.csv": 0o755, "data": 0o2750, "data/large": 0o400, "data/exports": 0o555}
    times = [looks[path].st_mtime_ns - _MTIME_NS for path in ("top.csv", "data", "data/way", "data/exports")]
    assert times == [0, 1, 2, 3]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_owners_are_those_the_caller_says(archive: Path, target: Path) -> None:
    _unpack(archive, target, owner_of=lambda entry: (entry.uid + 1000, entry.gid + 2000))

    for path, owner in (("top.csv", (1007, 2008)), ("data", (1000, 2000)), ("data/way", (1000, 2000))):
        look = (target / path).lstat()
        assert (look.st_uid, look.st_gid) == owner


def test_without_a_word_about_owners_all_is_of_whoever_unpacks(archive: Path, target: Path) -> None:
    _unpack(archive, target)

    assert (target / "top.csv").stat().st_uid == os.geteuid()


@pytest.mark.parametrize(
    ("only", "paths"),
    [
        (["data/exports"], {"data", "data/exports", "data/exports/one"}),
        (["data/exports/"], {"data", "data/exports", "data/exports/one"}),
        (["top.csv", "data/way"], {"top.csv", "data", "data/way"}),
        (["above/it"], {"above", "above/it", "above/it/two"}),
    ],
)
def test_a_part_can_be_asked_for(only: list[str], paths: set[str], archive: Path, target: Path) -> None:
    _unpack(archive, target, only=only)

    assert _paths(target) == paths


def test_a_part_that_is_not_there_is_named(archive: Path, target: Path) -> None:
    with pytest.raises(NoSuchThing, match="holds nothing at 'data/export'"):
        _unpack(archive, target, only=["data/export"])


def test_what_is_there_already_is_left_alone(archive: Path, target: Path) -> None:
    (target / "precious").write_text("precious")

    with pytest.raises(WouldOverwrite, match="not empty"):
        _unpack(archive, target)

    assert _paths(target) == {"precious"}


def test_progress_is_told_and_can_end_it(archive: Path, target: Path) -> None:
    told_of: list[tuple[int, int | None]] = []

    def give_up(done: int, total: int | None) -> None:
        told_of.append((done, total))
        if done:
            raise Interrupted("enough")

    with pytest.raises(Interrupted):
        _unpack(archive, target, progress=give_up)

    assert told_of == [(len(CONTENT), 3_000_019)]
    assert not (target / "data/exports").exists()


def test_no_descriptor_stays_open(archive: Path, target: Path) -> None:
    before = set(os.listdir("/proc/self/fd"))

    _unpack(archive, target)
    with pytest.raises(WouldOverwrite):
        _unpack(archive, target)

    assert len(set(os.listdir("/proc/self/fd"))) == len(before)
