"""Which line of a TOML text says something: looked up only when there is a fault to report."""

from __future__ import annotations

import tomllib

_LONGEST_VALUE_LINES = 500
_ABSENT = object()


def line_of(content: str, where: tuple[str, ...]) -> int:
    """The number (from 1) of the line on which the key path `where` stands; 0 where it is not found.

    A line that holds the key's text is a candidate; it is the one if the text up to the end of its
    value parses and then has the key. That is right through comments, strings of several lines and
    keys of the same name in other tables.
    """
    lines = content.splitlines(keepends=True)
    for first in range(len(lines)):
        if where[-1] not in lines[first]:
            continue
        for end in range(first + 1, min(len(lines), first + _LONGEST_VALUE_LINES) + 1):
            document = _parsed("".join(lines[:end]))
            if document is None:
                continue
            if _has(document, where):
                return first + 1
            break
    return 0


def _parsed(text: str) -> dict[str, object] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _has(document: object, where: tuple[str, ...]) -> bool:
    for key in where:
        document = document.get(key, _ABSENT) if isinstance(document, dict) else _ABSENT
    return document is not _ABSENT
