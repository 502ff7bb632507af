"""make-appdir as a service: the tree, twice, mended."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import Run
from tests.kit.environment import Environment
from tests.kit.snapshot import snapshot

SPECIFICATION = {
    "data",
    "data/batches",
    "data/batches/inventory",
    "data/batches/vendor_catalog",
    "data/batches/vendor_invoice",
    "data/exports",
    "data/exports/instacart_product_export",
    "data/exports/report_output",
    "data/templates",
    "data/upgrades",
    "data/uploads",
    "log",
    "luigi",
    "luigi/log",
    "luigitasks",
    "sessions",
    "sessions/data",
    "sessions/lock",
    "work",
    "work/csv",
    "work/generated-projects",
    "work/user-files",
}


def test_the_whole_tree_of_the_specification_is_made(appdir: Path) -> None:
    made = {str(path.relative_to(appdir)) for path in appdir.rglob("*") if path.is_dir()}

    assert made == SPECIFICATION | {"data/database"}


def test_making_the_app_folder_twice_changes_nothing(appdir: Path, run: Run) -> None:
    before = snapshot(appdir)

    again = run("make-appdir", "--path", appdir, "--json")

    assert again.data["steps"] == []
    assert snapshot(appdir) == before


def test_it_is_made_in_the_environment_from_any_current_folder(environment: Environment) -> None:
    made = environment.run("make-appdir", cwd="/usr")

    assert made.returncode == 0, made.stderr
    assert (environment.appdir / "app-folder.json").is_file()
