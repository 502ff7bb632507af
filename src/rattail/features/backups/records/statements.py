"""Where a statement of SQL ends, and which ones a dump may hold."""

from __future__ import annotations

import re

from rattail.features.backups.records.problem import Problem

_TOKEN = re.compile(
    r"""(?P<comment>--.*|/\*)
    |(?P<tag>\$(?:[^\W\d]\w*)?\$)
    |(?P<escaped>\b[eE]')
    |(?P<quote>['"])
    |(?P<word>[^\W\d][\w$]*)
    |(?P<mark>[();])
    """,
    re.VERBOSE,
)
_ENDS = {
    "'": re.compile(r"''|'"),
    '"': re.compile(r'""|"'),
    "e": re.compile(r"\\.|''|'", re.DOTALL),
    "/*": re.compile(r"/\*|\*/"),
}
_ROUTINES = frozenset(("function", "procedure"))
_WORDS_LOOKED_AT = 4


class Ending:
    """Finds the semicolon that ends a statement, given it line by line, as psql finds it.

    One inside quotes, comments, parentheses, or a body that is written as statements (BEGIN ATOMIC ... END) is none.
    """

    def __init__(self) -> None:
        self._inside = ""  # what has to come for a text, a name, a comment or a quoted body to end
        self._comments = 0
        self._parentheses = 0
        self._blocks = 0
        self._words: list[str] = []

    def is_after(self, line: str) -> bool:
        """Whether the statement ends with this line.

        Raises:
            Problem: another one begins behind it, in the same line.
        """
        at = 0
        while at < len(line):
            if self._inside:
                at = self._leave(line, at)
                continue
            token = _TOKEN.search(line, at)
            if token is None:
                return False
            at = token.end()
            if token.lastgroup == "mark" and self._mark(token[0]):
                if line[at:].strip():
                    raise Problem(f"two statements stand in one line: {line[:80]}")
                return True
            self._enter(token)
        return False

    def _enter(self, token: re.Match[str]) -> None:
        text = token[0]
        if token.lastgroup in ("tag", "quote"):
            self._inside = text
        elif token.lastgroup == "escaped":
            self._inside = "e"
        elif text == "/*":
            self._inside, self._comments = text, 1
        elif token.lastgroup == "word":
            self._word(text.lower())

    def _leave(self, line: str, at: int) -> int:
        """Go on inside of what was entered; returns where it is left, or the line's end."""
        if self._inside[:1] == "$":
            end = line.find(self._inside, at)
            if end < 0:
                return len(line)
            at, self._inside = end + len(self._inside), ""
            return at
        for found in _ENDS[self._inside].finditer(line, at):
            if self._inside == "/*":
                self._comments += 1 if found[0] == "/*" else -1
                if self._comments:
                    continue
            elif len(found[0]) == 2:  # a quote that is a part of the text
                continue
            self._inside = ""
            return found.end()
        return len(line)

    def _mark(self, mark: str) -> bool:
        if mark == ";":
            return not self._parentheses and not self._blocks
        self._parentheses += 1 if mark == "(" else -1
        return False

    def _word(self, word: str) -> None:
        if len(self._words) < _WORDS_LOOKED_AT:
            self._words.append(word)
        if self._words[0] == "create" and _ROUTINES & set(self._words):
            if word == "begin" or (word == "case" and self._blocks):
                self._blocks += 1
            elif word == "end" and self._blocks:
                self._blocks -= 1


_LOADED = re.compile(
    r"""(?:
      SET\ (?!role\b|session_authorization\b)[a-z_.]+\ =\ [^;]*
     |SELECT\ pg_catalog\.(?:set_config\('search_path',\ '',\ false\)|setval\('(?:[^']|'')+',\ -?\d+,\ (?:true|false)\)
        |lo_create\('\d+'\)|lo_open\('\d+',\ \d+\)|lowrite\(0,\ '\\x[0-9a-f]*'\)|lo_close\(0\))
     |CREATE\ (?:OR\ REPLACE\ )?(?:SCHEMA|EXTENSION|TYPE|DOMAIN|COLLATION|FUNCTION|PROCEDURE|AGGREGATE|OPERATOR|CAST
        |(?:UNLOGGED\ )?TABLE|VIEW|MATERIALIZED\ VIEW|SEQUENCE|(?:UNIQUE\ )?INDEX|STATISTICS|RULE|POLICY
        |(?:CONSTRAINT\ )?TRIGGER|TEXT\ SEARCH)\ .*
     |ALTER\ (?:TABLE|SEQUENCE|INDEX|VIEW|MATERIALIZED\ VIEW|TYPE|DOMAIN|FUNCTION|PROCEDURE|SCHEMA|STATISTICS)\ .*
     |COMMENT\ ON\ .*
     |REFRESH\ MATERIALIZED\ VIEW\ .*
     |BEGIN|COMMIT
    );""",
    re.VERBOSE | re.DOTALL,
)


def is_loaded(text: str) -> bool:
    """Whether a statement is one that a dump of records has: it sets, makes or alters what belongs to the database."""
    return _LOADED.fullmatch(text) is not None
