"""A declared folder, held open while something is done in it, and whether it is still where it was."""

from __future__ import annotations

import os
import stat
from typing import Literal, NamedTuple

from rattail.appdir.files import read_file
from rattail.appdir.layout import Place
from rattail.appdir.marker import Identity
from rattail.appdir.names import CLAIM, CLEANING_PREFIX, IDENTITY
from rattail.appdir.refusal import shown

Kind = Literal["file", "link", "folder", "other"]

_KINDS: dict[int, Kind] = {stat.S_IFREG: "file", stat.S_IFLNK: "link", stat.S_IFDIR: "folder"}
_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CLAIMED = f"it is in use (its folder holds a '{CLAIM}')"


class Look(NamedTuple):
    """What tells whether an entry is still the one that was seen."""

    kind: Kind
    device: int
    inode: int
    mtime_ns: int
    size_bytes: int

    @property
    def hidden_prefix(self) -> str:
        """How the name begins under which this entry, and no other, is taken out of the way."""
        numbers = (self.inode,) if self.kind == "folder" else (self.inode, self.mtime_ns, self.size_bytes)
        return CLEANING_PREFIX + "-".join(f"{number % (1 << 64):x}" for number in numbers) + "-"


class NotOurs(Exception):
    """The place of a declared folder is not what it should be; the text says what it is."""


class Ground:
    """One place, open; nothing in it is reached but through its descriptor, link by link refused.

    Raises:
        FileNotFoundError: there is no such folder.
        NotOurs: a link or a file is there, or a relocated folder that does not say that it is this
            app's (it may be somebody's home, or the disk is not mounted).
    """

    def __init__(self, place: Place, *, root: str, app_id: str) -> None:
        self.place = place
        self._root = root
        try:
            self.fd = self._open()
        except FileNotFoundError:
            raise
        except OSError as error:
            raise NotOurs(
                f"{place.path!r} is left alone: {shown(place.location)} is no folder that can be opened "
                f"({error.strerror})."
            ) from error
        if (
            place.is_relocated
            and read_file(self.fd, IDENTITY, limit_bytes=8192) != Identity(app_id, place.path, root).encode()
        ):
            os.close(self.fd)
            raise NotOurs(
                f"{place.path!r} is left alone: {shown(place.location)} has no file '{IDENTITY}' that says it is this "
                "app's. Is its disk mounted?"
            )
        self.mount = mount_of(self.fd)
        self._inode = _inode(self.fd)

    def _open(self) -> int:
        if self.place.is_relocated:
            return os.open(self.place.location, _FLAGS)
        fd = os.open(self._root, _FLAGS)
        for part in [] if self.place.path == "." else self.place.path.split("/"):
            try:
                deeper = os.open(part, _FLAGS, dir_fd=fd)
            finally:
                os.close(fd)
            fd = deeper
        return fd

    def why_not(self, folder: str, folder_fd: int) -> str:
        """Why nothing may be removed from the folder open as `folder_fd` (any more): it was moved, or claimed.

        Walks from the app folder down again, so that what it finds is true now. Empty: all is well.
        """
        try:
            fd = self._open()
        except OSError:
            return "its folder was moved meanwhile"
        try:
            if _inode(fd) != self._inode:
                return "its folder was moved meanwhile"
            for part in folder.split("/") if folder else []:
                deeper = os.open(part, _FLAGS, dir_fd=fd)
                os.close(fd)
                fd = deeper
                if is_claimed(fd):
                    return _CLAIMED
            return "" if os.path.sameopenfile(fd, folder_fd) else "its folder was moved meanwhile"
        except OSError:
            return "its folder was moved meanwhile"
        finally:
            os.close(fd)

    def close(self) -> None:
        os.close(self.fd)


def _inode(fd: int) -> tuple[int, int]:
    found = os.fstat(fd)
    return found.st_dev, found.st_ino


def look_at(dir_fd: int, name: str) -> Look:
    """What the name means now; links are looked at themselves."""
    return look_of(os.lstat(name, dir_fd=dir_fd))


def look_of(found: os.stat_result) -> Look:
    """What an entry was, as the system described it."""
    kind = _KINDS.get(stat.S_IFMT(found.st_mode), "other")
    size_bytes = 0 if kind == "folder" else found.st_size
    return Look(kind, found.st_dev, found.st_ino, found.st_mtime_ns, size_bytes)


def is_claimed(fd: int) -> bool:
    """True for a folder that somebody is using with everything in it."""
    try:
        os.lstat(CLAIM, dir_fd=fd)
    except FileNotFoundError:
        return False
    return True


def mount_of(fd: int) -> tuple[int, int]:
    """Device and mount of an open folder: a folder mounted a second time has the same device."""
    device = os.fstat(fd).st_dev
    try:
        info = os.open(f"/proc/self/fdinfo/{fd}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return device, 0
    try:
        _, _, rest = os.read(info, 4096).partition(b"mnt_id:")
        return device, int(rest.split()[0]) if rest else 0
    finally:
        os.close(info)
