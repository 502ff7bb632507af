"""check-appdir --fix: what is safe is repaired and said, everything else stays as it is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.kit.environment import Environment, build_environment
from tests.kit.mounting import small_file_system
from tests.kit.snapshot import snapshot

ALICE, MALLORY, STAFF = 21_001, 21_002, 21_003
TEMPORARY = ".tmp-0123456789abcdef"
TAG_START = "Signature: 8a477f597d28d172789f06886806bc55\n"


@pytest.fixture(scope="module")
def shared(wheel: Path) -> Iterator[Environment]:
    with build_environment(wheel) as made:
        yield made


@pytest.fixture
def alices(shared: Environment, as_root: None) -> Environment:
    """An environment with a fresh app folder of a user who has a number and no name."""
    if shared.appdir.exists():
        shutil.rmtree(shared.appdir)
    os.chown(shared.path, ALICE, ALICE)
    made = shared.run("make-appdir", user=ALICE)
    assert made.returncode == 0, made.stderr
    return shared


def _settings(appdir: Path, text: str) -> None:
    (appdir / "rattail.toml").write_text(text)


def _age(path: Path, *, hours: int) -> None:
    at = time.time() - hours * 3600
    os.utime(path, (at, at))


def test_a_sound_folder_is_not_touched(run: Run, appdir: Path) -> None:
    before = snapshot(appdir)

    fixed = run("check-appdir", "--fix", "--appdir", appdir, "--json")

    assert fixed.code == 0
    assert fixed.data["fixed"] == []
    assert snapshot(appdir) == before


def test_what_is_safe_is_repaired_said_and_looked_at_again(run: Run, appdir: Path) -> None:
    (appdir / "data" / "uploads").chmod(0o777)
    (appdir / "log").rmdir()
    (appdir / "README.txt").unlink()
    (appdir / "secrets.toml").chmod(0o644)
    (appdir / "secrets.toml.bak").write_text("x")
    (appdir / "secrets.toml.bak").chmod(0o644)
    (appdir / "rattail.toml").chmod(0o666)
    (appdir / "work" / "csv" / "CACHEDIR.TAG").unlink()
    (appdir / "sessions" / "data" / "CACHEDIR.TAG").write_text(TAG_START)
    (appdir / "work" / "user-files" / "CACHEDIR.TAG").write_text("")
    (appdir / "app-folder.lock").write_text('{"pid": 1, "host": "db1", "command": "x", "since": "2026-01-01"}')

    fixed = run("check-appdir", "--fix", "--appdir", appdir)

    assert fixed.code == 0, fixed.out
    for said in (
        "repaired: mend mode of data/uploads (0777 -> 0700)",
        "repaired: make folder log (0750)",
        "repaired: write README.txt (0640)",
        "repaired: mend mode of secrets.toml (0644 -> 0600)",
        "repaired: mend mode of secrets.toml.bak (0644 -> 0600)",
        "repaired: write work/csv/CACHEDIR.TAG (0640)",
        "repaired: completed work/user-files/CACHEDIR.TAG",
        "repaired: cleared the lock of process 1 on db1",
    ):
        assert said in fixed.out
    assert (appdir / "log").is_dir()
    assert run("check-appdir", "--appdir", appdir, "--json").data["counts"]["warning"] == 0


def test_missing_settings_and_secrets_come_back(run: Run, appdir: Path) -> None:
    (appdir / "rattail.toml").unlink()
    (appdir / "secrets.toml").write_text("# mine\n[mail]\npassword = 'x1y2z3'\n")

    fixed = run("check-appdir", "--fix", "--appdir", appdir, "--json")

    assert [one["path"] for one in fixed.data["fixed"]] == ["rattail.toml", "secrets.toml"]
    text = (appdir / "secrets.toml").read_text()
    assert text.startswith("# mine\n[mail]\npassword = 'x1y2z3'\n")
    assert "secret_key" in text
    assert fixed.data["counts"]["error"] == 0


def test_of_temporary_files_only_ours_old_and_unused_are_removed(run: Run, appdir: Path) -> None:
    old, young, other = TEMPORARY, ".tmp-1123456789abcdef", ".tmp-mine"
    in_use, twice = ".tmp-2123456789abcdef", ".tmp-3123456789abcdef"
    for name, hours in ((old, 48), (young, 3), (other, 48), (in_use, 48), (twice, 48)):
        (appdir / "data" / name).write_text("x")
        _age(appdir / "data" / name, hours=hours)
    os.link(appdir / "data" / twice, appdir / "data" / "second-name")
    (appdir / "data" / ".tmp-4123456789abcdef").mkdir()
    _age(appdir / "data" / ".tmp-4123456789abcdef", hours=48)

    with (appdir / "data" / in_use).open():
        fixed = run("check-appdir", "--fix", "--appdir", appdir, "--json")

    left = {path.name for path in (appdir / "data").iterdir() if path.name.startswith(".tmp-")}
    assert left == {young, other, in_use, ".tmp-4123456789abcdef"}
    assert (appdir / "data" / "second-name").read_text() == "x"
    assert fixed.data["fixed"] == [
        {"path": f"data/{TEMPORARY}", "sentence": f"removed 'data/{TEMPORARY}' and 1 more, left by a crash"}
    ]
    assert "core.W008" in [one["id"] for one in fixed.data["findings"]]


def test_a_temporary_file_in_a_place_that_is_not_ours_stays(run: Run, appdir: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    homes = (shared, shared / "sub", appdir / ".git" / "x", appdir / "data" / "own")
    for home in homes:
        home.mkdir(parents=True)
        (home / TEMPORARY).write_text("x")
        _age(home / TEMPORARY, hours=48)
    _settings(appdir, f'[folders]\n"work/csv" = "{shared}"\n')
    before = snapshot(shared)

    fixed = run("check-appdir", "--fix", "--appdir", appdir, "--json")

    assert all((home / TEMPORARY).exists() for home in homes)
    assert snapshot(shared) == before
    assert fixed.data["fixed"] == []
    leftover = next(one for one in fixed.data["findings"] if one["id"] == "core.W008")
    assert leftover["hint"].startswith(f"rm {appdir}/")


def test_what_may_be_run_by_its_owner_stays_so(run: Run, appdir: Path) -> None:
    for name in ("rotate-secrets.toml.sh", "edit-rattail.toml.sh", "secrets.toml.bak"):
        (appdir / name).write_text("#!/bin/sh\n")
        (appdir / name).chmod(0o755)

    run("check-appdir", "--fix", "--appdir", appdir)

    assert (appdir / "rotate-secrets.toml.sh").stat().st_mode & 0o7777 == 0o755
    assert (appdir / "edit-rattail.toml.sh").stat().st_mode & 0o7777 == 0o755
    assert (appdir / "secrets.toml.bak").stat().st_mode & 0o7777 == 0o700


def test_what_is_accepted_is_not_repaired(run: Run, appdir: Path) -> None:
    _settings(
        appdir,
        "[check]\naccept = ['core.E008', 'core.W001:work', 'core.E009:secrets.toml', 'core.W008', 'core.W009', "
        "'core.W011', 'core.W012', 'core.W013', 'core.E005:luigi']\n",
    )
    (appdir / "data" / "uploads").chmod(0o755)
    (appdir / "work").chmod(0o700)
    (appdir / "log").chmod(0o700)
    (appdir / "secrets.toml").chmod(0o640)
    (appdir / "README.txt").unlink()
    shutil.rmtree(appdir / "luigi")
    (appdir / "work" / "csv" / "CACHEDIR.TAG").unlink()
    (appdir / "sessions" / "data" / "CACHEDIR.TAG").write_text(TAG_START)
    (appdir / "data" / TEMPORARY).write_text("x")
    _age(appdir / "data" / TEMPORARY, hours=48)

    fixed = run("check-appdir", "--fix", "--appdir", appdir, "--json")

    assert [one["sentence"] for one in fixed.data["fixed"]] == ["mend mode of log (0700 -> 0750)"]
    assert (appdir / "data" / "uploads").stat().st_mode & 0o777 == 0o755
    assert not (appdir / "luigi").exists()
    assert [one["id"] for one in fixed.data["findings"] if one["level"] != "info"] == []


def test_a_lock_that_is_no_file_is_named_by_whoever_needs_it(run: Run, appdir: Path) -> None:
    lock = appdir / "app-folder.lock"
    for stand_in in (Path.mkdir, os.mkfifo):
        lock.unlink(missing_ok=True) if not lock.is_dir() else lock.rmdir()
        stand_in(lock)

        for words in (("check-appdir", "--fix"), ("set-option", "app.title", "Shop")):
            ran = run(*words, "--appdir", appdir)

            assert ran.code in (51, 61)
            assert f"{lock}' should be a plain file, but it is a " in ran.out + ran.err
            assert f"mv -nT {lock} {lock}.away" in ran.out + ran.err


def test_nothing_of_the_operators_is_changed(run: Run, appdir: Path) -> None:
    (appdir / "nightly.sh").write_text("#!/bin/sh\n")
    (appdir / "nightly.sh").chmod(0o4777)
    (appdir / "data" / "link").symlink_to("/etc/hosts")
    (appdir / "work" / "csv" / "CACHEDIR.TAG").write_text("my own words\n")
    _settings(appdir, "# my own\n[uplaods]\n")
    (appdir / "rattail.toml").chmod(0o640)
    before = snapshot(appdir)

    fixed = run("check-appdir", "--fix", "--appdir", appdir, "--json")

    assert fixed.code == 61
    assert fixed.data["fixed"] == []
    after = snapshot(appdir)
    assert {path: after[path] for path in before if path not in (".", "app-folder.lock")} == {
        path: before[path] for path in before if path not in (".", "app-folder.lock")
    }


def test_one_thing_in_the_way_does_not_hinder_the_rest(run: Run, appdir: Path) -> None:
    (appdir / "log").rmdir()
    (appdir / "log").touch()
    (appdir / "luigitasks").rmdir()
    (appdir / "work").chmod(0o777)

    fixed = run("check-appdir", "--fix", "--appdir", appdir, "--json")

    assert {one["path"] for one in fixed.data["fixed"]} == {"luigitasks", "work"}
    assert [one["id"] for one in fixed.data["findings"] if one["level"] == "error"] == ["core.E006"]
    assert any("should be the folder 'log', but it is a file" in one["text"] for one in fixed.json["messages"])


def test_an_unmounted_folder_stays_known(run: Run, appdir: Path, tmp_path: Path) -> None:
    _settings(appdir, f'[folders]\n"data/templates" = "{tmp_path}/disk"\n')
    run("make-appdir", "--path", appdir)
    (tmp_path / "disk").rename(tmp_path / "away")
    marker = (appdir / "app-folder.json").read_bytes()

    fixed = run("check-appdir", "--fix", "--appdir", appdir, "--json")

    assert [one["id"] for one in fixed.data["findings"] if one["level"] == "error"] == ["core.E011"]
    assert not (tmp_path / "disk").exists()
    assert (appdir / "app-folder.json").read_bytes() == marker


def test_without_a_marker_nothing_is_repaired(run: Run, appdir: Path) -> None:
    (appdir / "app-folder.json").unlink()
    (appdir / "log").chmod(0o777)
    before = snapshot(appdir)

    fixed = run("check-appdir", "--fix", "--appdir", appdir, "--json")

    assert fixed.code == 61
    assert "without a sound marker" in fixed.json["messages"][0]["text"]
    assert snapshot(appdir) == before


def test_root_gives_back_what_is_not_the_owners_and_leaves_groups(alices: Environment) -> None:
    data = alices.appdir / "data"
    (data / "by-root").touch()
    (data / "shared").touch()
    os.chown(data / "shared", ALICE, STAFF)
    outside = alices.path / "pyvenv.cfg"
    (data / "link").symlink_to(outside)

    fixed = alices.run("check-appdir", "--fix", "--json")

    assert (data / "by-root").stat().st_uid == ALICE
    assert (data / "shared").stat().st_gid == STAFF
    assert outside.stat().st_uid == 0
    said = json.loads(fixed.stdout)["data"]["fixed"]
    assert said[0]["sentence"].startswith("gave 2 entries to ")
    owners = {entry.uid for entry in snapshot(alices.appdir).values()}
    assert owners == {ALICE}


def test_a_file_with_other_names_is_left_to_be_given_by_hand(alices: Environment) -> None:
    # The hint looks through the whole file system, so they get one of their own.
    with small_file_system(alices.path / "disk", options="size=20m,mode=1777") as disk:
        appdir = disk / "app"
        made = alices.run("make-appdir", "--path", appdir, user=ALICE)
        assert made.returncode == 0, made.stderr
        inside, outside = appdir / "data" / "second", disk / "first"
        outside.touch()
        os.link(outside, inside)

        fixed = alices.run("check-appdir", "--fix", "--json", "--appdir", appdir)

        assert inside.stat().st_uid == 0
        (finding,) = [one for one in json.loads(fixed.stdout)["data"]["findings"] if one["id"] == "core.E010"]
        assert "by hand (chown)" in finding["sentence"]
        assert not finding["can_be_fixed"]
        names = subprocess.run(["bash", "-c", finding["hint"]], capture_output=True, text=True, check=False).stdout
        assert set(names.split()) == {str(inside), str(outside)}


def test_an_accepted_strange_owner_is_not_given_anything(alices: Environment) -> None:
    (alices.appdir / "data" / "by-root").touch()
    _settings(alices.appdir, "[check]\naccept = ['core.E010:data/by-root']\n")

    alices.run("check-appdir", "--fix", "--json")

    assert (alices.appdir / "data" / "by-root").stat().st_uid == 0


def test_settings_closed_to_their_owner_are_opened_by_the_hint(alices: Environment) -> None:
    settings = alices.appdir / "rattail.toml"
    settings.chmod(0)

    checked = alices.run("check-appdir", "--json", user=ALICE)

    finding = next(one for one in json.loads(checked.stdout)["data"]["findings"] if one["path"] == "rattail.toml")
    assert (finding["id"], finding["hint"]) == ("core.E019", f"chmod u+rw {settings}")


def test_in_a_folder_of_roots_own_nothing_is_given_away(run: Run, appdir: Path, as_root: None) -> None:
    (appdir / "data" / "list").touch()
    os.chown(appdir / "data" / "list", MALLORY, MALLORY)

    fixed = run("check-appdir", "--fix", "--appdir", appdir, "--json")

    assert (appdir / "data" / "list").stat().st_uid == MALLORY
    assert "core.E010" in [one["id"] for one in fixed.data["findings"]]


def test_the_owner_can_open_again_what_was_closed_to_everybody(alices: Environment) -> None:
    (alices.appdir / "log").chmod(0o000)

    fixed = alices.run("check-appdir", "--fix", user=ALICE)

    assert fixed.returncode == 0, fixed.stdout + fixed.stderr
    assert (alices.appdir / "log").stat().st_mode & 0o777 == 0o750


def test_a_place_that_belongs_to_somebody_else_is_left_alone_and_named(
    run: Run, appdir: Path, tmp_path: Path, as_root: None
) -> None:
    _settings(appdir, f'[folders]\n"work/csv" = "{tmp_path}/shared"\n')
    run("make-appdir", "--path", appdir)
    (tmp_path / "shared").chmod(0o1777)
    os.chown(tmp_path / "shared", MALLORY, MALLORY)
    (tmp_path / "shared" / TEMPORARY).write_text("x")
    _age(tmp_path / "shared" / TEMPORARY, hours=48)

    findings = run("check-appdir", "--appdir", appdir, "--json").data["findings"]

    (finding,) = [one for one in findings if one["level"] != "info"]
    assert (finding["id"], finding["path"], finding["can_be_fixed"]) == ("core.E010", "work/csv", False)
