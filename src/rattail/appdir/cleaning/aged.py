"""Look for what is too old in one declared folder. Nothing is changed."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Collection
from typing import NamedTuple

from rattail.appdir.cleaning.ground import Ground, Look, is_claimed, look_of, mount_of
from rattail.appdir.cleaning.inuse import InUse, OpenFiles
from rattail.appdir.cleaning.planned import DAY_NS, Entries, path_of
from rattail.appdir.files import opened_folder
from rattail.appdir.measuring.tally import DEEPEST_NESTING
from rattail.appdir.names import CACHEDIR_TAG, CLAIM, CLEANING_PREFIX, IDENTITY, is_temporary

LEFTOVER_AGE_NS = DAY_NS
IN_USE = "it is open"
LEFT_BY_CRASH = "left by a crash"
LEFT_BY_CLEANING = "left by a clean-appdir that was interrupted"
_KEPT_AT_TOP = (CACHEDIR_TAG, IDENTITY, CLAIM)
_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


class Spared(NamedTuple):
    """One entry that stays although it is old, and why."""

    path: str
    reason: str


class Rule(NamedTuple):
    """How old the contents of a folder may get, and the option that says so."""

    days: int
    option: str

    @property
    def reason(self) -> str:
        return f"older than {self.days} days ({self.option})"


class Search:
    """The search through one place; what is found is added to `planned` and `spared`.

    Without a `rule` only leftovers of crashes are looked for. `apart` are names of sub-folders that
    are declared themselves; beside them, what nobody declared is not entered.
    """

    def __init__(
        self,
        ground: Ground,
        *,
        rule: Rule | None,
        apart: Collection[str],
        planned: Entries,
        spared: list[Spared],
        now_ns: int,
        open_files: OpenFiles,
        progress: Callable[[int], None],
        seen_before: int,
    ) -> None:
        self.seen = seen_before
        self._ground = ground
        self._place = ground.place.path
        self._planned = planned
        self._spared = spared
        self._rule = rule
        self._reason = rule.reason if rule else ""
        self._apart = apart
        self._now_ns = now_ns
        self._open_files = open_files
        self._progress = progress

    def run(self) -> None:
        """Look through the whole place.

        Raises:
            OSError: the place itself cannot be read.
        """
        first_spared = len(self._spared)
        self._look_in(self._ground.fd, "", 0)
        self._spared[first_spared:] = sorted(self._spared[first_spared:])

    def _look_in(self, fd: int, folder: str, depth: int) -> bool:
        """Look through one folder: its files, then its sub-folders. Returns whether it would be empty afterwards."""
        is_empty = True
        folders: list[str] = []
        first = len(self._planned)
        with os.scandir(fd) as entries:
            for entry in entries:
                self.seen += 1
                if not self.seen % 1024:
                    self._progress(self.seen)
                try:
                    if entry.is_dir(follow_symlinks=False) and not _is_hidden(entry.name, depth):
                        folders.append(entry.name)
                    else:
                        is_empty &= self._look_at(fd, folder, entry, depth)
                except OSError as error:
                    is_empty &= self._went_away(error, folder, entry.name)
        self._planned.sort_from(first)
        for name in sorted(folders):
            try:
                is_empty &= self._enter(fd, folder, name, depth + 1)
            except OSError as error:
                is_empty &= self._went_away(error, folder, name)
        return is_empty

    def _went_away(self, error: OSError, folder: str, name: str) -> bool:
        """What could not be looked at: was it removed or replaced meanwhile? Else it stays."""
        if error.errno in _GONE:
            return True
        self._spare(folder, name, f"it cannot be looked at ({error.strerror})")
        return False

    def _look_at(self, fd: int, folder: str, entry: os.DirEntry[str], depth: int) -> bool:
        """Look at one entry that is not to be entered. Returns whether it is planned to go."""
        name = entry.name
        if _is_hidden(name, depth):
            return self._look_at_hidden(fd, entry)
        if is_temporary(name) and entry.is_file(follow_symlinks=False):
            return self._plan_if_old(fd, folder, entry, LEFTOVER_AGE_NS, LEFT_BY_CRASH)
        if self._rule is None or (depth == 0 and name in _KEPT_AT_TOP):
            return False
        return self._plan_if_old(fd, folder, entry, self._rule.days * DAY_NS, self._reason)

    def _enter(self, parent_fd: int, folder: str, name: str, depth: int) -> bool:
        if depth == 1 and (name in self._apart or (self._apart and self._rule is None)):
            return False
        if depth > DEEPEST_NESTING:
            self._spare(folder, name, f"it is nested deeper than {DEEPEST_NESTING} folders")
            return False
        inner = f"{folder}/{name}" if folder else name
        with opened_folder(name, dir_fd=parent_fd) as fd:
            look = look_of(os.fstat(fd))
            if mount_of(fd) != self._ground.mount:
                self._spare(folder, name, "another file system is mounted there")
                return False
            if is_claimed(fd):
                self._spare(folder, name, f"it is in use (it holds a '{CLAIM}')")
                return False
            is_empty = self._look_in(fd, inner, depth)
        if not is_empty or self._rule is None or self._now_ns - look.mtime_ns <= self._rule.days * DAY_NS:
            return False
        self._planned.add(self._place, folder, name, look, f"empty, {self._reason}")
        return True

    def _plan_if_old(self, fd: int, folder: str, entry: os.DirEntry[str], limit_ns: int, reason: str) -> bool:
        found = entry.stat(follow_symlinks=False)
        if self._now_ns - found.st_mtime_ns <= limit_ns:
            return False
        look = look_of(found)
        if look.kind == "other":
            self._spare(folder, entry.name, "it is a device, a pipe or a socket")
            return False
        return self._plan_unless_used(fd, folder, entry.name, look, reason)

    def _plan_unless_used(self, fd: int, folder: str, name: str, look: Look, reason: str) -> bool:
        if look.kind == "file":
            try:
                with self._open_files.held_alone(fd, name, (look.device, look.inode)):
                    pass
            except InUse:
                self._spare(folder, name, IN_USE)
                return False
        self._planned.add(self._place, folder, name, look, reason)
        return True

    def _look_at_hidden(self, fd: int, entry: os.DirEntry[str]) -> bool:
        """What an interrupted run took out of the way: by its name, was it what had been planned?"""
        look = look_of(entry.stat(follow_symlinks=False))
        if entry.name.startswith(look.hidden_prefix) and look.kind != "other":
            return self._plan_unless_used(fd, "", entry.name, look, LEFT_BY_CLEANING)
        self._spare(
            "",
            entry.name,
            "somebody put it in the place of an old file while a clean-appdir was interrupted: rename it",
        )
        return False

    def _spare(self, folder: str, name: str, reason: str) -> None:
        self._spared.append(Spared(path_of(self._place, folder, name), reason))


def _is_hidden(name: str, depth: int) -> bool:
    return depth == 0 and name.startswith(CLEANING_PREFIX)
