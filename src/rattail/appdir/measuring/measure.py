"""How much is in each folder: sizes, numbers of files, the newest file.

Nothing is kept of a file but its count, so that a folder may hold any number of them. A large app
folder is counted by several processes, each its share, chosen by inode number: so nothing has to be
handed around, and one huge folder is shared as well as many small ones.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import NamedTuple

from rattail.appdir.files import open_below, opened_folder
from rattail.appdir.folder import Keep
from rattail.appdir.layout import Place
from rattail.appdir.marker import Identity, read_identity
from rattail.appdir.measuring.tally import Beside, Counting, Share, Tally, TooMany
from rattail.appdir.names import IDENTITY
from rattail.appdir.refusal import refusal, shown

COUNTED_ALONE = 20_000
MOST_WORKERS = 4
FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class FolderSize(NamedTuple):
    """One folder of the tree. Numbers hold everything below it, relocated folders included.

    `size_bytes` is the apparent size: what the files say they hold, not disk blocks; a file with two
    names counts twice. `files` is everything that is not a folder; `newest_ns` the latest
    modification, in nanoseconds since 1970 (UTC). `mode` is the mode found, None where the folder is
    missing. What nobody declared is essential. A `problem` says what is missing in the numbers.
    """

    path: str
    location: str
    keep: Keep
    purpose: str
    is_declared: bool
    is_relocated: bool
    mode: int | None
    size_bytes: int
    files: int
    newest_ns: int | None
    newest_path: str
    problem: str

    @property
    def exists(self) -> bool:
        return self.mode is not None


class Measured(NamedTuple):
    """The tree, parents before children. `bytes_by_keep` has each file in the class of its own folder.

    `unlisted` has the number of undeclared folders that are counted in their parent only, because
    there are too many of them to list.
    """

    folders: tuple[FolderSize, ...]
    bytes_by_keep: dict[Keep, int]
    unlisted: dict[str, int]


def measure_appdir(
    places: Sequence[Place],
    *,
    root: str,
    app_id: str,
    workers: int = 1,
    progress: Callable[[int], None] = lambda _count: None,
) -> Measured:
    """Measure every declared folder, and what lies undeclared beside declared ones.

    Follows no link. With several `workers` a large folder is counted by that many processes, at
    most 4, forked: only for a process without threads. `progress` is told the number of entries.

    Raises:
        AppDirBroken: the app folder cannot be read, or a counting process was killed.
    """
    survey = _Survey(places, root, app_id, progress)
    try:
        tallies = survey.count(Share(limit=COUNTED_ALONE if workers > 1 else 0))
    except TooMany as many:
        from rattail.appdir.measuring.sharing import count_together

        of = min(workers, MOST_WORKERS)
        tallies = count_together(survey.count, [Share(mine=mine, of=of, large=many.large) for mine in range(of)])
    return _measured(places, root, tallies)


class _Survey:
    """What is to be counted: the same for every process that counts."""

    def __init__(self, places: Sequence[Place], root: str, app_id: str, progress: Callable[[int], None]) -> None:
        self._places = places
        self._root = root
        self._app_id = app_id
        self._progress = progress
        self._elsewhere = {inode for place in places if place.is_relocated for inode in _inode(place.location)}

    def count(self, share: Share) -> dict[str, Tally]:
        """By path, what lies in each folder of the tree and in no other one of the tree."""
        tallies: dict[str, Tally] = {}
        counting = Counting(share, elsewhere=self._elsewhere, progress=lambda seen: self._progress(seen * share.of))
        try:
            with opened_folder(self._root) as root_fd:
                for place in self._places:
                    tally = tallies[place.path] = Tally()
                    for name, one in self._count_place(root_fd, place, tally, counting).items():
                        tallies[_join(place.path, name)] = one
        except OSError as error:
            raise refusal("read", self._root, error) from error
        return tallies

    def _count_place(self, root_fd: int, place: Place, tally: Tally, counting: Counting) -> dict[str, Tally]:
        """Count one declared folder; returns the tallies of what lies undeclared in it, by name."""
        if place.is_relocated and not self._is_ours(place, tally):
            return {}
        below = {one.path.rpartition("/")[2]: one for one in self._places if _parent(one.path) == place.path}
        beside = Beside(tally, together=[name for name, one in below.items() if one.is_relocated]) if below else None
        try:
            fd = os.open(place.location, FOLDER_FLAGS) if place.is_relocated else open_below(root_fd, place.path)
        except FileNotFoundError:
            return {}
        except OSError as error:
            tally.problem = refusal("read", place.location, error).message
            return {}
        try:
            apart = [name for name, one in below.items() if not one.is_relocated]
            counting.count(fd, place.path, tally, apart=apart, beside=beside)
        except OSError as error:
            tally.problem = refusal("read", place.location, error).message
        finally:
            os.close(fd)
        return beside.tallies if beside else {}

    def _is_ours(self, place: Place, tally: Tally) -> bool:
        if read_identity(place.location) == Identity(self._app_id, place.path, self._root):
            return True
        if os.path.lexists(place.location):
            tally.problem = (
                f"{shown(place.location)} does not say that it is this app's {place.path!r} (it has no file "
                f"'{IDENTITY}' that does), so it is not counted. Is its disk mounted?"
            )
        return False


def _measured(places: Sequence[Place], root: str, tallies: dict[str, Tally]) -> Measured:
    """From what lies in each folder alone to what lies in and below each."""
    by_path = {place.path: place for place in places}
    bytes_by_keep = dict.fromkeys(Keep, 0)
    sums: dict[str, Tally] = {}
    for path, tally in tallies.items():
        bytes_by_keep[by_path[path].folder.keep if path in by_path else Keep.ESSENTIAL] += tally.size_bytes
        sums.setdefault(path, Tally())
        above = path
        while True:
            sums.setdefault(above, Tally()).add(tally)
            if above == ".":
                break
            above = _parent(above)
    folders = tuple(
        _folder_size(path, by_path.get(path), root, tallies[path], sums[path])
        for path in sorted(tallies, key=lambda path: () if path == "." else tuple(path.split("/")))
    )
    return Measured(folders, bytes_by_keep, {path: one.unlisted for path, one in tallies.items() if one.unlisted})


def _folder_size(path: str, place: Place | None, root: str, own: Tally, total: Tally) -> FolderSize:
    problem = own.problem
    if not problem and own.unread:
        number = "1 folder" if own.unread == 1 else f"{own.unread:,} folders"
        problem = f"{number} below {path!r} could not be read, such as {own.unread_example!r}."
    return FolderSize(
        path=path,
        location=place.location if place else f"{root}/{path}",
        keep=place.folder.keep if place else Keep.ESSENTIAL,
        purpose=place.folder.purpose if place else "",
        is_declared=place is not None,
        is_relocated=place.is_relocated if place else False,
        mode=own.mode,
        size_bytes=total.size_bytes,
        files=total.files,
        newest_ns=total.newest_ns,
        newest_path=total.newest_path,
        problem=problem,
    )


def _inode(path: str) -> list[tuple[int, int]]:
    try:
        found = os.lstat(path)
    except OSError:
        return []
    return [(found.st_dev, found.st_ino)]


def _join(path: str, name: str) -> str:
    return name if path == "." else f"{path}/{name}"


def _parent(path: str) -> str:
    return "" if path == "." else path.rpartition("/")[0] or "."
