"""Ids one at a time, taken from the database in blocks."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import models

from rattail.database.ids import reserve_ids

_BLOCK = 1000


def id_pool(model: type[models.Model]) -> Iterator[int]:
    """An endless supply of ids for records of `model` that are yet to be made."""
    while True:
        yield from reserve_ids(model, _BLOCK)
