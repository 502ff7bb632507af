"""What a person has to hear of while the database does not answer: a file in the app folder, until it does again.

Without Django until the files are taken in.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from rattail.appdir.files import opened_folder, read_file, replace_file

_log = logging.getLogger("rattail.notices")
FOLDER = "data"  # of the app folder: nothing in it is ever removed for its age
_BEGINS, _ENDS = "untold-", ".json"
_MODE = 0o600


class Kept(NamedTuple):
    """A notice, as `note` takes it; `at` is when it happened."""

    key: str
    subject: str
    text: str
    at: datetime


def keep(folder: str, notice: Kept) -> str:
    """Write a notice into a file of its own, as a whole or not at all, for the app alone; returns its name.

    Raises:
        OSError: it cannot be written.
    """
    name = f"{_BEGINS}{secrets.token_hex(8)}{_ENDS}"
    content = json.dumps({**notice._asdict(), "at": notice.at.isoformat()}, indent=1)
    with opened_folder(folder) as fd:
        replace_file(fd, name, content.encode(), mode=_MODE)
    return name


def forget(folder: str, name: str) -> None:
    """Remove a file whose notice is in the records; one that is gone already was taken in by somebody else."""
    with suppress(FileNotFoundError), opened_folder(folder) as fd:
        os.unlink(name, dir_fd=fd)


def is_anything_kept(folder: str) -> bool:
    """Whether `take_in` would find something."""
    return any(True for _ in _names(folder))


def take_in(folder: str) -> int:
    """Note in the records what was kept; returns how much. A file goes after its notice is there: never lost, at
    worst counted twice. One that cannot be read stays, and holds nothing else up.
    """
    from rattail.notices.note import note

    count = 0
    for name in sorted(_names(folder)):
        try:
            with opened_folder(folder) as fd:
                content = read_file(fd, name)
            if content is None:
                continue
            kept = _read(content) or _unreadable(name, f"{folder}/{name}", content)
            note(kept.key, subject=kept.subject, text=kept.text, now=kept.at)
            forget(folder, name)
        except OSError as error:
            _log.warning("%s in the folder %s cannot be taken in: %s", name, FOLDER, error.strerror)
            continue
        count += 1
    return count


def _names(folder: str) -> Iterator[str]:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(_BEGINS) and entry.name.endswith(_ENDS) and entry.is_file(follow_symlinks=False):
                yield entry.name


def _read(content: bytes) -> Kept | None:
    try:
        said = json.loads(content)
        return Kept(str(said["key"]), str(said["subject"]), str(said["text"]), datetime.fromisoformat(said["at"]))
    except (ValueError, TypeError, KeyError):
        return None


def _unreadable(name: str, path: str, content: bytes) -> Kept:
    from datetime import UTC

    at = datetime.fromtimestamp(os.stat(path).st_mtime, UTC)
    text = content.decode(errors="replace")
    return Kept(f"untold:{name}", f"{name}, a notice that was kept, cannot be read", text, at)
