"""Give an app folder, its relocated folders included, to a user."""

import os
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from rattail.appdir.giving import give_tree
from rattail.appdir.marker import Identity, read_marker
from rattail.appdir.owner import Owner, owner_of
from rattail.config.load import load_settings
from rattail.registry import Registry


class Gift(NamedTuple):
    """What changed hands (or would), and what was left with the reason."""

    owner: Owner
    entries: int
    left: tuple[str, ...]


def plan_gift(registry: Registry, root: str, owner: Owner, *, environ: Mapping[str, str]) -> Gift:
    """What `give_appdir` would do."""
    return _give(registry, root, owner, environ, really=False)


def give_appdir(registry: Registry, root: str, owner: Owner, *, environ: Mapping[str, str]) -> Gift:
    """Give the folder and everything in it to `owner`, and so every relocated folder that is its own."""
    return _give(registry, root, owner, environ, really=True)


def _give(registry: Registry, root: str, owner: Owner, environ: Mapping[str, str], *, really: bool) -> Gift:
    entries, left = 0 if os.path.isdir(root) else 1, []
    present = owner_of(root)
    for place, identity in _places(registry, root, environ):
        given = give_tree(place, owner, really=really, identity=identity, present=present)
        entries += given.entries
        left.extend(given.left)
    return Gift(owner, entries, tuple(left))


def _places(registry: Registry, root: str, environ: Mapping[str, str]) -> Iterator[tuple[str, Identity | None]]:
    if not os.path.isdir(root):
        return
    yield root, None
    marker = read_marker(root)
    if marker is None:
        return
    settings = load_settings(registry.options, root=root, environ=environ)
    for place in registry.layout.place(root, settings.relocations(root), app_id=marker.app_id):
        if place.is_relocated and os.path.isdir(place.location):
            yield place.location, Identity(marker.app_id, place.path, root)
