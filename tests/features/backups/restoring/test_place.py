"""Names change places whole, and back, whatever kills who changes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rattail.errors import AppDirBroken
from rattail.features.backups.restoring import place
from rattail.features.backups.restoring.place import Move, do, planned, undo
from tests.kit.killing import killed_at


def _folder(path: Path, content: str) -> Path:
    path.mkdir(parents=True)
    (path / "file").write_text(content)
    return path


@pytest.fixture
def moves(tmp_path: Path) -> tuple[Move, ...]:
    """One folder in place of another, one where nothing is, one that goes without another in its place."""
    staging = tmp_path / "app.restoring-1"
    _folder(tmp_path / "app", "old")
    _folder(tmp_path / "gone", "old")
    for name in ("app", "fresh"):
        _folder(staging / name, "new")
    kept = tmp_path / "app.before-1"
    return (
        planned(str(tmp_path / "app"), str(staging / "app"), str(kept / "app")),
        planned(str(tmp_path / "fresh"), str(staging / "fresh"), str(kept / "fresh")),
        planned(str(tmp_path / "gone"), "", str(kept / "gone")),
    )


def _state(folder: Path) -> dict[str, str]:
    return {name: _content(folder / name) for name in ("app", "fresh", "gone")}


def _content(path: Path) -> str:
    return (path / "file").read_text() if path.exists() else ""


OLD = {"app": "old", "fresh": "", "gone": "old"}
NEW = {"app": "new", "fresh": "new", "gone": ""}


def test_moves_are_made_and_taken_back(moves: tuple[Move, ...], tmp_path: Path) -> None:
    do(moves)
    assert _state(tmp_path) == NEW
    assert _state(tmp_path / "app.before-1") == {"app": "old", "fresh": "", "gone": "old"}
    do(moves)
    assert _state(tmp_path) == NEW

    undo(moves)

    assert _state(tmp_path) == OLD
    assert _state(tmp_path / "app.restoring-1") == {"app": "new", "fresh": "new", "gone": ""}
    undo(moves)
    assert _state(tmp_path) == OLD


@pytest.mark.parametrize("can_exchange", [True, False], ids=["exchange", "rename only"])
def test_moves_survive_a_kill_at_every_moment(
    can_exchange: bool, moves: tuple[Move, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not can_exchange:
        monkeypatch.setattr(place, "_renameat2", lambda: None)  # as on a disk that cannot
    for act, begins_with in ((do, OLD), (undo, NEW)):
        killed = 0
        while _killed(act, moves, killed + 1):
            killed += 1
            if can_exchange:
                assert _content(tmp_path / "app") in ("old", "new")
            undo(moves)
            assert _state(tmp_path) == OLD
            do(moves)
            assert _state(tmp_path) == NEW
            if begins_with == OLD:
                undo(moves)
        assert killed > 5
        do(moves)
        assert _state(tmp_path) == NEW


def _killed(act: Callable[[tuple[Move, ...]], None], moves: tuple[Move, ...], moment: int) -> bool:
    return killed_at(moment, lambda: act(moves))


def test_nothing_is_ever_renamed_over_what_is_there(tmp_path: Path) -> None:
    _folder(tmp_path / "app", "old")
    _folder(tmp_path / "new", "new")
    _folder(tmp_path / "kept", "precious")
    move = planned(str(tmp_path / "app"), str(tmp_path / "new"), str(tmp_path / "kept"))

    with pytest.raises(AppDirBroken, match="put in its place"):
        do([move])

    assert _content(tmp_path / "kept") == "precious"
    undo([move])
    assert _content(tmp_path / "app") == "old"
    assert _content(tmp_path / "kept") == "precious"
