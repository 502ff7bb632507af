"""What a folder of backups tells of them."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rattail.config.load import load_settings
from rattail.errors import AppDirBusy, ConfigInvalid, NoSuchThing
from rattail.features.backups.keys.keys import make_key, note_proofs
from rattail.features.backups.shelf.shelf import (
    find_backup,
    leftovers,
    list_backups,
    make_shelf,
    remove_parts,
    target_lock,
)
from rattail.features.backups.shelf.state import Copy, Known, Look, State, read_known, write_known
from rattail.features.backups.shelf.target import name_on_shelf, target_of
from rattail.registry import Registry
from tests.features.backups.shelf.on_shelf import put
from tests.kit.killing import as_user, at_once, killed_at

NOW = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
ALL_KNOWN = Known(
    digest="ab",
    is_full=True,
    bytes_by_part={"folder.tar.zst": 7},
    warnings=("a socket was left out",),
    read_back=Look(NOW, seconds=1.5),
    proved=Look(NOW, seconds=9.0, steps=(("restore", 2.5),)),
    copies={"/far": Copy(NOW), "restic:/r": Copy(NOW, "no answer")},
)


def test_what_is_known_comes_back_as_it_was(tmp_path: Path) -> None:
    path = put(tmp_path, NOW, known=ALL_KNOWN)

    assert read_known(str(path)) == ALL_KNOWN
    assert os.stat(f"{path}.json").st_mode & 0o777 == 0o600


def test_backups_are_listed_the_newest_first_with_their_states(tmp_path: Path) -> None:
    damaged = Known(read_back=Look(NOW, "a byte differs"))
    for days, known in enumerate((None, damaged, ALL_KNOWN, Known())):
        put(tmp_path, NOW - timedelta(days=days), known=known)

    found = list_backups(str(tmp_path), app="shop")

    assert [str(one.state) for one in found] == ["read back", "damaged", "proven", "unproven"]
    assert [one.problem for one in found] == ["", "a byte differs", "", ""]
    assert find_backup(str(tmp_path), "newest") == found[0]
    assert find_backup(str(tmp_path), found[2].file_name) == found[2]


@pytest.mark.parametrize("touch", ["longer", "later"])
def test_one_that_was_touched_is_unproven(tmp_path: Path, touch: str) -> None:
    path = put(tmp_path, NOW, known=ALL_KNOWN)
    if touch == "longer":
        look = path.stat()
        path.write_bytes(b"xy")
        os.utime(path, ns=(look.st_mtime_ns, look.st_mtime_ns))
    else:
        os.utime(path)

    assert list_backups(str(tmp_path))[0].state is State.UNPROVEN


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"null", b"[]", b'{"size_bytes": 1}', b"\xff\xfe", b"9" * 5000, b"[" * 100_000],
    ids=["empty", "half", "null", "a list", "too little", "no text", "a number", "deep"],
)
def test_what_cannot_be_read_beside_a_backup_is_nothing(tmp_path: Path, content: bytes) -> None:
    path = put(tmp_path, NOW)
    Path(f"{path}.json").write_bytes(content)

    assert list_backups(str(tmp_path))[0].state is State.UNPROVEN


@pytest.mark.parametrize("key", ["read_back", "copies", "recipients", "bytes_by_part", "proved"])
def test_a_wrong_value_beside_a_backup_voids_all_of_it(tmp_path: Path, key: str) -> None:
    path = put(tmp_path, NOW, known=ALL_KNOWN)
    beside = Path(f"{path}.json")
    beside.write_text(json.dumps({**json.loads(beside.read_text()), key: 7}))

    assert list_backups(str(tmp_path))[0].known == Known()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("bytes_by_part", {"folder.tar.zst": float("inf")}),
        ("read_back", {**Look(NOW).dump(), "seconds": 10**400}),
        ("read_back", {**Look(NOW).dump(), "at": "2026-11-22T02:30:00"}),
        ("copies", {"/far": {"at": "2026-11-22", "problem": ""}}),
    ],
    ids=["without end", "a huge number", "a time of nowhere", "a day"],
)
def test_a_number_or_a_time_beside_a_backup_that_is_none_voids_all_of_it(
    tmp_path: Path, key: str, value: object
) -> None:
    path = put(tmp_path, NOW, known=ALL_KNOWN)
    beside = Path(f"{path}.json")
    beside.write_text(json.dumps({**json.loads(beside.read_text()), key: value}))

    assert list_backups(str(tmp_path))[0].known == Known()


def test_nothing_that_lies_beside_a_backup_can_speak_to_a_terminal(tmp_path: Path) -> None:
    word = "\x1b]0;owned\x07\x1b[2Jwell\u202e\ud800"
    look = {**Look(NOW).dump(), "problem": word, "steps": [[word, 1.0]]}
    path = put(tmp_path, NOW, app="app", known=ALL_KNOWN)
    beside = Path(f"{path}.json")
    hostile = {
        "read_back": look,
        "proved": look,
        "copies": {word: {"at": NOW.isoformat(), "problem": word}},
        "recipients": [word],
        "warnings": [word],
        "bytes_by_part": {word: 1},
    }
    beside.write_text(json.dumps({**json.loads(beside.read_text()), **hostile}))

    (backup,) = list_backups(str(tmp_path))

    said = json.dumps(repr(backup.known), ensure_ascii=False)
    assert "owned" in said
    assert not [one for one in ("\\x1b", "\\x07", "\\u202e", "\\ud800") if one in said]


def test_what_is_no_backup_is_not_listed(tmp_path: Path) -> None:
    path = put(tmp_path, NOW)
    (tmp_path / "notes.tar").touch()
    (tmp_path / "shop-20261399T999999Z.tar").touch()
    (tmp_path / f"{path.name}.part").touch()
    (tmp_path / "shop-20261122T023001Z.tar").mkdir()
    (tmp_path / "shop-20261122T023002Z.tar").symlink_to(path)
    put(tmp_path, NOW, app="shop-2")

    assert [one.path for one in list_backups(str(tmp_path), app="shop")] == [str(path)]
    assert len(list_backups(str(tmp_path))) == 2
    assert list_backups(str(tmp_path / "nowhere")) == ()
    with pytest.raises(NoSuchThing, match=r"no backup called 'nothing.tar'"):
        find_backup(str(tmp_path), "nothing.tar")


def test_what_killed_runs_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    path = put(tmp_path, NOW)
    left = [f"{path.name}.part", ".tmp-0123456789abcdef", "shop-20261121T023000Z.tar.json"]
    for name in [*left, "mine.part", "other.json"]:
        (tmp_path / name).touch()

    assert sorted(leftovers(str(tmp_path))) == sorted(left)
    assert remove_parts(str(tmp_path)) == 3
    assert sorted(os.listdir(tmp_path)) == sorted([path.name, f"{path.name}.json", "mine.part", "other.json"])


def test_an_encrypted_backup_counts_once_each_of_its_keys_was_proved(tmp_path: Path) -> None:
    first, second = make_key().public, make_key().public
    put(tmp_path, NOW, known=ALL_KNOWN._replace(recipients=(first, second)))
    states = []
    for proved in ([], [first], [second]):
        note_proofs(str(tmp_path), proved, now=NOW)
        backup = list_backups(str(tmp_path))[0]
        states.append((backup.state, backup.problem))

    assert states == [
        (State.UNPROVEN, f"nobody proved the key {first}: rattail prove-backup-key --identity FILE"),
        (State.UNPROVEN, f"nobody proved the key {second}: rattail prove-backup-key --identity FILE"),
        (State.PROVEN, ""),
    ]


def test_only_one_of_many_processes_has_the_lock(tmp_path: Path) -> None:
    def act() -> None:
        try:
            with target_lock(str(tmp_path)):
                (tmp_path / "had it").mkdir()
                while len(os.listdir(tmp_path)) < 5:  # the lock, the one that had it, three that did not
                    pass
        except AppDirBusy:
            (tmp_path / f"busy {os.getpid()}").mkdir()

    assert at_once(4, act) == [0, 0, 0, 0]
    assert len([name for name in os.listdir(tmp_path) if name.startswith("busy")]) == 3


def test_what_is_known_is_the_old_or_the_new_wherever_writing_it_is_killed(tmp_path: Path) -> None:
    path = str(put(tmp_path, NOW))
    old = read_known(path)
    moment = 0
    while killed_at(moment := moment + 1, lambda: write_known(path, ALL_KNOWN)):
        assert read_known(path) in (old, ALL_KNOWN)

    assert moment > 3
    assert read_known(path) == ALL_KNOWN


def test_somebody_elses_shelf_is_no_backup_less(tmp_path: Path) -> None:
    put(tmp_path, NOW)
    tmp_path.chmod(0o700)
    if os.geteuid() != 0:
        pytest.skip("needs root to be somebody else")

    assert as_user(65534, lambda: list_backups(str(tmp_path))) == 1


def test_backups_lie_beside_the_environment_or_where_the_setting_says(
    appdir: Path, registry: Registry, tmp_path: Path
) -> None:
    def settings(value: str) -> str:
        environ = {"RATTAIL_BACKUPS_TARGET": value}
        return target_of(load_settings(registry.options, root=str(appdir), environ=environ), "/srv/envs/poser")

    assert settings("") == "/srv/envs/poser-backups"
    assert settings(str(tmp_path / "." / "elsewhere")) == str(tmp_path / "elsewhere")
    with pytest.raises(ConfigInvalid, match="no absolute path"):
        settings("elsewhere")
    assert name_on_shelf("My shop / 2") == "My-shop---2"


def test_a_folder_on_a_disk_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(NoSuchThing) as told:
        make_shelf(str(tmp_path / "disk/backups"))

    assert f"there is no folder '{tmp_path}/disk'" in told.value.message
    assert "is its disk mounted?" in told.value.hint
    assert list(tmp_path.iterdir()) == []

    (tmp_path / "disk").mkdir()
    make_shelf(str(tmp_path / "disk/backups"))
    make_shelf(str(tmp_path / "disk/backups"))
    assert (tmp_path / "disk/backups").stat().st_mode & 0o777 == 0o700
