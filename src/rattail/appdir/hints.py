"""Command lines in hints: they can be pasted into a shell, whatever the names in them, and printed anywhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

_BARE_COMMAND = (
    r"(?<![\w./'-])(?<!-m )rattail (?P<verb>[a-z]+-[a-z]+(?:-[a-z]+)*)"
    r"(?=(?P<rest>(?:(?!rattail )[^;\n])*))"  # its own words: those before the next command
)


def pasted(word: str) -> str:
    """One word of a command line, quoted where it must be; what cannot be shown is written as an escape."""
    if word.isprintable():
        import shlex

        return shlex.quote(word)
    plain = range(0x20, 0x7F)
    letters = (chr(byte) if byte in plain and byte not in b"'\\" else f"\\x{byte:02x}" for byte in os.fsencode(word))
    return "$'" + "".join(letters) + "'"


def pasted_line(*words: str) -> str:
    """A whole command line."""
    return " ".join(pasted(word) for word in words)


def move_contents(old: str, new: str) -> str:
    """The command that moves all that `old` holds into `new`, hidden files too, replacing nothing."""
    return f"find {pasted(old)} -mindepth 1 -maxdepth 1 -exec mv -n -t {pasted(new)} -- '{{}}' +"


def called_from_anywhere(text: str, *, program: Sequence[str], root: str = "") -> str:
    """A text of the layers below, which call the program `rattail`, with commands that work wherever they are pasted.

    `program` is how the program is called here. A command gets `root`, the app folder, as an option of its own unless
    it names one already; empty: it is the one that the program finds by itself.
    """
    import re

    def in_full(found: re.Match[str]) -> str:
        verb, rest = found["verb"], found["rest"]
        flag = "--path" if verb == "make-appdir" else "--appdir"
        words = [flag, root] if root and "--appdir" not in rest and "--path" not in rest else []
        return pasted_line(*program, verb, *words)

    return re.sub(_BARE_COMMAND, in_full, text)


def program_of_environment() -> list[str]:
    """How the program of this environment is called, for processes that nobody called by typing."""
    return [f"{sys.prefix}/bin/rattail"]


def root_to_name(root: str) -> str:
    """What commands have to be told of the app folder at `root`: nothing where it is the environment's own."""
    own = f"{sys.prefix}/app"
    return "" if sys.prefix != sys.base_prefix and os.path.realpath(own) == root else root
