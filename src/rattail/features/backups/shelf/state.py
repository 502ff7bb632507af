"""What is known of one backup, kept beside it: `<name>.tar.json`.

It holds as long as the backup is the same file: another size or another time of change, and nothing is known.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from rattail.appdir.files import opened_folder, read_file, replace_file

SUFFIX = ".json"
_MODE = 0o600
_LIMIT_BYTES = 4 << 20


class State(StrEnum):
    """How far a backup was shown to be good."""

    PROVEN = "proven"  # restored into a scratch place, and the application ran there
    READ_BACK = "read back"  # every byte read from the disk and compared
    UNPROVEN = "unproven"  # nobody looked, or the file was touched since
    DAMAGED = "damaged"  # somebody looked, and it is not whole

    @property
    def is_good(self) -> bool:
        return self in (State.PROVEN, State.READ_BACK)


class Look(NamedTuple):
    """One time that somebody looked: when (UTC), and what was wrong; empty: nothing."""

    at: datetime
    problem: str = ""
    seconds: float = 0.0
    steps: tuple[tuple[str, float], ...] = ()

    @property
    def is_well(self) -> bool:
        return not self.problem

    def dump(self) -> dict[str, object]:
        return {"at": self.at.isoformat(), "problem": self.problem, "seconds": self.seconds, "steps": self.steps}

    @classmethod
    def load(cls, document: Mapping[str, Any]) -> Look:
        steps = tuple((_said(step), float(seconds)) for step, seconds in document["steps"])
        return cls(_time(document["at"]), _said(document["problem"]), float(document["seconds"]), steps)


class Copy(NamedTuple):
    """What is known of a copy at another place: when it arrived whole, or why it did not."""

    at: datetime
    problem: str = ""

    def dump(self) -> dict[str, object]:
        return {"at": self.at.isoformat(), "problem": self.problem}


class Known(NamedTuple):
    """All that is kept beside a backup. `digest` is the SHA-256 of its list of sums; `recipients` are the public keys
    that it was encrypted to."""

    digest: str = ""
    recipients: tuple[str, ...] = ()
    is_full: bool = False
    bytes_by_part: Mapping[str, int] = {}
    warnings: tuple[str, ...] = ()
    read_back: Look | None = None
    proved: Look | None = None
    copies: Mapping[str, Copy] = {}

    @property
    def is_encrypted(self) -> bool:
        return bool(self.recipients)

    @property
    def state(self) -> State:
        if self.read_back is None:
            return State.UNPROVEN
        if not self.read_back.is_well:
            return State.DAMAGED
        return State.PROVEN if self.proved is not None and self.proved.is_well else State.READ_BACK

    @property
    def problem(self) -> str:
        for look in (self.read_back, self.proved):
            if look is not None and not look.is_well:
                return look.problem
        return ""


def _said(text: object) -> str:
    """A text of the file as it may be shown: others may write there, and a terminal obeys what cannot be printed."""
    said = str(text)
    return (
        said
        if said.isprintable()
        else "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in said)
    )


def _time(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time of nowhere")
    return at


def read_known(path: str) -> Known:
    """What is known of the backup at `path`; nothing where nothing is, or where it is about another file."""
    try:
        return known_to_change(path)
    except OSError:
        return Known()


def known_to_change(path: str) -> Known:
    """As `read_known`, for whoever writes it again with a change: what the disk refuses is not lost by that.

    Raises:
        OSError: it cannot be read.
    """
    folder, name = os.path.split(path)
    try:
        with opened_folder(folder) as fd:
            content = read_file(fd, name + SUFFIX, limit_bytes=_LIMIT_BYTES)
            look = os.lstat(name, dir_fd=fd)
        document = json.loads(content or b"null")
        if (document["size_bytes"], document["mtime_ns"]) != (look.st_size, look.st_mtime_ns):
            return Known()
        return _load(document)
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        return Known()


def write_known(path: str, known: Known, *, about: str = "") -> None:
    """Keep what is known of the backup at `path`, as it is on the disk now.

    `about` is the path that it is going to have, where that is another: it is known before it is there.

    Raises:
        OSError: it cannot be written.
    """
    folder, name = os.path.split(about or path)
    with opened_folder(folder) as fd:
        look = os.lstat(os.path.basename(path), dir_fd=fd)
        document = {"size_bytes": look.st_size, "mtime_ns": look.st_mtime_ns, **_dump(known)}
        content = json.dumps(document, indent=1).encode("ascii")
        replace_file(fd, name + SUFFIX, content + b"\n", mode=_MODE)


def _dump(known: Known) -> dict[str, object]:
    return {
        "digest": known.digest,
        "recipients": list(known.recipients),
        "is_full": known.is_full,
        "bytes_by_part": dict(known.bytes_by_part),
        "warnings": list(known.warnings),
        "read_back": known.read_back and known.read_back.dump(),
        "proved": known.proved and known.proved.dump(),
        "copies": {place: copy.dump() for place, copy in known.copies.items()},
    }


def _load(document: Mapping[str, Any]) -> Known:
    copies = {_said(place): Copy(_time(one["at"]), _said(one["problem"])) for place, one in document["copies"].items()}
    read_back, proved = (document[name] and Look.load(document[name]) for name in ("read_back", "proved"))
    return Known(
        digest=str(document["digest"]),
        recipients=tuple(_said(key) for key in document["recipients"]),
        is_full=bool(document["is_full"]),
        bytes_by_part={_said(part): int(size) for part, size in document["bytes_by_part"].items()},
        warnings=tuple(_said(text) for text in document["warnings"]),
        read_back=read_back,
        proved=proved,
        copies=copies,
    )
