"""Whose folder it is: acting as that user, and giving everything in it to a user.

A folder that belongs to somebody else may be prepared by that somebody to fool root, so everything
here works on descriptors: no link is followed, and a hard link to a file of a third party is left.
"""

import os
import stat
from collections.abc import Sequence
from typing import NamedTuple

from rattail.appdir.hints import pasted_line
from rattail.appdir.refusal import group_name, shown, user_name
from rattail.errors import NoSuchThing, NotAllowed

_MOST_STEPS = 4096


class Owner(NamedTuple):
    """A user and a group, as numbers; text is `alice:staff`."""

    uid: int
    gid: int

    def __str__(self) -> str:
        return f"{user_name(self.uid)}:{group_name(self.gid)}"


def owner_named(user: str | None, group: str | None, *, present: Owner | None) -> Owner | None:
    """The owner that `--user` and `--group` name; None where neither is given.

    A group alone leaves the folder to the user who has it at `present`, or is to have it.

    Raises:
        NoSuchThing: the system knows no such user or group.
        NotAllowed: only root can give a folder to somebody else.
    """
    if user is None and group is None:
        return None
    import grp
    import pwd

    try:
        named = None if user is None else pwd.getpwnam(user)
    except (KeyError, ValueError):
        raise NoSuchThing(f"there is no user {user!r} on this machine.", hint="getent passwd lists them") from None
    try:
        gid = grp.getgrnam(group).gr_gid if group is not None else -1
    except (KeyError, ValueError):
        raise NoSuchThing(f"there is no group {group!r} on this machine.", hint="getent group lists them") from None
    if named is None:
        owner = Owner(present.uid if present is not None else os.geteuid(), gid)
    else:
        owner = Owner(named.pw_uid, gid if group is not None else named.pw_gid)
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


def groups_of(owner: Owner) -> list[int]:
    """All groups that acting as `owner` brings along."""
    import pwd

    try:
        return os.getgrouplist(pwd.getpwuid(owner.uid).pw_name, owner.gid)
    except KeyError:
        return [owner.gid]


def check_links(given: str, *, root: str) -> None:
    """As root, take no path that leads through somebody's link: it may have been laid to fool root.

    Raises:
        NotAllowed: `given` leads to `root` through a link that is not root's, or led there a moment ago.
    """
    pending, reached = os.path.abspath(given).split("/")[::-1], ""
    for _ in range(_MOST_STEPS):
        if not pending:
            break
        part = pending.pop()
        if part in ("", "."):
            continue
        if part == "..":
            reached = os.path.dirname(reached)
            continue
        try:
            found = os.lstat(f"{reached}/{part}")
        except FileNotFoundError:
            reached = "/".join((reached, part, *reversed(pending)))
            break
        if not stat.S_ISLNK(found.st_mode):
            reached = f"{reached}/{part}"
            continue
        if found.st_uid != 0:
            link = shown(f"{reached}/{part}")
            text = f"{shown(given)} leads through {link}, a link of {user_name(found.st_uid)}'s, to {shown(root)}."
            raise NotAllowed(text, hint="as root, name the real place")
        target = os.readlink(f"{reached}/{part}")
        pending += target.split("/")[::-1]
        reached = "" if target.startswith("/") else reached
    if reached != root:
        raise NotAllowed(
            f"{shown(given)} does not lead to {shown(root)} any more.", hint="as root, name the real place"
        )


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
