"""Errors in the log."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Iterator
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
_HEAD_BYTES = 80
_HEAD_WORDS = 6  # of a plain line, in which its level stands


class Errors(NamedTuple):
    """The errors in the new lines of one log file: how many, and the last few of them."""

    name: str
    number: int
    examples: tuple[str, ...]


def watch_log(folder: str, *, now: datetime) -> None:
    """Write down how many errors the log files got since the last look. The first look only remembers where it was.

    A file is known by its number on the disk and by how it begins: one that was rotated is read to its end under its
    new name, one that was emptied is read from its start.
    """
    mark, is_first = Watermark.objects.get_or_create(name=_MARK)
    before: dict[str, tuple[int, str]] = mark.value
    after: dict[str, tuple[int, str]] = {}
    found: dict[str, Errors] = {}
    for name, number in _files(folder):
        reached, head, lines = _new_lines(f"{folder}/{name}", *before.get(number, (0, "")))
        after[number] = (reached, head)
        if not is_first:
            log = f"{name.partition('.log')[0]}.log"
            errors = errors_in(log, lines)
            known = found.get(log, Errors(log, 0, ()))
            found[log] = Errors(log, known.number + errors.number, (*errors.examples, *known.examples)[-_EXAMPLES:])
    with transaction.atomic():
        for errors in found.values():
            if errors.number:
                _tell(errors, now)
        mark.value = after
        mark.save()


def errors_in(name: str, lines: Iterable[bytes]) -> Errors:
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
        head = line[:120].split()[:_HEAD_WORDS]
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


def _files(folder: str) -> Iterator[tuple[str, str]]:
    """The log files, the newest of each first: name and number on the disk."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return  # check-appdir says so
    for name in names:
        if ".log" not in name or name.endswith((".gz", ".xz", ".bz2", ".zst")):
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


def _tell(errors: Errors, now: datetime) -> None:
    counted = "an error" if errors.number == 1 else f"{errors.number:,} errors"
    last = "" if errors.number <= len(errors.examples) else f" (the last {len(errors.examples)})"
    note(
        f"log:{errors.name}",
        subject=f"{counted} in log/{errors.name}",
        text=f"What the log says{last}:\n\n" + "\n".join(errors.examples),
        now=now,
    )
