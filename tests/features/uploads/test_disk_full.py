"""A disk that is full while a file comes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rattail.appdir.names import is_temporary
from rattail.errors import AppDirBroken
from rattail.features.uploads.ground import Ground, Limits
from rattail.features.uploads.service.append import append
from rattail.features.uploads.service.find import find_upload
from rattail.features.uploads.service.finish import finish
from rattail.features.uploads.service.start import start_upload
from tests.conftest import NOW
from tests.features.uploads.conftest import MB, ROWS
from tests.kit.mounting import small_file_system


def test_what_came_before_stays_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    content = ROWS * 1000
    with small_file_system(tmp_path / "disk", options="size=1m") as disk:
        filler = disk / "filler"
        folder = disk / "uploads"
        folder.mkdir()
        ground = Ground(str(folder), Limits(50 * MB, 50 * MB, 0), NOW, "alice")
        upload = start_upload(ground, name="a.csv", size_bytes=len(content))
        filler.write_bytes(bytes(600_000))

        with pytest.raises(AppDirBroken, match="the disk is full"):
            append(upload.token, offset=0, blocks=[content], ground=ground)
        there = find_upload(upload.token, ground=ground).received_bytes
        names = [name for name in os.listdir(upload.folder) if name != "upload.json"]
        filler.unlink()
        append(upload.token, offset=there, blocks=[content[there:]], ground=ground)

        assert 0 < there < len(content)
        assert all(is_temporary(name) for name in names)
        assert Path(finish(upload.token, ground=ground).path).read_bytes() == content


def test_a_start_on_a_full_disk_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    with small_file_system(tmp_path / "disk", options="size=1m,nr_inodes=4") as disk:
        folder = disk / "uploads"
        folder.mkdir()
        ground = Ground(str(folder), Limits(50 * MB, 50 * MB, 0), NOW, "alice")

        with pytest.raises(AppDirBroken, match="the disk is full"):
            start_upload(ground, name="a.csv", size_bytes=10)

        assert os.listdir(folder) == []
