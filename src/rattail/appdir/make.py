"""Make an app folder, or bring one up to date: first a plan, then exactly that plan.

A plan that is empty touches nothing, not even a lock. Whatever happens on the way (a killed
process, a full disk), the steps already done are sound, and the same command does the rest.
"""

import errno
import os
import stat
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from rattail.appdir import files
from rattail.appdir.folder import Keep
from rattail.appdir.hints import pasted, pasted_line
from rattail.appdir.layout import Place
from rattail.appdir.lock import lock_appdir
from rattail.appdir.marker import Identity, Marker, Written, read_identity
from rattail.appdir.names import CACHEDIR_TAG, CACHEDIR_TAG_TEXT, IDENTITY, LOCK, MARKER, OFFERED_SUFFIX
from rattail.appdir.refusal import refusal, shown
from rattail.appdir.standing import is_missing, kind_of
from rattail.errors import AppDirBroken, RattailError

Action = Literal["make", "mend", "write", "rewrite", "offer", "extend", "record"]

_MOST_PLANS = 8  # a folder that was closed to its owner is opened, and then looked into

SAYS: dict[Action, str] = {
    "make": "make folder",
    "mend": "mend mode of",
    "write": "write",
    "rewrite": "rewrite (nobody edited it)",
    "offer": "put the new edition beside the edited file, as",
    "extend": "add what is missing to",
    "record": "record in",
}


class Step(NamedTuple):
    """One thing to do. `path` is the name inside the app folder, wherever the folder really lies."""

    action: Action
    path: str
    mode: int
    location: str
    content: bytes | None = None
    was_mode: int = 0

    @property
    def sentence(self) -> str:
        mode = f"{self.was_mode:04o} -> {self.mode:04o}" if self.action == "mend" else f"{self.mode:04o}"
        return f"{SAYS[self.action]} {self.path} ({mode})"


class WantedFile(NamedTuple):
    """A file the folder should hold.

    `content` is what we would write now. `template` is what we have to say, without the operator's
    own values: only a new template is worth offering. A file that may be extended (the secrets) only
    ever grows, and `content` then holds all of what is there.
    """

    path: str
    mode: int
    content: bytes
    template: bytes
    may_be_extended: bool = False

    @property
    def edition(self) -> str:
        return _sha256(self.template)

    @property
    def as_written(self) -> Written:
        return Written(_sha256(self.content), self.edition)


class Wanted(NamedTuple):
    """All that an app folder should be: its folders, its files, its marker."""

    root: str
    places: tuple[Place, ...]
    files: tuple[WantedFile, ...]
    marker: Marker
    claimed: frozenset[str] = frozenset()


class Plan(NamedTuple):
    root: str
    steps: tuple[Step, ...]


def plan_make(wanted: Wanted) -> Plan:
    """Compare the disk with what is wanted. Writes nothing.

    Raises:
        AppDirBroken: all places where something else stands in the way (a file, a link), and every
            relocated folder that cannot be trusted.
    """
    steps: list[Step] = []
    faults: list[str] = []
    known = wanted.marker
    closed: list[str] = []  # to be opened first; what lies in them is seen by the next plan
    for place in wanted.places:
        if any(place.path.startswith(f"{path}/") for path in closed):
            continue
        faults.extend(_plan_folder(place, wanted, steps))
        if steps and steps[-1].action == "mend" and steps[-1].path == place.path and _is_closed(steps[-1].was_mode):
            closed.append(place.path)
        if place.is_relocated:
            known = known._replace(relocated={**known.relocated, place.path: place.location})
    for wanted_file in wanted.files:
        record = _plan_file(wanted_file, wanted, steps)
        if record is not None:
            known = known._replace(files={**known.files, wanted_file.path: record})
    elsewhere = {place.path for place in wanted.places if place.is_relocated}
    gone = {path for path, at in known.relocated.items() if path not in elsewhere and not _holds_files(at)}
    if gone:
        known = known._replace(relocated={path: at for path, at in known.relocated.items() if path not in gone})
    if faults:
        raise AppDirBroken("\n".join(faults), hint="mend that, then run the same command again")
    marker = _marker_step(wanted, known)
    return Plan(wanted.root, (*steps, marker) if marker else tuple(steps))


def apply_steps(steps: Sequence[Step], done: list[Step]) -> None:
    """Do the steps in order, appending each to `done` as soon as it is on the disk.

    Raises:
        AppDirBroken: the system refused a step; the ones before it stay done and are sound.
    """
    for step in steps:
        try:
            if _apply(step):
                done.append(step)
        except OSError as error:
            raise refusal(SAYS[step.action], step.location, error) from error


