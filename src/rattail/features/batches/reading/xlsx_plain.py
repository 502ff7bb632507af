"""Rows of a sheet as spreadsheet programs write them, taken without looking at every element by itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_LETTERS = r"[^<&>\x00-\x08\x0b-\x1f]"
_VALUE = rf"({_LETTERS}*+)"
_TEXT = rf"((?:{_LETTERS}++|&(?:amp|lt|gt|quot|apos);)*+)"
#: Cells with a number, a truth value or a text, and nothing that has to be understood as XML: no comments,
#: formulas or texts of several looks. Whatever does not match is left to the parser.
_CELL = (
    r'<c r="([A-Z]{1,3})\d{1,7}"(?: s="(\d{1,6})")?(?: t="(s|n|b|inlineStr)")?'
    rf'(?:/>|>(?:<v>{_VALUE}</v>|<is><t(?: xml:space="preserve")?>{_TEXT}</t></is>)?</c>)'
)
_CELLS = "(?:" + re.sub(r"\((?!\?)", "(?:", _CELL) + ")*+"
_ROW = rf'<row r="(\d{{1,7}})"[^<>/&]*+(?:/>|>({_CELLS})</row>)'
_ROWS = re.compile("(?:" + re.sub(r"\((?!\?)", "(?:", _ROW) + ")++")
_EACH_ROW = re.compile(_ROW)
_EACH_CELL = re.compile(_CELL)

_NAMED = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&"))

Cells = list[tuple[str, str, str, str, str]]


def plain_rows(content: bytes) -> Iterator[tuple[int, Cells]] | None:
    """The rows by number, each cell as column letters, style, type, value, text; None where it is not plain.

    `content` has to begin and end where rows do.
    """
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    if _ROWS.fullmatch(text) is None:
        return None
    each: Callable[[str], Cells] = _EACH_CELL.findall
    return ((int(row[1]), each(row[2] or "")) for row in _EACH_ROW.finditer(text))


def plain_text(text: str) -> str:
    """A text as it is read, from what stands in the file."""
    if "&" in text:
        for written, letter in _NAMED:
            text = text.replace(written, letter)
    return text
