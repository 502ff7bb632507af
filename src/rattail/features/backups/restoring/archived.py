"""An archive of ours as what is restored."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rattail.appdir.files import write_all
from rattail.features.backups.archive.damaged import Damaged
from rattail.features.backups.archive.manifest import Entry
from rattail.features.backups.archive.opened import Archive
from rattail.features.backups.environment.wheel import Wheel
from rattail.features.backups.restoring.source import About, OwnerOf, Records, Told
from rattail.features.backups.restoring.unpack import Unpacked, unpack_folder

_CHUNK_BYTES = 1 << 20


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


def _migrations(said: object) -> tuple[tuple[str, str], ...]:
    try:
        return tuple((str(app), str(name)) for app, name in said)  # type: ignore[attr-defined]
    except (TypeError, ValueError) as error:
        raise Damaged("the head of its manifest cannot be understood (migrations)") from error
