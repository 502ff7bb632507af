"""What a tree looks like, to compare before and after."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import NamedTuple


class Entry(NamedTuple):
    """All of an entry that a command could change without being noticed."""

    mode: int
    uid: int
    gid: int
    size_bytes: int
    mtime_ns: int
    content: str


def snapshot(root: Path) -> dict[str, Entry]:
    """Relative path of everything below (and of) `root`, links not followed, to its entry."""
    entries = {".": _entry(root)}
    for folder, names, files in os.walk(root):
        for name in (*names, *files):
            path = Path(folder) / name
            entries[str(path.relative_to(root))] = _entry(path)
    return entries


def _entry(path: Path) -> Entry:
    found = path.lstat()
    if stat.S_ISREG(found.st_mode):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
    else:
        content = os.readlink(path) if stat.S_ISLNK(found.st_mode) else ""
    size_bytes = 0 if stat.S_ISDIR(found.st_mode) else found.st_size
    return Entry(found.st_mode, found.st_uid, found.st_gid, size_bytes, found.st_mtime_ns, content)
