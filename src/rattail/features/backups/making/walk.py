"""Everything of an app folder that belongs into a backup, one entry after the other, under its logical name.

What is essential goes in, and what nobody declared; with `is_full` the history, too. Folders come before what they
hold. Only the names of folders still to be visited are kept in memory, so that a folder may hold a million files.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from rattail.appdir.files import descending, opened_folder
from rattail.appdir.folder import Keep
from rattail.appdir.hints import pasted
from rattail.appdir.layout import Place
from rattail.appdir.marker import Identity, read_identity
from rattail.appdir.names import CLEANING_PREFIX, IDENTITY, LOCK, is_temporary
from rattail.appdir.refusal import refusal, shown
from rattail.errors import AppDirBroken

_MOST_WARNINGS = 20
_STRANGE_KINDS = {
    stat.S_IFSOCK: "a socket",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFBLK: "a device",
    stat.S_IFCHR: "a device",
}


class Found(NamedTuple):
    """One entry. `folder_fd` is the folder that holds it, open until the next entry is asked for.

    `path` is logical; `kind` is "file", "folder" or "link"; `target` is where a link points to.
    """

    path: str
    kind: str
    look: os.stat_result
    folder_fd: int
    name: str
    target: str = ""


class Walk:
    """One walk through the folder; `warnings` says afterwards what a person should know of it.

    `without` are logical paths of files that do not go in, such as those of the live database.

    Raises (while it is iterated):
        AppDirBroken: a folder cannot be read, a declared one is a link, or a relocated one is not there.
    """

    def __init__(
        self, places: Sequence[Place], *, root: str, app_id: str, is_full: bool, without: Collection[str] = ()
    ) -> None:
        self.warnings: list[str] = []
        self._unsaid = 0
        self._root = root
        self._app_id = app_id
        self._without = frozenset(without)
        self._places = {place.path: place for place in places}
        kept = {Keep.ESSENTIAL, Keep.HISTORY} if is_full else {Keep.ESSENTIAL}
        self._wanted = {path for path, place in self._places.items() if place.folder.keep in kept}
        self._elsewhere = {_inode(place.location) for place in places if place.is_relocated} - {None}

    def __iter__(self) -> Iterator[Found]:
        for path in self._starts():
            yield from self._walk_place(self._places[path])
        if self._unsaid:
            self.warnings.append(f"{self._unsaid:,} more of these.")

    def _starts(self) -> Iterator[str]:
        """Where a walk begins: wanted folders that are not reached from the one above them."""
        for path, place in self._places.items():  # parents come before children
            if path in self._wanted and (place.is_relocated or path == "." or _parent(path) not in self._wanted):
                yield path

    def _walk_place(self, place: Place) -> Iterator[Found]:
        if place.is_relocated:
            self._require_ours(place)
        elif _parent(place.path) not in self._wanted and place.path != ".":
            yield from self._folders_above(place.path)
        try:
            with opened_folder(place.location) as top_fd:
                if place.path != ".":
                    yield Found(place.path, "folder", os.fstat(top_fd), top_fd, ".")
                yield from self._walk_below(top_fd, place)
        except FileNotFoundError:
            if place.path == ".":
                raise AppDirBroken(f"app folder {shown(place.location)} is gone.") from None
        except OSError as error:
            raise self._refused(place.path, place.location, error) from error

    def _walk_below(self, top_fd: int, place: Place) -> Iterator[Found]:
        pending = ["."]  # relative to the place
        with descending(top_fd) as opened:
            while pending:
                below = pending.pop()
                try:
                    fd = opened(below)
                except FileNotFoundError:
                    continue  # it went away: nothing that records name does, while files are held still
                except OSError as error:
                    raise self._refused(_join(place.path, below), f"{place.location}/{below}", error) from error
                if below != ".":
                    yield Found(_join(place.path, below), "folder", os.fstat(fd), fd, ".")
                yield from self._entries(fd, place, below, pending)

    def _entries(self, fd: int, place: Place, below: str, pending: list[str]) -> Iterator[Found]:
        """The files and links of one folder; its folders are put on the list of those to be visited."""
        with os.scandir(fd) as entries:
            for entry in entries:
                name = entry.name
                path = _join(_join(place.path, below), name)
                if self._is_ours_only(path, name, is_top_of_relocated=below == "." and place.is_relocated):
                    continue
                try:
                    look = os.lstat(name, dir_fd=fd)
                    target = os.readlink(name, dir_fd=fd) if stat.S_ISLNK(look.st_mode) else ""
                except FileNotFoundError:
                    continue
                if stat.S_ISDIR(look.st_mode):
                    if self._is_entered(path, look):
                        pending.append(name if below == "." else f"{below}/{name}")
                elif stat.S_ISREG(look.st_mode):
                    yield Found(path, "file", look, fd, name)
                elif stat.S_ISLNK(look.st_mode):
                    self._look_at_link(path, target)
                    yield Found(path, "link", look, fd, name, target)
                else:
                    kind = _STRANGE_KINDS.get(stat.S_IFMT(look.st_mode), "neither file nor folder")
                    self._warn(f"{shown(path)} is {kind}: it does not go into the backup.")

    def _is_ours_only(self, path: str, name: str, *, is_top_of_relocated: bool) -> bool:
        """Whether a name is of the running program's own: locks, half-written files, the live database."""
        return (
            path == LOCK
            or is_temporary(name)
            or name.startswith(CLEANING_PREFIX)
            or path in self._without
            or (is_top_of_relocated and name == IDENTITY)
        )

    def _is_entered(self, path: str, look: os.stat_result) -> bool:
        place = self._places.get(path)
        if place is None:
            return (look.st_dev, look.st_ino) not in self._elsewhere
        if place.is_relocated:
            if path in self._wanted:
                self._warn(
                    f"{shown(path)} lies at {shown(place.location)}; what was left behind at its old place does not go "
                    "into the backup. check-appdir says how to move it."
                )
            return False
        return path in self._wanted

    def _look_at_link(self, path: str, target: str) -> None:
        if path in self._places and path in self._wanted and not self._places[path].is_relocated:
            raise AppDirBroken(
                f"the folder {shown(path)} is a link to {shown(target)}, so that what it holds would be in no backup.",
                hint=f"relocate it instead: rattail set-option folders.{pasted(path)} {pasted(target)}",
            )
        if target.startswith("/"):
            leaves = not f"{target}/".startswith(f"{self._root}/")
        else:
            leaves = os.path.normpath(f"{_parent(path)}/{target}").split("/")[0] == ".."
        if leaves:
            self._warn(
                f"{shown(path)} is a link that leaves the folder, to {shown(target)}: the link goes into the backup, "
                "what it points to does not."
            )

    def _folders_above(self, path: str) -> Iterator[Found]:
        """The unwanted folders that a wanted one lies in, without what they hold."""
        parts = path.split("/")[:-1]
        for number in range(1, len(parts) + 1):
            above = "/".join(parts[:number])
            if above in self._wanted:
                continue
            try:
                with opened_folder(self._places[above].location) as fd:
                    yield Found(above, "folder", os.fstat(fd), fd, ".")
            except FileNotFoundError:
                return

    def _require_ours(self, place: Place) -> None:
        if read_identity(place.location) != Identity(self._app_id, place.path, self._root):
            raise AppDirBroken(
                f"{shown(place.path)} should lie at {shown(place.location)}, which does not say so (it has no file "
                f"'{IDENTITY}' that does). A backup without it would not be one.",
                hint="mount its disk; check-appdir says more",
            )

    def _refused(self, path: str, location: str, error: OSError) -> AppDirBroken:
        place = self._places.get(path)
        if place is not None and os.path.islink(place.location):
            target = os.readlink(place.location)
            return AppDirBroken(
                f"the folder {shown(path)} is a link to {shown(target)}, so that what it holds would be in no backup.",
                hint=f"relocate it instead: rattail set-option folders.{pasted(path)} {pasted(target)}",
            )
        return refusal("read", location, error)

    def _warn(self, text: str) -> None:
        if len(self.warnings) < _MOST_WARNINGS:
            self.warnings.append(text)
        else:
            self._unsaid += 1


def _inode(path: str) -> tuple[int, int] | None:
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _join(path: str, name: str) -> str:
    if name == ".":
        return path
    return name if path == "." else f"{path}/{name}"


def _parent(path: str) -> str:
    return path.rpartition("/")[0] or "."
