"""Whether the tables in the database are those that this code expects; asked without Django."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from importlib.util import find_spec

MIGRATIONS = "migrations"


def expected_migrations(apps: Sequence[str]) -> frozenset[tuple[str, str]]:
    """Every migration of the installed code, as (app label, name)."""
    return frozenset((label_of(app), name) for app in apps for name in _names(app))


def label_of(app: str) -> str:
    """The label of an app: the last part of its package's name."""
    return app.rpartition(".")[2]


def _names(app: str) -> Iterable[str]:
    spec = find_spec(app)
    for folder in spec.submodule_search_locations or () if spec else ():
        try:
            names = os.listdir(f"{folder}/{MIGRATIONS}")
        except OSError:
            continue
        yield from (name.removesuffix(".py") for name in names if name.endswith(".py") and name[:1] != "_")
