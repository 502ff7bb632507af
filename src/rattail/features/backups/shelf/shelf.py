"""The backups of a folder, and who may work on them at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from rattail.appdir.refusal import refusal, shown
from rattail.errors import AppDirBusy, NoSuchThing
from rattail.features.backups.archive.format import parse_name
from rattail.features.backups.shelf.state import SUFFIX, Known, State, read_known

LOCK = "backups.lock"
PART_SUFFIX = ".part"
_LOCK_MODE = 0o600
_FOLDER_MODE = 0o700


class Backup(NamedTuple):
    """One whole backup; `made_at` is in UTC."""

    path: str
    app: str
    made_at: datetime
    size_bytes: int
    known: Known

    @property
    def file_name(self) -> str:
        return os.path.basename(self.path)

    @property
    def state(self) -> State:
        return self.known.state


def list_backups(target: str, *, app: str = "") -> tuple[Backup, ...]:
    """The backups in the folder `target`, the newest first; of one app where `app` is given.

    A folder that is not there has none.

    Raises:
        AppDirBroken: the folder cannot be read.
    """
    found = []
    try:
        with os.scandir(target) as entries:
            for entry in entries:
                named = parse_name(entry.name)
                if named is not None and (not app or named[0] == app) and entry.is_file(follow_symlinks=False):
                    found.append((named, entry.name, entry.stat(follow_symlinks=False).st_size))
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise refusal("read", target, error) from error
    found.sort(key=lambda one: (one[0][1], one[1]), reverse=True)
    return tuple(
        Backup(f"{target}/{name}", named[0], named[1], size, read_known(f"{target}/{name}"))
        for named, name, size in found
    )


def find_backup(target: str, name: str, *, app: str = "") -> Backup:
    """The backup called `name`, or the newest where `name` is "newest"; nothing else of the disk is looked at.

    Raises:
        NoSuchThing: there is none.
    """
    for backup in list_backups(target, app=app):
        if name in ("newest", backup.file_name):
            return backup
    what = "no backup" if name == "newest" else f"no backup called {shown(name)}"
    raise NoSuchThing(f"there is {what} in {shown(target)}.", hint="rattail list-backups shows those there are")


def make_shelf(target: str) -> None:
    """Make the folder for backups, closed to others, where it is not there yet.

    Raises:
        AppDirBroken: it cannot be made.
    """
    try:
        os.makedirs(target, mode=_FOLDER_MODE, exist_ok=True)
    except OSError as error:
        raise refusal("make the folder for backups", target, error) from error


@contextmanager
def target_lock(target: str) -> Iterator[None]:
    """Be the only one that makes, copies or prunes backups in the folder `target`. It ends with the process.

    Raises:
        AppDirBusy: somebody else does.
        AppDirBroken: the lock file cannot be opened.
    """
    path = f"{target}/{LOCK}"
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, _LOCK_MODE)
    except OSError as error:
        raise refusal("open the lock file", path, error) from error
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AppDirBusy(
                f"somebody makes, copies or prunes backups in {shown(target)} already.",
                hint="wait until that has ended; rattail list-jobs shows whether it is a job",
            ) from None
        yield
    finally:
        os.close(fd)


def remove_parts(target: str) -> int:
    """Remove what makers that were killed left behind; only under the lock. Returns how many there were.

    Raises:
        AppDirBroken: one cannot be removed.
    """
    count = 0
    try:
        for name in os.listdir(target):
            if (
                name.startswith(".tmp-")
                or (name.endswith(PART_SUFFIX) and parse_name(name.removesuffix(PART_SUFFIX)) is not None)
                or _is_state_of_nothing(target, name)
            ):
                os.unlink(f"{target}/{name}")
                count += 1
    except OSError as error:
        raise refusal("remove what was left behind in", target, error) from error
    return count


def _is_state_of_nothing(target: str, name: str) -> bool:
    """Whether a file says what is known of a backup that is not there any more."""
    backup = name.removesuffix(SUFFIX)
    return name != backup and parse_name(backup) is not None and not os.path.lexists(f"{target}/{backup}")
