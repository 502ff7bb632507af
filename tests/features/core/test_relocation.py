"""Folders that lie elsewhere: made, found again under their name, and never confused with others'."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.kit.snapshot import snapshot


def _relocate(appdir: Path, **places: str | Path) -> None:
    lines = "".join(f"{json.dumps(name)} = {json.dumps(str(place))}\n" for name, place in places.items())
    (appdir / "rattail.toml").write_text(f"[folders]\n{lines}")


def test_a_relocated_folder_is_made_elsewhere_and_says_whose_it_is(run: Run, appdir: Path, tmp_path: Path) -> None:
    _relocate(appdir, **{"data/uploads": tmp_path / "big disk"})

    made = run("make-appdir", "--path", appdir, "--json")

    steps = [(step["action"], step["path"]) for step in made.data["steps"]]
    assert ("make", "data/uploads") in steps
    identity = json.loads((tmp_path / "big disk" / ".rattail-folder.json").read_text())
    marker = json.loads((appdir / "app-folder.json").read_text())
    assert identity == {"app_id": marker["app_id"], "folder": "data/uploads", "appdir": str(appdir)}
    assert (tmp_path / "big disk").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "big disk" / "CACHEDIR.TAG").is_file()


def test_made_again_nothing_changes(run: Run, appdir: Path, tmp_path: Path) -> None:
    where: dict[str, str | Path] = {"data/uploads": tmp_path / "elsewhere", "log": "logs-below"}
    _relocate(appdir, **where)
    run("make-appdir", "--path", appdir)
    before = snapshot(tmp_path)

    again = run("make-appdir", "--path", appdir, "--json")

    assert again.data["steps"] == []
    assert snapshot(tmp_path) == before
    assert (appdir / "logs-below").is_dir()


def test_every_command_follows_it_under_its_name(run: Run, appdir: Path, tmp_path: Path) -> None:
    place = tmp_path / "elsewhere"
    shutil.rmtree(appdir / "data" / "uploads")
    _relocate(appdir, **{"data/uploads": place})
    run("make-appdir", "--path", appdir)
    (place / "old").write_bytes(b"x" * 1000)
    os.utime(place / "old", (1, 1))

    shown = run("show-appdir", "--appdir", appdir, "--json").data["folders"]
    checked = run("check-appdir", "--appdir", appdir, "--json")
    cleaned = run("clean-appdir", "--appdir", appdir, "--json")

    folder = next(one for one in shown if one["path"] == "data/uploads")
    assert folder["location"] == str(place)
    assert folder["files"] >= 1
    assert checked.data["counts"]["error"] == 0
    assert [one["path"] for one in cleaned.data["planned"]] == ["data/uploads/old"]
    assert not (place / "old").exists()


@pytest.mark.parametrize(
    ("places", "says"),
    [
        ({"log": "{tmp}/x", "work/csv": "{tmp}/x"}, "is also the place of"),
        ({"log": "{tmp}/x", "work/csv": "{tmp}/x/y"}, "lies inside the place of 'log'"),
        ({"log": "{app}/data/uploads"}, "is also the place of 'data/uploads'"),
        ({"log": "{app}/luigi/log/inner"}, "lies inside the place of 'luigi/log'"),
        ({"work/csv": "{app}"}, "holds the app folder itself"),
        ({"work/csv": "{tmp}"}, "holds the app folder itself"),
        ({"work/csv": "/"}, "expected an absolute path"),
        ({"work/csv": "../sideways"}, "expected an absolute path"),
        ({"work/csv": "/srv/../etc"}, "expected an absolute path"),
        ({"data": "{tmp}/x"}, "has no option 'data'"),
    ],
)
def test_a_place_that_cannot_be_is_refused_and_nothing_is_made(
    run: Run, appdir: Path, tmp_path: Path, places: dict[str, str], says: str
) -> None:
    _relocate(appdir, **{name: place.format(tmp=tmp_path, app=appdir) for name, place in places.items()})
    before = snapshot(tmp_path)

    refused = run("make-appdir", "--path", appdir)

    assert refused.code == 53
    assert says in refused.err
    assert snapshot(tmp_path) == before


def test_two_names_of_one_place_are_one_place(run: Run, appdir: Path, tmp_path: Path) -> None:
    (tmp_path / "place").mkdir()
    (tmp_path / "alias").symlink_to(tmp_path / "place")
    _relocate(appdir, **{"log": tmp_path / "place", "work/csv": tmp_path / "alias"})

    refused = run("make-appdir", "--path", appdir)

    assert refused.code == 53
    assert "is also the place of" in refused.err


def test_a_place_inside_or_of_another_app_is_refused(run: Run, appdir: Path, tmp_path: Path) -> None:
    run("make-appdir", "--path", tmp_path / "other")
    _relocate(tmp_path / "other", log=tmp_path / "others-log")
    run("make-appdir", "--path", tmp_path / "other")

    _relocate(appdir, log=tmp_path / "other" / "data" / "mine")
    inside = run("make-appdir", "--path", appdir)
    _relocate(appdir, log=tmp_path / "others-log")
    claimed = run("make-appdir", "--path", appdir, "--claim", "log")

    assert "lies inside another app folder" in inside.err
    assert "belongs to another app" in claimed.err
    assert inside.code == claimed.code == 53


def test_a_disk_that_is_not_mounted_is_not_taken_for_an_empty_folder(run: Run, appdir: Path, tmp_path: Path) -> None:
    place = tmp_path / "disk" / "uploads"
    place.parent.mkdir()
    _relocate(appdir, **{"data/uploads": place})
    run("make-appdir", "--path", appdir)
    (tmp_path / "disk").rename(tmp_path / "unmounted")
    (tmp_path / "disk").mkdir()

    missing = run("make-appdir", "--path", appdir)
    place.mkdir()
    empty = run("make-appdir", "--path", appdir)
    claimed = run("make-appdir", "--path", appdir, "--claim", "data/uploads")

    assert missing.code == empty.code == 51
    assert "is its disk not mounted?" in missing.err
    assert "is its disk not mounted?" in empty.err
    assert claimed.code == 0, claimed.err


def test_a_folder_with_somebodys_files_is_only_taken_when_claimed(run: Run, appdir: Path, tmp_path: Path) -> None:
    place = tmp_path / "home"
    place.mkdir(mode=0o755)
    (place / "letter").write_text("dear")
    _relocate(appdir, **{"work/csv": place})

    refused = run("make-appdir", "--path", appdir)
    assert refused.code == 51
    assert "--claim work/csv" in refused.err
    assert not (place / ".rattail-folder.json").exists()

    claimed = run("make-appdir", "--path", appdir, "--claim", "work/csv")
    assert claimed.code == 0, claimed.err
    assert (place / "letter").read_text() == "dear"


def test_an_unknown_claim_is_refused(run: Run, appdir: Path, tmp_path: Path) -> None:
    _relocate(appdir, log=tmp_path / "elsewhere")

    unknown = run("make-appdir", "--path", appdir, "--claim", "work/cvs")
    at_home = run("make-appdir", "--path", appdir, "--claim", "work/csv")

    assert unknown.code == at_home.code == 56
    assert "'work/cvs': is not a folder of the app; expected one that lies elsewhere (log)" in unknown.err
    assert "'work/csv': lies in the app folder" in at_home.err


def test_brought_back_home_it_is_forgotten(run: Run, appdir: Path, tmp_path: Path) -> None:
    _relocate(appdir, log=tmp_path / "elsewhere")
    run("make-appdir", "--path", appdir)
    _relocate(appdir)

    run("make-appdir", "--path", appdir)

    assert json.loads((appdir / "app-folder.json").read_text())["relocated"] == {}
    assert (appdir / "log").is_dir()


def test_a_copy_of_an_app_leaves_the_originals_folders_alone(run: Run, appdir: Path, tmp_path: Path) -> None:
    place = tmp_path / "big"
    _relocate(appdir, **{"work/csv": place})
    run("make-appdir", "--path", appdir)
    (place / "old").write_text("production's")
    os.utime(place / "old", (1, 1))
    copy = tmp_path / "staging"
    shutil.copytree(appdir, copy, symlinks=True)

    cleaned = run("clean-appdir", "--appdir", copy)
    made = run("make-appdir", "--path", copy)

    assert (place / "old").exists()
    assert cleaned.code == 0
    assert made.code == 51
    assert f"belongs to the app folder '{appdir}'" in made.err


def test_an_app_that_was_moved_claims_its_folders(run: Run, appdir: Path, tmp_path: Path) -> None:
    place = tmp_path / "big"
    _relocate(appdir, **{"work/csv": place})
    run("make-appdir", "--path", appdir)
    moved = tmp_path / "moved"
    appdir.rename(moved)

    claimed = run("make-appdir", "--path", moved, "--claim", "work/csv")
    again = run("make-appdir", "--path", moved, "--json")

    assert claimed.code == 0, claimed.err
    assert again.data["steps"] == []
    assert json.loads((place / ".rattail-folder.json").read_text())["appdir"] == str(moved)


def test_what_lies_in_a_place_that_settings_no_longer_name_is_not_forgotten(
    run: Run, appdir: Path, tmp_path: Path
) -> None:
    place = tmp_path / "big"
    _relocate(appdir, **{"work/csv": place})
    run("make-appdir", "--path", appdir)
    (place / "kept").write_text("")
    _relocate(appdir)

    run("make-appdir", "--path", appdir)

    checked = run("check-appdir", "--appdir", appdir, "--json")
    assert ("core.W010", "work/csv") in {(one["id"], one["path"]) for one in checked.data["findings"]}
    (place / "kept").unlink()
    run("make-appdir", "--path", appdir)
    assert run("check-appdir", "--appdir", appdir).code == 0


def test_a_lost_marker_is_adopted_with_its_relocated_folders(run: Run, appdir: Path, tmp_path: Path) -> None:
    _relocate(appdir, **{"work/csv": tmp_path / "big"})
    run("make-appdir", "--path", appdir)
    before = json.loads((appdir / "app-folder.json").read_text())
    (appdir / "app-folder.json").unlink()

    adopted = run("make-appdir", "--adopt", "--path", appdir)

    assert adopted.code == 0, adopted.err
    assert json.loads((appdir / "app-folder.json").read_text())["app_id"] == before["app_id"]
    assert run("check-appdir", "--appdir", appdir).code == 0


def test_a_place_behind_a_link_is_the_place_it_leads_to(run: Run, appdir: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "alias").symlink_to(tmp_path / "disk")
    _relocate(appdir, log=tmp_path / "alias" / "log")

    run("make-appdir", "--path", appdir)

    shown = run("show-appdir", "--appdir", appdir, "--json").data["folders"]
    assert next(one for one in shown if one["path"] == "log")["location"] == str(tmp_path / "disk" / "log")
