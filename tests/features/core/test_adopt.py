"""`make-appdir --adopt`: what is recognised, copied, translated, left out and refused."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest

from rattail.features.core.adopt.recognise import upstream_evidence
from tests.conftest import Run
from tests.kit.adopting import adopt, reconfigure
from tests.kit.snapshot import snapshot
from tests.kit.upstream import CONFIGURATION, FILES, make_upstream

BATCHES = {
    "data/batch/inventory/06/5f0e/count.csv": "data/batches/inventory/06/5f0e/count.csv",
    "data/batch/vendor_catalog/06/11aa/catalog.xlsx": "data/batches/vendor_catalog/06/11aa/catalog.xlsx",
    "data/batch/vendor_invoice/06/22bb/invoice.csv": "data/batches/vendor_invoice/06/22bb/invoice.csv",
    "data/batch/handheld/06/33cc/scan.csv": "data/batches/handheld/06/33cc/scan.csv",
}
SCRATCH = ("cache/", "sessions/", "work/", "data/uploads/")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The app folder of an upstream environment."""
    return make_upstream(tmp_path / "old")


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """Where the new app folder is to be: in another environment."""
    (tmp_path / "new").mkdir()
    return tmp_path / "new" / "app"


def refused(run: Run, *words: str | Path) -> str:
    """Try to adopt, expecting a refusal without a traceback: everything it said."""
    ran = run("make-appdir", *words)
    assert ran.code != 0, ran.out
    assert "Traceback" not in ran.err
    return ran.err


# --- what is copied


def test_every_file_that_is_no_scratch_is_copied_to_its_place_with_its_time(old: Path, new: Path) -> None:
    adopt(old, new)

    for path, text in FILES.items():
        if path.startswith(SCRATCH):
            continue
        there = new / BATCHES.get(path, path)
        assert there.read_text() == text
        assert there.stat().st_mtime_ns == (old / path).stat().st_mtime_ns
    assert (new / "data/emptied").is_dir()


def test_the_old_folder_stays_as_it_was(old: Path, new: Path) -> None:
    before = snapshot(old.parent)

    adopt(old, new)

    assert snapshot(old.parent) == before


def test_the_environment_around_an_upstream_folder_names_it_as_well(old: Path, new: Path) -> None:
    assert adopt(old.parent, new)["from"] == str(old)


