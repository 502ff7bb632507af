"""Reading what `pg_dump` writes in its plain format: statements, and the rows of tables between them.

Only what it writes is understood. Whatever else is in a file makes it no dump of ours: it is refused, never skipped.
Memory does not grow with the rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from rattail.features.backups.records.problem import Problem
from rattail.features.backups.records.statements import Ending

_READ_AT_ONCE = 1 << 20
_LONGEST_LINE_BYTES = 512 << 20
_LONGEST_STATEMENT_BYTES = 16 << 20
_BEGIN = b"-- PostgreSQL database dump"
_END = b"-- PostgreSQL database dump complete"
_RESTRICT = re.compile(rb"\\(un)?restrict ([A-Za-z0-9]+)")
_NO_DUMP = "it is no dump that pg_dump wrote in its plain format"
NAME = r'"(?:[^"]|"")+"|[^\W\d][\w$]*'
_COPY = re.compile(rf"COPY ({NAME})\.({NAME}) +(?:\(((?:{NAME})(?:, (?:{NAME}))*)\) )?FROM stdin;", re.DOTALL)
_EACH = re.compile(NAME)


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Statement(NamedTuple):
    """One statement, with its semicolon. `line` counts from 1."""

    text: str
    line: int


class Rows(NamedTuple):
    """The rows of a table. `blocks` are whole lines in the text format of COPY, a megabyte or so each; read them."""

    statement: Statement
    table: str
    columns: tuple[str, ...]
    blocks: Iterator[bytes]


def read_dump(stream: Readable) -> Iterator[Statement | Rows]:
    """What is in a dump, one after the other.

    Raises:
        Problem: it is none, or ends before its end.
    """
    lines, frame = _Lines(stream), _Frame()
    text: list[bytes] = []
    ending, begin, length = Ending(), 0, 0
    while (line := lines.next()) is not None:
        if not text:
            begin, length = lines.number, 0
            if frame.has(line):
                continue
            frame.require_inside(line, lines.number)
        text.append(line)
        length += len(line)
        if length > _LONGEST_STATEMENT_BYTES:
            raise Problem(f"the statement in line {begin} has no end")
        if not ending.is_after(_decoded(line, lines.number)):
            continue
        statement = Statement(_decoded(b"\n".join(text), begin).strip(), begin)
        text, ending = [], Ending()
        yield from _understood(statement, lines)
    if text or not frame.is_whole:
        raise Problem(f"it ends in line {lines.number}, before its end" if frame.is_begun else _NO_DUMP)


def plain(name: str) -> str:
    """A name without the quotes that SQL wants."""
    return name[1:-1].replace('""', '"') if name[:1] == '"' else name


class _Frame:
    """What stands around the statements of a dump: comments, one of which is its end, and the words for psql.

    `\\restrict KEY` and `\\unrestrict KEY` keep psql from obeying anything else meanwhile; older versions lack them.
    """

    def __init__(self) -> None:
        self.is_begun = False
        self._is_done = False
        self._key = b""

    @property
    def is_whole(self) -> bool:
        return self._is_done and not self._key

    def has(self, line: bytes) -> bool:
        """Whether a line between statements is none."""
        match = _RESTRICT.fullmatch(line)
        if match and bool(match[1]) == bool(self._key) and self._key in (b"", match[2]):
            self._key = b"" if match[1] else match[2]
            return True
        if line and not line.startswith(b"--"):
            return False
        self.is_begun = self.is_begun or line == _BEGIN
        self._is_done = self._is_done or (self.is_begun and line == _END)
        return True

    def require_inside(self, line: bytes, number: int) -> None:
        if not self.is_begun:
            raise Problem(_NO_DUMP)
        if self._is_done:
            raise Problem(f"line {number} is behind its end")
        if line[:1] == b"\\":
            raise Problem(f"line {number} is a command for psql that no dump of records has")


def _understood(statement: Statement, lines: _Lines) -> Iterator[Statement | Rows]:
    if not statement.text.startswith("COPY "):
        yield statement
        return
    match = _COPY.fullmatch(statement.text)
    if match is None:
        raise Problem(f"the COPY in line {statement.line} is none that pg_dump writes")
    schema, table = plain(match[1]), plain(match[2])
    columns = tuple(plain(name) for name in _EACH.findall(match[3] or ""))
    rows = Rows(statement, table if schema == "public" else f"{schema}.{table}", columns, lines.blocks(match[2]))
    yield rows
    for _ in rows.blocks:  # what nobody wanted to read
        pass


def _decoded(text: bytes, number: int) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise Problem(f"line {number} is not in UTF-8") from None


class _Lines:
    """The lines of a stream, and blocks of them up to the line that ends the rows of a table."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._buffer = b""
        self._at = 0
        self.number = 0

    def next(self) -> bytes | None:
        """The next line without its end; None behind the last one."""
        searched = self._at
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer) - self._at
            if not self._more():
                if self._at < len(self._buffer):
                    raise Problem(f"it ends within line {self.number + 1}")
                return None
        line = self._buffer[self._at : end]
        self._at = end + 1
        self.number += 1
        return line

    def blocks(self, table: str) -> Iterator[bytes]:
        while True:
            if self._buffer.startswith(b"\\.\n", self._at):
                self._at += 3
                self.number += 1
                return
            end = self._buffer.find(b"\n\\.\n", self._at)
            whole = end if end >= 0 else self._buffer.rfind(b"\n", self._at)
            if whole >= 0:
                block = self._buffer[self._at : whole + 1]
                self._at = whole + 1
                self.number += block.count(b"\n")
                yield block
            elif not self._more():
                raise Problem(f"it ends in line {self.number}, among the rows of table {table}")

    def _more(self) -> bool:
        """Read on; what was taken from the buffer goes."""
        block = self._stream.read(_READ_AT_ONCE)
        if not block:
            return False
        self._buffer = self._buffer[self._at :] + block
        self._at = 0
        if len(self._buffer) > _LONGEST_LINE_BYTES:
            raise Problem(f"line {self.number + 1} has no end")
        return True
