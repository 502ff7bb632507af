"""Errors in the log."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from rattail.notices.models import Watermark
from rattail.notices.note import note
from rattail.notices.text import one_line

_MARK = "log"
_MOST_BYTES = 16_000_000
_EXAMPLES = 5
_BAD = ("ERROR", "CRITICAL")
_LINE_LENGTH = 500


class Errors(NamedTuple):
    """The errors in the new lines of one log file: how many, and the last few of them."""

    name: str
    number: int
    examples: tuple[str, ...]


def watch_log(folder: str, *, now: datetime) -> None:
    """Write down how many errors the log files got since the last look. The first look only remembers where it was.

    A file is known by its number on the disk, so one that was rotated is read to its end under its new name.
    """
    mark, is_first = Watermark.objects.get_or_create(name=_MARK)
    before: dict[str, int] = mark.value
    after: dict[str, int] = {}
    found = []
    for name, number, size in _files(folder):
        start = size if is_first else before.get(number, 0)
        after[number], lines = _new_lines(f"{folder}/{name}", start)
        found.append(errors_in(name, lines))
    with transaction.atomic():
        for errors in found:
            if errors.number:
                _tell(errors, now)
        mark.value = after
        mark.save()


def errors_in(name: str, lines: Iterator[bytes]) -> Errors:
    """The errors among lines of a log, each a JSON object or plain."""
    count = 0
    examples: list[str] = []
    for raw in lines:
        said = _error(raw)
        if said:
            count += 1
            examples = [*examples, said][-_EXAMPLES:]
    return Errors(name, count, tuple(examples))


def _error(raw: bytes) -> str:
    """What a line says if it is one of an error; empty for every other."""
    line = raw.decode(errors="replace")
    if not line.startswith("{"):
        head = line[:120].upper().split()
        return one_line(line, length=_LINE_LENGTH) if any(word.strip("[]:") in _BAD for word in head) else ""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(entry, dict) or str(entry.get("level", "")).upper() not in _BAD:
        return ""
    at, words = entry.get("at") or entry.get("time") or "", entry.get("message") or entry.get("event") or ""
    more = [str(entry[key]) for key in ("error", "command", "request_id") if entry.get(key)]
    where = entry.get("where")
    more += [str(where[-1])] if isinstance(where, list) and where else []
    return one_line(f"{at} {words} {' '.join(more)}", length=_LINE_LENGTH)


def _files(folder: str) -> Iterator[tuple[str, str, int]]:
    """The log files: name, number on the disk, size."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return  # check-appdir says so
    for name in names:
        try:
            status = os.stat(f"{folder}/{name}", follow_symlinks=False)
        except OSError:
            continue
        if ".log" in name and not name.endswith((".gz", ".xz", ".bz2", ".zst")) and os.path.isfile(f"{folder}/{name}"):
            yield name, f"{status.st_dev}:{status.st_ino}", status.st_size


def _new_lines(path: str, start: int) -> tuple[int, Iterator[bytes]]:
    """How far the file has been read now, and the whole lines from `start` on: no more than 16 MB, the newest."""
    try:
        with open(path, "rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            if size < start:
                start = 0  # it was emptied
            stream.seek(max(start, size - _MOST_BYTES))
            content = stream.read(_MOST_BYTES)
    except OSError:
        return start, iter(())
    whole = content.rfind(b"\n") + 1
    return max(start, size - _MOST_BYTES) + whole, iter(content[:whole].splitlines())


def _tell(errors: Errors, now: datetime) -> None:
    counted = "an error" if errors.number == 1 else f"{errors.number:,} errors"
    last = "" if errors.number <= len(errors.examples) else f" (the last {len(errors.examples)})"
    note(
        f"log:{errors.name.partition('.log')[0]}",
        subject=f"{counted} in log/{errors.name}",
        text=f"What the log says{last}:\n\n" + "\n".join(errors.examples),
        now=now,
    )