def test_configuration_files_are_kept_aside_for_their_owner_alone(old: Path, new: Path) -> None:
    adopt(old, new)

    for name in ("rattail.conf", "web.conf", "quiet.conf", "upgrade.sh", "ADOPTED.txt"):
        assert stat.S_IMODE((new / "upstream" / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((new / "upstream").stat().st_mode) == 0o700
    assert not (new / "rattail.conf").exists()


def test_nothing_is_for_others_to_read_and_scripts_of_the_operator_stay_scripts(old: Path, new: Path) -> None:
    adopt(old, new)

    assert [path for path in new.rglob("*") if path.lstat().st_mode & 0o007] == []
    assert stat.S_IMODE((new / "own-script.sh").stat().st_mode) == 0o750


def test_scratch_is_left_out_and_listed_with_its_size(old: Path, new: Path) -> None:
    left_out = {one["path"]: one for one in adopt(old, new)["left_out"]}

    for name in ("cache", "sessions", "work", "data/uploads"):
        assert left_out[f"{old}/{name}"]["files"] == 1
    assert [path.name for path in (new / "data/uploads").iterdir()] == ["CACHEDIR.TAG"]


def test_links_pipes_and_sockets_are_reported_and_not_followed(old: Path, new: Path) -> None:
    (old / "data/passwords").symlink_to("/etc/passwd")
    (old / "data/etc").symlink_to("/etc")
    os.mkfifo(old / "data/pipe")

    left_out = {one["path"]: one["reason"] for one in adopt(old, new)["left_out"]}

    assert "a link to '/etc/passwd'" in left_out[f"{old}/data/passwords"]
    assert "a link to '/etc'" in left_out[f"{old}/data/etc"]
    assert left_out[f"{old}/data/pipe"] == "a pipe"
    assert not (new / "data/etc").exists()


def test_names_that_are_ours_are_kept_aside(old: Path, new: Path) -> None:
    for name in ("README.txt", "secrets.toml", "overnight.sh", "data/rattail.sqlite3"):
        (old / name).write_text("theirs")
    (old / "upstream").mkdir()
    (old / "upstream/note.txt").write_text("theirs")

    adopt(old, new)

    for name in ("README.txt", "secrets.toml", "overnight.sh", "data/rattail.sqlite3", "upstream/note.txt"):
        assert (new / "upstream" / name).read_text() == "theirs"
    assert not (new / "data/rattail.sqlite3").exists()


def test_two_files_that_would_become_one_are_both_kept(old: Path, new: Path) -> None:
    (old / "batch/inventory").mkdir(parents=True)
    (old / "batch/inventory/same.csv").write_text("one")
    (old / "data/batch/inventory/same.csv").write_text("other")

    problems = adopt(old, new)["problems"]

    assert (new / "data/batches/inventory/same.csv").read_text() == "one"
    assert (new / "upstream/second/data/batch/inventory/same.csv").read_text() == "other"
    assert any("would both become" in one for one in problems)


def test_names_of_any_bytes_are_copied(old: Path, new: Path) -> None:
    names = [b"new\nline", b"\xff\xfe", "Überraschung 店".encode(), b"x" * 255, b"-rf", b" "]
    for name in names:
        (Path(os.fsdecode(bytes(old))) / "data/own" / os.fsdecode(name)).write_bytes(name)

    adopt(old, new)

    for name in names:
        assert (new / "data/own" / os.fsdecode(name)).read_bytes() == name


def test_folders_that_are_configured_elsewhere_are_followed(old: Path, new: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "disk"
    for path in ("batch/inventory/06/x/far.csv", "uploads/up", "exports/far.csv", "letters.txt"):
        (elsewhere / path).parent.mkdir(parents=True, exist_ok=True)
        (elsewhere / path).write_text("far")
    reconfigure(old, CONFIGURATION.format(here=old).replace(f"datadir = {old}/data", f"datadir = {elsewhere}"))

    adopt(old, new)

    assert (new / "data/batches/inventory/06/x/far.csv").read_text() == "far"
    assert (new / "data/letters.txt").read_text() == "far"
    assert not (new / "data/uploads/up").exists()
    assert (new / "data/own/letters.txt").is_file()  # what lies in the folder itself comes too


def test_a_folder_that_is_a_link_is_followed_where_the_configuration_names_it(
    old: Path, new: Path, tmp_path: Path
) -> None:
    shutil.move(old / "data/exports", tmp_path / "exports")
    (old / "data/exports").symlink_to(tmp_path / "exports")

    adoption = adopt(old, new)

    assert (new / "data/exports/report_output/06/44dd/report.xlsx").read_text() == "report"
    assert not any(one["path"].endswith("exports") for one in adoption["left_out"])


def test_a_copy_of_the_old_folder_is_read_and_not_the_living_one(old: Path, new: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(old, copy)
    (copy / "data/batch/inventory/06/5f0e/count.csv").write_text("of the copy")

    adopt(copy, new)

    assert (new / "data/batches/inventory/06/5f0e/count.csv").read_text() == "of the copy"


def test_a_configured_folder_that_is_missing_or_too_wide_is_reported(old: Path, new: Path) -> None:
    text = CONFIGURATION.format(here=old).replace(f"batch.files = {old}/data/batch", "batch.files = /")
    reconfigure(old, text.replace(f"files = {old}/data/upgrades", "files = /nowhere/upgrades"))

    problems = "\n".join(adopt(old, new)["problems"])

    assert "batch.files = /: this folder is too wide" in problems
    assert "[rattail.upgrades] files = /nowhere/upgrades: there is no such folder" in problems


# --- plan and act


def test_a_dry_run_does_nothing_and_says_what_the_real_run_does(old: Path, new: Path) -> None:
    planned = adopt(old, new, "--dry-run")
    assert not new.exists()

    done = adopt(old, new)

    assert {**planned, "is_complete": True} == done
    assert {str(path.relative_to(new)) for path in new.rglob("*")} >= {one["to"] for one in done["copied"]}


def test_a_dry_run_tells_people_of_each_file_option_and_scratch_folder(old: Path, new: Path, run: Run) -> None:
    told = run("make-appdir", "--adopt", old, "--path", new, "--dry-run").out

    assert f"'{old}/data/own/letters.txt' -> data/own/letters.txt (13 bytes)" in told
    assert "[rattail] app_title -> app.title = Poser Foods" in told
    assert "not translated: [rattail] app_package = poser" in told
    assert f"{old}/cache (1 file, 6 bytes): scratch" in told


def test_adopting_the_same_again_changes_nothing(old: Path, new: Path) -> None:
    adopt(old, new)
    before = snapshot(new)

    again = adopt(old, new)

    assert again["is_complete"] is True
    assert again["copied"] == []
    assert snapshot(new) == before


def test_the_report_stays_in_the_new_folder(old: Path, new: Path) -> None:
    adopt(old, new)

    report = (new / "upstream/ADOPTED.txt").read_text()
    assert str(old) in report
    assert "app.title = Poser Foods" in report
    assert f"{old}/data/own/letters.txt -> data/own/letters.txt" in report


# --- what is refused


def test_an_app_folder_of_ours_is_not_adopted_but_copied(appdir: Path, new: Path, run: Run) -> None:
    assert "is an app folder of this program already" in refused(run, "--adopt", appdir, "--path", new)
    assert "is an app folder of this program already" in refused(run, "--adopt", appdir.parent, "--path", new)


def test_a_folder_that_is_nothing_known_is_refused(tmp_path: Path, new: Path, run: Run) -> None:
    (tmp_path / "photos").mkdir()

    assert "not known as a folder of upstream Rattail" in refused(run, "--adopt", tmp_path / "photos", "--path", new)
    assert "there is no folder" in refused(run, "--adopt", tmp_path / "nowhere", "--path", new)
    assert "the path is empty" in refused(run, "--adopt", "", "--path", new)
    assert not new.exists()


@pytest.mark.parametrize("below", ["data", "new/app", "app"])
def test_the_new_folder_may_not_lie_in_the_old_one(old: Path, run: Run, below: str) -> None:
    before = snapshot(old)

    refused(run, "--adopt", old, "--path", old / below)

    assert snapshot(old) == before


def test_the_old_folder_may_not_lie_in_the_new_one(old: Path, run: Run) -> None:
    assert "have to lie apart" in refused(run, "--adopt", old, "--path", old.parent.parent)


def test_the_same_environment_is_refused_with_the_reason(old: Path, run: Run) -> None:
    said = refused(run, "--adopt", old, "--path", old.parent / "app2")

    assert "overwrite each other's files" in said
    assert "cannot be adopted into itself" in refused(run, "--adopt", old, "--path", old)


def test_a_folder_in_use_is_not_adopted_into(old: Path, appdir: Path, new: Path, run: Run) -> None:
    new.mkdir()
    (new / "precious").write_text("mine")
    before = snapshot(appdir)

    assert "is an app folder already" in refused(run, "--adopt", old, "--path", appdir)
    assert "is not empty (it holds 'precious')" in refused(run, "--adopt", old, "--path", new)
    assert snapshot(appdir) == before


def test_another_old_folder_is_not_mixed_into_an_adopted_one(old: Path, new: Path, run: Run, tmp_path: Path) -> None:
    adopt(old, new)

    assert "so that nothing is mixed" in refused(run, "--adopt", make_upstream(tmp_path / "third"), "--path", new)


def test_more_than_the_disk_holds_is_refused_before_anything_is_made(old: Path, new: Path, run: Run) -> None:
    with (old / "data/own/vast").open("wb") as stream:
        stream.truncate(4 << 40)

    assert "has no room for the copy" in refused(run, "--adopt", old, "--path", new)
    assert not new.exists()


# --- what is recognised


@pytest.mark.parametrize(
    "made",
    [
        ["rattail.conf"],
        ["wutta.conf"],
        ["cache/", "data/uploads/", "log/", "sessions/", "work/"],
        ["data/batch/", "log/"],
        ["cache/sessions/", "data/"],
    ],
)
def test_an_upstream_folder_is_recognised_by(tmp_path: Path, made: list[str]) -> None:
    make_names(tmp_path, made)

    assert upstream_evidence(str(tmp_path))


@pytest.mark.parametrize(
    "made",
    [
        [],
        ["data/", "log/", "work/", "sessions/", "luigi/"],
        ["rattail.toml", "cache/", "data/", "log/", "work/", "data/batch/"],
        ["app-folder.json", "rattail.conf"],
        ["nginx.conf", "log/"],
    ],
)
def test_no_upstream_folder_is_seen_in(tmp_path: Path, made: list[str]) -> None:
    make_names(tmp_path, made)

    assert not upstream_evidence(str(tmp_path))


def make_names(root: Path, names: list[str]) -> None:
    for name in names:
        if name.endswith("/"):
            (root / name).mkdir(parents=True)
        else:
            (root / name).write_text("")


# --- in place


def test_a_folder_that_lost_its_marker_is_adopted_in_place_and_nothing_in_it_changes(appdir: Path, run: Run) -> None:
    (appdir / "data/own.txt").write_text("mine")
    before = snapshot(appdir)
    (appdir / "app-folder.json").unlink()

    assert "--adopt" in refused(run, "--path", appdir)
    assert run("make-appdir", "--adopt", "--path", appdir).code == 0

    after = snapshot(appdir)
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert changed <= {".", "app-folder.json", "app-folder.lock"}


def test_an_upstream_folder_is_not_adopted_in_place(old: Path, run: Run) -> None:
    before = snapshot(old)

    assert "cannot live in one environment" in refused(run, "--adopt", "--path", old)
    assert snapshot(old) == before


def test_a_folder_that_looks_like_nothing_of_ours_is_not_adopted_in_place(tmp_path: Path, run: Run) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/cat.jpg").write_text("cat")

    assert "does not look like an app folder" in refused(run, "--adopt", "--path", tmp_path / "photos")
    assert "there is no folder" in refused(run, "--adopt", "--path", tmp_path / "nowhere")


def test_making_over_an_upstream_folder_says_how_to_adopt_it(tmp_path: Path, run: Run) -> None:
    make_names(tmp_path / "app", ["cache/", "data/uploads/", "log/", "sessions/", "work/"])

    said = refused(run, "--path", tmp_path / "app")

    assert "was made by upstream Rattail" in said
    assert f"make-appdir --adopt {tmp_path}/app" in said
