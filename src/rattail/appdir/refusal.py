"""Turn what the operating system says into a sentence a person can act on."""

from __future__ import annotations

import errno
import os

from rattail.errors import AppDirBroken

_SENTENCES = {
    errno.ENOSPC: ("the disk is full", "free some space or inodes (df -h, df -i), then run the same command again"),
    errno.EDQUOT: ("the disk quota is used up", "free some space or raise the quota, then run the same command again"),
    errno.EROFS: (
        "the file system is mounted read-only",
        "mount it writable, then run the same command again; in a unit of systemd: make the units anew (make-units)",
    ),
    errno.EACCES: (
        "permission is denied to user {user}",
        "run as the folder's owner, or give that user the permission",
    ),
    errno.EPERM: ("user {user} may not do that", "run as the folder's owner or as root"),
    errno.ENAMETOOLONG: ("the name or path is too long", "use a shorter path"),
    errno.ELOOP: ("a link stands where a folder or file was expected", "replace the link by what it points to"),
    errno.ENOTDIR: ("a file stands where a folder was expected", "move the file away, then run the same command again"),
    errno.EISDIR: (
        "a folder stands where a file was expected",
        "move the folder away, then run the same command again",
    ),
    errno.ENOENT: ("a folder on the way is missing", "make it, then run the same command again"),
    errno.EEXIST: ("something with that name is there already", "move it away, then run the same command again"),
    errno.EIO: ("the disk reports an input/output error", "check the disk (dmesg, smartctl) before anything else"),
    errno.EMFILE: ("too many files are open", "raise the limit (ulimit -n), then run the same command again"),
    errno.ESTALE: ("the network file system lost the folder", "mount it again, then run the same command again"),
}


def shown(path: str | bytes) -> str:
    """A path for a sentence: in quotes, one line whatever it holds, and safe to print anywhere."""
    text = os.fsdecode(path)
    return repr(text) if not text.isprintable() else f"'{text}'"


def refusal(doing: str, path: str | bytes, error: OSError) -> AppDirBroken:
    """The error to raise when the system refused `doing` ("make folder") on `path`."""
    if error.errno == errno.EPERM and os.geteuid() == 0:
        said, hint = "not even root may do that", "look at its attributes (lsattr) and at how its disk is mounted"
    elif error.errno == errno.ENOENT and doing.startswith("read"):
        said, hint = "there is nothing with that name", "look at the name (ls), then run the same command again"
    else:
        said, hint = _SENTENCES.get(error.errno or 0, (error.strerror or str(error), ""))
    return AppDirBroken(f"cannot {doing} {shown(path)}: {said.format(user=user_name(os.geteuid()))}.", hint=hint)


def user_name(uid: int) -> str:
    """The name of a user, or `uid 1234` where the system knows none."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def group_name(gid: int) -> str:
    """The name of a group, or `gid 1234` where the system knows none."""
    import grp

    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return f"gid {gid}"
