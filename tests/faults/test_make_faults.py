"""make-appdir killed, raced and starved: the folder is whole in the end, or nothing is lost."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from rattail.appdir.locate import Located
from rattail.appdir.marker import require_marker
from rattail.features.core.make.service import Request, make, plan_appdir
from rattail.registry import Registry
from tests.conftest import NOW, clean_environment
from tests.kit.killing import at_once, killed_at
from tests.kit.mounting import small_file_system
from tests.kit.snapshot import snapshot

Make = Callable[[Path], object]


@pytest.fixture
def make_at(registry: Registry) -> Make:
    return lambda root: make(registry, Request(located=Located(str(root), "in a test"), now=NOW), environ={})


def _is_whole(root: Path, registry: Registry) -> bool:
    request = Request(located=Located(str(root), "in a test"), now=NOW)
    return not plan_appdir(registry, request, environ={}).steps and "secret_key" in (root / "secrets.toml").read_text()


def _fill(path: Path) -> None:
    """Write until the file system has not one byte left."""
    with path.open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
        while ballast.write(b"x" * 4096):
            pass


def test_killed_at_every_touch_of_the_disk_the_next_run_completes_it(
    quick_path: Path, registry: Registry, make_at: Make
) -> None:
    moment = 0
    while True:
        moment += 1
        root = quick_path / str(moment) / "app"
        root.parent.mkdir()
        was_killed = killed_at(moment, partial(make_at, root))
        make_at(root)

        assert _is_whole(root, registry), f"not whole after a kill at touch {moment}"
        leftovers = list(root.rglob(".tmp-*"))
        assert len(leftovers) <= 1
        if not was_killed:
            break
    assert moment > 100  # there are that many moments at least, or the kill no longer works


def test_a_kill_leaves_nothing_or_a_folder_that_is_known_as_ours(quick_path: Path, make_at: Make) -> None:
    for moment in range(1, 40):
        root = quick_path / str(moment) / "app"
        root.parent.mkdir()
        killed_at(moment, partial(make_at, root))

        names = os.listdir(root) if root.exists() else []
        if names:
            assert require_marker(str(root)).layout == 1


def test_twenty_at_once_all_succeed_and_the_folder_is_whole(
    quick_path: Path, registry: Registry, make_at: Make
) -> None:
    for round_number in range(15):
        root = quick_path / str(round_number) / "app"
        root.parent.mkdir()

        codes = at_once(20, partial(make_at, root))

        assert codes == [0] * 20
        assert _is_whole(root, registry)
        assert not list(root.rglob(".tmp-*"))


def test_twenty_real_commands_at_once_all_succeed(tmp_path: Path, registry: Registry) -> None:
    root = tmp_path / "app"
    command = [sys.executable, "-m", "rattail", "make-appdir", "--path", str(root)]

    running = [
        subprocess.Popen(command, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(20)
    ]
    said = [process.communicate(timeout=120) for process in running]

    assert [process.returncode for process in running] == [0] * 20, said
    assert [error for _, error in said] == [""] * 20
    assert _is_whole(root, registry)


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("inodes", [2, 9, 20, 33])
def test_a_full_disk_is_one_sentence_and_the_same_command_completes_it_later(
    tmp_path: Path, registry: Registry, inodes: int
) -> None:
    with small_file_system(tmp_path / "disk", options=f"size=1m,nr_inodes={inodes}") as disk:
        root = disk / "app"
        command = [sys.executable, "-m", "rattail", "make-appdir", "--path", str(root)]

        full = subprocess.run(command, env=clean_environment(), capture_output=True, text=True, check=False)

        assert full.returncode == 51
        assert "the disk is full" in full.stderr
        assert "Traceback" not in full.stderr
        subprocess.run(["mount", "-o", "remount,size=1m,nr_inodes=900", str(disk)], check=True)
        subprocess.run(command, env=clean_environment(), check=True, capture_output=True)
        assert _is_whole(root, registry)


@pytest.mark.usefixtures("as_root")
def test_a_disk_filled_to_the_last_byte_leaves_the_old_folder_as_it_was(tmp_path: Path, make_at: Make) -> None:
    with small_file_system(tmp_path / "disk", options="size=256k") as disk:
        root = disk / "app"
        make_at(root)
        (root / "README.txt").unlink()
        _fill(root / "ballast")
        before = snapshot(root)
        command = [sys.executable, "-m", "rattail", "make-appdir", "--path", str(root)]

        full = subprocess.run(command, env=clean_environment(), capture_output=True, text=True, check=False)

        assert full.returncode == 51
        assert "the disk is full" in full.stderr
        after = snapshot(root)
        changed = {path for path in before if before[path] != after.get(path)}
        assert changed <= {"app-folder.lock"}
        (root / "ballast").unlink()
        make_at(root)
        assert (root / "README.txt").is_file()
