"""The numbers that people call batches, exports and upgrades by: one counter for all of them.

A number is taken for good before anything is made under it; one that is not used leaves a gap.
"""

from __future__ import annotations

from django.db import transaction

from rattail.database.bulk import fetch_rows
from rattail.errors import InputRejected

_NAME = "number"
DIGITS = 8


def next_number() -> int:
    """Take the next number, in a transaction of its own; no two callers get the same."""
    from rattail.retail.models import Counter

    assert not transaction.get_connection().in_atomic_block, "a number is taken before anything else"
    Counter.objects.get_or_create(name=_NAME)
    with transaction.atomic():
        rows = fetch_rows("UPDATE retail_counter SET value = value + 1 WHERE name = %s RETURNING value", [_NAME])
    return int(rows[0][0])


def number_text(number: int) -> str:
    """A number as people see it: eight digits."""
    return f"{number:0{DIGITS}d}"


def parse_number(text: str, *, what: str) -> int:
    """A number as people type it, with or without its zeros.

    Raises:
        InputRejected: it is none.
    """
    word = text.strip().lstrip("#")
    if not (word.isascii() and word.isdigit() and 0 < int(word) < 10**DIGITS):
        raise InputRejected(f"{text!r} is not the number of a {what}: expected up to {DIGITS} digits, such as 12.")
    return int(word)
