"""check-appdir as a command: healthy folders, people's output, JSON, accepting, other users, mounts."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.kit.environment import Environment, build_environment
from tests.kit.extension import write_extension
from tests.kit.mounting import small_file_system
from tests.kit.snapshot import snapshot

ALICE, MALLORY = 21_001, 21_002


@pytest.fixture(scope="module")
def shared(wheel: Path) -> Iterator[Environment]:
    """One environment for all tests here; who changes something in it puts it back."""
    with build_environment(wheel) as made:
        yield made


@pytest.fixture
def installed(shared: Environment) -> Environment:
    """The environment with a fresh app folder of root's (or whoever runs the tests)."""
    return _made(shared, user=None)


@pytest.fixture
def alices(shared: Environment, as_root: None) -> Environment:
    """The environment with a fresh app folder of a user who has a number and no name."""
    return _made(shared, user=ALICE)


def _made(environment: Environment, *, user: int | None) -> Environment:
    if environment.appdir.exists():
        shutil.rmtree(environment.appdir)
    os.chown(environment.path, user or os.geteuid(), user or os.getegid())
    made = environment.run("make-appdir", user=user)
    assert made.returncode == 0, made.stderr
    return environment


@contextlib.contextmanager
def _changed(path: Path, content: bytes | None) -> Iterator[None]:
    """A file with other content, or none, for the duration of the block."""
    before, status = path.read_bytes(), path.stat()
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    try:
        yield
    finally:
        path.write_bytes(before)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def _ids(findings: list[dict[str, object]], *levels: str) -> list[tuple[object, object]]:
    return [(one["id"], one["path"]) for one in findings if not levels or one["level"] in levels]


def _settings(appdir: Path, text: str) -> None:
    (appdir / "rattail.toml").write_text(text)


def test_a_fresh_folder_in_a_fresh_environment_has_neither_error_nor_warning(installed: Environment) -> None:
    before = snapshot(installed.appdir)

    checked = installed.run("check-appdir", "--deep")

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.splitlines()[-1].startswith(f"App folder '{installed.appdir}' is sound: 24 folders, 11 ")
    assert snapshot(installed.appdir) == before


def test_so_it_has_for_a_user_who_owns_the_environment(alices: Environment) -> None:

    checked = alices.run("check-appdir", "--json", user=ALICE)

    data = json.loads(checked.stdout)["data"]
    assert checked.returncode == 0
    assert _ids(data["findings"], "error", "warning") == []
    assert data["counts"]["error"] == data["counts"]["warning"] == 0


def test_root_checks_a_folder_of_a_user_without_name(alices: Environment) -> None:
    stolen = alices.appdir / "data" / "list"
    stolen.write_text("x")

    checked = alices.run("check-appdir", "--json")

    assert checked.returncode == 61
    assert _ids(json.loads(checked.stdout)["data"]["findings"], "error", "warning") == [("core.E010", "data/list")]


def test_nobody_else_may_check_it(alices: Environment) -> None:

    assert alices.run("check-appdir", user=MALLORY).returncode == 58


def test_what_its_owner_can_neither_write_nor_see_is_found(alices: Environment) -> None:
    (alices.appdir / "data" / "own").mkdir(0o000)
    os.chown(alices.appdir / "data" / "own", ALICE, ALICE)
    (alices.appdir / "data" / "uploads").chmod(0o500)
    (alices.appdir / "log").chmod(0o000)

    checked = alices.run("check-appdir", "--json", user=ALICE)

    found = _ids(json.loads(checked.stdout)["data"]["findings"])
    assert ("core.E015", "data/uploads") in found
    assert ("core.E017", "log") in found
    assert ("core.I011", "data/own") in found


def test_findings_are_grouped_by_level_with_hints_and_counted(run: Run, appdir: Path) -> None:
    (appdir / "data" / "uploads").chmod(0o755)
    (appdir / "work" / "csv" / "CACHEDIR.TAG").unlink()

    checked = run("check-appdir", "--appdir", appdir)

    assert checked.code == 61
    lines = checked.out.splitlines()
    assert lines[0] == "Errors"
    assert lines[1] == "  core.E008  folder 'data/uploads' has mode 0755; expected 0700."
    assert lines[2] == f"      chmod 0700 {appdir}/data/uploads"
    assert lines[3] == "Warnings"
    assert lines[4].startswith("  core.W011  scratch folder 'work/csv' has no 'CACHEDIR.TAG'")
    assert lines[-1].startswith("1 error, 1 warning")
    assert lines[-1].endswith("; 24 folders, 10 files looked at.")
    assert f"2 of them can be repaired: {sys.executable} -m rattail check-appdir --fix --appdir {appdir}" in checked.err


