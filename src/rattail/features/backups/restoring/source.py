"""What is restored: an archive, or a plain copy of an app folder that somebody made with any tool."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, NamedTuple, Protocol

from rattail.appdir.files import write_all
from rattail.errors import LayoutOutdated
from rattail.features.backups.archive.damaged import Damaged
from rattail.features.backups.archive.manifest import Entry
from rattail.features.backups.archive.opened import Archive, open_archive
from rattail.features.backups.environment.wheel import Wheel
from rattail.features.backups.records.copy import Kind
from rattail.features.backups.restoring.unpack import Unpacked, unpack_folder

if TYPE_CHECKING:
    from pyrage import x25519

_CHUNK_BYTES = 1 << 20
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


class ArchiveSource:
    """An archive of ours."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        head = archive.head()
        document = head.document
        database = head.database
        with archive.manifest() as (_, entries):
            marker = next((entry for entry in entries if entry.path == "app-folder.json"), None)
        self.about = About(
            app_id=head.app_id,
            name=head.name,
            layout=head.layout,
            made_at=str(document.get("made_at", "")),
            root=head.root,
            relocated=head.relocated,
            owner=(marker.user, marker.group) if marker else ("", ""),
            files=head.files,
            file_bytes=head.file_bytes,
            records=None
            if database is None
            else Records(
                kind=database["kind"],
                size_bytes=int(database["size_bytes"]),
                counts=dict(database["counts"]),
                migrations=_migrations(database.get("migrations")),
                at=str(document.get("made_at", "")),
            ),
            is_archive=True,
            warnings=head.warnings,
        )
        self._part = "" if database is None else str(database["part"])

    @contextmanager
    def entries(self) -> Iterator[Iterator[Entry]]:
        with self._archive.manifest() as (_, entries):
            yield entries

    def unpack(self, into_fd: int, *, only: Sequence[str], owner_of: OwnerOf | None, progress: Told) -> Unpacked:
        return unpack_folder(self._archive, into_fd, only=only, owner_of=owner_of, progress=progress)

    def write_records(self, fd: int, *, progress: Told) -> None:
        """Write the copy of the records into an open file.

        Raises:
            Damaged: it is not as long as the manifest says.
        """
        assert self.about.records is not None
        wanted, size = self.about.records.size_bytes, 0
        with self._archive.part(self._part) as content:
            while chunk := content.read(_CHUNK_BYTES):
                size += len(chunk)
                if size > wanted:
                    break
                write_all(fd, chunk)
                progress(size, wanted)
        if size != wanted:
            raise Damaged("the copy of the records is not as long as its manifest says")

    def wheels(self, into: str) -> tuple[Wheel, ...]:
        """Write the wheels of the backup into a folder; each must have the sum that the list of sums has.

        Raises:
            Damaged: one does not.
        """
        found = []
        for name in self._archive.wheels:
            file_name = name.rpartition("/")[2]
            path = f"{into}/{file_name}"
            digest, window = hashlib.sha256(), self._archive.raw(name)
            with open(path, "xb") as stream:
                while content := window.read(_CHUNK_BYTES):
                    digest.update(content)
                    stream.write(content)
            if digest.hexdigest() != self._archive.sums[name]:
                raise Damaged(f"the bytes of {name!r} are not those that were written")
            found.append(Wheel(path, file_name, os.path.getsize(path), digest.hexdigest()))
        return tuple(found)


@contextmanager
def opened_source(path: str, *, layout: object, identities: Sequence[x25519.Identity] = ()) -> Iterator[Source]:
    """Open what is to be restored: an archive, or a folder that holds an app folder's marker.

    Raises:
        Damaged: it is no whole archive.
        LayoutOutdated: a newer version of this program made it.
        AppDirNotFound: it is a folder, and no app folder.
        AppDirBroken: it cannot be read.
        InputRejected: it is encrypted, and there is no key.
        KeyDoesNotFit: the key is another one's.
    """
    if os.path.isdir(path):
        from rattail.features.backups.restoring.plain import CopySource

        yield CopySource(path, layout)  # type: ignore[arg-type]
        return
    with open_archive(path, identities=identities) as archive:
        yield ArchiveSource(archive)


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


def _migrations(said: object) -> tuple[tuple[str, str], ...]:
    try:
        return tuple((str(app), str(name)) for app, name in said)  # type: ignore[attr-defined]
    except (TypeError, ValueError) as error:
        raise Damaged("the head of its manifest cannot be understood (migrations)") from error
