"""The union of all declarations, and where each folder really lies."""

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from rattail.appdir.folder import Folder, Keep
from rattail.appdir.names import IDENTITY, MARKER
from rattail.errors import ConfigInvalid


class Place(NamedTuple):
    """A declared folder and the absolute path where it lies on this machine."""

    folder: Folder
    owner: str
    location: str
    is_relocated: bool

    @property
    def path(self) -> str:
        """The logical name, the same wherever the folder lies."""
        return self.folder.path


class Layout:
    """Every folder of an app folder, each once, parents before children.

    Raises:
        ValueError: two features declare one folder, a parent is missing, a path is not plain and
            relative, or something to be kept lies in something to be thrown away. These are
            faults of the code (ours or an extension's), never of an operator.
    """

    def __init__(self, declared: Iterable[tuple[str, Folder]]) -> None:
        self._folders: dict[str, tuple[str, Folder]] = {}
        for owner, folder in sorted(declared, key=lambda pair: _sort_key(pair[1].path)):
            self._add(owner, folder)

    def _add(self, owner: str, folder: Folder) -> None:
        path = folder.path
        if path != "." and any(part in ("", ".", "..") for part in path.split("/")):
            raise ValueError(f"feature {owner!r} declares folder {path!r}: not a plain relative path")
        if path in self._folders:
            other = self._folders[path][0]
            raise ValueError(f"features {other!r} and {owner!r} both declare folder {path!r}")
        parent = _parent(path)
        if path != ".":
            if parent not in self._folders:
                raise ValueError(f"feature {owner!r} declares {path!r}, but nobody declares {parent!r}")
            if self._folders[parent][1].keep is Keep.SCRATCH:
                raise ValueError(f"feature {owner!r} declares {path!r} inside the scratch folder {parent!r}")
        self._folders[path] = (owner, folder)

    def __iter__(self) -> Iterator[tuple[str, Folder]]:
        return iter(self._folders.values())

    def __contains__(self, path: str) -> bool:
        return path in self._folders

    def children(self, path: str) -> tuple[str, ...]:
        """The declared folders directly below a declared folder."""
        return tuple(name for name in self._folders if name != "." and _parent(name) == path)

    def place(self, root: str, relocations: Mapping[str, str], *, app_id: str = "") -> tuple[Place, ...]:
        """Say where each folder lies, given the app folder and the `[folders]` settings.

        Nothing is written. `relocations` maps logical names to absolute paths.

        Raises:
            ConfigInvalid: all relocations that cannot be: two folders on one place, one inside
                another, a place inside another app folder or claimed by another app.
        """
        places = tuple(
            Place(folder, owner, os.path.realpath(relocations[path]), True)
            if path in relocations
            else Place(folder, owner, join(root, path), False)
            for path, (owner, folder) in self._folders.items()
        )
        faults = [
            fault for place in places if place.is_relocated for fault in _relocation_faults(place, places, root, app_id)
        ]
        if faults:
            raise ConfigInvalid(faults, hint="choose another place in [folders] of rattail.toml")
        return places


class Making(NamedTuple):
    """What the text of a file in the app folder may speak of."""

    name: str
    layout: Layout


def join(root: str, path: str) -> str:
    """The absolute path of a logical name below `root`."""
    return root if path == "." else f"{root}/{path}"


def _parent(path: str) -> str:
    return path.rpartition("/")[0] or "."


def _sort_key(path: str) -> tuple[str, ...]:
    return () if path == "." else tuple(path.split("/"))


def _relocation_faults(place: Place, places: tuple[Place, ...], root: str, app_id: str) -> Iterator[str]:
    what = f"[folders] {place.path!r}: the place {place.location!r}"
    real = os.path.realpath(place.location)
    if real == root or root.startswith(real.rstrip("/") + "/"):
        yield f"{what} holds the app folder itself; expected a folder of its own."
        return
    for other in places:
        if other is place or (other.path == "." and not other.is_relocated):
            continue
        theirs = os.path.realpath(other.location)
        if real == theirs or _is_same_folder(real, theirs):
            yield f"{what} is also the place of {other.path!r}; expected a folder of its own."
        elif real.startswith(theirs + "/") and not (
            other.folder.keep is Keep.ESSENTIAL and not other.is_relocated and other.path == "data"
        ):
            yield f"{what} lies inside the place of {other.path!r}; expected a folder of its own."
        elif other.is_relocated and theirs.startswith(real + "/"):
            yield f"{what} contains the place of {other.path!r}; expected a folder of its own."
    stranger = _other_app_above(real, root)
    if stranger:
        yield f"{what} lies inside another app folder, {stranger!r}; expected a place outside of it."
    from rattail.appdir.marker import read_identity  # only where something is relocated

    identity = read_identity(place.location)
    if identity is not None and app_id and identity.app_id != app_id:
        yield (
            f"{what} belongs to another app (its {IDENTITY} names app {identity.app_id}, "
            f"folder {identity.folder!r}); expected an empty folder or this app's own."
        )
    elif identity is not None and identity.folder != place.path:
        yield f"{what} is this app's folder {identity.folder!r}, not {place.path!r}."


def _is_same_folder(one: str, other: str) -> bool:
    try:
        return os.path.samestat(os.stat(one), os.stat(other))
    except OSError:
        return False


def _other_app_above(real: str, root: str) -> str:
    above = real
    while above != "/":
        if above != root and os.path.lexists(f"{above}/{MARKER}"):
            return above
        above = os.path.dirname(above)
    return ""
