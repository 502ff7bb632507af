"""The backups of a folder, and who may work on them at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import NamedTuple

from rattail.appdir.hints import pasted, pasted_line
from rattail.appdir.names import TEMPORARY_PREFIX
from rattail.appdir.refusal import refusal, shown, user_name
from rattail.errors import AppDirBusy, NoSuchThing
from rattail.features.backups.archive.format import parse_name
from rattail.features.backups.keys.keys import read_proofs
from rattail.features.backups.shelf.state import SUFFIX, Known, State, read_known

LOCK = "backups.lock"
PART_SUFFIX = ".part"
_LOCK_MODE = 0o600
_FOLDER_MODE = 0o700


class Backup(NamedTuple):
    """One whole backup; `made_at` is in UTC. It does not count as good while nobody proved each of its keys."""

    path: str
    app: str
    made_at: datetime
    size_bytes: int
    known: Known
    unproved_keys: tuple[str, ...] = ()

    @property
    def file_name(self) -> str:
        return os.path.basename(self.path)

    @property
    def state(self) -> State:
        if self.unproved_keys and self.known.state.is_good:
            return State.UNPROVEN
        return self.known.state

    @property
    def problem(self) -> str:
        """What keeps it from being good, and what to do; empty: nothing is known."""
        if self.known.problem or not self.unproved_keys:
            return self.known.problem
        return f"nobody proved the key {self.unproved_keys[0]}: rattail prove-backup-key --identity FILE"


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
    proofs = read_proofs(target)
    return tuple(_backup(f"{target}/{name}", *named, size, proofs) for named, name, size in found)


def _backup(path: str, app: str, made_at: datetime, size_bytes: int, proofs: Mapping[str, datetime]) -> Backup:
    known = read_known(path)
    unproved = tuple(key for key in known.recipients if key not in proofs)
    return Backup(path, app, made_at, size_bytes, known, unproved)


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
    """Make the folder for backups, closed to others, where it is not there yet; not those above it, since what is
    not there may be a disk that nobody mounted.

    Raises:
        NoSuchThing: the folder in which it is to be made is not there.
        AppDirBroken: it cannot be made.
    """
    if os.path.isdir(target):
        return
    try:
        os.mkdir(target, _FOLDER_MODE)
    except FileNotFoundError:
        raise NoSuchThing(
            f"there is no folder {shown(os.path.dirname(target))} to put the backups' folder into.",
            hint=f"is its disk mounted? otherwise: mkdir -m 700 -p {pasted(target)}",
        ) from None
    except PermissionError as error:
        told = refusal("make the folder for backups", target, error)
        told.hint = "make it as root: " + pasted_line(
            "install", "-d", "-m", f"{_FOLDER_MODE:o}", "-o", user_name(os.geteuid()), target
        )
        raise told from error
    except OSError as error:
        raise refusal("make the folder for backups", target, error) from error


def make_private(path: str, *, below: str) -> None:
    """Make the folder `path` somewhere below the folder `below`, and those between them: closed to others.

    Raises:
        OSError: it cannot be made.
    """
    at = below
    for part in os.path.relpath(path, below).split("/"):
        at = f"{at}/{part}"
        with suppress(FileExistsError):
            os.mkdir(at, _FOLDER_MODE)


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


def leftovers(target: str) -> tuple[str, ...]:
    """The names of what makers, copiers and pruners left that were killed; a folder that is not there has none.

    Raises:
        AppDirBroken: the folder cannot be read.
    """
    try:
        with os.scandir(target) as entries:
            names = sorted(entry.name for entry in entries if entry.is_file(follow_symlinks=False))
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise refusal("read", target, error) from error
    there = frozenset(names)
    return tuple(name for name in names if _is_leftover(name, beside=there))


def remove_parts(target: str) -> int:
    """Remove what makers that were killed left behind; only under the lock. Returns how many there were.

    Raises:
        AppDirBroken: one cannot be removed.
    """
    names = leftovers(target)
    try:
        for name in names:
            os.unlink(f"{target}/{name}")
    except OSError as error:
        raise refusal("remove what was left behind in", target, error) from error
    return len(names)


def _is_leftover(name: str, *, beside: Collection[str]) -> bool:
    part, of = name.removesuffix(PART_SUFFIX), name.removesuffix(SUFFIX)
    return (
        name.startswith(TEMPORARY_PREFIX)
        or (part != name and parse_name(part) is not None)
        or (of != name and parse_name(of) is not None and of not in beside)  # what is known of nothing
    )