def test_json_has_findings_counts_and_what_was_accepted(run: Run, appdir: Path) -> None:
    (appdir / "data" / "uploads").chmod(0o755)

    checked = run("check-appdir", "--appdir", appdir, "--json")

    assert checked.json["ok"] is False
    assert checked.json["errors"][0]["kind"] == "FindingsFound"
    assert checked.data["findings"][0] == {
        "id": "core.E008",
        "level": "error",
        "path": "data/uploads",
        "sentence": "folder 'data/uploads' has mode 0755; expected 0700.",
        "hint": f"chmod 0700 {appdir}/data/uploads",
        "can_be_fixed": True,
    }
    assert checked.data["counts"]["error"] == 1
    assert (checked.data["accepted"], checked.data["fixed"]) == (0, [])


def test_without_any_folder_there_is_nothing_to_check(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert run("check-appdir", "--appdir", tmp_path / "nowhere").code == 50
    assert run("check-appdir", "--appdir", tmp_path / "file").code == 51


def test_of_a_folder_that_is_no_app_folder_only_that_is_said(run: Run, tmp_path: Path) -> None:
    (tmp_path / "home" / "photos").mkdir(parents=True)
    (tmp_path / "home").chmod(0o777)

    checked = run("check-appdir", "--appdir", tmp_path / "home", "--json")

    about_it = [one for one in _ids(checked.data["findings"]) if not str(one[0]).startswith(("core.I008", "core.W02"))]
    assert about_it == [("core.E001", "app-folder.json")]


def test_broken_settings_hide_nothing_else(run: Run, appdir: Path, tmp_path: Path) -> None:
    _settings(appdir, f'[folders]\n"work/csv" = "{tmp_path}/disk"\n')
    run("make-appdir", "--path", appdir)
    _settings(appdir, "[folders\n")
    (tmp_path / "disk" / "CACHEDIR.TAG").unlink()
    (appdir / "log").rmdir()

    checked = run("check-appdir", "--appdir", appdir, "--json")

    found = _ids(checked.data["findings"], "error", "warning")
    assert ("core.E005", "log") in found
    assert ("core.E018", "rattail.toml") in found
    assert ("core.W011", "work/csv/CACHEDIR.TAG") in found


def test_an_unknown_environment_variable_is_a_warning_with_the_near_name(run: Run, appdir: Path) -> None:
    checked = run("check-appdir", "--appdir", appdir, "--json", env={"RATTAIL_UPLOADS_KEEPDAYS": "3"})

    finding = next(one for one in checked.data["findings"] if one["id"] == "core.W017")
    assert "RATTAIL_UPLOADS_KEEPDAYS" in finding["sentence"]
    assert finding["sentence"].endswith("Did you mean RATTAIL_UPLOADS_KEEP_DAYS?")


def test_no_secret_is_ever_printed(run: Run, appdir: Path) -> None:
    _settings(appdir, "[mail]\npassword = 'Sesame4711'\n")
    (appdir / "secrets.toml").write_text("[mail]\npassword = 'Sesame0815'\n[sessions]\nsecret_key = 'Sesame99'\n")

    checked = run("check-appdir", "--appdir", appdir, "-v")

    assert checked.code == 61
    assert "Sesame" not in checked.out + checked.err


# Accepting


def test_an_accepted_id_is_silent_and_counted(run: Run, appdir: Path) -> None:
    (appdir / "data" / "uploads").chmod(0o755)
    _settings(appdir, '[check]\naccept = ["core.E008"]\n')

    checked = run("check-appdir", "--appdir", appdir, "--json")

    assert "core.E008" not in [one["id"] for one in checked.data["findings"]]
    assert checked.data["accepted"] == 1
    assert "accepted: core.E008" in run("check-appdir", "--appdir", appdir, "-v").out


def test_a_path_is_accepted_with_what_lies_below_and_nothing_else(run: Run, appdir: Path) -> None:
    for name in ("data/own/a", "data/own/b", "data/other"):
        (appdir / name).parent.mkdir(exist_ok=True)
        (appdir / name).symlink_to("/etc/hosts")
    _settings(appdir, '[check]\naccept = ["core.W004:data/own"]\n')

    checked = run("check-appdir", "--appdir", appdir, "--json")

    assert _ids(checked.data["findings"], "error", "warning") == [("core.W004", "data/other")]
    assert checked.data["accepted"] == 1


def test_masses_are_one_finding_with_a_number_and_three_examples(run: Run, appdir: Path) -> None:
    for number in range(1200):
        (appdir / "data" / f"{number:04}").symlink_to("/etc/hosts")

    findings = run("check-appdir", "--appdir", appdir, "--json").data["findings"]

    (finding,) = [one for one in findings if one["id"] == "core.W004"]
    assert finding["sentence"].startswith("1,200 links leave the app folder")
    assert finding["sentence"].count("'data/") == 3


# Extensions


def test_a_check_that_fails_is_named_and_the_others_go_on(run: Run, appdir: Path, tmp_path: Path) -> None:
    text = """
KINDS = ()
def fails(looking):
    yield __import__("rattail.appdir.inspect").appdir.inspect.found("other.W001", "data", "it is Sunday.")
    raise KeyError("no such thing")
def ends(looking):
    raise SystemExit(0)
FEATURE = Feature(name="other", title="Other", checks=("other:fails", "other:ends", "nowhere:it"))
"""
    env = write_extension(tmp_path / "site", "other", text)
    (appdir / "log").rmdir()

    checked = run("check-appdir", "--appdir", appdir, "--json", env=env)

    sentences = [one["sentence"] for one in checked.data["findings"] if one["id"] == "core.E027"]
    assert checked.code == 61
    assert len(sentences) == 3
    assert any("'other:fails' failed" in one and "KeyError: 'no such thing'" in one for one in sentences)
    assert ("other.W001", "data") in _ids(checked.data["findings"])
    assert ("core.E005", "log") in _ids(checked.data["findings"])


def test_a_finding_whose_level_is_not_its_letters_is_a_fault_of_the_check(
    run: Run, appdir: Path, tmp_path: Path
) -> None:
    text = """
from rattail.appdir.inspect import Finding
def lies(looking):
    yield Finding("other.E001", "info", "", "nothing at all.")
FEATURE = Feature(name="other", title="Other", checks=("other:lies",))
"""
    env = write_extension(tmp_path / "site", "other", text)

    checked = run("check-appdir", "--appdir", appdir, "--json", env=env)

    assert "other.E001" not in [one["id"] for one in checked.data["findings"]]
    assert "core.E027" in [one["id"] for one in checked.data["findings"]]


def test_ids_of_extensions_can_be_accepted(run: Run, appdir: Path, tmp_path: Path) -> None:
    text = """
from rattail.appdir.inspect import found
def warns(looking):
    yield found("other.W001", "data", "it is Sunday.")
FEATURE = Feature(name="other", title="Other", checks=("other:warns",))
"""
    env = write_extension(tmp_path / "site", "other", text)
    _settings(appdir, '[check]\naccept = ["other.W001"]\n')

    checked = run("check-appdir", "--appdir", appdir, "--json", env=env)

    assert _ids(checked.data["findings"], "error", "warning") == []


def test_a_broken_extension_is_an_error(run: Run, appdir: Path, tmp_path: Path) -> None:
    env = write_extension(tmp_path / "site", "other", "import nowhere_to_be_found\n")

    checked = run("check-appdir", "--appdir", appdir, "--json", env=env)

    assert ("core.E026", "") in _ids(checked.data["findings"])


# The installation


def test_edited_and_missing_installed_files_are_found(installed: Environment) -> None:
    edited = installed.site_packages / "click" / "termui.py"
    missing = installed.site_packages / "click" / "py.typed"

    with _changed(edited, edited.read_bytes() + b"\n# mine\n"), _changed(missing, None):
        checked = installed.run("check-appdir", "--json")

    findings = json.loads(checked.stdout)["data"]["findings"]
    assert _ids(findings, "error", "warning") == [("core.W022", str(edited)), ("core.W023", str(missing))]


def test_an_edit_of_the_same_size_is_seen_by_its_time_or_in_depth(installed: Environment) -> None:
    edited = next(installed.site_packages.glob("click-*.dist-info")) / "METADATA"
    before = edited.stat().st_mtime

    with _changed(edited, edited.read_bytes().replace(b" the ", b" teh ")):
        os.utime(edited, (before + 3600, before + 3600))
        by_time = installed.run("check-appdir")
        os.utime(edited, (before, before))
        by_size = installed.run("check-appdir")
        in_depth = installed.run("check-appdir", "--deep")

    assert [by_time.returncode, by_size.returncode, in_depth.returncode] == [61, 0, 61]
    assert "core.W022" in by_time.stdout
    assert "core.W022" in in_depth.stdout


def test_a_file_that_was_only_touched_is_not_edited(installed: Environment) -> None:
    for path in (installed.site_packages / "click").glob("*.py"):
        os.utime(path, (4_000_000_000, 4_000_000_000))

    assert installed.run("check-appdir").returncode == 0


def test_upstreams_distribution_beside_ours_is_an_error_with_the_way_out(installed: Environment) -> None:
    folder = installed.site_packages / "rattail-0.24.0.dist-info"
    folder.mkdir()

    checked = installed.run("check-appdir", "--json")

    folder.rmdir()
    findings = json.loads(checked.stdout)["data"]["findings"]
    finding = next(one for one in findings if one["id"] == "core.E025")
    assert finding["path"] == str(folder)
    assert "make-appdir --adopt" in finding["hint"]


def test_the_linked_sqlite_is_named_where_it_is_used(run: Run, appdir: Path) -> None:
    _settings(appdir, "[database]\nurl = 'postgresql://shop@db/shop'\n")

    checked = run("check-appdir", "--appdir", appdir, "--json")

    assert "core.I008" not in [one["id"] for one in checked.data["findings"]]


# Disks and devices


def test_mounts_inside_the_folder_are_found_and_relocated_ones_are_fine(
    run: Run, appdir: Path, tmp_path: Path, as_root: None
) -> None:
    with (
        small_file_system(appdir / "data" / "own", options="size=1m,mode=750") as inside,
        small_file_system(tmp_path / "disk", options="size=300m,nr_inodes=9000,mode=750"),
    ):
        _settings(appdir, f'[folders]\n"data/templates" = "{tmp_path}/disk"\n[check]\nmin_free_mb = 250\n')
        run("make-appdir", "--path", appdir)
        (inside / "secret").mkdir(0o777)
        (inside / "secret").chmod(0o777)

        checked = run("check-appdir", "--appdir", appdir, "--json")

    assert _ids(checked.data["findings"], "error", "warning") == [("core.W005", "data/own")]


def test_a_small_and_a_read_only_disk_are_found(run: Run, appdir: Path, tmp_path: Path, as_root: None) -> None:
    with small_file_system(tmp_path / "disk", options="size=5m,nr_inodes=900,mode=750") as disk:
        _settings(appdir, f'[folders]\n"data/templates" = "{disk}"\n')
        run("make-appdir", "--path", appdir)
        small = run("check-appdir", "--appdir", appdir, "--json")
        os.system(f"mount -o remount,ro {disk}")
        read_only = run("check-appdir", "--appdir", appdir, "--json")

    expected = [("core.W006", "data/templates"), ("core.W007", "data/templates")]
    assert _ids(small.data["findings"], "error", "warning") == expected
    assert _ids(read_only.data["findings"], "error", "warning") == [("core.E016", "data/templates")]


def test_a_device_among_the_data_is_found(run: Run, appdir: Path, as_root: None) -> None:
    try:
        os.mknod(appdir / "data" / "null", 0o20640, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("needs permission to make device files")

    checked = run("check-appdir", "--appdir", appdir, "--json")

    assert _ids(checked.data["findings"], "error", "warning") == [("core.W020", "data/null")]


def test_a_socket_in_a_folder_for_a_while_is_nothing(run: Run, appdir: Path) -> None:
    for path in ("work/pipe", "work/csv/pipe", "sessions/pipe", "log/pipe"):
        os.mkfifo(appdir / path)

    checked = run("check-appdir", "--appdir", appdir, "--json")

    assert "core.I005" not in [one["id"] for one in checked.data["findings"]]


def test_others_files_are_counted(run: Run, appdir: Path, as_root: None) -> None:
    for number in range(5):
        (appdir / "data" / f"{number}").touch()
        os.chown(appdir / "data" / f"{number}", MALLORY, MALLORY)

    checked = run("check-appdir", "--appdir", appdir, "--json")

    finding = next(one for one in checked.data["findings"] if one["id"] == "core.E010")
    assert finding["sentence"].startswith("5 entries do not belong to root, whose folder this is: 'data/")


def test_a_full_disk_is_said_once(run: Run, tmp_path: Path, as_root: None) -> None:
    with small_file_system(tmp_path / "disk", options="size=2m,mode=755") as disk:
        run("make-appdir", "--path", disk / "app")
        with (disk / "ballast").open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
            while ballast.write(b"x" * 4096):
                pass

        checked = run("check-appdir", "--appdir", disk / "app", "--json")

    full = [one for one in checked.data["findings"] if one["id"] == "core.E015"]
    assert len(full) == 1
    assert "the disk is full" in full[0]["sentence"]


def test_names_made_to_deceive_a_terminal_are_shown_in_the_clear(run: Run, appdir: Path) -> None:
    name = "evil\x1b[2J\nApp folder is sound {count}"
    (appdir / name).write_text("x")
    (appdir / name).chmod(0o666)
    (appdir / "data" / "caf\udce9").symlink_to("/etc")

    checked = run("check-appdir", "--appdir", appdir)

    assert checked.code == 61
    assert "\x1b" not in checked.out + checked.err
    assert r"chmod o-w $'" in checked.out
    assert not any(line.startswith("App folder is sound") for line in checked.out.splitlines())
