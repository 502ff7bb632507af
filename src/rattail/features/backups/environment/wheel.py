"""A wheel of an environment."""

from __future__ import annotations

from typing import NamedTuple


class Wheel(NamedTuple):
    """A wheel that lies at `path`."""

    path: str
    file_name: str
    size_bytes: int
    sha256: str
