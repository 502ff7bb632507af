"""Whose folder it is: acting as that user, and giving everything in it to a user.

A folder that belongs to somebody else may be prepared by that somebody to fool root, so everything
here works on descriptors: no link is followed, and a hard link to a file of a third party is left.
"""

import os
import stat
from collections.abc import Sequence
from typing import NamedTuple

from rattail.appdir.files import opened_folder, read_file
from rattail.appdir.hints import pasted_line
from rattail.appdir.marker import Identity
from rattail.appdir.names import IDENTITY
from rattail.appdir.refusal import group_name, refusal, shown, user_name
from rattail.errors import AppDirBroken, NoSuchThing, NotAllowed

DEEPEST_NESTING = 400
_O_PATH = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC


class Owner(NamedTuple):
    """A user and a group, as numbers; text is `alice:staff`."""

    uid: int
    gid: int

    def __str__(self) -> str:
        return f"{user_name(self.uid)}:{group_name(self.gid)}"


class Given:
    """What giving a tree away did: entries that changed hands, and the ones left, with the reason."""

    def __init__(self, *, only_strangers: bool = False) -> None:
        self.entries = 0
        self.left: list[str] = []
        self.only_strangers = only_strangers


def owner_named(user: str | None, group: str | None) -> Owner | None:
    """The owner that `--user` and `--group` name; None where neither is given.

    Raises:
        NoSuchThing: the system knows no such user or group.
        NotAllowed: only root can give a folder to somebody else.
    """
    if user is None and group is None:
        return None
    import grp
    import pwd

    try:
        entry = pwd.getpwnam(user) if user is not None else pwd.getpwuid(os.geteuid())
    except (KeyError, ValueError):
        raise NoSuchThing(f"there is no user {user!r} on this machine.", hint="getent passwd lists them") from None
    try:
        gid = grp.getgrnam(group).gr_gid if group is not None else entry.pw_gid
    except (KeyError, ValueError):
        raise NoSuchThing(f"there is no group {group!r} on this machine.", hint="getent group lists them") from None
    owner = Owner(entry.pw_uid, gid)
    if os.geteuid() != 0 and (owner.uid != os.geteuid() or gid not in (os.getegid(), *os.getgroups())):
        raise NotAllowed(
            f"only root can give a folder to {owner}; you are {user_name(os.geteuid())}.",
            hint="run the same command with sudo",
        )
    return owner


def owner_of(root: str) -> Owner | None:
    """Whose folder `root` is; None where there is none."""
    try:
        found = os.stat(root)
    except OSError:
        return None
    return Owner(found.st_uid, found.st_gid) if stat.S_ISDIR(found.st_mode) else None


def act_as(owner: Owner, *, root: str, command_line: Sequence[str]) -> bool:
    """Go on as `owner`, for the rest of this process. Returns whether anything changed.

    Raises:
        NotAllowed: this process is neither the owner nor root, or the owner cannot read Python or
            this program; the hint is the `sudo -u` line.
    """
    if os.geteuid() == owner.uid:
        return False
    check_can_act_as(owner, root=root, command_line=command_line)
    os.setgroups(groups_of(owner))
    os.setresgid(owner.gid, owner.gid, owner.gid)
    os.setresuid(owner.uid, owner.uid, owner.uid)
    return True


def check_can_act_as(owner: Owner, *, root: str, command_line: Sequence[str]) -> None:
    """Refuse, as `act_as` would, while this process is still who it was."""
    me = os.geteuid()
    if me == owner.uid:
        return
    name = user_name(owner.uid)
    sudo = _sudo_line(owner, command_line)
    if me != 0:
        raise NotAllowed(f"app folder {shown(root)} belongs to user {name}; you are {user_name(me)}.", hint=sudo)
    groups, gid = os.getgroups(), os.getegid()
    try:
        os.setgroups(groups_of(owner))
        os.setegid(owner.gid)
        os.seteuid(owner.uid)
    except PermissionError:
        text = f"app folder {shown(root)} belongs to user {name}, and this root may not act as another user."
        raise NotAllowed(text, hint=sudo) from None
    try:
        unreachable = _first_unreachable((os.__file__, __file__, os.path.dirname(root)))
    finally:
        os.seteuid(0)
        os.setegid(gid)
        os.setgroups(groups)
    if unreachable:
        raise NotAllowed(
            f"app folder {shown(root)} belongs to user {name}, who may not read {shown(unreachable)}, so this "
            "command cannot go on as that user.",
            hint=f"let {name} read it, then: {sudo}",
        )


