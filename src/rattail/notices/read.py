"""Reading what people have to hear of, for pages and digests."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db.models import Case, IntegerField, QuerySet, Value, When

from rattail.notices.models import Notice

#: The most serious first.
GRAVITY = Case(
    When(level="error", then=Value(0)),
    When(level="warning", then=Value(1)),
    default=Value(2),
    output_field=IntegerField(),
)


class Noted(NamedTuple):
    """One notice. `told_at` is None while it waits; `failure` then says why that was tried in vain."""

    id: int
    key: str
    level: str
    subject: str
    text: str
    times: int
    first_at: datetime
    last_at: datetime
    told_at: datetime | None
    failure: str


def waiting(limit: int) -> tuple[Noted, ...]:
    """What nobody was told yet: the most serious first, the newest of those first."""
    return noted_of(Notice.objects.filter(told_at=None).order_by(GRAVITY, "-last_at", "-id"), limit)


def recent(limit: int) -> tuple[Noted, ...]:
    """What happened last, told or not: the newest first."""
    return noted_of(Notice.objects.order_by("-last_at", "-id"), limit)


def count_waiting() -> int:
    """How many things nobody was told yet."""
    return Notice.objects.filter(told_at=None).count()


def was_noted(key: str, *, since: datetime) -> bool:
    """Whether that was written down at or after `since`, told or not."""
    return Notice.objects.filter(key=key, last_at__gte=since).exists()


def noted_of(found: QuerySet[Notice], limit: int) -> tuple[Noted, ...]:
    """The first `limit` of a query for notices."""
    return tuple(
        Noted(
            one.id,
            one.key,
            one.level,
            one.subject,
            one.text,
            one.times,
            one.first_at,
            one.last_at,
            one.told_at,
            one.letter.failure if one.letter and one.told_at is None else "",
        )
        for one in found.select_related("letter")[:limit]
    )
