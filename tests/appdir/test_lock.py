"""The lock file: whatever stands in its place, or in it, is said and never hangs or breaks anything."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from rattail.appdir.lock import lock_appdir, read_holder
from rattail.errors import AppDirBroken, AppDirBusy


def _link(path: Path) -> None:
    path.symlink_to("elsewhere")


@pytest.mark.parametrize(("stand_in", "kind"), [(Path.mkdir, "a folder"), (os.mkfifo, "a pipe"), (_link, "a link")])
def test_what_stands_in_the_place_of_the_lock_is_named(
    tmp_path: Path, stand_in: Callable[[Path], object], kind: str
) -> None:
    stand_in(tmp_path / "app-folder.lock")

    assert read_holder(str(tmp_path)) == (None, False)
    with (
        pytest.raises(AppDirBroken, match=f"app-folder.lock' should be a plain file, but it is {kind}") as refused,
        lock_appdir(str(tmp_path), command="test"),
    ):
        pass
    assert refused.value.hint == f"mv -nT {tmp_path}/app-folder.lock {tmp_path}/app-folder.lock.away"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[" * 4000,
        b"\xff\xfe",
        b'{"pid": 1e999, "host": "h", "command": "x", "since": "2020"}',
        b'{"pid": [], "host": "h", "command": "x", "since": "2020"}',
    ],
)
def test_a_lock_file_that_says_nothing_names_nobody(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "app-folder.lock").write_bytes(content)

    assert read_holder(str(tmp_path)) == (None, False)


def test_the_name_of_the_holder_can_be_printed_whatever_it_is(tmp_path: Path) -> None:
    text = {"pid": 1, "host": "\x1b]0;x\x07", "command": "a\nb", "since": "\u202e\ud800"}

    with lock_appdir(str(tmp_path), command="first"):
        (tmp_path / "app-folder.lock").write_text(json.dumps(text))
        holder, is_held = read_holder(str(tmp_path))
        with pytest.raises(AppDirBusy) as refused, lock_appdir(str(tmp_path), command="second", wait_s=0):
            pass

    assert is_held
    assert str(holder).isprintable()
    assert refused.value.message.isprintable()


def test_a_lock_that_may_not_be_made_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(AppDirBroken, match="cannot open the lock file"):
        lock_appdir(str(tmp_path / "gone"), command="test").__enter__()
