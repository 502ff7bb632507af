"""A declared folder, held open: the right one, or an error that says what is wrong."""

from __future__ import annotations

import fcntl
import os

from rattail.appdir.files import opened_folder, read_file
from rattail.appdir.layout import Place
from rattail.appdir.marker import Identity
from rattail.appdir.names import IDENTITY
from rattail.appdir.refusal import shown
from rattail.errors import AppDirBroken
from rattail.site import Site


class Ground:
    """A place of the app folder, held open.

    Opening it link by link costs more than most of what is done in it. So it is asked each time whether the place
    is the folder that is open still, and opened anew where it is not. Descriptors of former ones stay open, because
    another thread may be using one; a folder is moved once in a year.
    """

    def __init__(self, place: Place, *, identity: bytes) -> None:
        self.location = place.location
        self._path = place.path
        self._identity = identity
        self._held: tuple[int, int, int] | None = None

    @classmethod
    def of(cls, site: Site, path: str) -> Ground:
        place = next(place for place in site.places if place.path == path)
        identity = Identity(site.marker.app_id, path, site.root).encode() if place.is_relocated else b""
        return cls(place, identity=identity)

    def opened(self) -> int:
        """A descriptor of the folder, not to be closed.

        Raises:
            AppDirBroken: it is gone, or is not this app's.
            OSError: whatever else the system says.
        """
        held = self._held
        try:
            found = os.lstat(self.location)
            if held is None or held[1:] != (found.st_dev, found.st_ino):
                held = self._held = self._open()
        except FileNotFoundError:
            raise AppDirBroken(
                f"the folder {shown(self.location)} ('{self._path}') is gone.",
                hint="rattail check-appdir says more; rattail make-appdir makes it anew",
            ) from None
        return held[0]

    def _open(self) -> tuple[int, int, int]:
        with opened_folder(self.location) as opened_fd:
            if self._identity and read_file(opened_fd, IDENTITY, limit_bytes=8192) != self._identity:
                raise AppDirBroken(
                    f"the folder {shown(self.location)} ('{self._path}') has no file '{IDENTITY}' that says it is "
                    "this app's.",
                    hint="is its disk mounted? rattail check-appdir says more",
                )
            found = os.fstat(opened_fd)
            return fcntl.fcntl(opened_fd, fcntl.F_DUPFD_CLOEXEC, 0), found.st_dev, found.st_ino
