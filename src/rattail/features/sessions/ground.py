"""A declared folder, opened for one deed: the right one, or an error that says what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from rattail.appdir.files import opened_folder, read_file
from rattail.appdir.layout import Place
from rattail.appdir.marker import Identity
from rattail.appdir.names import IDENTITY
from rattail.appdir.refusal import shown
from rattail.errors import AppDirBroken
from rattail.site import Site


class Ground(NamedTuple):
    """A place of the app folder, and the file that has to be in it where it lies elsewhere."""

    place: Place
    identity: bytes

    @classmethod
    def of(cls, site: Site, path: str) -> Ground:
        place = next(place for place in site.places if place.path == path)
        identity = Identity(site.marker.app_id, path, site.root).encode() if place.is_relocated else b""
        return cls(place, identity)

    @property
    def location(self) -> str:
        return self.place.location

    @contextmanager
    def opened(self) -> Iterator[int]:
        """Open the folder, each time anew, so that one that was moved or unmounted is noticed.

        Raises:
            AppDirBroken: it is gone, or is not this app's.
            OSError: whatever else the system says, here or in the block.
        """
        with ExitStack() as stack:
            try:
                folder_fd = stack.enter_context(opened_folder(self.location))
            except FileNotFoundError:
                raise AppDirBroken(
                    f"the folder {shown(self.location)} ('{self.place.path}') is gone.",
                    hint="rattail check-appdir says more; rattail make-appdir makes it anew",
                ) from None
            if self.identity and read_file(folder_fd, IDENTITY, limit_bytes=8192) != self.identity:
                raise AppDirBroken(
                    f"the folder {shown(self.location)} ('{self.place.path}') has no file '{IDENTITY}' that says it "
                    "is this app's.",
                    hint="is its disk mounted? rattail check-appdir says more",
                )
            yield folder_fd
