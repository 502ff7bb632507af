"""Writing down what a person has to hear of."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.db.models import F

from rattail.notices.models import Notice

Level = Literal["error", "warning", "info"]
_SUBJECT_LENGTH = 200


def note(key: str, *, subject: str, text: str = "", level: Level = "error", now: datetime) -> None:
    """Write down what somebody has to hear of, in the caller's transaction.

    `key` says when two are the same thing ("job.failed:batches.read"): while the first waits to be told, the
    second only counts. `subject` is one line; `text` what happened and what to do, never a secret.
    """
    seen = Notice.objects.filter(key=key, told_at__isnull=True).update(
        times=F("times") + 1, last_at=now, subject=subject[:_SUBJECT_LENGTH], text=text, level=level
    )
    if not seen:
        Notice.objects.get_or_create(
            key=key,
            told_at=None,
            defaults={
                "subject": subject[:_SUBJECT_LENGTH],
                "text": text,
                "level": level,
                "first_at": now,
                "last_at": now,
            },
        )
