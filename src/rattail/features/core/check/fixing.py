"""Repair what is safe to repair: the service behind `check-appdir --fix`.

Nothing is deleted but our own temporary files, and no content changes but that of files nobody but
the program writes.
"""

import fcntl
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from rattail.appdir import files
from rattail.appdir.checks.files import copy_of
from rattail.appdir.checks.tree import Walk
from rattail.appdir.folder import Keep
from rattail.appdir.giving import give_tree
from rattail.appdir.inspect import ExpectedFile, Looking
from rattail.appdir.locate import Located
from rattail.appdir.lock import lock_appdir, read_holder
from rattail.appdir.make import Step, Wanted, apply_steps, plan_make
from rattail.appdir.marker import Identity
from rattail.appdir.names import CACHEDIR_TAG, CACHEDIR_TAG_TEXT, LOCK, MARKER, OFFERED_SUFFIX
from rattail.appdir.refusal import refusal, shown
from rattail.errors import AppDirBusy, RattailError
from rattail.features.core.check.service import view_of
from rattail.features.core.make.service import Request, make
from rattail.registry import Registry

REMOVED_AFTER_S = 86_400
_COMMAND = "check-appdir --fix"


class Fixed(NamedTuple):
    """One thing that was repaired."""

    path: str
    sentence: str


class Repair(NamedTuple):
    """What was repaired, and what could not be, as sentences."""

    fixed: tuple[Fixed, ...]
    refused: tuple[str, ...]


def give_back(registry: Registry, located: Located, *, environ: Mapping[str, str], now: datetime) -> Repair:
    """As root: give what belongs to others to the user whose folder this is.

    Groups of what is the user's already stay. Not done in a folder of root's own: there it is more
    likely the folder that has the wrong owner. Raises as `rattail.features.core.check.service.check` does.
    """
    looking = view_of(registry, located, environ=environ, now=now).looking
    owner, marker = looking.owner, looking.marker
    if os.geteuid() != 0 or owner.uid == 0 or marker is None:
        return Repair((), ())
    entries, left = 0, []
    for place in looking.places:
        if place.path != "." and not (place.is_relocated and os.path.isdir(place.location)):
            continue
        identity = Identity(marker.app_id, place.path, looking.root) if place.is_relocated else None
        given = give_tree(place.location, owner, really=True, identity=identity, only_strangers=True)
        entries += given.entries
        left.extend(given.left)
    fixed = (Fixed(".", f"gave {entries:,} entries to {owner}"),) if entries else ()
    return Repair(fixed, tuple(f"not given away: {one}" for one in left))


def repair(registry: Registry, located: Located, *, environ: Mapping[str, str], now: datetime) -> Repair:
    """As the folder's owner: repair all that is safe. What is refused does not stop the rest.

    Raises:
        AppDirNotFound, AppDirBroken: there is nothing to repair.
        AppDirBusy: another process is writing; what was done before is sound.
    """
    looking = view_of(registry, located, environ=environ, now=now).looking
    if looking.marker is None:
        return Repair((), ("nothing was repaired, because without a sound marker this may be somebody else's folder.",))
    fixed: list[Fixed] = []
    refused: list[str] = []

    def attempt(mending: Callable[[], Iterator[Fixed]]) -> bool:
        try:
            fixed.extend(mending())
        except AppDirBusy:
            raise
        except RattailError as error:
            refused.extend(error.message.splitlines())
            return False
        except OSError as error:
            refused.append(refusal("repair", looking.root, error).message)
            return False
        return True

    attempt(lambda: _clear_lock(looking))
    attempt(lambda: _close_files(looking))
    if not attempt(lambda: _done(make(registry, Request(located=located, now=now), environ=environ))):
        attempt(lambda: _make_what_can_be(looking))
    attempt(lambda: _complete_tags(looking))
    attempt(lambda: _remove_leftovers(looking))
    return Repair(tuple(fixed), tuple(refused))


