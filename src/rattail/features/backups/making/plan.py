"""What a backup would hold and how much room it needs, before anything is written."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from rattail.appdir.layout import Place
from rattail.appdir.refusal import refusal, shown
from rattail.config.load import Settings
from rattail.database.setup import DATABASE_FILE, Whereabouts, whereabouts
from rattail.errors import AppDirBroken
from rattail.features.backups.making.walk import Found, Walk

#: What a disk keeps free whatever a backup would need: a hundredth of it, between these two.
_RESERVE_AT_LEAST_BYTES = 32 << 20
_RESERVE_AT_MOST_BYTES = 1 << 30
_LINE_BYTES = 330  # of the manifest, for one file, but for its names
_BLOCK_BYTES = 512
_SAMPLE_WARNINGS = 20


def records_of(places: Sequence[Place], settings: Settings) -> Whereabouts:
    """Where the records are."""
    return whereabouts(
        data_folder={place.path: place.location for place in places}["data"],
        url=settings.text("database.url"),
        password=settings.text("database.password"),
    )


class MakeRequest(NamedTuple):
    """Whose backup is to be made, where, and of what.

    `target` is an absolute path of a folder; `prefix` the environment; `recipients` public age keys, none: not
    encrypted. `host` and `now` (UTC) are written into the backup. `program` is what calls itself its maker.
    """

    root: str
    name: str
    app_id: str
    layout: int
    places: tuple[Place, ...]
    settings: Settings
    target: str
    prefix: str
    now: datetime
    is_full: bool = False
    has_wheels: bool = True
    recipients: tuple[str, ...] = ()

    @property
    def database(self) -> Whereabouts:
        return records_of(self.places, self.settings)

    def walk(self) -> Walk:
        """Everything that goes in as files."""
        return Walk(
            self.places, root=self.root, app_id=self.app_id, is_full=self.is_full, without=live_records(self.database)
        )


class BackupPlan(NamedTuple):
    """What goes in. `files_by_folder` and `bytes_by_folder` have what is in no declared folder below, by logical name;
    `database_bytes` is None where it is not known (PostgreSQL says it only when asked)."""

    files: int
    folders: int
    links: int
    file_bytes: int
    database_bytes: int
    files_by_folder: dict[str, int]
    bytes_by_folder: dict[str, int]
    manifest_bytes: int
    warnings: tuple[str, ...]

    @property
    def total_bytes(self) -> int:
        return self.file_bytes + self.database_bytes


def plan_backup(request: MakeRequest, *, progress: Callable[[int], object] = lambda _count: None) -> BackupPlan:
    """Walk through all that would go in, and count it; `progress` is told the number of entries.

    Raises:
        AppDirBroken: something essential cannot be read, as `Walk`.
    """
    walk = request.walk()
    declared = {place.path for place in request.places}
    counts: Counter[str] = Counter()
    by_folder: Counter[str] = Counter()
    files_in: Counter[str] = Counter()
    file_bytes = line_bytes = 0
    for seen, found in enumerate(walk, start=1):
        counts[found.kind] += 1
        line_bytes += line_bound(found)
        if found.kind == "file":
            file_bytes += found.look.st_size
            above = _declared_above(found.path, declared)
            files_in[above] += 1
            by_folder[above] += found.look.st_size
        progress(seen)
    return BackupPlan(
        files=counts["file"],
        folders=counts["folder"],
        links=counts["link"],
        file_bytes=file_bytes,
        database_bytes=records_bytes(request.database),
        files_by_folder=dict(sorted(files_in.items())),
        bytes_by_folder=dict(sorted(by_folder.items())),
        manifest_bytes=line_bytes,
        warnings=tuple(walk.warnings),
    )


def line_bound(found: Found) -> int:
    """At most how many bytes the manifest needs for an entry: a letter may become `\\uXXXX` twice."""
    return (
        _LINE_BYTES + 12 * (len(found.path) + len(found.target))
        if not found.path.isascii()
        else (_LINE_BYTES + 2 * len(found.path) + 12 * len(found.target))
    )


def live_records(where: Whereabouts) -> tuple[str, ...]:
    """The logical paths that do not go in as files, because the records go in as a part of their own."""
    copies = tuple(f"data/database/{name}" for name in (DATABASE_FILE, "rattail.sql", "records.json"))
    if not where.path:
        return copies
    return (*copies, *(f"data/{DATABASE_FILE}{suffix}" for suffix in ("", "-wal", "-shm", "-journal")))


class Room:
    """The room on a disk, which nobody may use up: looked at before a backup, and every few megabytes of it."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def require(self, needed_bytes: int, *, what: str) -> None:
        """Refuse where `needed_bytes` more would use the disk up.

        Raises:
            AppDirBroken: there is too little room, with how much is missing.
        """
        free, reserve = self._look()
        if free - reserve < needed_bytes:
            raise AppDirBroken(
                f"there is too little room on the disk of {shown(self._folder)} for {what}: it needs about "
                f"{_mb(needed_bytes)}, {_mb(max(free - reserve, 0))} are free besides {_mb(reserve)} that have to stay "
                "so.",
                hint="remove what is not needed there (df -h), or choose another place: rattail set-option "
                "backups.target FOLDER",
            )

    @property
    def free_bytes(self) -> int:
        """How much may be used; of the disk where the folder is going to be, where it is not there yet."""
        while not os.path.lexists(self._folder):
            self._folder = os.path.dirname(self._folder)
        free, reserve = self._look()
        return max(free - reserve, 0)

    def look(self) -> None:
        """Refuse to go on where what has to stay free has been reached."""
        self.require(0, what="the rest of the backup")

    def _look(self) -> tuple[int, int]:
        try:
            disk = os.statvfs(self._folder)
        except OSError as error:
            raise refusal("look at the disk of", self._folder, error) from error
        whole = disk.f_blocks * disk.f_frsize
        reserve = min(max(whole // 100, _RESERVE_AT_LEAST_BYTES), _RESERVE_AT_MOST_BYTES, whole // 4)
        return disk.f_bavail * disk.f_frsize, reserve


def records_bytes(where: Whereabouts) -> int:
    """How large the records are, with what is not in their file yet; 0 for a server, which says it only when asked."""
    total = 0
    for suffix in ("", "-wal") if where.path else ():
        with suppress(FileNotFoundError):
            total += os.stat(where.path + suffix).st_size
    return total


def _declared_above(path: str, declared: Sequence[str] | set[str]) -> str:
    while path not in declared:
        path = path.rpartition("/")[0] or "."
    return path


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / 1_000_000:,.0f} MB"
