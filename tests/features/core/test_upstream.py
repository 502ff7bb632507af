"""Upstream's distribution beside ours: whichever came last, what is wrong is said, and how to get out."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.environment import Environment, build_environment
from tests.kit.upstream import make_upstream_wheel

WAY_OUT = "make-appdir --adopt FROM"


@pytest.fixture(scope="module")
def upstream_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_upstream_wheel(tmp_path_factory.mktemp("upstream"))


@pytest.fixture(scope="module")
def ours_last(wheel: Path, upstream_wheel: Path) -> Iterator[Environment]:
    with build_environment(wheel) as made:
        made.install(upstream_wheel)
        made.install(wheel)
        yield made


@pytest.fixture(scope="module")
def theirs_last(wheel: Path, upstream_wheel: Path) -> Iterator[Environment]:
    with build_environment(wheel) as made:
        made.install(upstream_wheel)
        yield made


def test_ours_installed_last_works_and_warns(ours_last: Environment) -> None:
    made = ours_last.run("make-appdir")

    assert made.returncode == 0, made.stderr
    assert "rattail-0.21.3.dist-info" in made.stderr
    assert WAY_OUT in made.stderr


def test_the_warning_is_in_the_json_too(ours_last: Environment) -> None:
    made = ours_last.run("make-appdir", "--dry-run", "--json")

    assert made.stderr == ""
    assert WAY_OUT in made.stdout


def test_upstreams_entry_points_in_the_group_of_the_same_name_are_not_taken_for_extensions(
    ours_last: Environment,
) -> None:
    made = ours_last.run("make-appdir", "--dry-run")

    assert "NewReportFeature" not in made.stderr


def test_theirs_installed_last_takes_the_command_and_it_ends_with_our_sentence(theirs_last: Environment) -> None:
    made = theirs_last.run("make-appdir")

    assert "rattail.commands.base" in theirs_last.rattail.read_text()
    assert made.returncode == 1
    assert WAY_OUT in made.stderr
    assert "Traceback" not in made.stderr
    assert not theirs_last.appdir.exists()


def test_theirs_installed_last_another_program_of_upstreams_says_why_it_cannot_run(theirs_last: Environment) -> None:
    tried = theirs_last.execute(theirs_last.python, "-c", "from rattail.config import make_config")

    assert tried.stderr.splitlines()[-1].startswith("ImportError")
    assert WAY_OUT in tried.stderr


def test_theirs_installed_last_our_module_works_warns_and_says_our_version(theirs_last: Environment) -> None:
    made = theirs_last.execute(theirs_last.python, "-m", "rattail", "make-appdir", "--dry-run")
    version = theirs_last.execute(theirs_last.python, "-m", "rattail", "--version")

    assert made.returncode == 0, made.stderr
    assert WAY_OUT in made.stderr
    assert "0.21.3" not in version.stdout


def test_after_upstream_was_uninstalled_our_module_still_starts(theirs_last: Environment, tmp_path: Path) -> None:
    shutil.copytree(theirs_last.path, tmp_path / "env", symlinks=True)
    environment = Environment(tmp_path / "env")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(environment.python))
    removed = environment.execute(*pip, "uninstall", "-y", "rattail")

    made = environment.execute(environment.python, "-m", "rattail", "make-appdir", "--dry-run")

    assert removed.returncode == 0, removed.stderr
    assert made.returncode == 0, made.stderr
    assert WAY_OUT not in made.stderr
