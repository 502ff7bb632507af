"""Reading the audit trail, the newest deed first."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from django.db.models import Q

from rattail.audit.models import Entry
from rattail.database.dialect import is_sqlite

_FEW = 500
_LAST_LETTER = chr(0x10FFFF)


class Wanted(NamedTuple):
    """Which deeds: texts are what actor, action or subject begin with; `since` is aware, and belongs to it; `before`
    does not. `after` says where an earlier look ended."""

    actor: str = ""
    action: str = ""
    subject: str = ""
    since: datetime | None = None
    before: datetime | None = None
    after: str = ""


class Seen(NamedTuple):
    """Some deeds, and where the next ones begin; empty: there are no more."""

    entries: tuple[Entry, ...]
    after: str = ""


def look(wanted: Wanted, *, limit: int) -> Seen:
    """At most `limit` deeds. One query whatever the depth; a second, short one before it where a subject is named."""
    found = Entry.objects.order_by("-at", "-id")
    for field in ("actor", "action", "subject"):
        if text := getattr(wanted, field):
            found = found.filter(**{f"{field}__startswith": text})
    if few := _few_of(wanted.subject):
        found = found.filter(pk__in=few)
    if wanted.since is not None:
        found = found.filter(at__gte=wanted.since)
    if wanted.before is not None:
        found = found.filter(at__lt=wanted.before)
    place = _place(wanted.after)
    if place is not None:
        at, number = place
        found = found.filter(Q(at__lt=at) | Q(at=at, id__lt=number), at__lte=at)
    entries = tuple(found[: limit + 1])
    if len(entries) <= limit:
        return Seen(entries)
    last = entries[limit - 1]
    return Seen(entries[:limit], f"{last.at.astimezone(UTC).isoformat()}~{last.pk}")


def _few_of(subject: str) -> list[int]:
    """The deeds whose subject begins so, by the index of subjects, if they are few: they may be anywhere, and would be
    found late from the newest. Empty where they are many, which are soon found so, and where there are none."""
    if not subject or not is_sqlite():
        return []  # PostgreSQL orders texts in the way of a language, in which a beginning is no range
    begins = Entry.objects.filter(subject__gte=subject, subject__lt=f"{subject}{_LAST_LETTER}")
    few = list(begins.order_by().values_list("pk", flat=True)[: _FEW + 1])
    return few if len(few) <= _FEW else []


def _place(after: str) -> tuple[datetime, int] | None:
    """What an earlier look said; None for the beginning, and for everything that none can have said."""
    moment, _, number = after.partition("~")
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        return None
    is_sound = at.tzinfo is not None and number.isascii() and number.isdigit() and int(number) < 1 << 63
    return (at, int(number)) if is_sound else None
