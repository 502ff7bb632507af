"""Writing down what a person has to hear of."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.db import transaction
from django.db.models import F

from rattail.notices.models import Notice

Level = Literal["error", "warning", "info"]
_KEY_LENGTH = 150
_DIGEST_LENGTH = 32
_SUBJECT_LENGTH = 200
_HEAD_LENGTH, _TAIL_LENGTH = 12_000, 4_000


def note(key: str, *, subject: str, text: str = "", level: Level = "error", now: datetime) -> None:
    """Write down what somebody has to hear of, in the caller's transaction: it is there exactly if the deed is.

    `key` says when two are the same thing ("job.failed:batches.read"): while the first waits to be told, the second
    only counts. `subject` is one line; `text` what happened and what to do, never a secret; of a huge one, the
    middle is left out.

    Nobody waits here for another's transaction: where one holds the waiting notice, there will be two, which are
    counted together when they are told.
    """
    key = _short_key(_clean(key))
    told = {"subject": one_line(subject), "text": _without_middle(_clean(text)), "level": level, "last_at": now}
    with transaction.atomic(savepoint=False):
        waiting = Notice.objects.select_for_update(skip_locked=True).filter(key=key, letter=None, told_at=None)
        number = waiting.order_by("-id").values_list("id", flat=True).first()
        if number is None:
            Notice.objects.create(key=key, first_at=now, **told)
        else:
            Notice.objects.filter(id=number).update(times=F("times") + 1, **told)


def one_line(text: str, *, length: int = _SUBJECT_LENGTH) -> str:
    """A text as one line that fits into `length`: a line break in it becomes a space."""
    line = " ".join(_clean(text).split())
    return line if len(line) <= length else f"{line[: length - 1].rstrip()}…"


def _clean(text: str) -> str:
    """A text that every database and every mail can hold: what steers a terminal or is no letter is written out."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() or letter in "\n\t" else _written_out(letter)
        for letter in text.replace("\r\n", "\n").replace("\r", "\n")
    )


def _written_out(letter: str) -> str:
    return " " if letter.isspace() else letter.encode("unicode_escape").decode()


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