def make_appdir(draw: Callable[[], Wanted], *, root: str, command: str) -> tuple[Step, ...]:
    """Make the folder or bring it up to date, alone or among others doing the same.

    `draw` says what is wanted, given what is on the disk when it is called: it is called again under
    the lock, because another process may have made everything in between.

    Returns the steps this process did; empty where there was nothing to do.

    Raises:
        AppDirBroken: with the number of steps done so far; run again to complete.
        AppDirBusy: another writer holds the lock.
    """
    plan = plan_make(draw())
    if not plan.steps:
        return ()
    done: list[Step] = []
    try:
        apply_steps(_founding(plan), done)
        with lock_appdir(root, command=command):
            for _ in range(_MOST_PLANS):
                steps = plan_make(draw()).steps
                apply_steps(steps, done)
                if not any(step.action == "mend" and _is_closed(step.was_mode) for step in steps):
                    break
    except OSError as error:
        raise refusal("write in", root, error) from error
    except RattailError as error:
        if done:
            error.message += f" {len(done)} steps were done before that and are sound."
        raise
    return tuple(done)


def _founding(plan: Plan) -> tuple[Step, ...]:
    """What comes before the lock: the folder itself, then the file that says whose it is."""
    return tuple(step for step in plan.steps if step.action in ("make", "write") and step.path in (".", MARKER, LOCK))


def _plan_folder(place: Place, wanted: Wanted, steps: list[Step]) -> list[str]:
    mode = place.folder.mode
    try:
        found = os.lstat(place.location)
    except FileNotFoundError:
        if place.is_relocated:
            if _was_there(place, wanted):
                return [_absent(place, wanted, "is not there")]
            if not os.path.isdir(os.path.dirname(place.location)):
                parent = os.path.dirname(place.location)
                return [
                    f"[folders] puts {place.path!r} at {shown(place.location)}, but {shown(parent)} does not exist. "
                    f"Make it: mkdir -p {pasted(parent)}"
                ]
        steps.append(Step("make", place.path, mode, place.location))
        _plan_contents(place, wanted, steps, is_new=True)
        return []
    except OSError as error:
        return [refusal("look at", place.location, error).message]
    if not stat.S_ISDIR(found.st_mode):
        return [f"{shown(place.location)} should be the folder {place.path!r}, but it is {kind_of(found.st_mode)}."]
    if place.is_relocated and (fault := _relocated_fault(place, wanted)):
        return [fault]
    if stat.S_IMODE(found.st_mode) != mode:
        steps.append(Step("mend", place.path, mode, place.location, was_mode=stat.S_IMODE(found.st_mode)))
        if _is_closed(found.st_mode):
            return []
    _plan_contents(place, wanted, steps, is_new=False)
    return []


def _is_closed(mode: int) -> bool:
    """Whether its own owner cannot look into a folder of this mode; root can into any."""
    return mode & 0o700 != 0o700 and os.geteuid() != 0


def _holds_files(place: str) -> bool:
    """Whether a place that a folder was moved away from still holds something of it."""
    try:
        names = os.listdir(place)
    except OSError:
        return False
    return IDENTITY in names and any(name not in (IDENTITY, CACHEDIR_TAG) for name in names)


def _plan_contents(place: Place, wanted: Wanted, steps: list[Step], *, is_new: bool) -> None:
    if place.path == ".":
        if is_new or is_missing(f"{place.location}/{MARKER}"):
            # Content is settled at the end (`_marker_step` replaces it); it comes first on the disk.
            steps.append(Step("write", MARKER, 0o640, f"{place.location}/{MARKER}", wanted.marker.encode()))
        if is_new or is_missing(f"{place.location}/{LOCK}"):
            steps.append(Step("write", LOCK, 0o640, f"{place.location}/{LOCK}", b""))
    if place.is_relocated:
        _plan_identity(place, wanted, steps)
    if place.folder.keep is Keep.SCRATCH:
        tag = f"{place.location}/{CACHEDIR_TAG}"
        if is_new or is_missing(tag):
            steps.append(Step("write", f"{place.path}/{CACHEDIR_TAG}", 0o640, tag, CACHEDIR_TAG_TEXT))


def _plan_identity(place: Place, wanted: Wanted, steps: list[Step]) -> None:
    found = read_identity(place.location)
    identity = Identity(wanted.marker.app_id, place.path, wanted.root)
    if found != identity:
        action: Action = "write" if found is None else "rewrite"
        location = f"{place.location}/{IDENTITY}"
        steps.append(Step(action, f"{place.path}/{IDENTITY}", 0o640, location, identity.encode()))


