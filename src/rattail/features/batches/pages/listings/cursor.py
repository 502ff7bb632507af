"""Numbers in what a request says: whatever is written there, it is a number that the database takes, or none."""

from __future__ import annotations

LARGEST = 2**31 - 1


def whole(text: str) -> int | None:
    """A whole number from 0 up, at most what a column holds; None where the text is none."""
    plain = text.strip()
    if not (plain.isascii() and plain.isdigit()) or len(plain) > 18:
        return None
    return min(int(plain), LARGEST)


def pair(text: str) -> tuple[int, int] | None:
    """Two whole numbers with a point between; the first may be below zero."""
    left, _, right = text.partition(".")
    first, second = whole(left.removeprefix("-")), whole(right)
    if first is None or second is None:
        return None
    return (-first if left.startswith("-") else first), min(second, 2**15 - 1)
