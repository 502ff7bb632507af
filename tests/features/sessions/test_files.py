"""Sessions as files: what is on the disk, and what happens when somebody or something spoils it."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.features.sessions import scenes
from tests.features.sessions.conftest import Stage
from tests.kit.records import write_migrated_file


def file_of(stage: Stage, name: str) -> Path:
    return stage.root / "sessions" / "data" / name


def test_a_session_is_one_closed_file_of_json_that_does_not_know_its_key(files_stage: Stage) -> None:
    key, name = files_stage.play(scenes.new_session, a=1)

    file = file_of(files_stage, name)
    signature, body = file.read_bytes().split(b"\n")

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(body)[-1] == {"a": 1}
    assert len(signature) == 64
    everything = [
        f"{path.name}{path.read_bytes()!r}" for path in (files_stage.root / "sessions").rglob("*") if path.is_file()
    ]
    assert not any(key in text for text in everything)


def test_locks_are_a_fixed_set_of_files(files_stage: Stage) -> None:
    files_stage.play(scenes.count_in_threads, 4, 3)

    names = set(os.listdir(files_stage.root / "sessions" / "lock")) - {"CACHEDIR.TAG"}

    assert names
    assert names <= {f"{number:02x}" for number in range(256)}


def cut_off(file: Path, _other: Path) -> None:
    file.write_bytes(file.read_bytes()[:70])


def emptied(file: Path, _other: Path) -> None:
    file.write_bytes(b"")


def changed(file: Path, _other: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b'"a":1', b'"a":9'))


def of_another_name(file: Path, other: Path) -> None:
    shutil.copy(other, file)


def too_large(file: Path, _other: Path) -> None:
    file.write_bytes(b"x" * (2 << 20))


def pickled(file: Path, _other: Path) -> None:
    file.write_bytes(b"cos\nsystem\n(S'touch /tmp/owned'\ntR.")


def nested(file: Path, _other: Path) -> None:
    file.write_bytes(b"0" * 64 + b"\n" + b"[" * 50_000)


def a_link(file: Path, other: Path) -> None:
    file.unlink()
    file.symlink_to(other)


def a_folder(file: Path, _other: Path) -> None:
    file.unlink()
    file.mkdir()


def a_pipe(file: Path, _other: Path) -> None:
    file.unlink()
    os.mkfifo(file)


SPOILED = [cut_off, emptied, changed, of_another_name, too_large, pickled, nested, a_link, a_folder, a_pipe]


@pytest.mark.parametrize("spoil", SPOILED, ids=lambda spoil: spoil.__name__)
def test_a_file_that_is_none_of_ours_logs_one_person_out_and_nothing_else(
    files_stage: Stage, spoil: Callable[[Path, Path], None]
) -> None:
    key, name = files_stage.play(scenes.new_session, a=1)
    other_key, other_name = files_stage.play(scenes.new_session, a=2)
    spoil(file_of(files_stage, name), file_of(files_stage, other_name))

    entries, logged = files_stage.play(scenes.logged_out_by, key)

    assert entries == {}
    assert len(logged) == 1
    assert name[:20] in logged[0]
    assert key not in logged[0]
    assert not os.path.lexists(file_of(files_stage, name))
    assert files_stage.play(scenes.entries_of, other_key) == {"a": 2}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("instead", ["nothing", "a file", "a link"])
def test_a_folder_that_is_gone_is_told_and_no_session_is_lost(files_stage: Stage, method: str, instead: str) -> None:
    key, _ = files_stage.play(scenes.new_session, a=1)
    folder = files_stage.root / "sessions" / "data"
    away = folder.rename(folder.with_name("away"))
    if instead == "a file":
        folder.touch()
    elif instead == "a link":
        folder.symlink_to(away)

    said = files_stage.play(scenes.refused, method, key)

    if instead != "nothing":
        folder.unlink()
    away.rename(folder)
    assert said[0].startswith("AppDirBroken: ")
    assert "sessions/data" in said[0]
    assert said[1] == "{}"
    assert files_stage.play(scenes.entries_of, key) == {"a": 1}


def test_a_session_that_cannot_be_saved_makes_an_error_page(files_stage: Stage) -> None:
    if not (files_stage.root / "data" / "rattail.sqlite3").exists():
        write_migrated_file(files_stage.root)
    key, _ = files_stage.play(scenes.new_session, a=1)

    assert files_stage.play(scenes.refused_at_save, key, str(files_stage.root / "sessions" / "data")) == (503, 0)
    assert files_stage.play(scenes.entries_of, key) == {"a": 1}


def test_a_session_that_cannot_be_read_makes_an_error_page_wherever_that_is_met(files_stage: Stage) -> None:
    key, _ = files_stage.play(scenes.new_session, a=1)
    folder = files_stage.root / "sessions" / "data"
    away = folder.rename(folder.with_name("away"))

    answered = files_stage.play(scenes.answered_where_broken, key)

    away.rename(folder)
    assert answered == (503, 0)
    assert files_stage.play(scenes.answered_where_broken, key) == (200, 0)


def test_changes_without_the_folder_of_locks_are_told(files_stage: Stage) -> None:
    key, _ = files_stage.play(scenes.new_session, a=1)
    folder = files_stage.root / "sessions" / "lock"
    away = folder.rename(folder.with_name("away"))

    said = files_stage.play(scenes.refused, "POST", key)

    away.rename(folder)
    assert said[0].startswith("AppDirBroken: ")
    assert "sessions/lock" in said[0]
    assert files_stage.play(scenes.entries_of, key) == {"a": 1}


def test_a_process_that_is_killed_while_it_saves_leaves_the_old_session_or_the_new_one(files_stage: Stage) -> None:
    key, _ = files_stage.play(scenes.new_session, a=0)

    found = files_stage.play(scenes.killed_while_saving, key)

    values = [entries["a"] for entries in found]
    assert len(values) >= 4
    assert all(value in range(moment + 1) for moment, value in enumerate(values, 1))
    assert files_stage.play(scenes.entries_of, key) == {"a": len(values) + 1}


def test_leftovers_of_crashes_are_cleaned_away(files_stage: Stage) -> None:
    data = files_stage.root / "sessions" / "data"
    old, young, own = data / ".tmp-0123456789abcdef", data / ".tmp-0123456789abcdee", data / "notes of the operator"
    for file in (old, young, own):
        file.touch()
    os.utime(old, (0, 0))

    files_stage.play(scenes.cleaning)

    assert (old.exists(), young.exists(), own.exists()) == (False, True, True)


def test_sessions_follow_their_folders_and_an_empty_disk_is_noticed(
    made: Callable[[], Path], tmp_path: Path, run: Callable[..., object]
) -> None:
    root, elsewhere = made(), tmp_path / "disk"
    variables = {"RATTAIL_FOLDERS_SESSIONS_DATA": str(elsewhere)}
    assert "error" not in str(run("make-appdir", "--path", root, env=variables))
    stage = Stage(root, "files", variables)
    try:
        key, name = stage.play(scenes.new_session, a=1)
        assert (elsewhere / name).exists()
        elsewhere.rename(tmp_path / "unmounted")
        elsewhere.mkdir()

        said = stage.play(scenes.refused, "GET", key)

        assert "is its disk mounted?" in said[0]
    finally:
        stage.close()


def test_without_a_secret_nobody_gets_a_session(made: Callable[[], Path]) -> None:
    root = made()
    (root / "secrets.toml").write_text("")
    stage = Stage(root, "files", {"RATTAIL_WEB_PUBLIC_URL": ""})
    try:
        assert "secret_key is missing" in stage.play(scenes.refused, "GET", "a" * 32)[0]
    finally:
        stage.close()
