"""One hostile archive."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tests.features.backups.hostile.forging import folder_archive


class Case(NamedTuple):
    """`says` is what the refusal has to say; empty: nothing is wrong with it, it only looks so."""

    title: str
    make: Callable[[], bytes]
    says: str


def plain(title: str, tar: bytes, *entries: object, says: str) -> Case:
    return Case(title, lambda: folder_archive(tar, entries), says)  # type: ignore[arg-type]
