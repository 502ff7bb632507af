"""Writing down what a person has to hear of."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.db import transaction
from django.db.models import F

from rattail.notices.models import Notice
from rattail.notices.text import clean, one_line

Level = Literal["error", "warning", "info"]
_KEY_LENGTH = 150
_DIGEST_LENGTH = 32
_HEAD_LENGTH, _TAIL_LENGTH = 12_000, 4_000


def note(key: str, *, subject: str, text: str = "", level: Level = "error", now: datetime) -> None:
    """Write down what somebody has to hear of, in the caller's transaction: it is there exactly if the deed is.

    `key` says when two are the same thing ("job.failed:batches.read"): while the first waits to be told, the second
    only counts. `subject` is one line; `text` what happened and what to do, never a secret; of a huge one, the
    middle is left out.

    Nobody waits here for another's transaction: where one holds the waiting notice, there will be two, which are
    counted together when they are told.
    """
    key = _short_key(clean(key))
    told = {"subject": one_line(subject), "text": _without_middle(clean(text)), "level": level, "last_at": now}
    with transaction.atomic(savepoint=False):
        waiting = Notice.objects.select_for_update(skip_locked=True).filter(key=key, letter=None, told_at=None)
        number = waiting.order_by("-id").values_list("id", flat=True).first()
        if number is None:
            Notice.objects.create(key=key, first_at=now, **told)
        else:
            Notice.objects.filter(id=number).update(times=F("times") + 1, **told)


def _short_key(key: str) -> str:
    """A key that fits; two long ones that differ stay different."""
    if len(key) <= _KEY_LENGTH:
        return key
    from hashlib import sha256

    return f"{key[: _KEY_LENGTH - _DIGEST_LENGTH - 1]}~{sha256(key.encode()).hexdigest()[:_DIGEST_LENGTH]}"


def _without_middle(text: str) -> str:
    left_out = len(text) - _HEAD_LENGTH - _TAIL_LENGTH
    if left_out <= 0:
        return text
    return f"{text[:_HEAD_LENGTH]}\n... {left_out:,} characters are left out here ...\n{text[-_TAIL_LENGTH:]}"