def _clear_lock(looking: Looking) -> Iterator[Fixed]:
    holder, is_held = read_holder(looking.root)
    if holder is not None and not is_held:
        with lock_appdir(looking.root, command=_COMMAND, wait_s=0):
            pass  # letting go of it clears it
        yield Fixed(LOCK, f"cleared the lock of {holder}, which was killed")


def _close_files(looking: Looking) -> Iterator[Fixed]:
    """Take from settings, secrets, their copies and our own files what others may do with them."""
    ours = {file.path: file for file in looking.files}
    ours.update({name: ExpectedFile(name, 0o640, "text") for name in (MARKER, LOCK)})
    with os.scandir(looking.root) as entries:
        for entry in entries:
            name = entry.name
            file = ours.get(name) or ours.get(name.removesuffix(OFFERED_SUFFIX)) or copy_of(name, looking.files)
            if file is None or not entry.is_file(follow_symlinks=False):
                continue
            mode = stat.S_IMODE(entry.stat(follow_symlinks=False).st_mode)
            if mode & ~file.mode & 0o7077:
                path = f"{looking.root}/{name}"
                yield from _applied([Step("mend", name, mode & file.mode, path, was_mode=mode)])


def _make_what_can_be(looking: Looking) -> Iterator[Fixed]:
    """The folders alone, each for itself, where make-appdir refuses because of one of them or the settings.

    The marker is left as it is: it knows of folders that are not mounted now.
    """
    assert looking.marker is not None  # asked for by repair()
    with lock_appdir(looking.root, command=_COMMAND):
        for place in looking.places:
            try:
                plan = plan_make(Wanted(looking.root, (place,), (), looking.marker))
                yield from _applied([step for step in plan.steps if step.action in ("make", "mend", "write")])
            except RattailError:
                continue  # stays a finding


def _complete_tags(looking: Looking) -> Iterator[Fixed]:
    """Write the tags whose writing was cut short; one that says something else is somebody's."""
    for place in looking.places:
        if place.folder.keep is not Keep.SCRATCH:
            continue
        try:
            with files.opened_folder(place.location) as fd:
                content = files.read_file(fd, CACHEDIR_TAG)
                if content is not None and content != CACHEDIR_TAG_TEXT and CACHEDIR_TAG_TEXT.startswith(content):
                    files.replace_file(fd, CACHEDIR_TAG, CACHEDIR_TAG_TEXT, mode=0o640)
                    yield Fixed(f"{place.path}/{CACHEDIR_TAG}", f"completed {place.path}/{CACHEDIR_TAG}")
        except OSError:
            continue  # stays a finding


def _remove_leftovers(looking: Looking) -> Iterator[Fixed]:
    """Delete our own temporary files that are older than a day and that nobody has open."""
    removed: list[str] = []

    def remove(fd: int, name: str, status: os.stat_result, path: str) -> None:
        is_old = status.st_mtime < looking.now - REMOVED_AFTER_S
        if is_old and stat.S_ISREG(status.st_mode) and status.st_nlink == 1 and _remove_unused(fd, name, status):
            removed.append(path)

    Walk(looking, on_leftover=remove).whole()
    if removed:
        more = f" and {len(removed) - 1:,} more" if len(removed) > 1 else ""
        yield Fixed(removed[0], f"removed {shown(removed[0])}{more}, left by a crash")


def _remove_unused(dir_fd: int, name: str, status: os.stat_result) -> bool:
    """Unlink a file if it is still the same and no process has it open; a doubt leaves it."""
    try:
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=dir_fd)
    except OSError:
        return False
    try:
        if not os.path.samestat(os.fstat(fd), status):
            return False
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)  # refused while anybody else has it open
        os.unlink(name, dir_fd=dir_fd)
    except OSError:
        return False
    finally:
        os.close(fd)
    return True


def _applied(steps: Sequence[Step]) -> Iterator[Fixed]:
    done: list[Step] = []
    apply_steps(steps, done)
    yield from _done(done)


def _done(steps: Sequence[Step]) -> Iterator[Fixed]:
    return (Fixed(step.path, step.sentence) for step in steps if step.action != "record")
