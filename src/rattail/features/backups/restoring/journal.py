"""The journal of a restore: a file beside the app folder, from the first byte that is written until all is done.

Whoever restores next finishes or takes back what a killed one left; so the journal says what is where.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, NamedTuple

from rattail.appdir.files import opened_folder, read_file, replace_file
from rattail.appdir.names import is_temporary
from rattail.appdir.refusal import refusal, shown
from rattail.errors import AppDirBroken, AppDirBusy
from rattail.features.backups.restoring.place import Move

SUFFIX = ".restoring.json"
STAGING = ".restoring-"
_VERSION = 1
_LIMIT_BYTES = 256 << 20


class State(StrEnum):
    PREPARING = "preparing"  # nothing that is live was touched
    SWAPPING = "swapping"  # some of the moves may be made
    PROVING = "proving"  # all are made, and looked at
    RETURNING = "returning"  # some may be taken back


class DatabaseMove(NamedTuple):
    """A database of a server whose name changes, as a `Move`; `url` is that of the live one, without password.

    Where `new` is empty the records go into the live one, which was empty before.
    """

    url: str
    live: str
    new: str
    old: str


class Journal(NamedTuple):
    """What a restore does. `stagings` are folders of its own, which go with it; `kept` is where old content goes."""

    root: str
    state: State
    backup: str
    stagings: tuple[str, ...]
    kept: str
    moves: tuple[Move, ...] = ()
    database: DatabaseMove | None = None
    is_part: bool = False

    @property
    def path(self) -> str:
        return self.root + SUFFIX

    def entered(self, state: State, **changes: Any) -> Journal:
        """The journal, on the disk, in another state.

        Raises:
            AppDirBroken: it cannot be written.
        """
        journal = self._replace(state=state, **changes)
        document = {
            "version": _VERSION,
            **journal._asdict(),
            "moves": [move._asdict() for move in journal.moves],
            "database": journal.database and journal.database._asdict(),
        }
        folder, name = os.path.split(self.path)
        try:
            with opened_folder(folder) as fd:
                replace_file(fd, name, json.dumps(document, indent=1).encode("ascii") + b"\n", mode=0o600)
        except OSError as error:
            raise refusal("write down what is restored, in", self.path, error) from error
        return journal

    def forget(self) -> None:
        """Remove the journal: all is done."""
        folder, name = os.path.split(self.path)
        try:
            with opened_folder(folder) as fd:
                os.unlink(name, dir_fd=fd)
                os.fsync(fd)
        except FileNotFoundError:
            return
        except OSError as error:
            raise refusal("remove", self.path, error) from error


def read_journal(root: str) -> Journal | None:
    """The journal of a restore of the app folder at `root` that has not come to its end; None where there is none.

    Raises:
        AppDirBroken: there is one that cannot be understood, or is somebody else's.
    """
    path = root + SUFFIX
    folder, name = os.path.split(path)
    try:
        with opened_folder(folder) as fd:
            content = read_file(fd, name, limit_bytes=_LIMIT_BYTES)
            if content is None:
                return None
            owner = os.lstat(name, dir_fd=fd).st_uid
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise refusal("read", path, error) from error
    if owner != os.geteuid():
        raise AppDirBroken(
            f"{shown(path)} tells of a restore that somebody else began and did not end.",
            hint="run the same command as its owner (ls -l shows who that is)",
        )
    try:
        return _load(json.loads(content), root)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise AppDirBroken(
            f"{shown(path)} tells of a restore that did not end, and cannot be understood.",
            hint="look at what lies beside it, mend it by hand, and remove it",
        ) from error


def forget_leftovers(root: str) -> None:
    """Remove what a killed restore left of a journal that was being written; only whoever is the only restorer may.

    Raises:
        AppDirBroken: the system refuses.
    """
    folder = os.path.dirname(root)
    try:
        with opened_folder(folder) as fd:
            for name in filter(is_temporary, os.listdir(fd)):
                look = os.lstat(name, dir_fd=fd)
                if stat.S_ISREG(look.st_mode) and look.st_uid == os.geteuid():
                    os.unlink(name, dir_fd=fd)
    except FileNotFoundError:
        return
    except OSError as error:
        raise refusal("tidy up", folder, error) from error


def _load(document: dict[str, Any], root: str) -> Journal:
    if document["version"] != _VERSION or document["root"] != root:
        raise ValueError("another restore")
    stagings = tuple(str(path) for path in document["stagings"])
    if not all(os.path.isabs(path) and STAGING in os.path.basename(path) for path in stagings):
        raise ValueError("not a folder of ours")
    return Journal(
        root=root,
        state=State(document["state"]),
        backup=str(document["backup"]),
        stagings=stagings,
        kept=str(document["kept"]),
        moves=tuple(Move(**move) for move in document["moves"]),
        database=document["database"] and DatabaseMove(**document["database"]),
        is_part=bool(document["is_part"]),
    )


@contextmanager
def only_restorer(environment: str) -> Iterator[None]:
    """Be the only one that restores into an environment, which exists. It ends with the process.

    Raises:
        AppDirBusy: somebody else does.
        AppDirBroken: it cannot be opened.
    """
    try:
        fd = os.open(environment, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise refusal("open", environment, error) from error
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AppDirBusy(
                f"somebody restores into {shown(environment)} already.", hint="wait until that has ended"
            ) from None
        yield
    finally:
        os.close(fd)
