"""What stands at a path, for those who are about to make something there."""

import os
import stat

from rattail.appdir.refusal import shown
from rattail.errors import AppDirBroken


def is_missing(path: str) -> bool:
    """Whether a file is missing; what is there and is no file is refused (AppDirBroken)."""
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return True
    if not stat.S_ISREG(mode):
        raise AppDirBroken(
            f"{shown(path)} should be a file, but it is {kind_of(mode)}.",
            hint="move it out of the way, then run the same command again",
        )
    return False


def kind_of(mode: int) -> str:
    """A word for what a mode says that an entry is: `a file`, `a link`."""
    kinds = (
        (stat.S_ISREG, "a file"),
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISLNK, "a link"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
    )
    return next((name for test, name in kinds if test(mode)), "a device")
