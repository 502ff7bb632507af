"""make-backup struck at every call that it makes to the disk and to programs.

Whatever fails, no backup that is listed is bad, the app folder is what it was, and the same command run again
succeeds without help.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rattail.features.backups.making.make import make_backup
from rattail.features.backups.making.plan import MakeRequest
from rattail.features.backups.making.readback import read_back
from rattail.features.backups.shelf.shelf import list_backups
from rattail.features.backups.shelf.state import State
from rattail.registry import Registry
from tests.conftest import Run
from tests.features.backups.making.backing import request_of
from tests.kit.faults import ERRORS, KILL, every_moment
from tests.kit.snapshot import snapshot

NAMES = {KILL: "killed", **{code: os.strerror(code) for code in ERRORS}}


@pytest.fixture
def request_(appdir: Path, registry: Registry, run: Run, tmp_path: Path) -> MakeRequest:
    run("make-appdir", "--path", appdir)
    run("migrate-db", "--appdir", appdir)
    (appdir / "data/own").mkdir()
    for number in range(12):
        (appdir / f"data/own/{number}.txt").write_text(f"{number}\n" * 50)
    (appdir / "data/own/big.bin").write_bytes(os.urandom(5 << 20))
    return request_of(appdir, registry, target=tmp_path / "backups")


def of_the_shop(root: str) -> dict[str, object]:
    """What is in the app folder, but for the copy of the records, which a backup renews, and what SQLite keeps open."""
    return {
        path: one._replace(mtime_ns=0)
        for path, one in snapshot(Path(root)).items()
        if not path.startswith("data/database") and not path.endswith(("-wal", "-shm"))
    }


@pytest.mark.parametrize("fault", [KILL, *ERRORS], ids=lambda fault: NAMES[fault])
def test_whatever_fails_no_listed_backup_is_bad_and_the_next_one_succeeds(request_: MakeRequest, fault: int) -> None:
    before = of_the_shop(request_.root)
    struck = 0
    for moment, ended in every_moment(fault, lambda: make_backup(request_)):
        assert ended.how != "bug", f"at call {moment}: {ended.text}"
        struck += ended.how != "quiet"
        for one in list_backups(request_.target):
            assert read_back(one.path, scratch=request_.target).problem == "", f"after call {moment}"
            os.unlink(one.path)
        if fault != KILL and ended.how == "told":
            left = {path.name for path in Path(request_.target).glob("*")} if os.path.exists(request_.target) else set()
            assert not any(name.endswith(".part") for name in left), f"after call {moment}: {left}"
        assert of_the_shop(request_.root) == before, f"after call {moment}"

    make_backup(request_._replace(now=request_.now.replace(hour=3)))
    assert [one.state for one in list_backups(request_.target)] == [State.READ_BACK]
    assert struck > 60, "there are that many calls at least, or striking no longer works"
