"""Remove one entry, and be sure that it is the one that was meant.

The system removes names, not files, and between a look and the removal anybody may move another
file to that name, or move the folder around it elsewhere. So the entry is first taken out of the way:
renamed, in one step, into the top of its declared folder, to a name that nobody else knows. What has
been taken is looked at again, and so is the way to the folder it came from. Only then is it removed;
else it gets its name back, never over another file.

That name tells which entry was meant. A process killed in between leaves it, and the next run
can tell an old file that was to go from a stranger's that was caught.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping
from typing import NamedTuple

from rattail.appdir.cleaning.aged import IN_USE
from rattail.appdir.cleaning.ground import Ground, look_at
from rattail.appdir.cleaning.inuse import InUse, OpenFiles
from rattail.appdir.cleaning.planned import Planned
from rattail.appdir.files import open_below
from rattail.appdir.refusal import shown

_CHANGED = "it changed meanwhile"
_GONE = "it went away meanwhile"
_FULL = (errno.ENOSPC, errno.EDQUOT)
_NAMES_TO_TRY = 4
_RENAME_NOREPLACE = 1
_NEVER = -(1 << 63)


class _Times(NamedTuple):
    """The time of a folder before we took anything out of it, and after we did so last."""

    before_ns: int
    after_ns: int


class Removal:
    """Removes entries of the places that are open as `grounds` (by path).

    The folder of the last entry stays open for the next one of the same folder. That it is still where
    it was is asked for each entry anew; after anything unexpected it is opened anew as well.
    """

    def __init__(self, grounds: Mapping[str, Ground]) -> None:
        self._grounds = grounds
        self._open_files = OpenFiles()
        self._times: dict[tuple[int, int], _Times] = {}
        self._held: tuple[str, str, int] | None = None

    def __enter__(self) -> Removal:
        return self

    def __exit__(self, *_: object) -> None:
        self._let_go()

    def remove(self, one: Planned) -> str:
        """Remove what was planned, if it is that still. Returns why it was spared, or nothing."""
        ground = self._grounds[one.place]
        try:
            why = self._remove_from(ground, self._folder_of(ground, one), one)
        except InUse:
            why = IN_USE
        except FileNotFoundError:
            why = _GONE
        except OSError as error:
            why = f"the system refused ({error.strerror})"
        if why:
            self._let_go()
        return why

    def _folder_of(self, ground: Ground, one: Planned) -> int:
        if self._held is None or self._held[:2] != (one.place, one.folder):
            self._let_go()
            try:
                fd = open_below(ground.fd, one.folder or ".")
            except OSError as error:
                raise FileNotFoundError(errno.ENOENT, "no such folder any more", one.folder) from error
            self._held = (one.place, one.folder, fd)
        return self._held[2]

    def _let_go(self) -> None:
        if self._held is not None:
            os.close(self._held[2])
            self._held = None

    def _remove_from(self, ground: Ground, folder_fd: int, one: Planned) -> str:
        if not self._is_same(folder_fd, one.name, one):
            return _CHANGED
        if one.look.kind == "folder" and not _is_empty(folder_fd, one.name):
            return "it is not empty"
        if one.look.kind != "file":
            return self._take(ground, folder_fd, one, lambda: True)
        with self._open_files.held_alone(folder_fd, one.name, (one.look.device, one.look.inode)) as is_alone:
            return self._take(ground, folder_fd, one, is_alone)

    def _take(self, ground: Ground, folder_fd: int, one: Planned, is_alone: Callable[[], bool]) -> str:
        before = os.fstat(folder_fd)
        hidden_fd, hidden = self._hide(ground, folder_fd, one)
        self._remember(before, os.fstat(folder_fd))
        why = "" if self._is_same(hidden_fd, hidden, one) else _CHANGED
        why = why or ground.why_not(one.folder, folder_fd)
        why = why or ("" if is_alone() else IN_USE)
        if not why:
            try:
                if one.look.kind == "folder":
                    os.rmdir(hidden, dir_fd=hidden_fd)
                else:
                    os.unlink(hidden, dir_fd=hidden_fd)
            except FileNotFoundError:
                return _GONE
            except OSError as error:
                why = f"the system refused ({error.strerror})"
            else:
                return ""
        return _put_back(hidden_fd, hidden, folder_fd, one, why)

    def _hide(self, ground: Ground, folder_fd: int, one: Planned) -> tuple[int, str]:
        """Take the entry out of the way. A full disk may have no room for a name here, and have some there."""
        full: OSError | None = None
        for place in (ground, *self._grounds.values()):
            if place.mount != ground.mount:
                continue
            for _ in range(_NAMES_TO_TRY):
                hidden = one.look.hidden_prefix + os.urandom(8).hex()
                try:
                    os.rename(one.name, hidden, src_dir_fd=folder_fd, dst_dir_fd=place.fd)
                except OSError as error:
                    if error.errno not in _FULL:
                        raise
                    full = error
                else:
                    return place.fd, hidden
        assert full is not None
        raise full

    def _is_same(self, dir_fd: int, name: str, one: Planned) -> bool:
        look = look_at(dir_fd, name)
        if look == one.look:
            return True
        times = self._times.get((look.device, look.inode))
        return (
            times is not None
            and times == _Times(one.look.mtime_ns, look.mtime_ns)
            and look == one.look._replace(mtime_ns=times.after_ns)
        )

    def _remember(self, before: os.stat_result, after: os.stat_result) -> None:
        """What we take out of a folder changes its time; only if nobody else did is it as it was planned."""
        inode = (before.st_dev, before.st_ino)
        times = self._times.get(inode)
        if times is None:
            times = _Times(before.st_mtime_ns, before.st_mtime_ns)
        is_ours_alone = times.after_ns == before.st_mtime_ns
        self._times[inode] = times._replace(after_ns=after.st_mtime_ns if is_ours_alone else _NEVER)


def _put_back(hidden_fd: int, hidden: str, folder_fd: int, one: Planned, why: str) -> str:
    """Give an entry its name back, or one like it where the name is taken; never over another."""
    beside = [f"{one.name}.put-back-{number}" for number in range(1, 10)]
    for name in (one.name, *beside, f"put-back-{os.urandom(8).hex()}"):
        for fd in (folder_fd, hidden_fd):
            try:
                _rename_if_free(hidden_fd, hidden, fd, name)
            except FileExistsError:
                break
            except OSError:
                continue
            if fd == folder_fd and name == one.name:
                return why
            return f"{why}; its name was taken, and it is called {shown(name)} now"
    return f"{why}; it is called {shown(hidden)} now"


def _rename_if_free(from_fd: int, old: str, to_fd: int, new: str) -> None:
    import ctypes  # costs more than the whole of a small cleaning, and is hardly ever needed

    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:
        number = errno.ENOSYS
    else:
        if renameat2(from_fd, os.fsencode(old), to_fd, os.fsencode(new), _RENAME_NOREPLACE) == 0:
            return
        number = ctypes.get_errno()
    if number not in (errno.ENOSYS, errno.EINVAL):
        raise OSError(number, os.strerror(number), new)
    os.link(old, new, src_dir_fd=from_fd, dst_dir_fd=to_fd, follow_symlinks=False)
    os.unlink(old, dir_fd=from_fd)


def _is_empty(dir_fd: int, name: str) -> bool:
    fd = open_below(dir_fd, name)
    try:
        with os.scandir(fd) as entries:
            return next(entries, None) is None
    finally:
        os.close(fd)
