"""The files in the root of the app folder: there, and closed to whom they are none of."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator

from rattail.appdir.hints import pasted
from rattail.appdir.inspect import ExpectedFile, Finding, Looking, Noted, found
from rattail.appdir.names import LOCK, MARKER, OFFERED_SUFFIX, is_temporary
from rattail.appdir.refusal import shown

_OTHERS = 0o007
_NOT_OWNER = 0o077
_OWNER = 0o700
_COPY = (
    r"(?:~|#|\.~\d+~|\.\d+|[-._ ]?\(\d+\)"  # editors, logrotate, file managers
    r"|[-._ ](?:bak|backup|old|orig|save|new|tmp|copy|sw[a-z])\d*"
    r"|[-._ ]\d{4}-?\d\d-?\d\d(?:[-T_. ]\d\d[-:.]?\d\d(?:[-:.]?\d\d)?)?){0,3}"
)
MISSING = {"secrets": "core.E022", "settings": "core.W014", "text": "core.W013"}
_OPEN = {
    "core.E009": "holds secrets, and others than its owner may use it",
    "core.W002": "holds settings, and everybody may use it",
    "core.W003": "is open to more people than it should be",
}


def check_files(looking: Looking) -> Iterator[Finding]:
    """Settings, secrets and texts are there; neither they nor copies of them can be read by others."""
    for file in looking.files:
        if not os.path.lexists(f"{looking.root}/{file.path}"):
            yield _missing(file, looking)
    yield from _check_entries(looking)


def _missing(file: ExpectedFile, looking: Looking) -> Finding:
    return found(
        MISSING[file.holds],
        file.path,
        f"{shown(file.path)} is missing.",
        hint=looking.command("make-appdir"),
        can_be_fixed=True,
    )


def _check_entries(looking: Looking) -> Iterator[Finding]:
    names = {file.path: file for file in looking.files}
    own = Noted(looking.accepted, "core.I009")
    offered = Noted(looking.accepted, "core.I003")
    ours = {place.path.partition("/")[0] for place in looking.places} | {MARKER, LOCK}
    ours.update(os.path.basename(at) for _, _, at, _ in looking.places if os.path.dirname(at) == looking.root)
    try:
        entries = os.scandir(looking.root)
    except OSError:
        return  # said by the check of the folders
    with entries:
        for entry in entries:
            name = entry.name
            if name in ours:
                if name in (MARKER, LOCK):
                    yield from _check_open(looking, name, ExpectedFile(name, 0o640, "text"))
            elif name in names:
                yield from _check_open(looking, name, names[name])
            elif name.removesuffix(OFFERED_SUFFIX) in names:
                offered.note(name)
                yield from _check_open(looking, name, names[name.removesuffix(OFFERED_SUFFIX)])
            elif not is_temporary(name):
                own.note(name)
                original = copy_of(name, looking.files)
                if original is not None:
                    yield from _check_open(looking, name, original)
    yield from offered.finding(
        "a new edition of a file you edited waits as {example}; accept-config puts it in place.",
        "new editions of {count} files you edited wait: {examples}; accept-config puts them in place.",
        hint=f"see what is new: {looking.command('diff-config')}",
    )
    yield from own.finding(
        "{example} is your own: it counts as essential, is in every backup and is never cleaned.",
        "{count} entries are your own ({examples}): they count as essential, are in every backup and never cleaned.",
    )


def copy_of(name: str, files: tuple[ExpectedFile, ...]) -> ExpectedFile | None:
    """The settings or secrets file that a name is a copy of: `secrets.toml~`, `secrets (1).toml`.

    A name that only speaks of one (`rotate-secrets.toml.sh`) is something else, and somebody's own.
    """
    for file in files:
        stem, ending = (re.escape(part) for part in os.path.splitext(file.path))
        if file.holds != "text" and re.fullmatch(f"[.#]?{stem}{_COPY}{ending}{_COPY}", name, re.IGNORECASE):
            return file
    return None


def open_id(file: ExpectedFile, mode: int) -> str:
    """The id of the finding for a file with that mode; empty where it is closed enough."""
    if file.holds == "secrets" and mode & _NOT_OWNER:
        return "core.E009"
    if file.holds == "settings" and mode & _OTHERS:
        return "core.W002"
    return "core.W003" if mode & ~file.mode & 0o7077 else ""


def closed(file: ExpectedFile, mode: int) -> int:
    """The mode without what others may do; what the owner may do stays, a script's x included."""
    return mode & (file.mode | _OWNER)


def _check_open(looking: Looking, name: str, file: ExpectedFile) -> Iterator[Finding]:
    path = f"{looking.root}/{name}"
    try:
        found_mode = os.lstat(path).st_mode
    except OSError:
        return
    if not stat.S_ISREG(found_mode):
        return
    mode = stat.S_IMODE(found_mode)
    identifier = open_id(file, mode)
    if not identifier:
        return
    yield found(
        identifier,
        name,
        f"{shown(name)} {_OPEN[identifier]} (mode {mode:04o}); expected at most {file.mode:04o}.",
        hint=f"chmod {closed(file, mode):04o} {pasted(path)}",
        can_be_fixed=True,
    )
