"""A restore that is really killed leaves the whole old folder or the whole new one, and the next one needs no help."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rattail.errors import AppDirBroken
from rattail.features.backups.restoring.journal import State, read_journal
from rattail.features.backups.restoring.plan import plan_restore
from rattail.features.backups.restoring.restore import recover_only, restore
from rattail.registry import Registry
from tests.conftest import Run
from tests.features.backups.restoring.shelf import Shop, made_shop
from tests.kit.killing import killed_at
from tests.kit.snapshot import snapshot

JOURNAL = "app.restoring.json"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Shop:
    return made_shop(tmp_path_factory.mktemp("envs") / "poser", registry)


@pytest.fixture(scope="module")
def backup(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A backup, since which a file was changed."""
    path = shop.backup(tmp_path_factory.mktemp("backups"))
    (shop.app / "data/own/notes.txt").write_text("written since\n")
    return path


def _is_old(shop: Shop) -> bool:
    return (shop.app / "data/own/notes.txt").read_text() == "written since\n"


def _content(shop: Shop) -> dict[str, str]:
    return {path: entry.content for path, entry in snapshot(shop.app).items() if "lock" not in path}


def _killed_at_journal(number: int, act: Callable[[], object], *, is_after: bool) -> None:
    """Run `act` in a process that is killed just before, or after, the n-th time that the journal changes."""
    child = os.fork()
    if child == 0:
        count, is_due = 0, False

        def watch(event: str, words: tuple[object, ...]) -> None:
            nonlocal count, is_due
            if is_due and event == "open":
                os.kill(os.getpid(), signal.SIGKILL)
            if event in ("os.rename", "os.remove") and JOURNAL in str(words[1 if event == "os.rename" else 0]):
                count += 1
                if count == number and not is_after:
                    os.kill(os.getpid(), signal.SIGKILL)
                is_due = is_due or count == number

        sys.addaudithook(watch)
        try:
            act()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)


@pytest.mark.parametrize(
    ("number", "is_after", "state"),
    [
        (1, False, None),
        (1, True, State.PREPARING),
        (2, False, State.PREPARING),
        (2, True, State.SWAPPING),
        (3, False, State.SWAPPING),
        (4, False, State.PROVING),
    ],
)
def test_a_restore_that_is_killed_is_taken_back_or_finished_by_the_next_one(
    number: int, is_after: bool, state: State | None, shop: Shop, backup: str
) -> None:
    (shop.app / "data/own/notes.txt").write_text("written since\n")
    old, names = _content(shop), set(shop.leftovers())

    _killed_at_journal(number, lambda: restore(shop.request(backup)), is_after=is_after)

    journal = read_journal(str(shop.app))
    assert (journal and journal.state) is state
    assert _is_old(shop) is (number < 2 + (not is_after))
    if journal is not None:
        with pytest.raises(AppDirBroken, match="did not come to its end"):
            plan_restore(shop.request(backup))
    said = recover_only(str(shop.environment), registry=shop.registry)
    assert bool(said) is (journal is not None)
    assert not any("restoring" in name or ".tmp-" in name for name in shop.leftovers())
    if state is State.PROVING:
        assert not _is_old(shop)
        assert len(set(shop.leftovers()) - names) == 1
    else:
        assert _content(shop) == old
        assert set(shop.leftovers()) == names
    assert recover_only(str(shop.environment), registry=shop.registry) == ""


@pytest.mark.parametrize("moment", [60, 400])
def test_a_restore_that_is_killed_anywhere_succeeds_when_it_is_run_again(moment: int, shop: Shop, backup: str) -> None:
    (shop.app / "data/own/notes.txt").write_text("written since\n")

    killed_at(moment, lambda: restore(shop.request(backup)))
    restored = restore(shop.request(backup))

    assert not _is_old(shop)
    assert os.path.isdir(restored.kept)
    assert not any("restoring" in name for name in shop.leftovers())


@pytest.mark.parametrize("number", [2, 3])
def test_a_part_that_was_being_restored_is_taken_back(number: int, shop: Shop, backup: str) -> None:
    (shop.app / "data/own/notes.txt").write_text("written since\n")
    (shop.app / "data/own/more.txt").write_text("new since\n")
    old, names = _content(shop), shop.leftovers()
    request = shop.request(backup, only=("data",))

    _killed_at_journal(number, lambda: restore(request), is_after=number == 2)
    is_old = _is_old(shop)
    recover_only(str(shop.environment), registry=shop.registry)

    assert not is_old or number == 2
    assert _content(shop) == old
    assert shop.leftovers() == names


def test_taking_back_can_be_killed_as_well(shop: Shop, backup: str) -> None:
    (shop.app / "data/own/notes.txt").write_text("written since\n")
    old = _content(shop)
    _killed_at_journal(3, lambda: restore(shop.request(backup)), is_after=False)
    moment = 4

    while killed_at(moment, lambda: recover_only(str(shop.environment), registry=shop.registry)):
        moment += 7

    assert moment > 30
    assert _content(shop) == old
    assert read_journal(str(shop.app)) is None


def test_an_interrupted_restore_leaves_all_as_it_was(shop: Shop, backup: str) -> None:
    (shop.app / "data/own/notes.txt").write_text("written since\n")
    old, names = _content(shop), shop.leftovers()
    for where in ("unpacking files", "putting it in its place", "asking the application whether all is well"):

        def interrupt(what: str, _done: int, _total: int | None, where: str = where) -> None:
            if what == where:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            restore(shop.request(backup), progress=interrupt)

        assert _content(shop) == old
        assert shop.leftovers() == names


def test_check_appdir_says_that_a_restore_did_not_come_to_its_end(shop: Shop, backup: str, run: Run) -> None:
    _killed_at_journal(3, lambda: restore(shop.request(backup)), is_after=False)

    checked = run("check-appdir", "--appdir", shop.app, "--json")

    (finding,) = [one for one in checked.data["findings"] if one["id"] == "backups.E010"]
    assert "restore-backup --into" in finding["hint"]
    assert run("restore-backup", "--into", shop.environment).code == 0
    assert "backups.E010" not in run("check-appdir", "--appdir", shop.app, "--json").out


def test_two_restores_at_once_do_not_meet(shop: Shop, tmp_path: Path, backup: str, run: Run) -> None:
    from rattail.features.backups.restoring.journal import only_restorer

    with only_restorer(str(shop.environment)):
        ran = run("restore-backup", backup, "--into", shop.environment)

    assert ran.code == 52
    assert "restores into" in ran.err
