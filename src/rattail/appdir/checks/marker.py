"""Is it an app folder at all, and of which age?"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from rattail.appdir.hints import pasted_line
from rattail.appdir.inspect import Finding, Looking, found
from rattail.appdir.marker import read_marker
from rattail.appdir.names import MARKER
from rattail.appdir.refusal import shown
from rattail.errors import AppDirBroken, LayoutOutdated

UPSTREAM_SETTINGS = "rattail.conf"
_UPSTREAM_FOLDERS = ("data/batch", "cache/sessions")
_MOST_NEIGHBOURS = 1000


def check_marker(looking: Looking) -> Iterator[Finding]:
    """The marker is there, can be understood, and is not from the future; no upstream folder waits."""
    root = looking.root
    try:
        marker = read_marker(root)
    except LayoutOutdated as error:
        yield found("core.E003", MARKER, error.message, hint=error.hint)
        return
    except AppDirBroken as error:
        yield found("core.E002", MARKER, error.message, hint=error.hint)
        return
    if marker is not None:
        yield from _neighbours(looking, marker.adopted_from)
    elif looks_like_upstream(root):
        yield found(
            "core.E004",
            "",
            f"{shown(root)} was made by upstream Rattail and has not been adopted.",
            hint=_adopt(looking, root),
        )
    else:
        yield found(
            "core.E001",
            MARKER,
            f"app folder {shown(root)} has no marker file '{MARKER}'.",
            hint=f"if it really is an app folder, adopt it as it is: {looking.command('make-appdir', '--adopt')}",
        )


def looks_like_upstream(folder: str) -> bool:
    """True for a folder that upstream Rattail made and this program has not."""
    if os.path.lexists(f"{folder}/{MARKER}"):
        return False
    return _is_file(f"{folder}/{UPSTREAM_SETTINGS}") or any(
        os.path.isdir(f"{folder}/{path}") for path in _UPSTREAM_FOLDERS
    )


def _neighbours(looking: Looking, adopted: str) -> Iterator[Finding]:
    parent = os.path.dirname(looking.root)
    try:
        with os.scandir(parent) as entries:
            for number, entry in enumerate(entries):
                if number == _MOST_NEIGHBOURS:
                    return
                path = f"{parent}/{entry.name}"
                if (
                    path not in (looking.root, adopted)
                    and entry.is_dir(follow_symlinks=False)
                    and _is_file(f"{path}/{UPSTREAM_SETTINGS}")
                ):
                    yield from _neighbour(looking, path)
    except OSError:
        return  # who may not list the parent sees no neighbours


def _neighbour(looking: Looking, path: str) -> Iterator[Finding]:
    if not os.path.lexists(f"{path}/{MARKER}"):
        yield found(
            "core.I010",
            path,
            f"beside the app folder lies one made by upstream Rattail, {shown(path)}.",
            hint=_adopt(looking, path),
        )


def _adopt(looking: Looking, path: str) -> str:
    line = pasted_line(*looking.program, "make-appdir", "--adopt", path, "--path", "NEW")
    return f"copy it into a new app folder, best in an environment of its own: {line}"


def _is_file(path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False