def give_tree(
    root: str, owner: Owner, *, really: bool, identity: Identity | None = None, only_strangers: bool = False
) -> Given:
    """Give a folder and everything in it to `owner`; with `really=False` only count.

    With `only_strangers` what has the right user keeps its group, whatever that is.

    Follows no link, enters no other file system, and leaves files with several names (hard links)
    that belong to somebody else: they may be files of the system under a second name. A relocated
    folder has to have its `identity` file: its place was chosen by who can write the settings, and
    that must not be a way to be given /etc.
    """
    given = Given(only_strangers=only_strangers)
    try:
        with opened_folder(root) as fd:
            if identity is not None and read_file(fd, IDENTITY, limit_bytes=4096) != identity.encode():
                given.left.append(f"{root}: does not say that it is this app's {identity.folder}")
                return given
            _give(fd, ".", owner, given, really)
            _give_below(fd, root, os.fstat(fd).st_dev, owner, given, really, 0)
    except OSError as error:
        raise refusal("give to another user", root, error) from error
    return given


def _give_below(fd: int, path: str, device: int, owner: Owner, given: Given, really: bool, depth: int) -> None:
    if depth > DEEPEST_NESTING:
        raise AppDirBroken(f"{shown(path)} is nested deeper than {DEEPEST_NESTING} folders; expected less.")
    with os.scandir(fd) as entries:
        found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for name, is_folder in found:
        try:
            if not _give(fd, name, owner, given, really, below=path):
                continue
            if is_folder:
                with opened_folder(name, dir_fd=fd) as inner:
                    if os.fstat(inner).st_dev == device:
                        _give_below(inner, f"{path}/{name}", device, owner, given, really, depth + 1)
                    else:
                        given.left.append(f"{path}/{name}: another file system")
        except FileNotFoundError:
            continue  # removed meanwhile


def _give(fd: int, name: str, owner: Owner, given: Given, really: bool, *, below: str = "") -> bool:
    held = os.open(name, _O_PATH, dir_fd=fd)
    try:
        found = os.fstat(held)
        if found.st_uid == owner.uid and (found.st_gid == owner.gid or given.only_strangers):
            return True
        if not stat.S_ISDIR(found.st_mode) and found.st_nlink > 1:
            given.left.append(f"{below}/{name}: has {found.st_nlink} names (hard links)")
            return False
        given.entries += 1
        if not really:
            return True
        if stat.S_ISLNK(found.st_mode):
            os.chown(name, owner.uid, owner.gid, dir_fd=fd, follow_symlinks=False)
        else:
            os.chown(f"/proc/self/fd/{held}", owner.uid, owner.gid)
            if found.st_mode & (stat.S_ISUID | stat.S_ISGID) and stat.S_ISDIR(found.st_mode):
                os.chmod(f"/proc/self/fd/{held}", stat.S_IMODE(found.st_mode))
        return True
    finally:
        os.close(held)


def groups_of(owner: Owner) -> list[int]:
    """All groups that acting as `owner` brings along."""
    import pwd

    try:
        return os.getgrouplist(pwd.getpwuid(owner.uid).pw_name, owner.gid)
    except KeyError:
        return [owner.gid]


def _first_unreachable(paths: Sequence[str]) -> str:
    """The first file that cannot be read, or folder that cannot be entered, by the effective user."""
    for path in paths:
        try:
            needed = os.X_OK if stat.S_ISDIR(os.stat(path).st_mode) else os.R_OK
        except FileNotFoundError:
            continue  # refused later, with a better sentence
        except OSError:
            return path
        if not os.access(path, needed, effective_ids=True):
            return path
    return ""


def _sudo_line(owner: Owner, command_line: Sequence[str]) -> str:
    user = user_name(owner.uid)
    return pasted_line("sudo", "-u", f"#{owner.uid}" if user.startswith("uid ") else user, *command_line)
