"""Reading an archive from front to back, to send it away: damaged bytes are not sent as if they were good."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator

from rattail.features.backups.archive.damaged import Damaged
from rattail.features.backups.archive.opened import Archive, Stored, Window

CHUNK_BYTES = 4 << 20


class Sending:
    """The whole archive in pieces; every member is compared with the list of sums on the way.

    `sha256` is that of all the bytes, once they were all read.
    """

    def __init__(self, archive: Archive, fd: int) -> None:
        self.size_bytes = os.fstat(fd).st_size
        self.sha256 = ""
        self._archive = archive
        self._fd = fd

    def __iter__(self) -> Iterator[bytes]:
        """The bytes, from the first to the last.

        Raises:
            Damaged: a member is not what the list of sums says.
        """
        whole = hashlib.sha256()
        at = 0
        for name, stored in self._archive.members.items():
            yield from self._gap(at, stored.offset, whole.update)
            member = hashlib.sha256()
            for piece in self._pieces(stored, whole.update):
                member.update(piece)
                yield piece
            said = self._archive.sums.get(name, member.hexdigest())  # the list itself is in no list
            if member.hexdigest() != said:
                raise Damaged(f"the bytes of {name!r} are not those that were written")
            at = stored.offset + stored.size_bytes
        yield from self._gap(at, self.size_bytes, whole.update)
        self.sha256 = whole.hexdigest()

    def _gap(self, begin: int, end: int, update: Callable[[bytes], object]) -> Iterator[bytes]:
        """What lies between members: headers and padding."""
        yield from self._pieces(Stored(begin, end - begin), update)

    def _pieces(self, stored: Stored, update: Callable[[bytes], object]) -> Iterator[bytes]:
        window = Window(self._fd, stored)
        while piece := window.read(CHUNK_BYTES):
            update(piece)
            yield piece


def digest_of(pieces: Iterator[bytes], *, progress: Callable[[int], object]) -> str:
    """The SHA-256 of what was read at the far end."""
    found = hashlib.sha256()
    done = 0
    for piece in pieces:
        found.update(piece)
        done += len(piece)
        progress(done)
    return found.hexdigest()
