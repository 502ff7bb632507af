"""Count what lies below an open folder, file by file, and keep nothing but the sums."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Collection
from typing import NamedTuple

from rattail.appdir.files import opened_folder

# Two descriptors are open for each level, and by default a process may have 1,024.
DEEPEST_NESTING = 256
TICK = 1024
MOST_BESIDE = 50
# Inode numbers often come in steps; a prime makes shares even whatever the step is.
_PRIME = 31
# What makes a folder worth reading in every process: sub-folders, or its own size (the list of names).
_MANY_FOLDERS = 64
_MANY_NAMES_BYTES = 1 << 20
_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


class TooMany(Exception):
    """There are more entries than one process should count alone."""

    def __init__(self, large: frozenset[int]) -> None:
        super().__init__(large)
        self.large = large


class Share(NamedTuple):
    """What one process counts: number `mine` of `of` shares.

    A declared folder, and each of the `large` ones (inode numbers), is read by every process, which
    looks at its share of the files in it; any other folder is counted by one process, with all below
    it. Both are chosen by inode number alone, so that processes agree whatever changes meanwhile.
    After `limit` entries (0: never) the count is given up with TooMany.
    """

    mine: int = 0
    of: int = 1
    limit: int = 0
    large: frozenset[int] = frozenset()


class Tally:
    """The sums of one folder.

    `unread` counts folders below it that could not be read, with one example; `unlisted` those that
    have no tally of their own although they lie beside declared ones.
    """

    __slots__ = (
        "files",
        "mode",
        "newest_ns",
        "newest_path",
        "problem",
        "size_bytes",
        "unlisted",
        "unread",
        "unread_example",
    )

    def __init__(self) -> None:
        self.files = 0
        self.size_bytes = 0
        self.newest_ns: int | None = None
        self.newest_path = ""
        self.mode: int | None = None
        self.unlisted = 0
        self.unread = 0
        self.unread_example = ""
        self.problem = ""

    def add(self, other: Tally) -> None:
        """Add what another folder holds."""
        self.files += other.files
        self.size_bytes += other.size_bytes
        if other.newest_ns is not None and (self.newest_ns is None or other.newest_ns > self.newest_ns):
            self.newest_ns, self.newest_path = other.newest_ns, other.newest_path
        self.unread += other.unread
        self.unread_example = self.unread_example or other.unread_example

    def add_share(self, other: Tally) -> None:
        """Add another share of the same folder: every share has seen the folders beside declared ones."""
        self.add(other)
        self.unlisted = max(self.unlisted, other.unlisted)
        self.mode = other.mode if self.mode is None else self.mode
        self.problem = self.problem or other.problem

    def dump(self) -> list[int | str | None]:
        """As plain values, for another process."""
        return [getattr(self, name) for name in self.__slots__]

    @classmethod
    def load(cls, values: list[int | str | None]) -> Tally:
        made = cls()
        for name, value in zip(cls.__slots__, values, strict=True):
            setattr(made, name, value)
        return made


class Beside:
    """The undeclared folders beside declared ones: a tally each, up to the 50th by name.

    What is `together`, and what comes after the 50th, is counted in the tally of the parent.
    """

    def __init__(self, parent: Tally, *, together: Collection[str]) -> None:
        self.tallies: dict[str, Tally] = {}
        self._parent = parent
        self._together = together

    def tally(self, name: str) -> Tally:
        """The tally that the sub-folder `name` is counted in."""
        return self._parent if name in self._together else self.tallies.setdefault(name, Tally())

    def end(self) -> None:
        """A sub-folder has been counted: is there still room for the next?"""
        if len(self.tallies) > MOST_BESIDE:
            dropped = self.tallies.pop(max(self.tallies))
            self._parent.add(dropped)
            self._parent.unlisted += 1


class Counting:
    """One process's way through all folders.

    `elsewhere` are folders (device, inode) that are counted under another name, wherever they lie.
    `progress` is told now and then how many entries there were so far.
    """

    def __init__(
        self, share: Share, *, elsewhere: Collection[tuple[int, int]], progress: Callable[[int], None]
    ) -> None:
        self._share = share
        self._elsewhere = elsewhere
        self._progress = progress
        self._seen = 0
        self._large: set[int] = set()

    def count(self, fd: int, path: str, tally: Tally, *, apart: Collection[str], beside: Beside | None) -> None:
        """Add what is in the folder open as `fd` to `tally`, without its sub-folders in `apart`.

        With `beside`, that says in which tally every other sub-folder is counted.

        Raises:
            OSError: this folder cannot be read; those below it that cannot are counted in `unread`.
        """
        tally.mode = os.fstat(fd).st_mode & 0o7777
        self._count_files(fd, path, tally, of=self._share.of, depth=0, apart=apart, beside=beside)

    def _count_files(
        self,
        fd: int,
        path: str,
        tally: Tally,
        *,
        of: int,
        depth: int,
        apart: Collection[str] = (),
        beside: Beside | None = None,
    ) -> None:
        """Everything in this loop is done once for each file, so that a tenth of a microsecond counts."""
        mine = self._share.mine
        number = files = size_bytes = 0
        newest_s, newest_ns, newest_name = float("-inf"), None, ""
        prefix = "" if path == "." else f"{path}/"
        with os.scandir(fd) as entries:
            for entry in entries:
                number += 1
                if not number % TICK:
                    self._tick(TICK)
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in apart:
                        into = tally if beside is None else beside.tally(entry.name)
                        self._enter(fd, entry, prefix + entry.name, into, of, depth + 1)
                        if beside is not None:
                            beside.end()
                    continue
                if of > 1 and entry.inode() % _PRIME % of != mine:
                    continue
                try:
                    found = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue  # removed meanwhile
                files += 1
                size_bytes += found.st_size
                if found.st_mtime >= newest_s:
                    newest_s = found.st_mtime
                    if newest_ns is None or found.st_mtime_ns > newest_ns:
                        newest_ns, newest_name = found.st_mtime_ns, entry.name
        self._tick(number % TICK)
        tally.files += files
        tally.size_bytes += size_bytes
        if newest_ns is not None and (tally.newest_ns is None or newest_ns > tally.newest_ns):
            tally.newest_ns, tally.newest_path = newest_ns, prefix + newest_name

    def _enter(self, parent_fd: int, entry: os.DirEntry[str], path: str, tally: Tally, of: int, depth: int) -> None:
        inode = entry.inode()
        is_mine = of == 1 or inode % _PRIME % of == self._share.mine
        is_shared = of > 1 and inode in self._share.large
        if not is_mine and not is_shared:
            return
        try:
            if depth > DEEPEST_NESTING:
                raise OSError(errno.EMFILE, f"nested deeper than {DEEPEST_NESTING} folders")
            with opened_folder(entry.name, dir_fd=parent_fd) as fd:
                is_mine = True  # from here on, what goes wrong goes wrong with files that only we look at
                found = os.fstat(fd)
                if (found.st_dev, found.st_ino) in self._elsewhere:
                    return
                if depth == 1 and tally.mode is None:
                    tally.mode = found.st_mode & 0o7777
                if found.st_nlink > _MANY_FOLDERS or found.st_size > _MANY_NAMES_BYTES:
                    self._large.add(inode)
                self._count_files(fd, path, tally, of=of if is_shared else 1, depth=depth)
        except OSError as error:
            if is_mine and error.errno not in _GONE:  # else another process tells it; or it was removed meanwhile
                tally.unread += 1
                tally.unread_example = tally.unread_example or f"{path}: {error.strerror}"

    def _tick(self, entries: int) -> None:
        self._seen += entries
        if self._share.limit and self._seen > self._share.limit:
            raise TooMany(frozenset(self._large))
        self._progress(self._seen)
