"""What was written, and how to say how far it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

Progress = Callable[[int], object]
SAID_EVERY = 1000


class Style(NamedTuple):
    """How values are written for people of this shop. `locale` is such as `de_DE`."""

    time_zone: str
    locale: str


class Written(NamedTuple):
    rows: int
    size_bytes: int
