"""Which moves put restored folders and files in their places, and where the old ones go."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from rattail.appdir.names import LOCK
from rattail.features.backups.restoring.difference import RECORDS, Live
from rattail.features.backups.restoring.journal import STAGING
from rattail.features.backups.restoring.place import Move, planned

BEFORE = ".before-"
_NEVER_MOVED = frozenset(("lost+found", LOCK))


class Beside(NamedTuple):
    """The names beside a folder: where its new content is prepared, and where its old content goes."""

    live: str
    staging: str
    kept: str

    @property
    def new(self) -> str:
        return f"{self.staging}/new"


def beside(live: str, *, mark: str, time: str) -> Beside:
    """Names on the same disk as `live`: beside it, or in it where it is a disk of its own."""
    inner = f"{live}/" if os.path.ismount(live) else live
    kept, number = f"{inner}{BEFORE}{time}", 1
    while os.path.lexists(kept):
        number += 1
        kept = f"{inner}{BEFORE}{time}-{number}"
    return Beside(live, f"{inner}{STAGING}{mark}", kept)


def whole(place: Beside) -> Iterator[Move]:
    """The moves for all of a folder. What is a disk of its own cannot be renamed: all that is in it is."""
    if not os.path.ismount(place.live):
        yield planned(place.live, place.new, place.kept)
        return
    new = set(os.listdir(place.new))
    own = {os.path.basename(place.staging), os.path.basename(place.kept)}
    there = {name for name in os.listdir(place.live) if not name.startswith((STAGING, BEFORE))}
    for name in sorted((new | there) - own - _NEVER_MOVED):
        yield planned(f"{place.live}/{name}", f"{place.new}/{name}" if name in new else "", f"{place.kept}/{name}")


def parts(only: Sequence[str], live: Live, places: dict[str, Beside], kept_whole: Collection[str]) -> Iterator[Move]:
    """The moves for parts of a folder: folders and files by their logical names.

    `places` are by logical name ("." is the app folder); `kept_whole` are declared folders that stay as they are,
    because a backup does not hold them. So a folder above such a one is not moved, but what is in it.
    """
    for path in dict.fromkeys(_reachable(path, places) for path in only):
        yield from _part(path, live, places, kept_whole)


def _reachable(path: str, places: dict[str, Beside]) -> str:
    """The path, or the first folder above it that is not there, with which it comes."""
    while "/" in path:
        above = path.rpartition("/")[0]
        place, rest = _place_of(above, places)
        if os.path.isdir(f"{place.live}/{rest}"):
            break
        path = above
    return path


def _part(path: str, live: Live, places: dict[str, Beside], kept_whole: Collection[str]) -> Iterator[Move]:
    place, rest = _place_of(path, places)
    below = [name for name in (*kept_whole, *live.relocated, *RECORDS) if name.startswith(f"{path}/")]
    at = f"{place.live}/{rest}" if rest else place.live
    new = f"{place.new}/{rest}" if rest else place.new
    if not below:
        if rest or path == ".":
            yield planned(at, new if os.path.lexists(new) else "", f"{place.kept}/{rest}")
        else:
            yield from whole(place)
        return
    names = {*_names(at), *_names(new), *(_first(name, path) for name in live.relocated if name.startswith(f"{path}/"))}
    for name in sorted(names):
        inner = f"{path}/{name}"
        if inner in kept_whole or inner in RECORDS or name in _NEVER_MOVED:
            continue
        if inner in live.relocated and not os.path.lexists(places[inner].new if inner in places else ""):
            continue
        yield from _part(inner, live, places, kept_whole)


def _place_of(path: str, places: dict[str, Beside]) -> tuple[Beside, str]:
    for name, place in places.items():
        if name != "." and (path == name or path.startswith(f"{name}/")):
            return place, path[len(name) + 1 :]
    return places["."], path


def _first(name: str, above: str) -> str:
    return name[len(above) + 1 :].partition("/")[0]


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
