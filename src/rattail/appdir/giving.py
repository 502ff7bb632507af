"""Give everything in a folder to a user, as root, in a place that somebody may have prepared to fool root.

Everything works on descriptors: no link is followed, no mount is entered, and a file with a second name
is left, because that may be a file of the system.
"""

from __future__ import annotations

import os
import stat

from rattail.appdir.cleaning.ground import mount_of
from rattail.appdir.files import opened_folder, read_file
from rattail.appdir.marker import Identity
from rattail.appdir.names import IDENTITY
from rattail.appdir.owner import Owner
from rattail.appdir.refusal import refusal, shown, user_name

DEEPEST_NESTING = 400
_O_PATH = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC


class Given:
    """What giving did: entries that changed hands, and the ones left, each a sentence with the reason."""

    def __init__(self) -> None:
        self.entries = 0
        self.left: list[str] = []


def give_tree(
    root: str,
    owner: Owner,
    *,
    really: bool,
    identity: Identity | None = None,
    present: Owner | None = None,
    only_strangers: bool = False,
) -> Given:
    """Give a folder and everything in it to `owner`; with `really=False` only count.

    With `only_strangers` what has the right user keeps its group, whatever that is.

    A relocated folder has to have its `identity` file, and both have to belong to the `present` owner of
    the app folder, or to `owner`: who can write the settings chose the place, and that must not be a way
    to be given /tmp or /etc.
    """
    giving = _Giving(owner, really=really, only_strangers=only_strangers)
    try:
        with opened_folder(root) as fd:
            if identity is not None:
                why = _why_not_ours(fd, identity, {owner.uid, present.uid if present else owner.uid})
                if why:
                    giving.given.left.append(f"{shown(root)} ({why})")
                    return giving.given
            giving.give(fd, ".", root)
            giving.give_below(fd, root, mount_of(fd), 0)
    except OSError as error:
        raise refusal(f"give to {user_name(owner.uid)}", root, error) from error
    return giving.given


def _why_not_ours(fd: int, identity: Identity, uids: set[int]) -> str:
    found = os.fstat(fd)
    if found.st_uid not in uids:
        return f"it belongs to {user_name(found.st_uid)}"
    try:
        if os.stat(IDENTITY, dir_fd=fd, follow_symlinks=False).st_uid not in uids:
            return f"its {IDENTITY} is somebody else's"
    except FileNotFoundError:
        pass
    if read_file(fd, IDENTITY, limit_bytes=8192) != identity.encode():
        return f"it does not say that it is this app's {identity.folder}"
    return ""


class _Giving:
    """One giving, and what it did so far."""

    def __init__(self, owner: Owner, *, really: bool, only_strangers: bool) -> None:
        self.given = Given()
        self._owner = owner
        self._really = really
        self._only_strangers = only_strangers

    def give_below(self, fd: int, path: str, mount: tuple[int, int], depth: int) -> None:
        with os.scandir(fd) as entries:
            found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
        for name, is_folder in found:
            try:
                if is_folder:
                    self._give_folder(fd, name, f"{path}/{name}", mount, depth)
                else:
                    self.give(fd, name, f"{path}/{name}")
            except FileNotFoundError:
                continue  # removed meanwhile

    def _give_folder(self, fd: int, name: str, path: str, mount: tuple[int, int], depth: int) -> None:
        if depth == DEEPEST_NESTING:
            self.given.left.append(f"{shown(path)} (nested deeper than {DEEPEST_NESTING} folders)")
            return
        with opened_folder(name, dir_fd=fd) as inner:
            if mount_of(inner) != mount:
                self.given.left.append(f"{shown(path)} (something is mounted there)")
                return
            self.give(inner, ".", path)
            self.give_below(inner, path, mount, depth + 1)

    def give(self, fd: int, name: str, path: str) -> None:
        held = os.open(name, _O_PATH, dir_fd=fd)
        try:
            found = os.fstat(held)
            if found.st_uid == self._owner.uid and (found.st_gid == self._owner.gid or self._only_strangers):
                return
            if not stat.S_ISDIR(found.st_mode) and found.st_nlink > 1:
                self.given.left.append(f"{shown(path)} (it has {found.st_nlink} names: hard links)")
                return
            self.given.entries += 1
            if self._really:
                self._change(fd, name, held, found)
        finally:
            os.close(held)

    def _change(self, fd: int, name: str, held: int, found: os.stat_result) -> None:
        if stat.S_ISLNK(found.st_mode):
            os.chown(name, self._owner.uid, self._owner.gid, dir_fd=fd, follow_symlinks=False)
            return
        os.chown(f"/proc/self/fd/{held}", self._owner.uid, self._owner.gid)
        if found.st_mode & (stat.S_ISUID | stat.S_ISGID) and stat.S_ISDIR(found.st_mode):
            os.chmod(f"/proc/self/fd/{held}", stat.S_IMODE(found.st_mode))
