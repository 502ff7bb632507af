"""--help: complete, grouped, and the same tomorrow."""

from __future__ import annotations

import sys

import click
import pytest

from rattail.feature import Command
from rattail.registry import load_registry, load_target
from tests.conftest import Run
from tests.kit.golden import assert_golden

WIDTH = {"COLUMNS": "100"}
COMMANDS = [command for _, command in load_registry().commands]
EVERYWHERE = {"--appdir", "--json", "--quiet", "--verbose", "--help"}


def click_command(command: Command) -> click.Command:
    made = load_target(command.target)
    assert isinstance(made, click.Command)
    return made


@pytest.mark.golden
def test_the_help_of_the_program_is_the_golden_one(run: Run) -> None:
    assert_golden("help/rattail.txt", run("--help", env=WIDTH).out)


@pytest.mark.golden
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_help_of_every_command_is_the_golden_one(command: Command) -> None:
    made = click_command(command)
    settings = {"help_option_names": ["-h", "--help"], "terminal_width": 98}

    with click.Context(made, info_name=f"rattail {command.name}", **settings) as context:  # type: ignore[arg-type]
        assert_golden(f"help/{command.name}.txt", made.get_help(context) + "\n")


def test_what_a_process_prints_is_the_golden_help(run: Run) -> None:
    assert_golden("help/make-appdir.txt", run("make-appdir", "--help", env=WIDTH).out)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_takes_the_options_that_are_everywhere(command: Command) -> None:
    made = click_command(command)

    names = {
        name
        for option in made.get_params(click.Context(made, help_option_names=["-h", "--help"]))
        for name in option.opts
    }

    assert names >= EVERYWHERE


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_and_each_of_its_options_has_help(command: Command) -> None:
    made = click_command(command)

    assert made.help
    assert command.help.endswith(".")
    assert [option.name for option in made.params if isinstance(option, click.Option) and not option.help] == []


def test_commands_stand_under_the_title_of_their_feature(run: Run) -> None:
    lines = run("--help").out.splitlines()

    assert lines.index("App folder:") < lines.index("Configuration:")
    assert lines[lines.index("App folder:") + 1].startswith("  make-appdir ")


def test_an_alias_is_shown_and_is_the_same_command(run: Run) -> None:
    listed = run("--help", env=WIDTH).out

    assert "(also: cleanup)" in listed
    assert run("cleanup", "--help").out.splitlines()[2:] == run("clean-appdir", "--help").out.splitlines()[2:]


def test_an_unknown_command_is_answered_with_the_nearest_one(run: Run) -> None:
    ran = run("mke-appdir")

    assert ran.code == 2
    said = "rattail: there is no command 'mke-appdir'. Did you mean 'make-appdir'?"
    assert ran.err == f"{said}\n    {sys.executable} -m rattail --help\n"


def test_the_program_alone_shows_its_help_as_a_usage_error(run: Run) -> None:
    ran = run()

    assert ran.code == 2
    assert "make-appdir" in ran.err


def test_the_version_is_one_line(run: Run) -> None:
    assert run("--version").out == "rattail 0.1.0\n"
