"""Look for what is too old in one declared folder. Nothing is changed."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Collection
from typing import NamedTuple

from rattail.appdir.cleaning.ground import Ground, Look, is_claimed, look_of, mount_of
from rattail.appdir.cleaning.inuse import InUse, OpenFiles
from rattail.appdir.files import opened_folder
from rattail.appdir.measuring.tally import DEEPEST_NESTING
from rattail.appdir.names import CACHEDIR_TAG, CLAIM, CLEANING_PREFIX, IDENTITY, is_temporary

DAY_NS = 86_400 * 10**9
LEFTOVER_AGE_NS = DAY_NS
IN_USE = "it is open"
LEFT_BY_CRASH = "left by a crash"
LEFT_BY_CLEANING = "left by a clean-appdir that was interrupted"
_KEPT_AT_TOP = (CACHEDIR_TAG, IDENTITY, CLAIM)
_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


class Planned(NamedTuple):
    """One entry to remove: `name` in the sub-folder `folder` of the declared folder `place`.

    `age_days` are whole days since its last modification; `reason` is why it may go.
    """

    place: str
    folder: str
    name: str
    look: Look
    age_days: int
    reason: str

    @property
    def path(self) -> str:
        """The name inside the app folder, wherever the declared folder lies."""
        return "/".join(part for part in (self.place if self.place != "." else "", self.folder, self.name) if part)


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
    """The search through one place; what is found is in `planned` and `spared`.

    Without a `rule` only leftovers of crashes are looked for. `apart` are names of sub-folders that
    are declared themselves; beside them, what nobody declared is not entered.
    """

    def __init__(
        self,
        ground: Ground,
        *,
        rule: Rule | None,
        apart: Collection[str],
        now_ns: int,
        open_files: OpenFiles,
        progress: Callable[[int], None],
        seen_before: int,
    ) -> None:
        self.planned: list[Planned] = []
        self.spared: list[Spared] = []
        self.seen = seen_before
        self._ground = ground
        self._rule = rule
        self._apart = apart
        self._now_ns = now_ns
        self._open_files = open_files
        self._progress = progress

    def run(self) -> None:
        """Look through the whole place.

        Raises:
            OSError: the place itself cannot be read.
        """
        self._look_in(self._ground.fd, "", 0)
        self.planned.sort(key=_contents_first)
        self.spared.sort()

    def _look_in(self, fd: int, folder: str, depth: int) -> bool:
        """Look through one folder. Returns whether it would be empty afterwards."""
        is_empty = True
        with os.scandir(fd) as entries:
            for entry in entries:
                self.seen += 1
                if not self.seen % 1024:
                    self._progress(self.seen)
                try:
                    is_empty &= self._look_at(fd, folder, entry, depth)
                except OSError as error:
                    if error.errno not in _GONE:  # else removed or replaced meanwhile
                        is_empty = False
                        self._spare(folder, entry.name, f"it cannot be looked at ({error.strerror})")
        return is_empty

    def _look_at(self, fd: int, folder: str, entry: os.DirEntry[str], depth: int) -> bool:
        """Look at one entry. Returns whether it is planned to go."""
        name = entry.name
        if depth == 0 and name.startswith(CLEANING_PREFIX):
            return self._look_at_hidden(fd, entry)
        if entry.is_dir(follow_symlinks=False):
            if depth == 0 and (name in self._apart or (self._apart and self._rule is None)):
                return False
            return self._enter(fd, folder, name, depth + 1)
        if is_temporary(name) and entry.is_file(follow_symlinks=False):
            return self._plan_if_old(fd, folder, entry, LEFTOVER_AGE_NS, LEFT_BY_CRASH)
        if self._rule is None or (depth == 0 and name in _KEPT_AT_TOP):
            return False
        return self._plan_if_old(fd, folder, entry, self._rule.days * DAY_NS, self._rule.reason)

    def _enter(self, parent_fd: int, folder: str, name: str, depth: int) -> bool:
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
        if not is_empty or self._rule is None or self._age_ns(look) <= self._rule.days * DAY_NS:
            return False
        self._plan(folder, name, look, f"empty, {self._rule.reason}")
        return True

    def _plan_if_old(self, fd: int, folder: str, entry: os.DirEntry[str], limit_ns: int, reason: str) -> bool:
        look = look_of(entry.stat(follow_symlinks=False))
        if self._age_ns(look) <= limit_ns:
            return False
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
        self._plan(folder, name, look, reason)
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

    def _plan(self, folder: str, name: str, look: Look, reason: str) -> None:
        age_days = max(0, self._age_ns(look)) // DAY_NS
        self.planned.append(Planned(self._ground.place.path, folder, name, look, age_days, reason))

    def _spare(self, folder: str, name: str, reason: str) -> None:
        path = Planned(self._ground.place.path, folder, name, _NOTHING, 0, "").path
        self.spared.append(Spared(path, reason))

    def _age_ns(self, look: Look) -> int:
        return self._now_ns - look.mtime_ns


def _contents_first(one: Planned) -> tuple[str, ...]:
    parts = (*one.folder.split("/"), one.name) if one.folder else (one.name,)
    return (*parts, _LAST) if one.look.kind == "folder" else parts


_LAST = chr(0x10FFFF)
_NOTHING = Look("other", 0, 0, 0, 0)
