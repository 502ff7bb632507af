"""The files in the root of the app folder: there, and closed to whom they are none of."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from rattail.appdir.hints import pasted
from rattail.appdir.inspect import ExpectedFile, Finding, Looking, Noted, found
from rattail.appdir.names import LOCK, MARKER, OFFERED_SUFFIX, is_temporary
from rattail.appdir.refusal import shown

_OTHERS = 0o007
_NOT_OWNER = 0o077


def check_files(looking: Looking) -> Iterator[Finding]:
    """Settings, secrets and texts are there; neither they nor copies of them can be read by others."""
    for file in looking.files:
        if not os.path.lexists(f"{looking.root}/{file.path}"):
            yield _missing(file, looking)
    yield from _check_entries(looking)


def _missing(file: ExpectedFile, looking: Looking) -> Finding:
    identifier = {"secrets": "core.E022", "settings": "core.W014", "text": "core.W013"}[file.holds]
    return found(
        identifier,
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
        "a new edition of a file you edited waits as {example}.",
        "new editions of {count} files you edited wait: {examples}.",
        hint=f"{looking.command('diff-config')} shows what is new, accept-config puts it in place",
    )
    yield from own.finding(
        "{example} is your own: it counts as essential, is in every backup and is never cleaned.",
        "{count} entries are your own ({examples}): they count as essential, are in every backup and never cleaned.",
    )


def copy_of(name: str, files: tuple[ExpectedFile, ...]) -> ExpectedFile | None:
    """The settings or secrets file that a name looks like a copy of: `secrets.toml~`, `secrets (1).toml`."""
    for file in files:
        stem, ending = os.path.splitext(file.path)
        if file.holds != "text" and stem in name and ending in name:
            return file
    return None


def _check_open(looking: Looking, name: str, file: ExpectedFile) -> Iterator[Finding]:
    path = f"{looking.root}/{name}"
    try:
        found_mode = os.lstat(path).st_mode
    except OSError:
        return
    if not stat.S_ISREG(found_mode):
        return
    mode = stat.S_IMODE(found_mode)
    if file.holds == "secrets" and mode & _NOT_OWNER:
        identifier = "core.E009"
        text = f"{shown(name)} holds secrets, and others than its owner may use it (mode {mode:04o})"
    elif file.holds == "settings" and mode & _OTHERS:
        identifier, text = "core.W002", f"{shown(name)} holds settings, and everybody may use it (mode {mode:04o})"
    elif mode & ~file.mode & 0o7077:
        identifier, text = "core.W003", f"{shown(name)} is open to more people than it should be (mode {mode:04o})"
    else:
        return
    yield found(
        identifier,
        name,
        f"{text}; expected at most {file.mode:04o}.",
        hint=f"chmod {mode & file.mode:04o} {pasted(path)}",
        can_be_fixed=True,
    )
