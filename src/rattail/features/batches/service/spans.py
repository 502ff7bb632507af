"""Rows of a batch that follow each other."""

from typing import NamedTuple


class Span(NamedTuple):
    """Rows from `first` to `last`, both included."""

    first: int
    last: int
