"""Extensions: a real one, built from the how-to's own page, and several that do not fit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.docs.blocks import DOCS, blocks_of
from tests.kit.environment import Environment, build_environment, build_wheel
from tests.kit.extension import write_extension

PAGE = DOCS / "how-to" / "write-an-extension.md"


@pytest.fixture(scope="module")
def loyalty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the extension that the how-to shows."""
    project = tmp_path_factory.mktemp("loyalty")
    for block in blocks_of(PAGE):
        if block.language in ("python", "toml"):
            path = project / block.label
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
    return build_wheel(project, tmp_path_factory.mktemp("loyalty-wheel"))


@pytest.fixture(scope="module")
def extended(wheel: Path, loyalty: Path) -> Iterator[Environment]:
    """An environment that has an app folder and then gets the extension."""
    with build_environment(wheel) as environment:
        made = environment.run("make-appdir")
        assert made.returncode == 0, made.stderr
        with (environment.appdir / "rattail.toml").open("a", encoding="utf-8") as settings:
            settings.write("# my own remark\n")
        environment.install(loyalty)
        made = environment.run("make-appdir")
        assert made.returncode == 0, made.stderr
        yield environment


def test_its_folders_are_made(extended: Environment) -> None:
    assert (extended.appdir / "data" / "loyalty").is_dir()
    assert (extended.appdir / "work" / "loyalty-cards" / "CACHEDIR.TAG").is_file()


def test_its_option_is_offered_beside_settings_that_were_edited(extended: Environment) -> None:
    assert "keep_cards_days" not in (extended.appdir / "rattail.toml").read_text()
    assert "keep_cards_days = 3\n" in (extended.appdir / "rattail.toml.new").read_text()


def test_its_option_is_shown_with_all_the_others(extended: Environment) -> None:
    shown = extended.run("show-config", "--json")

    assert shown.returncode == 0, shown.stderr
    assert "loyalty.keep_cards_days" in shown.stdout


def test_its_option_is_read_and_its_wrong_value_refused(extended: Environment) -> None:
    refused = extended.run("make-appdir", env={"RATTAIL_LOYALTY_KEEP_CARDS_DAYS": "0"})

    assert refused.returncode == 53
    assert "a whole number of days, 1 or more" in refused.stderr


def test_its_check_runs(extended: Environment) -> None:
    customer = extended.appdir / "data" / "loyalty" / "mallory"
    customer.write_text("many")

    checked = extended.run("check-appdir", "--json")

    customer.unlink()
    assert "loyalty.W001" in checked.stdout, checked.stderr


def test_its_command_runs_under_both_names_and_is_listed(extended: Environment) -> None:
    customer = extended.appdir / "data" / "loyalty" / "alice"
    customer.write_text("120\n")

    listed = extended.run("list-points")
    as_json = extended.run("points", "--json")

    customer.unlink()
    assert (listed.returncode, listed.stdout) == (0, "alice: 120\n")
    assert json.loads(as_json.stdout)["data"] == {"points": {"alice": "120"}}
    assert "Loyalty:\n  list-points" in extended.run("--help").stdout


DECLARED = "FEATURE = Feature(name='other', title='Other', {})\n"
COMMAND = "Command('{}', 'Does it.', 'other:it', ('{}',))"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import nowhere_to_be_found\n", "ModuleNotFoundError: No module named 'nowhere_to_be_found'"),
        ("raise SystemExit(3)\n", "SystemExit: 3"),
        ("FEATURE = 'a text'\n", "is not a Feature"),
        (DECLARED.format("folders=(Folder('log', 'mine', Keep.ESSENTIAL),)"), "both declare folder 'log'"),
        (DECLARED.format("folders=(Folder('work/csv/x', 'mine', Keep.ESSENTIAL),)"), "the scratch folder 'work/csv'"),
        (DECLARED.format("folders=(Folder('../x', 'mine', Keep.ESSENTIAL),)"), "not a plain relative path"),
        (DECLARED.format("folders=(Folder('rattail.toml', 'mine', Keep.ESSENTIAL),)"), "'rattail.toml' exists already"),
        (DECLARED.format("folders=(Folder('README.txt', 'mine', Keep.ESSENTIAL),)"), "'README.txt' exists already"),
        (DECLARED.format(f"commands=({COMMAND.format('show-appdir', 'x')},)"), "'show-appdir' exists already"),
        (DECLARED.format(f"commands=({COMMAND.format('do-it', 'cleanup')},)"), "'cleanup' exists already"),
        (DECLARED.format("options=(Option('title', 'Mine.', table='app'),)"), "'app.title' exists already"),
        ("FEATURE = Feature(name='uploads', title='Mine')\n", "a feature 'uploads' already"),
    ],
)
def test_one_that_does_not_fit_is_named_and_everything_else_works(
    run: Run, tmp_path: Path, text: str, reason: str
) -> None:
    env = write_extension(tmp_path / "site", "other", text)

    made = run("make-appdir", "--path", tmp_path / "app", env=env)

    assert made.code == 0
    assert made.err.startswith("warning: extension other (other:FEATURE) is left out: ")
    assert reason in made.err
    assert made.err.count("\n") == 1
    assert (tmp_path / "app" / "work" / "csv").is_dir()


def test_a_broken_one_is_a_message_in_json(run: Run, tmp_path: Path) -> None:
    env = write_extension(tmp_path / "site", "other", "import nowhere_to_be_found\n")

    made = run("make-appdir", "--path", tmp_path / "app", "--json", env=env)

    assert made.json["ok"] is True
    assert made.json["messages"][0]["level"] == "warning"


def test_one_without_feature_in_its_module_does_not_stop_the_help(run: Run, tmp_path: Path) -> None:
    env = write_extension(tmp_path / "site", "other", "")

    assert run("--help", env=env).code == 0
