"""Look at everything in the old folder, once, and say what would become of it. Writes nothing."""

import os
import stat
from typing import NamedTuple

from rattail.appdir.refusal import shown
from rattail.errors import InputRejected
from rattail.features.core.adopt.old import open_old
from rattail.features.core.adopt.places import (
    CONFIG_MODE,
    UPSTREAM_FOLDER,
    Place,
    Places,
    destination,
    unusable,
)

DEEPEST_NESTING = 400
NOT_WIDER_THAN = 0o750
_KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISCHR, "a device"),
)


class Copy(NamedTuple):
    """One file to copy: `base`/`path` is the old one, `to` its name in the new folder."""

    base: str
    path: str
    to: str
    size_bytes: int
    mtime_ns: int
    mode: int

    @property
    def source(self) -> str:
        return f"{self.base}/{self.path}"

    @property
    def may_grow(self) -> bool:
        """A log file: lines that are added while it is copied are no fault."""
        return self.to.startswith("log/")


class LeftOut(NamedTuple):
    """What is not copied, and why; a folder stands for the files in it."""

    path: str
    reason: str
    files: int = 1
    size_bytes: int = 0


class Survey(NamedTuple):
    copies: tuple[Copy, ...]
    folders: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    unreadable: tuple[str, ...]
    problems: tuple[str, ...]


def survey(places: Places, config_files: tuple[str, ...]) -> Survey:
    """Walk the old folder and the ones its configuration names; no link is followed anywhere.

    `config_files` are the INI files that were read, wherever they lie.
    """
    walk = _Walk(places, frozenset(config_files))
    for root in places.roots:
        walk.root(root)
    for path in config_files:
        if not any(path.startswith(root + "/") for root in places.roots):
            walk.config_elsewhere(path)
    return walk.result()


class _Walk:
    def __init__(self, places: Places, config_files: frozenset[str]) -> None:
        self.places = places
        self.config_files = config_files
        self.copies: dict[str, Copy] = {}
        self.folders: dict[str, None] = {}
        self.left_out: list[LeftOut] = []
        self.counted: dict[str, LeftOut] = {}
        self.unreadable: list[str] = []
        self.problems: list[str] = []

    def result(self) -> Survey:
        ordered = sorted(self.copies.values(), key=lambda copy: (os.path.dirname(copy.to), copy.to))
        left_out = (*self.counted.values(), *self.left_out)
        return Survey(tuple(ordered), tuple(self.folders), left_out, tuple(self.unreadable), tuple(self.problems))

    def root(self, root: str) -> None:
        fd = self._opened(root, None)
        if fd is not None:
            place = self.places.by_path[root]
            self._folder(fd, root, "", place, place.to, 0)

    def config_elsewhere(self, path: str) -> None:
        base, name = os.path.split(path)
        try:
            found = os.stat(path)
        except OSError:
            return
        self._take(base, name, f"{UPSTREAM_FOLDER}/elsewhere{path}", found, CONFIG_MODE)

    def _folder(self, fd: int, base: str, path: str, place: Place, to: str, depth: int) -> None:
        if depth > DEEPEST_NESTING:
            os.close(fd)
            raise InputRejected(f"{shown(f'{base}/{path}')} is nested deeper than {DEEPEST_NESTING} folders.")
        try:
            with os.scandir(fd) as entries:
                names = sorted(entry.name for entry in entries)
            if place.to and path:
                self.folders[to] = None
            for name in names:
                self._entry(fd, name, base, f"{path}/{name}" if path else name, place, to, depth)
        finally:
            os.close(fd)

    def _entry(self, fd: int, name: str, base: str, path: str, place: Place, to: str, depth: int) -> None:
        try:
            found = os.stat(name, dir_fd=fd, follow_symlinks=False)
        except FileNotFoundError:
            return
        full = f"{base}/{path}"
        if stat.S_ISDIR(found.st_mode):
            self._deeper(fd, name, base, path, place, to, depth)
        elif not place.to:
            self._count(place, found.st_size)
        elif stat.S_ISLNK(found.st_mode):
            if full in self.config_files:
                self.config_elsewhere(os.path.realpath(full))
            if full in self.config_files or os.path.realpath(full) in self.places.by_path:
                return  # what it points to was read, or is named by the configuration: that is copied
            self._skip(full, f"a link to {shown(os.readlink(name, dir_fd=fd))}; links are not followed")
        elif not stat.S_ISREG(found.st_mode):
            self._skip(full, next((kind for test, kind in _KINDS if test(found.st_mode)), "not a file"))
        elif unusable(name):
            self._skip(full, unusable(name), found.st_size)
        elif not self._can_read(fd, name):
            self.unreadable.append(full)
        else:
            is_config = full in self.config_files or ("/" not in path and name.endswith(".conf") and to == ".")
            there = destination(to, name, is_config=is_config)
            is_kept_aside = there.startswith(f"{UPSTREAM_FOLDER}/")  # to be read, not to be run
            mode = CONFIG_MODE if is_kept_aside else (found.st_mode & NOT_WIDER_THAN) | 0o600
            self._take(base, path, there, found, mode)

    def _deeper(self, fd: int, name: str, base: str, path: str, place: Place, to: str, depth: int) -> None:
        known = self.places.by_path.get(f"{base}/{path}")
        inner = known or place
        if not inner.to and not place.to:
            inner = place  # scratch in scratch is told with what it lies in
        if not inner.to:
            self._count(inner, None)
        deeper = self._opened(f"{base}/{path}", fd, name)
        if deeper is None:
            if inner.to:
                self.unreadable.append(f"{base}/{path}")
            return
        there = known.to if known else destination(to, name)
        self._folder(deeper, base, path, inner, there, depth + 1)

    def _take(self, base: str, path: str, to: str, found: os.stat_result, mode: int) -> None:
        if to in self.copies:
            instead = f"{UPSTREAM_FOLDER}/second/{path}"
            self.problems.append(
                f"{shown(f'{base}/{path}')} and {shown(self.copies[to].source)} would both become {shown(to)}; "
                f"the first one goes to {shown(instead)}."
            )
            to = instead
        self.copies[to] = Copy(base, path, to, found.st_size, found.st_mtime_ns, mode)

    def _count(self, place: Place, size_bytes: int | None) -> None:
        known = self.counted.get(place.at) or LeftOut(place.at, place.reason, files=0)
        if size_bytes is not None:
            known = known._replace(files=known.files + 1, size_bytes=known.size_bytes + size_bytes)
        self.counted[place.at] = known

    def _skip(self, path: str, reason: str, size_bytes: int = 0) -> None:
        self.left_out.append(LeftOut(path, reason, size_bytes=size_bytes))

    def _opened(self, path: str, fd: int | None, name: str = "") -> int | None:
        try:
            return open_old(name or path, os.O_DIRECTORY, dir_fd=fd)
        except PermissionError:
            if fd is None:
                self.unreadable.append(path)
            return None
        except FileNotFoundError:
            return None

    def _can_read(self, fd: int, name: str) -> bool:
        try:
            os.close(open_old(name, dir_fd=fd))
        except PermissionError:
            return False
        except OSError:
            return True  # the copying says what it is
        return True
