"""While a backup is made no essential file is removed."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from rattail.appdir.still import files_held_still, removing_files
from rattail.errors import AppDirBusy


def test_nothing_is_removed_while_files_are_held_still(tmp_path: Path) -> None:
    root = str(tmp_path)
    with (
        files_held_still(root),
        files_held_still(root, wait_s=0),
        pytest.raises(AppDirBusy, match="a backup of"),
        removing_files(root, wait_s=0),
    ):
        pass
    with removing_files(root, wait_s=0):
        pass


def test_files_are_not_held_still_while_some_are_removed(tmp_path: Path) -> None:
    root = str(tmp_path)
    with removing_files(root), pytest.raises(AppDirBusy, match="being removed"), files_held_still(root, wait_s=0):
        pass


def test_a_killed_process_holds_nothing_still(tmp_path: Path) -> None:
    root = str(tmp_path)
    ready, tell = os.pipe()
    child = os.fork()
    if child == 0:
        with files_held_still(root):
            os.write(tell, b"x")
            signal.pause()
    os.read(ready, 1)
    with pytest.raises(AppDirBusy), removing_files(root, wait_s=0):
        pass
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)

    with removing_files(root, wait_s=0):
        pass
