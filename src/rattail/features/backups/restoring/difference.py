"""What restoring would change, file by file; it is looked up, nothing is written."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from rattail.appdir.files import open_below, opened_folder
from rattail.appdir.names import IDENTITY, LOCK, is_temporary
from rattail.appdir.refusal import refusal
from rattail.database.setup import DATABASE_FILE
from rattail.features.backups.archive.manifest import Entry
from rattail.features.backups.records.copy import FILES, NOTE
from rattail.features.backups.restoring.plain import sum_of

#: Files that stand for the records: what becomes of them is told in rows.
RECORDS = frozenset(
    (
        *(f"data/{DATABASE_FILE}{ending}" for ending in ("", "-wal", "-shm", "-journal")),
        *(f"data/database/{name}" for name in (*FILES.values(), NOTE)),
    )
)
_BITS = {"file": 0o777, "folder": 0o3777}
_TELLS_EVERY = 64


class Difference(NamedTuple):
    """Logical paths, sorted. `only_here` are not in the backup: they are not in the folder afterwards."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    only_here: tuple[str, ...]
    same: int


class Live(NamedTuple):
    """The folder as it is: where it lies, where folders lie that are not in it, and which may be emptied anyway.

    `declared` folders are never gone: those that a backup does not hold are made anew.
    """

    root: str
    relocated: Mapping[str, str]
    scratch: frozenset[str]
    declared: frozenset[str] = frozenset()


def compare(
    entries: Iterator[Entry],
    live: Live | None,
    *,
    only: Sequence[str] = (),
    stays: Collection[str] = (),
    progress: Callable[[int], object] = lambda _count: None,
) -> Difference:
    """Compare a backup, or what lies in it at `only`, with the folder that is there (None: there is none).

    Kind, content, permissions and the target of a link count; times and owners do not. What lies in one of the folders
    `stays` is left as it is where the backup does not hold that folder.

    Raises:
        AppDirBroken: the folder cannot be read.
    """
    new, changed, same = [], [], 0
    seen = set()  # hashes only: a million names would need much more memory
    looker = _Looker(live)
    try:
        for number, entry in enumerate(entries):
            if not number % _TELLS_EVERY:
                progress(number)
            if not is_within(entry.path, only) or entry.path in RECORDS:
                continue
            seen.add(hash(entry.path))
            said = looker.look(entry)
            if said is None:
                new.append(entry.path)
            elif said:
                same += 1
            else:
                changed.append(entry.path)
    finally:
        looker.close()
    here = () if live is None else _everything(live)
    left = tuple(path for path in stays if hash(path) not in seen)
    gone = [
        path
        for path in here
        if hash(path) not in seen and is_within(path, only) and not (left and is_within(path, left))
    ]
    return Difference(tuple(sorted(new)), tuple(sorted(changed)), tuple(sorted(gone)), same)


def is_within(path: str, only: Collection[str]) -> bool:
    """Whether a path is one of `only` or below one; always where nothing is in `only`."""
    return not only or any(path == one or path.startswith(f"{one}/") for one in only)


class _Looker:
    """Looks at entries of the live folder, with the folder at hand open."""

    def __init__(self, live: Live | None) -> None:
        self._live = live
        self._folder: str | None = None
        self._fd = -1

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1

    def look(self, entry: Entry) -> bool | None:
        """Whether the entry is as it is in the backup; None where it is not there."""
        if self._live is None:
            return None
        folder, _, name = entry.path.rpartition("/")
        try:
            if entry.path in self._live.relocated:
                with opened_folder(self._live.relocated[entry.path]) as fd:
                    return self._is_same(entry, fd, ".")
            if folder != self._folder or self._fd < 0:
                self._enter(folder)
            if self._fd < 0:
                return None
            return self._is_same(entry, self._fd, name)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise refusal("look at", entry.path, error) from error

    def _enter(self, folder: str) -> None:
        self.close()
        self._folder = folder
        assert self._live is not None
        place, rest = located(self._live, folder or ".")
        try:
            with opened_folder(place) as top:
                self._fd = open_below(top, rest or ".")
        except OSError:
            self._fd = -1

    def _is_same(self, entry: Entry, fd: int, name: str) -> bool:
        look = os.stat(name, dir_fd=fd, follow_symlinks=False)
        if stat.S_ISLNK(look.st_mode):
            return entry.kind == "link" and os.readlink(name, dir_fd=fd) == entry.target
        kind = "folder" if stat.S_ISDIR(look.st_mode) else "file" if stat.S_ISREG(look.st_mode) else "other"
        if kind != entry.kind or (look.st_mode ^ entry.mode) & _BITS[kind]:
            return False
        return kind == "folder" or (look.st_size == entry.size and sum_of(fd, name) == entry.sha256)


def located(live: Live, path: str) -> tuple[str, str]:
    """Where a logical path lies: the place that is open, and what is below it."""
    for name, place in live.relocated.items():
        if path == name or path.startswith(f"{name}/"):
            return place, path[len(name) + 1 :]
    return live.root, "" if path == "." else path


def _everything(live: Live) -> Iterator[str]:
    """Every logical path of the folder but locks, records, and what lies in scratch folders."""
    yield from _below(live, live.root, "")
    for name, place in live.relocated.items():
        if name not in live.scratch:
            yield from _below(live, place, name)


def _below(live: Live, top: str, path: str) -> Iterator[str]:
    pending = [path]
    while pending:
        folder = pending.pop()
        where = f"{top}/{folder[len(path) :].lstrip('/')}" if folder != path else top
        try:
            with os.scandir(where) as entries:
                for entry in entries:
                    name = f"{folder}/{entry.name}" if folder else entry.name
                    if (
                        name == LOCK
                        or name in RECORDS
                        or name in live.relocated
                        or is_temporary(entry.name)
                        or entry.name == IDENTITY
                    ):
                        continue
                    is_folder = entry.is_dir(follow_symlinks=False)
                    if is_folder and name in live.scratch:
                        continue
                    if name not in live.declared:
                        yield name
                    if is_folder:
                        pending.append(name)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise refusal("look at", where, error) from error
