"""What is restored: an archive, or a plain copy of an app folder that somebody made with any tool."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from rattail.errors import LayoutOutdated
from rattail.features.backups.archive.manifest import Entry
from rattail.features.backups.environment.wheel import Wheel
from rattail.features.backups.records.copy import Kind
from rattail.features.backups.restoring.unpack import Unpacked

OwnerOf = Callable[[Entry], tuple[int, int]]
Told = Callable[[int, int | None], object]


class Records(NamedTuple):
    """The copy of the records in a backup; `at` says when it was made. `counts` is empty where nobody counted."""

    kind: Kind
    size_bytes: int
    counts: Mapping[str, int]
    migrations: tuple[tuple[str, str], ...]
    at: str


class About(NamedTuple):
    """What a backup is: of which app, and as it lay. `owner` is user and group by name, empty where nobody knows."""

    app_id: str
    name: str
    layout: int
    made_at: str
    root: str
    relocated: Mapping[str, str]
    owner: tuple[str, str]
    files: int
    file_bytes: int
    records: Records | None
    is_archive: bool
    warnings: tuple[str, ...] = ()


class Source(Protocol):
    """A backup that is open."""

    about: About

    def entries(self) -> AbstractContextManager[Iterator[Entry]]: ...

    def unpack(self, into_fd: int, *, only: Sequence[str], owner_of: OwnerOf | None, progress: Told) -> Unpacked: ...

    def write_records(self, fd: int, *, progress: Told) -> None: ...

    def wheels(self, into: str) -> tuple[Wheel, ...]: ...


def require_known_layout(about: About, known: int) -> None:
    """Refuse a folder of a layout that this code does not know.

    Raises:
        LayoutOutdated: it is newer.
    """
    if about.layout > known:
        raise LayoutOutdated(
            f"the backup holds an app folder of layout {about.layout}; this version of rattail knows layouts up to "
            f"{known}.",
            hint="restore it with its own program, into a new environment: python3 restore.py",
        )
