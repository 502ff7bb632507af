"""What is wrong with a copy."""

from __future__ import annotations


class Problem(Exception):
    """What is wrong with a copy of the records, as a sentence without its end. Callers make an error of it."""
