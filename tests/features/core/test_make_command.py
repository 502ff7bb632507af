"""`rattail make-appdir` as an operator types it."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from rattail.appdir.marker import require_marker
from tests.conftest import Run
from tests.kit.environment import Environment, build_environment
from tests.kit.snapshot import snapshot


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_without_activation_from_the_environments_root(environment: Environment) -> None:
    made = environment.execute("bin/rattail", "make-appdir", cwd=environment.path)

    assert made.returncode == 0, made.stderr
    assert (environment.appdir / "data" / "uploads").is_dir()


def test_in_an_activated_environment(environment: Environment) -> None:
    script = f". {environment.path}/bin/activate && rattail make-appdir"

    made = environment.execute("bash", "-c", script, cwd="/tmp")

    assert made.returncode == 0, made.stderr
    assert (environment.appdir / "app-folder.json").is_file()


def test_as_a_module_it_is_the_same_command(environment: Environment) -> None:
    made = environment.execute(environment.python, "-m", "rattail", "make-appdir", "--json")

    assert json.loads(made.stdout)["data"]["appdir"] == os.path.realpath(environment.appdir)


def test_outside_an_environment_it_is_refused_with_the_way_out(environment: Environment) -> None:
    base = environment.execute(environment.python, "-c", "import sys; print(sys._base_executable)").stdout.strip()
    places = {"PYTHONPATH": str(environment.site_packages)}

    refused = environment.execute(base, "-m", "rattail", "make-appdir", env=places)

    assert refused.returncode == 50
    assert "outside a virtual environment" in refused.stderr
    assert "--path PATH" in refused.stderr


def test_it_ends_with_numbered_next_steps_that_can_be_run(wheel: Path) -> None:
    with build_environment(wheel, has_records=True) as environment:
        run_next_steps(environment)


def run_next_steps(environment: Environment) -> None:
    made = environment.run("make-appdir", "--json")

    steps = json.loads(made.stdout)["data"]["next"]
    assert len(steps) >= 3
    assert "  1. " in environment.run("make-appdir", "--path", environment.path / "second").stdout
    for step in steps:
        ran = environment.execute("bash", "-c", step)
        assert ran.returncode == 0, (step, ran.stderr)


def test_the_app_folder_is_chosen_by_flag_then_variable_then_environment(
    environment: Environment, tmp_path: Path
) -> None:
    by_flag, by_variable = tmp_path / "flag", tmp_path / "variable"
    variable = {"RATTAIL_APPDIR": str(by_variable)}

    flag = environment.run("make-appdir", "--appdir", by_flag, "-v", env=variable)
    named = environment.run("make-appdir", "-v", env=variable)
    default = environment.run("make-appdir", "-v")

    assert "because of --appdir" in flag.stderr
    assert "because of the environment variable RATTAIL_APPDIR" in named.stderr
    assert "because it is the environment's own" in default.stderr
    assert by_flag.is_dir()
    assert by_variable.is_dir()
    assert environment.appdir.is_dir()


def test_a_dry_run_lists_exactly_what_the_real_run_does(run: Run, tmp_path: Path) -> None:
    root = tmp_path / "app"
    planned = run("make-appdir", "--path", root, "--dry-run", "--json").data["steps"]
    assert not root.exists()

    done = run("make-appdir", "--path", root, "--json").data["steps"]

    assert done == planned
    assert {step["path"] for step in done} >= {str(p.relative_to(root)) for p in root.rglob("*")}


def test_a_dry_run_of_mending_lists_exactly_what_is_mended(run: Run, appdir: Path) -> None:
    (appdir / "work" / "csv" / "CACHEDIR.TAG").unlink()
    (appdir / "log").rmdir()
    (appdir / "data" / "uploads").chmod(0o755)
    (appdir / "secrets.toml").chmod(0o644)
    before = snapshot(appdir)
    planned = run("make-appdir", "--path", appdir, "--dry-run", "--json").data["steps"]
    assert snapshot(appdir) == before

    done = run("make-appdir", "--path", appdir, "--json").data["steps"]

    assert done == planned
    assert [(step["action"], step["path"]) for step in done] == [
        ("mend", "data/uploads"),
        ("make", "log"),
        ("write", "work/csv/CACHEDIR.TAG"),
        ("mend", "secrets.toml"),
    ]
    assert _mode(appdir / "data" / "uploads") == 0o700
    assert _mode(appdir / "secrets.toml") == 0o600


def test_what_the_operator_tightened_or_added_stays(run: Run, appdir: Path) -> None:
    (appdir / "rattail.toml").chmod(0o600)
    (appdir / "own.sh").write_text("echo mine\n")
    (appdir / "data" / "own").mkdir(mode=0o777)
    before = snapshot(appdir)

    run("make-appdir", "--path", appdir)

    assert snapshot(appdir) == before


def test_an_edited_readme_is_never_rewritten(run: Run, appdir: Path) -> None:
    (appdir / "README.txt").write_text("ask Alice\n")
    marker = json.loads((appdir / "app-folder.json").read_text())
    marker["files"]["README.txt"]["edition"] = "an older one"
    (appdir / "app-folder.json").write_text(json.dumps(marker))

    first = run("make-appdir", "--path", appdir, "--json").data["steps"]
    (appdir / "README.txt.new").unlink()
    second = run("make-appdir", "--path", appdir, "--json").data["steps"]

    assert ("offer", "README.txt.new") in {(step["action"], step["path"]) for step in first}
    assert (appdir / "README.txt").read_text() == "ask Alice\n"
    assert second == []  # an offer that was thrown away is not made twice


def test_an_unedited_readme_of_an_older_edition_is_brought_up_to_date(run: Run, appdir: Path) -> None:
    import hashlib

    older = b"an older edition\n"
    text = (appdir / "README.txt").read_text()
    (appdir / "README.txt").write_bytes(older)
    marker = json.loads((appdir / "app-folder.json").read_text())
    marker["files"]["README.txt"] = {"sha256": hashlib.sha256(older).hexdigest(), "edition": "older", "offered": ""}
    (appdir / "app-folder.json").write_text(json.dumps(marker))

    done = run("make-appdir", "--path", appdir, "--json").data["steps"]

    assert [(step["action"], step["path"]) for step in done] == [
        ("rewrite", "README.txt"),
        ("record", "app-folder.json"),
    ]
    assert (appdir / "README.txt").read_text() == text


def test_secrets_are_made_for_each_folder_and_never_again(run: Run, tmp_path: Path) -> None:
    for name in ("one", "two"):
        run("make-appdir", "--path", tmp_path / name)
    one, two = ((tmp_path / name / "secrets.toml").read_text() for name in ("one", "two"))

    run("make-appdir", "--path", tmp_path / "one")

    assert one != two
    assert (tmp_path / "one" / "secrets.toml").read_text() == one


def test_a_missing_secret_is_added_and_the_others_stay(run: Run, appdir: Path) -> None:
    (appdir / "secrets.toml").write_text('# mine\n[mail]\npassword = "kept"\n')

    done = run("make-appdir", "--path", appdir, "--json").data["steps"]

    text = (appdir / "secrets.toml").read_text()
    assert ("extend", "secrets.toml") in {(step["action"], step["path"]) for step in done}
    assert text.startswith('# mine\n[mail]\npassword = "kept"\n')
    assert "secret_key" in text


@pytest.mark.parametrize(
    "name", ["with space", "zwei\nZeilen", "ünï-кафе-店", "quote'\"$(x)`", "-dash", "%s{}", "n" * 255, "\udcff\udcfe"]
)
def test_any_name_a_folder_can_have_will_do(run: Run, tmp_path: Path, name: str) -> None:
    root = tmp_path / name

    made = run("make-appdir", "--path", root)
    again = run("make-appdir", "--path", root, "--json")

    assert made.code == 0, made.err
    assert "Traceback" not in made.err
    assert again.data["steps"] == []


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("", "--path is empty"),
        ("  ", "--path is empty"),
        ("missing/app", "its parent folder"),
        ("n" * 256, "too long"),
        ("/".join(["n" * 250] * 20), "too long"),
        ("/proc/rattail", "cannot make folder '/proc/rattail'"),
        ("/dev/null", "a file stands where a folder was expected"),
    ],
)
def test_a_path_that_cannot_be_is_refused_in_one_sentence(run: Run, path: str, says: str) -> None:
    refused = run("make-appdir", "--path", path)

    assert refused.code in (50, 51, 57)
    assert says in refused.err
    assert "Traceback" not in refused.err


def test_a_folder_that_is_somebody_elses_is_left_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter").write_text("dear")
    before = snapshot(tmp_path / "home")

    refused = run("make-appdir", "--path", tmp_path / "home")

    assert refused.code == 55
    assert "is not empty (it holds 'letter')" in refused.err
    assert snapshot(tmp_path / "home") == before


def test_an_empty_folder_becomes_the_app_folder(run: Run, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()

    assert run("make-appdir", "--path", tmp_path / "app").code == 0


def test_an_app_folder_inside_another_is_refused(run: Run, appdir: Path) -> None:
    refused = run("make-appdir", "--path", appdir / "data" / "inner")

    assert refused.code == 57
    assert "lies inside the app folder" in refused.err


@pytest.mark.parametrize("obstacle", ["file", "dangling link", "link to a folder", "pipe"])
def test_what_stands_where_a_folder_should_be_is_named_and_nothing_is_made(
    run: Run, appdir: Path, tmp_path: Path, obstacle: str
) -> None:
    (appdir / "log").rmdir()
    (appdir / "work" / "csv" / "CACHEDIR.TAG").unlink()
    if obstacle == "file":
        (appdir / "log").write_text("")
    elif obstacle == "pipe":
        os.mkfifo(appdir / "log")
    else:
        (appdir / "log").symlink_to(tmp_path if "folder" in obstacle else tmp_path / "nowhere")
    before = snapshot(appdir)

    refused = run("make-appdir", "--path", appdir)

    assert refused.code == 51
    assert f"{appdir}/log' should be the folder 'log', but it is a" in refused.err
    assert snapshot(appdir) == before


def test_a_dangling_link_as_the_app_folder_makes_what_it_points_to_or_says_why_not(run: Run, tmp_path: Path) -> None:
    (tmp_path / "app").symlink_to(tmp_path / "gone" / "app")

    refused = run("make-appdir", "--path", tmp_path / "app")

    assert refused.code == 50
    assert f"its parent folder '{tmp_path}/gone' does not exist" in refused.err


def test_a_newer_layout_is_refused(run: Run, appdir: Path) -> None:
    marker = json.loads((appdir / "app-folder.json").read_text())
    (appdir / "app-folder.json").write_text(json.dumps({**marker, "layout": 99}))

    refused = run("make-appdir", "--path", appdir)

    assert refused.code == 54
    assert "has layout 99" in refused.err


@pytest.mark.parametrize("content", [b"", b"{", b"null", b"[]", b'{"format": 1}', b"\xff\xfe", b"[" * 100_000])
def test_a_damaged_marker_is_refused_and_left(run: Run, appdir: Path, content: bytes) -> None:
    (appdir / "app-folder.json").write_bytes(content)

    refused = run("make-appdir", "--path", appdir)

    assert refused.code == 51
    assert "is damaged" in refused.err
    assert (appdir / "app-folder.json").read_bytes() == content


def test_a_folder_that_lost_its_marker_can_be_adopted_in_place(run: Run, appdir: Path) -> None:
    (appdir / "app-folder.json").unlink()
    (appdir / "data" / "treasure").write_text("gold")
    secrets = (appdir / "secrets.toml").read_text()

    refused = run("make-appdir", "--path", appdir)
    adopted = run("make-appdir", "--adopt", "--path", appdir)

    assert refused.code == 55
    assert adopted.code == 0, adopted.err
    assert require_marker(str(appdir)).layout == 1
    assert (appdir / "secrets.toml").read_text() == secrets
    assert (appdir / "data" / "treasure").read_text() == "gold"


def test_broken_settings_are_all_named_and_nothing_is_made(run: Run, appdir: Path) -> None:
    (appdir / "log").rmdir()
    (appdir / "rattail.toml").write_text('[uploads]\nkeep_days = "two"\nkep_days = 3\n[upload]\n')

    refused = run("make-appdir", "--path", appdir)

    assert refused.code == 53
    assert 'rattail.toml line 2: [uploads] keep_days: expected a whole number of days, 1 or more; found "two".' in (
        refused.err
    )
    assert "rattail.toml line 3: [uploads] has no option 'kep_days'. Did you mean 'keep_days'?" in refused.err
    assert not (appdir / "log").exists()


def test_path_and_appdir_together_have_to_agree(run: Run, tmp_path: Path) -> None:
    refused = run("make-appdir", "--path", tmp_path / "a", "--appdir", tmp_path / "b", "--json")

    assert refused.code == 2
    assert refused.json["errors"][0]["kind"] == "WrongUsage"


@pytest.mark.parametrize(
    "name", ["work/csv/CACHEDIR.TAG", "README.txt", "rattail.toml", "secrets.toml", "app-folder.json"]
)
@pytest.mark.parametrize("obstacle", ["folder", "pipe", "link"])
def test_what_stands_where_a_file_should_be_is_refused(run: Run, appdir: Path, name: str, obstacle: str) -> None:
    path = appdir / name
    path.unlink()
    if obstacle == "folder":
        path.mkdir()
    elif obstacle == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/etc/hostname")

    planned = run("make-appdir", "--path", appdir, "--dry-run", timeout_s=20)
    refused = run("make-appdir", "--path", appdir, timeout_s=20)

    assert planned.code == refused.code
    assert refused.code in (51, 53)
    assert Path(name).name in refused.err
    assert "Traceback" not in refused.err


def test_from_a_deleted_current_folder_a_relative_path_is_refused_in_one_sentence(environment: Environment) -> None:
    script = f"mkdir gone; cd gone; rmdir ../gone; {environment.rattail} make-appdir --path x"

    refused = environment.execute("bash", "-c", script, cwd=environment.path)

    assert refused.returncode == 51
    assert "Traceback" not in refused.stderr


def test_settings_of_an_extension_that_is_gone_stop_nothing_and_stay(run: Run, appdir: Path) -> None:
    with (appdir / "rattail.toml").open("a") as settings:
        settings.write('"data/loyalty" = "/srv/loyalty"\n\n[loyalty]\ndays = 5\n')
    before = snapshot(appdir)

    made = run("make-appdir", "--path", appdir, "--json")
    title = run("get-option", "app.title", "--appdir", appdir)
    checked = run("check-appdir", "--appdir", appdir, "--json")

    assert made.data["steps"] == []
    assert snapshot(appdir) == before
    assert title.out == "Rattail\n"
    assert "no installed extension has a table [loyalty]. It is left as it is." in title.err
    assert [one["id"] for one in checked.data["findings"] if one["level"] != "info"] == ["core.W015"] * 2


def test_a_misspelt_table_is_still_a_fault(run: Run, appdir: Path) -> None:
    (appdir / "rattail.toml").write_text("[uplaods]\nkeep_days = 5\n")

    refused = run("make-appdir", "--path", appdir)

    assert refused.code == 53
    assert "Did you mean 'uploads'?" in refused.err
