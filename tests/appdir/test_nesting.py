"""Folders in folders in folders: what is deeper than a program can go is left, and told."""

from __future__ import annotations

import os
from pathlib import Path

from rattail.appdir.measuring.measure import measure_appdir
from rattail.appdir.measuring.tally import DEEPEST_NESTING
from rattail.registry import Registry
from tests.appdir.test_clean import Cleaning


def nest(folder: Path, depth: int) -> None:
    """Make `depth` folders, each in the one before, and an old file in the innermost."""
    fd = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("deeper", dir_fd=fd)
        inner = os.open("deeper", os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = inner
    os.close(os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=fd))
    os.utime("file", (0, 0), dir_fd=fd)
    os.close(fd)


def test_what_is_nested_too_deeply_is_not_cleaned_and_told(appdir: Path, registry: Registry) -> None:
    nest(appdir / "work" / "csv", DEEPEST_NESTING + 1)

    plan = Cleaning(appdir, registry, only="work").plan()

    assert plan.planned == ()
    assert [one.reason for one in plan.spared] == [f"it is nested deeper than {DEEPEST_NESTING} folders"]


def test_what_is_nested_as_deeply_as_possible_is_cleaned(appdir: Path, registry: Registry) -> None:
    nest(appdir / "work" / "csv", DEEPEST_NESTING)

    assert len(Cleaning(appdir, registry, only="work").clean().removed) == 1


def test_what_is_nested_too_deeply_is_not_counted_and_told(appdir: Path, registry: Registry) -> None:
    nest(appdir / "log", DEEPEST_NESTING + 1)

    measured = measure_appdir(registry.layout.place(str(appdir), {}), root=str(appdir), app_id="")

    (problem,) = (one.problem for one in measured.folders if one.path == "log")
    assert problem.startswith("1 folder below 'log' could not be read")
    assert problem.endswith(f"nested deeper than {DEEPEST_NESTING} folders'.")
