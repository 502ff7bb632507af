"""Faults that commands met, such as those that run at night: `log/cli.log`.

Errors of the web application and the workers are told by the log itself.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import datetime

from django.db import transaction

from rattail.logs.line import read_line
from rattail.notices.models import Watermark
from rattail.notices.note import note
from rattail.notices.text import one_line

LOG = "cli.log"
_MARK = "cli.log"
_MOST_BYTES = 16_000_000
_EXAMPLES = 5
_LINE_LENGTH = 500
_HEAD_BYTES = 80


def watch_faults(folder: str, *, now: datetime) -> None:
    """Write down which faults commands met since the last look. The first look only remembers where it was.

    A file is known by its number on the disk and by how it begins: one that was rotated is read to its end under its
    new name, one that was emptied is read from its start.
    """
    mark, is_first = Watermark.objects.get_or_create(name=_MARK)
    before: dict[str, tuple[int, str]] = mark.value
    after: dict[str, tuple[int, str]] = {}
    faults: list[str] = []
    for name, number in _files(folder):
        reached, head, lines = _new_lines(f"{folder}/{name}", *before.get(number, (0, "")))
        after[number] = (reached, head)
        if not is_first:
            faults[:0] = [fault for raw in lines if (fault := _fault(raw))]
    with transaction.atomic():
        if faults:
            _tell(faults, now)
        mark.value = after
        mark.save()


def _fault(raw: bytes) -> str:
    """What a line says if it is one of a fault; empty for every other."""
    line = read_line(raw)
    if line.at is None or line.level not in ("ERROR", "CRITICAL"):
        return ""
    said, place = line.message, (line.details.get("where") or "?").splitlines()[-1]
    if {"command", "error"} <= line.details.keys():
        said = f"{line.details['command']}: {line.details['error']}"
    return one_line(f"{line.at:%Y-%m-%dT%H:%M:%SZ}  {said} at {place}", length=_LINE_LENGTH)


def _files(folder: str) -> Iterator[tuple[str, str]]:
    """The log file and those before it, the newest first: name and number on the disk."""
    try:
        names = sorted(os.listdir(folder), key=lambda name: (len(name), name))
    except OSError:
        return  # check-appdir says so
    for name in names:
        if name != LOG and not (name.startswith(f"{LOG}.") and name[len(LOG) + 1 :].isdigit()):
            continue
        try:
            status = os.lstat(f"{folder}/{name}")
        except OSError:
            continue
        if stat.S_ISREG(status.st_mode):
            yield name, f"{status.st_dev}:{status.st_ino}"


def _new_lines(path: str, start: int, head: str) -> tuple[int, str, list[bytes]]:
    """How far the file has been read now, how it begins, and the whole lines from `start` on: 16 MB, the newest."""
    try:
        with open(path, "rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            begins = stream.read(_HEAD_BYTES).partition(b"\n")[0].decode(errors="replace")
            if size < start or not begins.startswith(head):
                start = 0  # it was emptied, or is another one
            start = max(start, size - _MOST_BYTES)
            stream.seek(start)
            content = stream.read(size - start)
    except OSError:
        return start, head, []
    whole = content.rfind(b"\n") + 1
    return start + whole, begins, content[:whole].splitlines()


def _tell(faults: list[str], now: datetime) -> None:
    counted = "a command" if len(faults) == 1 else f"{len(faults):,} commands"
    last = "" if len(faults) <= _EXAMPLES else f" The last {_EXAMPLES}:"
    note(
        "cli.fault",
        subject=f"{counted} ended with a fault of the program",
        text=f"Details are in log/{LOG}.{last}\n\n" + "\n".join(faults[-_EXAMPLES:]),
        now=now,
    )
