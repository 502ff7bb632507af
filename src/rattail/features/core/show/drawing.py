"""Draw a tree beside its rows, as the manual draws the app folder."""

from __future__ import annotations

from collections.abc import Sequence

_LINES = ("├── ", "└── ", "│   ", "    ")
_ASCII = ("|-- ", "`-- ", "|   ", "    ")


def branches(paths: Sequence[str], *, is_ascii: bool) -> list[str]:
    """The stem to draw before the name of each path; parents come before children, `.` first."""
    here, last, on, off = _ASCII if is_ascii else _LINES
    lasts = {_parent(path): path for path in paths}
    stems = []
    for path in paths:
        stem = ""
        if path != ".":
            stem = last if lasts[_parent(path)] == path else here
            above = _parent(path)
            while above != ".":
                stem = (off if lasts[_parent(above)] == above else on) + stem
                above = _parent(above)
        stems.append(stem)
    return stems


def _parent(path: str) -> str:
    return "" if path == "." else path.rpartition("/")[0] or "."
