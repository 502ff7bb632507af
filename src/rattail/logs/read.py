"""The newest lines of a log, read from its end: for whoever looks at it, however large it is."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from typing import NamedTuple

from rattail.appdir.files import opened_folder
from rattail.appdir.refusal import refusal
from rattail.errors import InputRejected, NoSuchThing
from rattail.logs.file import numbered
from rattail.logs.line import LEVELS, LONGEST_LINE, LogLine, read_line

KINDS = ("web", "worker", "cli")
_BLOCK = 64 << 10
_MOST_READ = 32 << 20  # in one call; whoever wants more goes on from where it ended
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class Found(NamedTuple):
    """Lines, the newest first. `older` is what to give as `before` to go on; empty: there is nothing older.

    There may be fewer lines than asked for, or none, although `older` says that there are more: a call reads 32 MB
    at most.
    """

    lines: tuple[LogLine, ...]
    older: str


class _Raw(NamedTuple):
    """The bytes of a line, and where it begins: the file's number at the system, and the place in it."""

    inode: int
    start: int
    content: bytes


def newest(
    folder: str,
    kind: str,
    *,
    limit: int,
    before: str = "",
    level: str = "",
    text: str = "",
    request_id: str = "",
) -> Found:
    """The newest lines of `KIND.log` and its former files that fit.

    `level` is the lowest that counts ("WARNING"); `text` is looked for in the message and the details, whatever its
    case. Neither the size of the files nor of a line matters for the memory that this takes.

    Raises:
        NoSuchThing: there is no such kind of log.
        InputRejected: `before` or `level` is nothing that was given out.
        AppDirBroken: the folder cannot be read.
    """
    if kind not in KINDS:
        raise NoSuchThing(f"there is no log of {kind!r}: expected one of {', '.join(KINDS)}.")
    lowest = _rank(level) if level else -1
    lines: list[LogLine] = []
    read = 0
    try:
        for raw in _backwards(folder, f"{kind}.log", before=_position(before)):
            read += len(raw.content) + 1
            line = read_line(raw.content)
            if _fits(line, lowest=lowest, text=text.casefold(), request_id=request_id):
                lines.append(line)
            if len(lines) >= limit or read > _MOST_READ:
                return Found(tuple(lines), f"{raw.inode:x}-{raw.start:x}")
    except OSError as error:
        raise refusal("read the log in", folder, error) from error
    return Found(tuple(lines), "")


def _rank(level: str) -> int:
    if level.upper() not in LEVELS:
        raise InputRejected(f"{level!r} is no level of a log: expected one of {', '.join(LEVELS)}.")
    return LEVELS.index(level.upper())


def _position(before: str) -> tuple[int, int] | None:
    if not before:
        return None
    inode, _, start = before[:40].partition("-")
    try:
        return int(inode, 16), int(start, 16)
    except ValueError:
        raise InputRejected(
            f"{before[:40]!r} is no place in a log.", hint="begin with the newest lines again"
        ) from None


def _fits(line: LogLine, *, lowest: int, text: str, request_id: str) -> bool:
    if lowest > 0 and (line.level not in LEVELS or LEVELS.index(line.level) < lowest):
        return False
    if request_id and line.request_id != request_id:
        return False
    return not text or text in line.message.casefold() or any(text in one.casefold() for one in line.details.values())


def _backwards(folder: str, name: str, *, before: tuple[int, int] | None) -> Iterator[_Raw]:
    """Every line of all files, the newest first; from a place on if one is given. The files are opened first: one
    that is renamed meanwhile is read all the same, and once."""
    with ExitStack() as stack:
        is_wanted = before is None
        for fd in _files(folder, name, stack):
            inode, size = os.fstat(fd).st_ino, os.fstat(fd).st_size
            if before is not None and inode == before[0]:
                is_wanted, size = True, min(size, before[1])
            if is_wanted:
                yield from (_Raw(inode, start, content) for start, content in _lines_of(fd, size))


def _files(folder: str, name: str, stack: ExitStack) -> list[int]:
    opened: dict[int, int] = {}
    with opened_folder(folder) as folder_fd:
        numbers = numbered(folder_fd, name)
        for entry in (name, *(numbers[number] for number in sorted(numbers))):
            try:
                fd = os.open(entry, _FLAGS, dir_fd=folder_fd)
            except OSError:
                continue
            stack.callback(os.close, fd)
            if stat.S_ISREG(os.fstat(fd).st_mode):
                opened.setdefault(os.fstat(fd).st_ino, fd)
    return list(opened.values())


def _lines_of(fd: int, end: int) -> Iterator[tuple[int, bytes]]:
    """The lines of a file before `end`, the last first, each with its start. Of one that is far too long (nobody of
    ours wrote it) only its end is kept."""
    rest = b""
    while end > 0:
        size = min(_BLOCK, end)
        end -= size
        chunk = os.pread(fd, size, end)
        first, *others = (chunk + rest).split(b"\n")
        place = end + len(chunk) + len(rest)
        for content in reversed(others):
            place -= len(content)
            if content:
                yield place, content
            place -= 1
        rest = first
        if len(rest) > 2 * LONGEST_LINE:
            rest = rest[-LONGEST_LINE:]
    if rest:
        yield 0, rest
