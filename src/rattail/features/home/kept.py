"""What the jobs of this feature found out, as the pages read it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from rattail.features.home.models import Kept

SIZES = "sizes"
FINDINGS = "findings"
ERRORS = "errors"


class Answer(NamedTuple):
    """An answer, and when it was found out (aware, UTC)."""

    at: datetime
    value: Mapping[str, Any]


def keep(name: str, value: Mapping[str, Any], *, now: datetime) -> None:
    """Put an answer in the place of the one before, in the caller's transaction."""
    Kept.objects.update_or_create(name=name, defaults={"at": now, "value": dict(value)})


def kept() -> dict[str, Answer]:
    """All answers there are, by their names."""
    return {row.name: Answer(row.at, row.value) for row in Kept.objects.all()}
