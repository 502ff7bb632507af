"""Repair what is safe to repair: the service behind `check-appdir --fix`.

Nothing is deleted but our own temporary files, and no content changes but that of files nobody but
the program writes. What [check] accept holds is not repaired.
"""

import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from rattail.appdir import files
from rattail.appdir.checks.files import MISSING, closed, copy_of, open_id
from rattail.appdir.checks.folders import mode_id
from rattail.appdir.cleaning.aged import LEFT_BY_CRASH
from rattail.appdir.cleaning.clean import apply_clean, plan_clean
from rattail.appdir.cleaning.planned import Entries
from rattail.appdir.folder import Keep
from rattail.appdir.giving import give_tree
from rattail.appdir.inspect import ExpectedFile, Looking
from rattail.appdir.locate import Located
from rattail.appdir.lock import lock_appdir, read_holder
from rattail.appdir.make import Step, Wanted, apply_steps, plan_make
from rattail.appdir.marker import Identity
from rattail.appdir.names import CACHEDIR_TAG, CACHEDIR_TAG_TEXT, IDENTITY, LOCK, MARKER, OFFERED_SUFFIX
from rattail.appdir.refusal import refusal, shown
from rattail.errors import AppDirBusy, RattailError
from rattail.features.core.check.service import view_of
from rattail.features.core.make.service import Request, plan_appdir
from rattail.registry import Registry

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
    if looking.accepted.speaks_of("core.E010"):
        return Repair((), ("nothing was given to the folder's owner, because [check] accept holds core.E010.",))
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
    if not attempt(lambda: _make(registry, Request(located=located, now=now), environ, looking)):
        attempt(lambda: _make_what_can_be(looking))
    attempt(lambda: _complete_tags(looking))
    attempt(lambda: _remove_leftovers(looking, now))
    return Repair(tuple(fixed), tuple(refused))


def _clear_lock(looking: Looking) -> Iterator[Fixed]:
    holder, is_held = read_holder(looking.root)
    if holder is not None and not is_held and not looking.accepted.covers("core.W009", LOCK):
        with lock_appdir(looking.root, command=_COMMAND, wait_s=0):
            pass  # letting go of it clears it
        yield Fixed(LOCK, f"cleared the lock of {holder}, which ended without releasing it")


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
            identifier = open_id(file, mode)
            if identifier and not looking.accepted.covers(identifier, name):
                path = f"{looking.root}/{name}"
                yield from _applied([Step("mend", name, closed(file, mode), path, was_mode=mode)])


def _make(registry: Registry, request: Request, environ: Mapping[str, str], looking: Looking) -> Iterator[Fixed]:
    """What make-appdir would do, without what was accepted."""
    steps = _Steps(looking)
    if steps.wanted(plan_appdir(registry, request, environ=environ).steps):
        with lock_appdir(looking.root, command=_COMMAND):  # another process may have been quicker
            yield from _applied(steps.wanted(plan_appdir(registry, request, environ=environ).steps))


def _make_what_can_be(looking: Looking) -> Iterator[Fixed]:
    """The folders alone, each for itself, where make-appdir refuses because of one of them or the settings.

    The marker is left as it is: it knows of folders that are not mounted now.
    """
    assert looking.marker is not None  # asked for by repair()
    with lock_appdir(looking.root, command=_COMMAND):
        for place in looking.places:
            try:
                plan = plan_make(Wanted(looking.root, (place,), (), looking.marker))
                steps = [step for step in plan.steps if step.action in ("make", "mend", "write")]
                yield from _applied(_Steps(looking).wanted(steps))
            except RattailError:
                continue  # stays a finding


def _complete_tags(looking: Looking) -> Iterator[Fixed]:
    """Write the tags whose writing was cut short; one that says something else is somebody's."""
    for place in looking.places:
        path = f"{place.path}/{CACHEDIR_TAG}"
        if (
            place.folder.keep is not Keep.SCRATCH
            or not looking.is_ours(place)
            or looking.accepted.covers("core.W012", path)
        ):
            continue
        try:
            with files.opened_folder(place.location) as fd:
                content = files.read_file(fd, CACHEDIR_TAG)
                if content is not None and content != CACHEDIR_TAG_TEXT and CACHEDIR_TAG_TEXT.startswith(content):
                    files.replace_file(fd, CACHEDIR_TAG, CACHEDIR_TAG_TEXT, mode=0o640)
                    yield Fixed(path, f"completed {path}")
        except OSError:
            continue  # stays a finding


def _remove_leftovers(looking: Looking, now: datetime) -> Iterator[Fixed]:
    """Delete our own temporary files that are older than a day and unused: as clean-appdir does, and where it does."""
    assert looking.marker is not None  # asked for by repair()
    app_id, accepted = looking.marker.app_id, looking.accepted
    plan = plan_clean(looking.places, root=looking.root, app_id=app_id, keep_days={}, now=now)
    left = Entries(now_ns=round(now.timestamp() * 1e9))
    for one in plan.planned:
        if one.reason == LEFT_BY_CRASH and not accepted.covers("core.W008", one.path):
            left.add(one.place, one.folder, one.name, one.look, one.reason)
    plan = plan._replace(planned=left)
    cleaned = apply_clean(plan, looking.places, root=looking.root, app_id=app_id, command=_COMMAND)
    if cleaned.removed:
        first, more = cleaned.removed[0].path, len(cleaned.removed) - 1
        yield Fixed(first, f"removed {shown(first)}{f' and {more:,} more' if more else ''}, left by a crash")


class _Steps:
    """Which steps repair what nobody accepted."""

    def __init__(self, looking: Looking) -> None:
        self._accepted = looking.accepted
        self._places = {place.path: place for place in looking.places}
        self._files = {file.path: file for file in looking.files}

    def wanted(self, steps: Sequence[Step]) -> list[Step]:
        """The steps without those for what was accepted, and without what would come to lie in a folder not made."""
        kept: list[Step] = []
        unmade: list[str] = []
        for step in steps:
            if any(step.path.startswith(f"{path}/") for path in unmade):
                continue
            if not any(self._accepted.covers(identifier, step.path) for identifier in self._ids(step)):
                kept.append(step)
            elif step.action == "make":
                unmade.append(step.path)
        if any(path in self._places and self._places[path].is_relocated for path in unmade):
            kept = [step for step in kept if step.action != "record"]  # it would say that the folder was there once
        return kept

    def _ids(self, step: Step) -> tuple[str, ...]:
        """The ids under which check-appdir names what a step repairs."""
        if step.action == "make":
            return ("core.E005",)
        if step.action == "extend":
            return ("core.E023",)
        if step.action == "mend":
            if step.path in self._places:
                return (mode_id(self._places[step.path], step.was_mode),)
            file = self._files.get(step.path)
            return (open_id(file, step.was_mode),) if file is not None else ()
        if step.action != "write":
            return ()
        if step.path in self._files:
            return (MISSING[self._files[step.path].holds],)
        return {CACHEDIR_TAG: ("core.W011",), IDENTITY: ("core.E012",)}.get(os.path.basename(step.path), ())


def _applied(steps: Sequence[Step]) -> Iterator[Fixed]:
    done: list[Step] = []
    apply_steps(steps, done)
    yield from _done(done)


def _done(steps: Sequence[Step]) -> Iterator[Fixed]:
    return (Fixed(step.path, step.sentence) for step in steps if step.action != "record")
