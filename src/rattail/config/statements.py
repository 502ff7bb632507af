"""Where in a TOML text each table, name and value stands.

The parser of the standard library gives values without places. This reads the same text again, only
where a fault has to be reported or a value changed, and is right for text that the parser accepted.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_PIECE = re.compile(
    r'''
    (?P<text>
        """(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}
      | \'\'\'(?:[^']|'{1,2}(?!'))*'{3,5}
      | "(?:[^"\\\n]|\\.)*"
      | '[^'\n]*'
    )
    | (?P<comment>\#[^\n]*)
    | (?P<newline>\n)
    | (?P<space>[ \t\r\ufeff]+)
    | (?P<sign>[\[\]{},=.])
    | (?P<bare>[^\s"'\#\[\]{},=.]+)
    | (?P<other>.)
    ''',
    re.VERBOSE | re.DOTALL,
)


class Statement(NamedTuple):
    """A table's header or one `name = value`; offsets count characters, lines from 1."""

    path: tuple[str, ...]
    line: int
    start: int
    value_start: int  # of a header: where it ends
    end: int
    is_header: bool
    is_inline: bool  # inside the braces of another statement's value


def pieces(text: str) -> Iterator[tuple[str, str]]:
    """The pieces of a TOML text with the kind of each; together they are the text."""
    return ((match.lastgroup or "", match.group()) for match in _PIECE.finditer(text))


def statements(text: str) -> list[Statement]:
    """All statements of a TOML text, in the order in which they end."""
    scan = _Scan()
    for kind, piece in pieces(text):
        scan.take(kind, piece)
    scan.finish()
    return scan.found


def lines_of(text: str) -> dict[tuple[str, ...], int]:
    """The line (from 1) of every table and name, by its path; of tables, the first that names them."""
    lines: dict[tuple[str, ...], int] = {}
    for one in sorted(statements(text), key=lambda statement: statement.start):
        for length in range(1, len(one.path) + 1):
            lines.setdefault(one.path[:length], one.line)
    return lines


class _Open(NamedTuple):
    """A statement whose value is not complete; `value_start` is negative until it has begun."""

    path: tuple[str, ...]
    line: int
    start: int
    value_start: int


class _Scan:
    """Reads piece by piece; `self._open` holds the statements whose value is not complete."""

    def __init__(self) -> None:
        self.found: list[Statement] = []
        self._offset = 0
        self._line = 1
        self._end = 0  # of the last piece that was neither space nor comment
        self._header: tuple[str, ...] = ()
        self._key: list[str] = []
        self._key_at = self._header_at = (0, 1)  # offset and line
        self._is_in_header = False
        self._is_in_value = False
        self._open: list[_Open] = []
        self._brackets: list[str] = []  # open brackets and braces of values

    def take(self, kind: str, piece: str) -> None:
        if kind == "newline":
            if not self._brackets:
                self._end_of_line()
        elif kind not in ("space", "comment"):
            if self._is_in_value:
                self._take_in_value(piece)
            else:
                self._take_in_key(kind, piece)
            self._end = self._offset + len(piece)
        self._offset += len(piece)
        self._line += piece.count("\n")

    def finish(self) -> None:
        self._end_of_line()

    def _take_in_key(self, kind: str, piece: str) -> None:
        if kind in ("text", "bare"):
            if not self._key:
                self._key_at = (self._offset, self._line)
            self._key.append(_name(piece))
        elif piece == "=":
            prefix = self._open[-1].path if self._open else self._header
            start, line = self._key_at
            self._open.append(_Open((*prefix, *self._key), line, start, -1))
            self._key, self._is_in_value = [], True
        elif piece == "[" and not self._is_in_header:
            self._is_in_header, self._header_at = True, (self._offset, self._line)
        elif piece == "}":
            self._close_brace()

    def _take_in_value(self, piece: str) -> None:
        if self._open and self._open[-1].value_start < 0:
            self._open[-1] = self._open[-1]._replace(value_start=self._offset)
        if piece in "[{":
            self._brackets.append(piece)
            self._is_in_value = piece == "["
        elif piece == "]" and self._brackets:
            self._brackets.pop()
        elif piece == "," and self._brackets and self._brackets[-1] == "{":
            self._close_value()
            self._is_in_value = False
        elif piece == "}":
            self._close_value()
            self._close_brace()

    def _close_brace(self) -> None:
        if self._brackets:
            self._brackets.pop()
        self._key, self._is_in_value = [], True

    def _close_value(self) -> None:
        if self._open:
            path, line, start, value_start = self._open.pop()
            self.found.append(Statement(path, line, start, value_start, self._end, False, bool(self._open)))

    def _end_of_line(self) -> None:
        if self._is_in_header:
            self._header = tuple(self._key)
            start, line = self._header_at
            self.found.append(Statement(self._header, line, start, self._end, self._end, True, False))
        while self._open:
            self._close_value()
        self._key, self._is_in_header, self._is_in_value = [], False, False


def _name(piece: str) -> str:
    if piece[0] == '"':
        import tomllib

        try:
            return str(tomllib.loads(f"name = {piece}")["name"])
        except ValueError:
            return piece
    return piece.strip("'") if piece[0] == "'" else piece
