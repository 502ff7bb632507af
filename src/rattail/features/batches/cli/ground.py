"""What the services stand on, from a session of the command line."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from rattail.errors import InputRejected

if TYPE_CHECKING:
    from rattail.cli.session import Session
    from rattail.features.batches.service.ground import Ground


def ground_of(session: Session) -> Ground:
    """Open the records, and say what the services stand on."""
    session.open_records()
    from rattail.features.batches.service.ground import Ground

    settings = session.settings
    return Ground(
        folders={place.path: place.location for place in session.places},
        now=datetime.now(UTC),
        actor=session.actor,
        time_zone=settings.text("app.time_zone"),
        currency=settings.text("app.currency"),
        weighed_codes=settings.text("products.weighed_codes"),
    )


class Number(click.ParamType[int]):
    """The number of a batch, with or without its zeros."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        word = str(value).strip().lstrip("#")
        if not (word.isascii() and word.isdigit() and 0 < int(word) < 10**8):
            self.fail(f"{value!r} is not the number of a batch: expected up to 8 digits, such as 12", param, ctx)
        return int(word)


def pairs(words: tuple[str, ...], *, option: str) -> dict[str, str]:
    """`NAME=VALUE` words as a dictionary.

    Raises:
        InputRejected: a word is not of that form.
    """
    found: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name.strip():
            raise InputRejected(f"{option} {word!r}: expected NAME=VALUE.")
        found[name.strip().lower().replace("-", "_")] = value
    return found