def _plan_file(wanted_file: WantedFile, wanted: Wanted, steps: list[Step]) -> Written | None:
    """Add the step that a file needs; return what to remember of it, or None where nothing is new."""
    location = f"{wanted.root}/{wanted_file.path}"
    known = wanted.marker.files.get(wanted_file.path)
    found = _read(location)
    mode = wanted_file.mode

    def step(action: Action, *, suffix: str = "") -> None:
        steps.append(Step(action, wanted_file.path + suffix, mode, location + suffix, wanted_file.content))

    if found is None:
        step("write")
        return wanted_file.as_written
    content, found_mode = found
    if content == wanted_file.content:
        if found_mode & ~mode:
            steps.append(Step("mend", wanted_file.path, found_mode & mode, location, was_mode=found_mode))
        return wanted_file.as_written if known is None else None
    if wanted_file.may_be_extended:
        step("extend")
        return wanted_file.as_written
    if found_mode & ~mode:
        steps.append(Step("mend", wanted_file.path, found_mode & mode, location, was_mode=found_mode))
    if known is not None and wanted_file.edition in (known.edition, known.offered):
        return None
    if known is not None and known.sha256 == _sha256(content):
        step("rewrite")
        return wanted_file.as_written
    beside = _read(location + OFFERED_SUFFIX)
    if beside is None or beside[0] != wanted_file.content:
        step("offer", suffix=OFFERED_SUFFIX)
    return (known or Written("", ""))._replace(offered=wanted_file.edition)


def _marker_step(wanted: Wanted, known: Marker) -> Step | None:
    if known == wanted.marker:
        return None
    return Step("record", MARKER, 0o640, f"{wanted.root}/{MARKER}", known.encode())


def _apply(step: Step) -> bool:
    """Do one step. False where another process did it first."""
    parent, name = os.path.split(step.location)
    with files.opened_folder(parent) as fd:
        if step.action == "make":
            return _make_folder(fd, name, step.mode)
        if step.action == "mend":
            return _mend(fd, name, step.mode)
        assert step.content is not None  # every writing step carries what to write
        if step.action == "write":
            return files.create_file(fd, name, step.content, mode=step.mode)
        files.replace_file(fd, name, step.content, mode=step.mode)
        return True


def _make_folder(fd: int, name: str, mode: int) -> bool:
    try:
        os.mkdir(name, mode, dir_fd=fd)
        is_ours = True
    except FileExistsError:
        is_ours = False
    with files.opened_folder(name, dir_fd=fd) as made:
        if is_ours:
            os.fchmod(made, mode)
            os.fsync(made)
            os.fsync(fd)
    return is_ours


def _mend(fd: int, name: str, mode: int) -> bool:
    held = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=fd)
    try:
        if stat.S_ISLNK(os.fstat(held).st_mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        os.chmod(f"/proc/self/fd/{held}", mode)  # needs no permission to read, unlike fchmod
    finally:
        os.close(held)
    return True


def _relocated_fault(place: Place, wanted: Wanted) -> str:
    identity = read_identity(place.location)
    if identity is not None:  # which app's it is was compared when it was placed
        if identity.appdir == wanted.root or place.path in wanted.claimed:
            return ""
        return (
            f"the place of {place.path!r}, {shown(place.location)}, belongs to the app folder "
            f"{shown(identity.appdir)}. Where this one is a copy of that, give it a place of its own in [folders]; "
            f"where that one was moved here: {_claim(place, wanted)}"
        )
    if _was_there(place, wanted):
        return _absent(place, wanted, f"has lost its file '{IDENTITY}'")
    is_empty = all(name == CACHEDIR_TAG for name in os.listdir(place.location))
    if is_empty or place.path in wanted.claimed:
        return ""
    return (
        f"[folders] puts {place.path!r} at {shown(place.location)}, and that folder holds files already, which may be "
        f"somebody else's. Expected an empty folder; if they are this app's: {_claim(place, wanted)}"
    )


def _was_there(place: Place, wanted: Wanted) -> bool:
    return wanted.marker.relocated.get(place.path) == place.location and place.path not in wanted.claimed


def _absent(place: Place, wanted: Wanted, what: str) -> str:
    return (
        f"the place of {place.path!r}, {shown(place.location)}, {what}: is its disk not mounted? Mount it; or, if "
        f"what was in it is really gone, start it anew: {_claim(place, wanted)}"
    )


def _claim(place: Place, wanted: Wanted) -> str:
    return pasted_line("rattail", "make-appdir", "--path", wanted.root, "--claim", place.path)


def _read(path: str) -> tuple[bytes, int] | None:
    """Content and mode of a plain file; None where there is none."""
    parent, name = os.path.split(path)
    try:
        with files.opened_folder(parent) as fd:
            content = files.read_file(fd, name)
            return None if content is None else (content, stat.S_IMODE(os.lstat(path).st_mode))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise refusal("read", path, error) from error


def _sha256(content: bytes) -> str:
    from hashlib import sha256

    return sha256(content).hexdigest()
